/** The vectors that every implementation is held to: tests/vectors/*.json. */

import { readFileSync } from "node:fs";

export function vectorsOf<T>(name: string): T {
  const file = new URL(`../../../tests/vectors/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")) as T;
}
