import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";
import { hold } from "./scripts/budgets.ts";
import { precompress } from "./scripts/precompress.ts";

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

export default defineConfig(({ mode }) => ({
  base: "/",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  plugins: mode === "gallery" ? [] : [finish],
  build: {
    target: "es2023",
    // No inline data, no polyfill that the policy of the page would refuse.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // The gallery shows every part in every state, for pictures and checks; it is never in what is served.
    outDir: mode === "gallery" ? "dist-gallery" : "dist",
    rolldownOptions: {
      input: {
        [mode === "gallery" ? "gallery" : "app"]: here(mode === "gallery" ? "gallery.html" : "app.html"),
        clock: here("app/clock.html"),
      },
    },
  },
  worker: { format: "es" },
  server: { fs: { allow: [".."] } }, // the vocabulary stands beside the Python of the protocol
}));
