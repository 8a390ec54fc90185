/**
 * The public part of a code that a person made on her own phone (protocol §8), as she shows it and as it is typed from there:
 * the key and the first three bytes of SHA-256(ctx("receipt-part", network, key)), in base32.
 */

import { type Bytes, checkSigningKey, concat, ctx, sha256 } from "../protocol/documents.ts";
import { Refused } from "../protocol/errors.ts";
import { grouped, ungrouped } from "./paper.ts";

const KEY = 32;
const CHECK = 3;

export async function publicPart(key: Bytes, network: string): Promise<string> {
  return grouped(concat(key, await check(key, network)));
}

/** The key. `malformed` for a slip, or for another network's. */
export async function keyIn(typed: string, network: string): Promise<Bytes> {
  const bytes = ungrouped(typed, KEY + CHECK, "part");
  const key = bytes.slice(0, KEY);
  const rest = await check(key, network);
  if (!rest.every((byte, place) => bytes[KEY + place] === byte)) throw new Refused("malformed", { field: "part" });
  checkSigningKey(key, "part");
  return key;
}

async function check(key: Bytes, network: string): Promise<Bytes> {
  return (await sha256(ctx("receipt-part", network, key))).slice(0, CHECK);
}
