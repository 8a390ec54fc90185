import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";
import { hold } from "./scripts/budgets";
import { precompress } from "./scripts/precompress";

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** After the last file is written: what a server hands out compressed, and the budgets, which fail the build. */
const finish: Plugin = {
  name: "ortoo:finish",
  apply: "build",
  writeBundle(options) {
    const folder = options.dir ?? here("dist");
    precompress(folder);
    hold(folder, here("budgets.json"));
  },
};

export default defineConfig({
  base: "/",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  plugins: [finish],
  build: {
    target: "es2023",
    // No inline data, no polyfill that the policy of the page would refuse.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: { input: { app: here("app.html") } },
  },
  worker: { format: "es" },
});
