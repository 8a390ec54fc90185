import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";
import { hold } from "./scripts/budgets.ts";
import { precompress } from "./scripts/precompress.ts";
import { nameRelease } from "./scripts/release.ts";

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** After the last file is written: what the service worker keeps, what a server hands out compressed, and the budgets, which fail the build. */
const finish: Plugin = {
  name: "ortoo:finish",
  apply: "build",
  writeBundle(options) {
    const folder = options.dir ?? here("dist");
    nameRelease(folder);
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
        ...(mode === "gallery" ? {} : { sw: here("src/sw.ts"), receipt: here("receipt.html") }),
      },
      // The service worker has one address for good: a browser asks there for the next one.
      output: { entryFileNames: ({ name }) => (name === "sw" ? "sw.js" : "assets/[name]-[hash].js") },
    },
  },
  worker: {
    format: "es",
    // Of noble's hybrid KEMs one is used; the others are made by these calls, and would bring P-256 and P-384 along.
    rolldownOptions: { treeshake: { manualPureFunctions: ["QSF", "createKitchenSink", "ecdhKem"] } },
  },
  server: { fs: { allow: [".."] } }, // the vocabulary stands beside the Python of the protocol
}));
