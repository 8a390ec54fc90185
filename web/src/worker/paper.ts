/** Bytes as they stand on paper: base32 in groups of four, small letters, as `ortoo/administration.py` writes them. */

import type { Bytes } from "../protocol/documents.ts";
import { Refused } from "../protocol/errors.ts";

const LETTERS = "abcdefghijklmnopqrstuvwxyz234567";

export function grouped(bytes: Uint8Array): string {
  let [held, bits, text] = [0, 0, ""];
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff;
    bits += 8;
    for (; bits >= 5; bits -= 5) text += LETTERS[(held >> (bits - 5)) & 31];
  }
  if (bits > 0) text += LETTERS[(held << (5 - bits)) & 31];
  return text.match(/.{1,4}/g)?.join(" ") ?? "";
}

/** What was typed from a paper: so many bytes. `malformed` at the field where it is not that. */
export function ungrouped(typed: string, length: number, field = "fingerprint"): Bytes {
  const text = typed.toLowerCase().replace(/[\s-]/g, "");
  const bytes = new Uint8Array(length);
  if (text.length !== Math.ceil((length * 8) / 5)) throw new Refused("malformed", { field });
  let [held, bits, at] = [0, 0, 0];
  for (const letter of text) {
    const value = LETTERS.indexOf(letter);
    if (value < 0) throw new Refused("malformed", { field });
    held = ((held << 5) | value) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at] = held >> bits;
    at += 1;
  }
  return bytes;
}

/** The secret of an authenticator: as it is typed, and as it is scanned. */
export function authenticatorOf(secret: Bytes, login: string): { readonly secret: string; readonly uri: string } {
  const typed = grouped(secret).replaceAll(" ", "").toUpperCase();
  const label = encodeURIComponent(login.trim());
  return { secret: typed, uri: `otpauth://totp/Ortoo:${label}?secret=${typed}&issuer=Ortoo&digits=6&period=30` };
}
