/** Of what a cleaned photo is put together: bytes of the file where they lie, and new ones. */

import type { Bytes } from "../../protocol/documents.ts";

export const BITE = 64 * 1024; // bytes that are read at once
export const MOST_PIECES = 100_000; // of a container: more are no photo's

/** Bytes of the file as they are, or new ones. */
export type Piece = { readonly start: number; readonly length: number } | Bytes;

/** A file that is read where it lies. */
export interface Source {
  readonly size: number;
  /** At most so many bytes from there; fewer at its end. */
  readonly read: (at: number, length: number) => Promise<Bytes>;
}

/** Exactly these bytes. RangeError. */
export async function exactly(source: Source, at: number, length: number): Promise<Bytes> {
  const bytes = length > 0 ? await source.read(at, length) : new Uint8Array(0);
  if (length < 0 || bytes.length !== length) throw new RangeError();
  return bytes;
}

export function lengthOf(pieces: readonly Piece[]): number {
  return pieces.reduce((all, { length }) => all + length, 0);
}

export function latin(text: string): Bytes {
  return Uint8Array.from(text, (one) => one.charCodeAt(0));
}

export function ascii(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}

export function startsWith(bytes: Uint8Array, begin: Uint8Array): boolean {
  return bytes.length >= begin.length && begin.every((byte, at) => bytes[at] === byte);
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function bigBytes(value: number, width: number): Bytes {
  return Uint8Array.from({ length: width }, (_, place) => Math.floor(value / 2 ** (8 * (width - 1 - place))) & 255);
}

export function littleBytes(value: number): Bytes {
  return bigBytes(value, 4).reverse();
}
