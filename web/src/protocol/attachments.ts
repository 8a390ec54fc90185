/**
 * Attachments (protocol §6): sealed and opened as streams, so that what is held does not grow with the file. The
 * counterpart of ortoo/protocol/attachments.py.
 */

import { createSHA256 } from "hash-wasm";
import type { Bytes } from "./documents.ts";
import { b64, concat } from "./documents.ts";
import { Refused } from "./errors.ts";
import type { File, SealedPart } from "./schemas.ts";
import {
  CHUNK,
  type Derived,
  derive,
  HEADER,
  MAX_FILE,
  nonceOf,
  padme,
  randomBytes,
  SALT,
  type Stored,
  same,
  sealedLength,
  TAG,
} from "./sealing.ts";

export const PIECE = 1024 * 1024; // bytes in which a sealed file is carried
const LEAST = 1024; // bytes of a padded file

/** Exactly `length` bytes from `at`. */
export type ReadAt = (at: number, length: number) => Promise<Bytes>;

/** A file that was sealed: what its section says of it, its key, and what lies in the storage. */
export interface SealedFile {
  readonly said: File;
  readonly key: Bytes;
  readonly stored: Stored;
}

/** Length and SHA-256 of what passes. */
export class Measure {
  size = 0;
  readonly #digest: Awaited<ReturnType<typeof createSHA256>>;

  private constructor(digest: Awaited<ReturnType<typeof createSHA256>>) {
    this.#digest = digest;
  }

  static async begin(): Promise<Measure> {
    return new Measure((await createSHA256()).init());
  }

  take(chunk: Uint8Array): void {
    this.size += chunk.length;
    this.#digest.update(chunk);
  }

  /** Once, at the end. */
  end(): Stored {
    return { size: this.size, sha256: b64(this.#digest.digest("binary") as Bytes) };
  }
}

/** How long a file of `size` bytes is once it is padded. */
export function paddedLength(size: number): number {
  return Math.max(LEAST, padme(size + 1));
}

// --- sealing ---------------------------------------------------------------------------------------------------------

/** Key and salt of one file in one document: drawn once, for these bytes alone. */
export interface FileSeal {
  readonly key: Bytes;
  readonly salt: Bytes;
}

export function newFileSeal(): FileSeal {
  return { key: randomBytes(32), salt: randomBytes(SALT) };
}

/**
 * A sealed file of which any piece can be made again, so that none of it has to be kept: the same key and salt make the
 * same bytes. That is safe only where what is read is the same each time: the reader of the text has to be authentic.
 */
export class Sealing {
  /** Bytes of the sealed file. */
  readonly size: number;
  readonly #salt: Bytes;
  readonly #derived: Derived;
  readonly #length: number;
  readonly #read: ReadAt;

  private constructor(salt: Bytes, derived: Derived, length: number, read: ReadAt) {
    this.size = sealedLength(paddedLength(length));
    this.#salt = salt;
    this.#derived = derived;
    this.#length = length;
    this.#read = read;
  }

  /** length: of the file, in bytes. */
  static async of({ key, salt }: FileSeal, context: Uint8Array, length: number, read: ReadAt): Promise<Sealing> {
    if (length > MAX_FILE) throw new Refused("limit_exceeded", { most: MAX_FILE });
    return new Sealing(salt, await derive("SHA-512", key, salt, context), length, read);
  }

  /** The sealed bytes from `from` up to `to`. */
  async slice(from: number, to: number): Promise<Bytes> {
    const out: Bytes = new Uint8Array(to - from);
    const put = (bytes: Uint8Array, at: number) => {
      const [start, end] = [Math.max(from, at), Math.min(to, at + bytes.length)];
      if (start < end) out.set(bytes.subarray(start - at, end - at), start - from);
    };
    put(concat(this.#salt, this.#derived.commitment), 0);
    if (to <= HEADER) return out;
    const first = Math.floor((Math.max(from, HEADER) - HEADER) / (CHUNK + TAG));
    const last = Math.floor((to - 1 - HEADER) / (CHUNK + TAG));
    const text = await this.#padded(first * CHUNK, (last + 1) * CHUNK);
    for (let number = first; number <= last; number += 1) {
      const chunk = text.subarray((number - first) * CHUNK, (number - first + 1) * CHUNK);
      const sealed = await crypto.subtle.encrypt(nonceOf(this.#derived, number), this.#derived.key, chunk);
      put(new Uint8Array(sealed), HEADER + number * (CHUNK + TAG));
    }
    return out;
  }

  async stored(): Promise<Stored> {
    const measure = await Measure.begin();
    for (let at = 0; at < this.size; at += PIECE) measure.take(await this.slice(at, Math.min(at + PIECE, this.size)));
    return measure.end();
  }

  /** Of the padded text: up to its end. */
  async #padded(from: number, to: number): Promise<Bytes> {
    const padded: Bytes = new Uint8Array(Math.max(0, Math.min(to, paddedLength(this.#length)) - from));
    const there = Math.min(this.#length, from + padded.length) - from;
    if (there > 0) {
      const text = await this.#read(from, there);
      if (text.length !== there) throw new Refused("size_mismatch");
      padded.set(text);
    }
    const mark = this.#length - from;
    if (mark >= 0 && mark < padded.length) padded[mark] = 0x80;
    return padded;
  }
}

// --- opening ---------------------------------------------------------------------------------------------------------

/** What a section says of its file fits to what the document says: before anything is fetched. */
export function checkSaid(said: File, part: SealedPart): void {
  if (said.size > MAX_FILE) throw new Refused("limit_exceeded", { part: part.name, most: MAX_FILE });
  if (sealedLength(paddedLength(said.size)) !== part.size) throw new Refused("size_mismatch", { part: part.name });
}

/** A file as it is opened. Nothing of what `take` gives may be shown before `end` has returned. */
export class Opening {
  readonly #key: Bytes;
  readonly #context: Uint8Array;
  readonly #said: File;
  readonly #part: SealedPart;
  readonly #sealed: Measure;
  readonly #text: Measure;
  #derived: Derived | null = null;
  #rest: Bytes = new Uint8Array(0);
  #number = 0;
  #pad = 0;

  private constructor(
    key: Bytes,
    context: Uint8Array,
    said: File,
    part: SealedPart,
    measures: readonly [Measure, Measure],
  ) {
    this.#key = key;
    this.#context = context;
    this.#said = said;
    this.#part = part;
    [this.#sealed, this.#text] = measures;
  }

  static async of(key: Bytes, context: Uint8Array, said: File, part: SealedPart): Promise<Opening> {
    checkSaid(said, part);
    return new Opening(key, context, said, part, [await Measure.begin(), await Measure.begin()]);
  }

  /** What the next sealed bytes hold of the file. */
  async take(sealed: Bytes): Promise<Bytes> {
    this.#sealed.take(sealed);
    if (this.#sealed.size > this.#part.size) throw this.#refused("size_mismatch");
    let rest = concat(this.#rest, sealed);
    if (this.#derived === null) {
      if (rest.length < HEADER) {
        this.#rest = rest;
        return new Uint8Array(0);
      }
      this.#derived = await derive("SHA-512", this.#key, rest.subarray(0, SALT), this.#context);
      if (!same(rest.subarray(SALT, HEADER), this.#derived.commitment)) throw this.#refused("cannot_open");
      rest = rest.subarray(HEADER);
    }
    const texts: Bytes[] = [];
    let at = 0;
    // The last one is never full: a full one is followed by another.
    for (; rest.length - at >= CHUNK + TAG; at += CHUNK + TAG) {
      texts.push(this.#unpadded(await this.#opened(rest.subarray(at, at + CHUNK + TAG))));
    }
    this.#rest = rest.slice(at);
    return concat(...texts);
  }

  /** The rest of the file, now that all of it is authentic and is what the document and the section name. */
  async end(): Promise<Bytes> {
    const stored = this.#sealed.end();
    if (stored.size !== this.#part.size) throw this.#refused("size_mismatch");
    if (stored.sha256 !== this.#part.sha256) throw this.#refused("hash_mismatch");
    if (this.#derived === null || this.#rest.length < TAG) throw this.#refused("cannot_open");
    const rest = this.#unpadded(await this.#opened(this.#rest));
    if (this.#pad !== paddedLength(this.#said.size) - this.#said.size) throw this.#refused("cannot_open");
    // Else the file is not the one that its section describes.
    if (this.#text.end().sha256 !== this.#said.sha256) throw this.#refused("hash_mismatch");
    return rest;
  }

  async #opened(chunk: Bytes): Promise<Bytes> {
    const derived = this.#derived!;
    try {
      const text = await crypto.subtle.decrypt(nonceOf(derived, this.#number), derived.key, chunk);
      this.#number += 1;
      return new Uint8Array(text);
    } catch {
      throw this.#refused("cannot_open");
    }
  }

  #unpadded(padded: Bytes): Bytes {
    const text = padded.subarray(0, Math.min(padded.length, this.#said.size - this.#text.size));
    this.#text.take(text);
    const pad = padded.subarray(text.length);
    if (pad.length > 0) {
      const zeros = this.#pad === 0 ? pad.subarray(1) : pad;
      const isBegun = this.#pad > 0 || pad[0] === 0x80;
      if (!isBegun || zeros.some((byte) => byte !== 0)) throw this.#refused("cannot_open");
      this.#pad += pad.length;
    }
    return text;
  }

  #refused(code: "size_mismatch" | "hash_mismatch" | "cannot_open"): Refused {
    return new Refused(code, { part: this.#part.name });
  }
}
