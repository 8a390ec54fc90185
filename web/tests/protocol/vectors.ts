/** The vectors that hold both sides to the protocol: tests/vectors of the repository. */

import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { Refused } from "../../src/protocol/errors.ts";

// biome-ignore lint/suspicious/noExplicitAny: whatever the file holds
export function vectors(name: string): any {
  return JSON.parse(readFileSync(new URL(`../../../tests/vectors/${name}.json`, import.meta.url), "utf-8"));
}

/** The code with which it is refused; null where it is not. */
export async function codeOf(inside: () => unknown): Promise<string | null> {
  try {
    await inside();
    return null;
  } catch (error) {
    expect(error, String((error as Error).stack)).toBeInstanceOf(Refused);
    return (error as Refused).code;
  }
}
