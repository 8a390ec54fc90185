/** Bytes and text: base64url, UTF-8, comparing, joining. */

import { Refused } from "./errors.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const VALUE_OF = new Map([...ALPHABET].map((letter, value) => [letter, value]));

export type Bytes = Uint8Array<ArrayBuffer>;

export function utf8(text: string): Bytes {
  return new TextEncoder().encode(text);
}

/** base64url without padding (RFC 4648 §5). */
export function b64(raw: Uint8Array): string {
  let text = "";
  for (let at = 0; at < raw.length; at += 3) {
    const [one = 0, two = 0, three = 0] = raw.subarray(at, at + 3);
    const bits = (one << 16) | (two << 8) | three;
    const letters = Math.min(raw.length - at, 3) + 1;
    for (let place = 0; place < letters; place += 1) text += ALPHABET[(bits >> (18 - 6 * place)) & 63];
  }
  return text;
}

/** The bytes of their one base64url form; anything else is `malformed`. */
export function unb64(text: string, field = "base64"): Bytes {
  const raw = new Uint8Array(Math.floor((text.length * 3) / 4));
  let [bits, held, length] = [0, 0, 0];
  for (const letter of text) {
    const value = VALUE_OF.get(letter);
    if (value === undefined) throw new Refused("malformed", { field });
    bits = ((bits << 6) | value) & 0xffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      raw[length] = bits >> held;
      length += 1;
    }
  }
  // What is left over must be zero, and less than a letter: there is one form.
  if (held >= 6 || (bits & ((1 << held) - 1)) !== 0) throw new Refused("malformed", { field });
  return raw;
}

/** Negative, zero or positive, as the one comes before the other. */
export function compare(one: Uint8Array, other: Uint8Array): number {
  const both = Math.min(one.length, other.length);
  for (let at = 0; at < both; at += 1) {
    if (one[at] !== other[at]) return one[at]! - other[at]!;
  }
  return one.length - other.length;
}

export function same(one: Uint8Array, other: Uint8Array): boolean {
  return compare(one, other) === 0;
}

export function join(...pieces: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** A copy that a WebCrypto call takes, whatever buffer the bytes lie in. */
export function own(raw: Uint8Array): Bytes {
  return new Uint8Array(raw);
}
