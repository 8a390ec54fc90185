/** The person's receipt (protocol §8): a code of 32 digits that looks and withdraws, and what it signs. */

import type { Bytes, Document, Instant } from "./documents.ts";
import {
  asSet,
  b64,
  checkClock,
  checkSigningKey,
  ctx,
  SigningKey,
  sign,
  stamp,
  unb64,
  utf8,
  verify,
} from "./documents.ts";
import { Refused } from "./errors.ts";
import { hkdf } from "./keys.ts";
import type { Receipt, Scope } from "./schemas.ts";

export const DIGITS = 31; // random ones; the 32nd checks them

/** A new code, in eight groups of four digits: 31 random digits (103 bits) and a check digit. */
export function draw(): string {
  let digits = "";
  while (digits.length < DIGITS) {
    const [byte] = crypto.getRandomValues(new Uint8Array(1));
    if (byte! < 250) digits += `${byte! % 10}`; // 250 and more would make some digits likelier
  }
  return grouped(digits + checkDigit(digits));
}

export function grouped(code: string): string {
  return (code.match(/.{1,4}/g) ?? []).join(" ");
}

/** ISO/IEC 7064 MOD 11,10. */
export function checkDigit(digits: string): string {
  let product = 10;
  for (const digit of digits) {
    const total = (Number(digit) + product) % 10 || 10;
    product = (total * 2) % 11;
  }
  return `${(11 - product) % 10}`;
}

/** The 31 digits of a code as people type it: spaces and dashes do not matter. `malformed` for a typing error. */
export function parseCode(text: string): string {
  const digits = text.replace(/[ \-\u00a0\u2009\u2013]/g, "");
  if (!/^[0-9]{32}$/.test(digits)) throw new Refused("malformed", { field: "receipt_code" });
  const code = digits.slice(0, DIGITS);
  if (checkDigit(code) !== digits.slice(DIGITS)) throw new Refused("malformed", { field: "receipt_code" });
  return code;
}

/** The code's own signing key. The code itself is never sent. */
export async function keyOf(code: string, network: string): Promise<SigningKey> {
  return SigningKey.of(await hkdf(utf8(parseCode(code)), ctx("receipt", network), ctx("receipt-sign")));
}

/** A look or a withdrawal over a challenge of the hub (32 bytes, 5 minutes, once). */
export function make(
  key: SigningKey,
  given: {
    readonly network: string;
    readonly challenge: Bytes;
    readonly do: Receipt["do"];
    readonly at: Instant;
    readonly scope?: readonly Scope[];
  },
): Promise<Document<Receipt>> {
  const body: Receipt = {
    network: given.network,
    at: stamp(given.at),
    key: b64(key.public),
    challenge: b64(given.challenge),
    do: given.do,
    scope: given.scope ? asSet(given.scope) : null,
  };
  return sign("receipt", body, key);
}

/**
 * The key that it brings has signed it, over this challenge, now; a withdrawal has a scope and a look has none.
 *
 * A wrong signature, network or challenge gets the answer of an unknown key, `receipt_unknown` (§8).
 */
export async function check(
  document: Document<Receipt>,
  given: { readonly network: string; readonly challenge: Bytes; readonly now: Instant },
): Promise<void> {
  const { body } = document;
  if ((body.do === "withdraw") !== (body.scope !== null)) throw new Refused("malformed", { field: "scope" });
  try {
    checkSigningKey(unb64(body.key));
    await verify(document, unb64(body.key));
  } catch (error) {
    throw error instanceof Refused ? new Refused("receipt_unknown") : error;
  }
  if (body.network !== given.network || body.challenge !== b64(given.challenge)) throw new Refused("receipt_unknown");
  checkClock(body.at, given.now);
}
