/** Writes beside each text of dist/ what brotli and gzip make of it, where that is smaller: the hub only sends it. */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";

const dist = fileURLToPath(new URL("../dist/", import.meta.url));
const texts = /\.(css|html|js|json|svg|txt|wasm|webmanifest)$/;

for (const one of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  if (!one.isFile() || !texts.test(one.name)) continue;
  const path = join(one.parentPath, one.name);
  const plain = readFileSync(path);
  for (const [ending, small] of [
    ["br", brotliCompressSync(plain)],
    ["gz", gzipSync(plain, { level: 9 })],
  ] as const) {
    if (small.length < plain.length) writeFileSync(`${path}.${ending}`, small);
  }
}
