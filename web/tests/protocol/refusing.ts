/** One word for the tests of refusals. */

import { expect } from "vitest";
import { type At, type Code, Refused } from "../../src/protocol/errors.ts";

/** What is tried is refused with this code, and names at least this as being at fault; gives the refusal. */
export async function refused(code: Code, tried: () => unknown, at: At = {}): Promise<Refused> {
  let caught: unknown = null;
  try {
    await tried();
  } catch (error) {
    caught = error;
  }
  if (!(caught instanceof Refused)) throw caught ?? new Error(`not refused: ${code} was due`);
  expect(caught.code).toBe(code);
  expect(caught.at).toMatchObject(at);
  return caught;
}
