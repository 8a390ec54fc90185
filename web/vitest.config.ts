import { defineConfig } from "vitest/config";

// Apart from the build's own settings, so that a machine that only builds needs no vitest.
export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  test: { include: ["tests/**/*.test.ts"], environment: "node", isolate: false, testTimeout: 60_000 },
});
