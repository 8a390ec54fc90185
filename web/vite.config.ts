import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const page = (name: string) => fileURLToPath(new URL(name, import.meta.url));

export default defineConfig(({ mode }) => ({
  base: "/",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2023",
    // No inline data, no polyfill that the policy of the page would refuse.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The gallery shows every part in every state, for pictures and checks; it is never in what is served.
    outDir: mode === "gallery" ? "dist-gallery" : "dist",
    rolldownOptions: {
      input:
        mode === "gallery"
          ? { gallery: page("gallery.html"), clock: page("app/clock.html") }
          : { app: page("app.html"), clock: page("app/clock.html") },
    },
  },
  worker: { format: "es" },
  server: { fs: { allow: [".."] } }, // the vocabulary stands beside the Python of the protocol
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
}));
