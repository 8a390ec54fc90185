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

const PRELOAD = /^ *<link rel="modulepreload"[^>]* href="\/([^"]+)">\n/gm;

/** The largest is asked for first: a browser that asks for six at once makes the last one wait a turn. */
const largestFirst: Plugin = {
  name: "ortoo:largest-first",
  apply: "build",
  transformIndexHtml: {
    order: "post",
    handler(html, { bundle }) {
      const size = (name: string | undefined): number => {
        const file = bundle?.[name ?? ""];
        return file?.type === "chunk" ? file.code.length : 0;
      };
      const links = [...html.matchAll(PRELOAD)].sort((a, b) => size(b[1]) - size(a[1]));
      return html.replace(PRELOAD, () => links.shift()?.[0] ?? "");
    },
  },
};

const [MAIN, RECEIPT, CLOCK] = [here("src/main.tsx"), here("src/receipt/receipt.tsx"), here("src/clock.ts")];

interface Graph {
  readonly getModuleInfo: (id: string) => { readonly importers: readonly string[] } | null;
}

/** Whether loading this entry loads this module, too. */
const isLoadedBy = (entry: string, id: string, graph: Graph): boolean => {
  const seen = new Set([id]);
  for (const one of seen) {
    if (one === entry) return true;
    for (const importer of graph.getModuleInfo(one)?.importers ?? []) seen.add(importer);
  }
  return false;
};

/**
 * What the first page needs is one file, and one more for what the person's page shares with it, whatever later screens
 * share of them: on a bad line each request costs its turn.
 */
const shell = (id: string, graph: Graph): string | null => {
  if (id === MAIN || !isLoadedBy(MAIN, id, graph)) return null;
  if (isLoadedBy(CLOCK, id, graph)) return "small";
  return isLoadedBy(RECEIPT, id, graph) ? "base" : "shell";
};

export default defineConfig(({ mode }) => ({
  base: "/",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  plugins: mode === "gallery" ? [] : [largestFirst, finish],
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
      output: {
        entryFileNames: ({ name }) => (name === "sw" ? "sw.js" : "assets/[name]-[hash].js"),
        codeSplitting: { includeDependenciesRecursively: false, groups: [{ name: shell, debugName: "shell" }] },
      },
    },
  },
  worker: {
    format: "es",
    // Of noble's hybrid KEMs one is used; the others are made by these calls, and would bring P-256 and P-384 along.
    rolldownOptions: { treeshake: { manualPureFunctions: ["QSF", "createKitchenSink", "ecdhKem"] } },
  },
  server: { fs: { allow: [".."] } }, // the vocabulary stands beside the Python of the protocol
}));
