/** The vectors that the Python side is held to as well: tests/vectors/*.json. */

import { readFileSync } from "node:fs";

// biome-ignore lint/suspicious/noExplicitAny: each file has a shape of its own, which its test reads.
export type Case = Record<string, any>;

export function vectors(name: string): Case {
  return JSON.parse(readFileSync(new URL(`../../../tests/vectors/${name}.json`, import.meta.url), "utf8"));
}

/** The cases of a file, to be told apart by what they say they are about. */
export function cases(name: string, of = "cases"): Case[] {
  return vectors(name)[of];
}
