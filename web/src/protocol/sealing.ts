/**
 * Seal (protocol, first table), padding, and the sealed set that carries sections, notes and evidence (§5).
 *
 *     dk ── Seal(dk, ctx("part", network, d, o, p), pad(text)) ──────────────────────── part
 *     rk ── SealTo(a's epoch key, ctx("reader", network, d, o, k, a, epoch, H(c)), rk) ─ wrap, 1,168 bytes
 *     rk ── Seal(rk, ctx("part-key", network, d, o, p, a), dk) ──────────────────────── key, 104 bytes
 *
 * d: the document, o: the agency whose member made it, k: that member's signing key, c: the consent, p: part, a: reader.
 */

import { asSet, type Bytes, b64, concat, ctx, sha256, utf8 } from "./documents.ts";
import { type At, Refused } from "./errors.ts";
import { type KemKey, sealTo, WRAP } from "./hpke.ts";
import type { As, Sealed, SealedKey } from "./schemas.ts";

export const KEY = 104; // bytes of a sealed 32-byte key
export const MAX_PARTS = 32;
export const MAX_SECTIONS = 16;
export const MAX_READERS = 3;
export const MAX_SECTION = 256 * 1024; // bytes before padding
export const MAX_NOTE = 16 * 1024; // bytes before padding
export const MAX_FILES = 10;
export const MAX_FILE = 50 * 1024 * 1024; // bytes before padding
export const CHUNK = 16 * 1024; // bytes of a chunk of Cobblestone
export const SALT = 24; // bytes
export const HEADER = 56; // bytes that Cobblestone puts in front: 24 of salt, 32 of commitment
export const TAG = 16; // bytes after each chunk
export const NO_CONSENT: Bytes = new Uint8Array(32); // stands for H(c) in a consent itself

export function randomBytes(length: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(length));
}

// --- Seal ------------------------------------------------------------------------------------------------------------

/** Cobblestone-256 is C2SP chunked-encryption with SHA-512; published vectors are those of SHA-256. */
export type Hash = "SHA-512" | "SHA-256";

/** What HKDF expands for one message: the key of AES-256-GCM, the first nonce, the commitment to both. */
export interface Derived {
  readonly key: CryptoKey;
  readonly nonce: Bytes;
  readonly commitment: Bytes;
}

const SUITE = utf8("c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0");

/** HKDF-Expand by HMAC, since WebCrypto's HKDF extracts first. 76 bytes: 32 key, 12 nonce, 32 commitment. */
export async function derive(hash: Hash, key: Bytes, salt: Uint8Array, context: Uint8Array): Promise<Derived> {
  if (key.length !== 32) throw new RangeError("a key of Seal has 32 bytes");
  const mac = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash }, false, ["sign"]);
  const info = concat(SUITE, salt, context);
  let block: Bytes = new Uint8Array(0);
  let expanded = block;
  for (let number = 1; expanded.length < 76; number++) {
    block = new Uint8Array(await crypto.subtle.sign("HMAC", mac, concat(block, info, Uint8Array.of(number))));
    expanded = concat(expanded, block);
  }
  return {
    key: await crypto.subtle.importKey("raw", expanded.subarray(0, 32), "AES-GCM", false, ["encrypt", "decrypt"]),
    nonce: expanded.slice(32, 44),
    commitment: expanded.slice(44, 76),
  };
}

/** The nonce of a chunk: the first one, its last four bytes XOR the chunk's number, big-endian. */
export function nonceOf(derived: Derived, number: number): AesGcmParams {
  const iv = derived.nonce.slice();
  const view = new DataView(iv.buffer);
  view.setUint32(8, view.getUint32(8) ^ number);
  return { name: "AES-GCM", iv, tagLength: 8 * TAG };
}

/** Cobblestone-256 (C2SP chunked-encryption): 72 bytes longer than the message (up to 16 KiB), key-committing. */
export async function seal(key: Bytes, context: Uint8Array, message: Bytes): Promise<Bytes> {
  const salt = randomBytes(SALT);
  const derived = await derive("SHA-512", key, salt, context);
  const sealed = new Uint8Array(sealedLength(message.length));
  sealed.set(salt);
  sealed.set(derived.commitment, SALT);
  for (let number = 0; number * CHUNK <= message.length; number++) {
    const chunk = message.subarray(number * CHUNK, (number + 1) * CHUNK);
    const encrypted = await crypto.subtle.encrypt(nonceOf(derived, number), derived.key, chunk);
    sealed.set(new Uint8Array(encrypted), HEADER + number * (CHUNK + TAG));
  }
  return sealed;
}

/** How long Seal makes a message of this length: the last chunk is never full, and may be empty. */
export function sealedLength(length: number): number {
  return length + HEADER + TAG * (Math.floor(length / CHUNK) + 1);
}

/** The whole message once all of it is authentic, else `cannot_open`. */
export async function unseal(key: Bytes, context: Uint8Array, sealed: Bytes): Promise<Bytes> {
  return openChunked("SHA-512", key, context, sealed);
}

export async function openChunked(hash: Hash, key: Bytes, context: Uint8Array, sealed: Bytes): Promise<Bytes> {
  const derived = await derive(hash, key, sealed.subarray(0, SALT), context);
  const body = sealed.subarray(HEADER);
  const last = body.length % (CHUNK + TAG); // bytes of the last chunk, which is never full
  if (sealed.length < HEADER || last < TAG || !same(sealed.subarray(SALT, HEADER), derived.commitment)) {
    throw new Refused("cannot_open");
  }
  const whole = Math.floor(body.length / (CHUNK + TAG));
  const message = new Uint8Array(body.length - (whole + 1) * TAG);
  for (let number = 0; number <= whole; number++) {
    const chunk = body.subarray(number * (CHUNK + TAG), (number + 1) * (CHUNK + TAG));
    let text: ArrayBuffer;
    try {
      text = await crypto.subtle.decrypt(nonceOf(derived, number), derived.key, chunk);
    } catch {
      throw new Refused("cannot_open");
    }
    message.set(new Uint8Array(text), number * CHUNK);
  }
  return message;
}

/** Looks at every byte, wherever they differ. */
export function same(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.reduce((differ, byte, at) => differ | (byte ^ other[at]!), 0) === 0;
}

// --- padding ---------------------------------------------------------------------------------------------------------

/** Padmé (PURBs, Nikitin et al. 2019): `length` rounded up so that it tells O(log log length) bits. */
export function padme(length: number): number {
  if (length < 2) return length;
  const exponent = 31 - Math.clz32(length);
  const step = 2 ** (exponent - (32 - Math.clz32(exponent)));
  return Math.ceil(length / step) * step;
}

/** text ‖ 0x80 ‖ zeros, up to max(minimum, Padmé(len(text) + 1)); minimum 256 bytes for a note, else 1,024. */
export function pad(text: Uint8Array, part: string): Bytes {
  const minimum = part === "note" ? 256 : 1024;
  const padded = new Uint8Array(Math.max(minimum, padme(text.length + 1)));
  padded.set(text);
  padded[text.length] = 0x80;
  return padded;
}

export function unpad(padded: Bytes): Bytes {
  let end = padded.length - 1;
  while (end >= 0 && padded[end] === 0) end--;
  if (end < 0 || padded[end] !== 0x80) throw new Refused("cannot_open");
  return padded.slice(0, end);
}

// --- sealed sets -----------------------------------------------------------------------------------------------------

/** What every seal of a set is bound to. */
export interface Binding {
  readonly network: string;
  readonly document: string;
  /** The author's agency. */
  readonly owner: string;
  /** The author's Ed25519 public key. */
  readonly authorKey: Uint8Array;
  /** H(c), or NO_CONSENT in a consent itself. */
  readonly consent: Uint8Array;
}

export function partContext(binding: Binding, part: string): Bytes {
  return ctx("part", binding.network, binding.document, binding.owner, part);
}

export function partKeyContext(binding: Binding, part: string, reader: string): Bytes {
  return ctx("part-key", binding.network, binding.document, binding.owner, part, reader);
}

export function readerContext(binding: Binding, reader: string, epoch: number): Bytes {
  const { network, document, owner, authorKey, consent } = binding;
  return ctx("reader", network, document, owner, authorKey, reader, epoch, consent);
}

/** An agency to seal for: its part in the referral, its newest epoch and that epoch's public key. */
export interface Reader {
  readonly agency: string;
  readonly as: As;
  readonly epoch: number;
  readonly publicKey: Uint8Array;
  readonly parts: ReadonlySet<string>;
}

/** Length and hash of sealed bytes. */
export interface Stored {
  readonly size: number;
  readonly sha256: string;
}

/** A file that was sealed before, in the very document that names it: its key, and what lies in the storage (§6). */
export interface SealedBefore {
  readonly key: Bytes;
  readonly stored: Stored;
}

const NO_FILES: ReadonlyMap<string, SealedBefore> = new Map();

/** The bytes that travel beside a document. stored: sealed files, which travel by themselves. */
export interface Blobs {
  readonly parts: ReadonlyMap<string, Bytes>;
  /** By reader. */
  readonly wraps: ReadonlyMap<string, Bytes>;
  /** By `pair(part, reader)`. */
  readonly keys: ReadonlyMap<string, Bytes>;
  readonly stored?: ReadonlyMap<string, Stored>;
}

/** A part and a reader as one name; neither has a space in it. */
export function pair(part: string, reader: string): string {
  return `${part} ${reader}`;
}

/** Seal each text once and its key for each reader who may read it. Fresh keys, every time (§5). */
export async function sealSet(
  binding: Binding,
  texts: ReadonlyMap<string, Uint8Array>,
  readers: readonly Reader[],
  files: ReadonlyMap<string, SealedBefore> = NO_FILES,
): Promise<{ readonly sealed: Sealed; readonly blobs: Blobs }> {
  const partKeys = new Map(Array.from(texts.keys(), (part) => [part, randomBytes(32)]));
  for (const [part, { key }] of files) partKeys.set(part, key);
  const parts = new Map<string, Bytes>();
  const wraps = new Map<string, Bytes>();
  const keys = new Map<string, Bytes>();
  for (const [part, text] of texts) {
    checkLength(part, text);
    parts.set(part, await seal(partKeys.get(part)!, partContext(binding, part), pad(text, part)));
  }
  for (const reader of readers) {
    const readerKey = randomBytes(32);
    const info = readerContext(binding, reader.agency, reader.epoch);
    wraps.set(reader.agency, await sealTo(reader.publicKey, info, readerKey));
    for (const part of reader.parts) {
      const partKey = partKeys.get(part);
      if (partKey === undefined) throw new RangeError("a reader of a part that is not there");
      const context = partKeyContext(binding, part, reader.agency);
      keys.set(pair(part, reader.agency), await seal(readerKey, context, partKey));
    }
  }
  const stored = new Map(Array.from(files, ([part, one]) => [part, one.stored]));
  const blobs = { parts, wraps, keys, stored };
  return { sealed: await describe(blobs, readers), blobs };
}

/** What the document says of its blobs. */
export async function describe(blobs: Blobs, readers: readonly Reader[]): Promise<Sealed> {
  const digest = async (blob: Bytes) => b64(await sha256(blob));
  const parts = Array.from(blobs.parts, async ([name, blob]) => ({
    name,
    size: blob.length,
    sha256: await digest(blob),
  }));
  const stored = Array.from(blobs.stored ?? [], ([name, one]) => ({ name, ...one }));
  const listed = readers.map(async ({ agency, as, epoch }) => {
    const wrap = blobs.wraps.get(agency);
    if (wrap === undefined) throw new RangeError("a reader without a wrap");
    return { agency, as, epoch, sha256: await digest(wrap) };
  });
  const keys = Array.from(blobs.keys, async ([name, blob]) => {
    const [part, agency] = apart(name);
    return { part, agency, sha256: await digest(blob) };
  });
  return {
    parts: asSet([...(await Promise.all(parts)), ...stored]),
    readers: asSet(await Promise.all(listed)),
    keys: asSet(await Promise.all(keys)),
  };
}

function apart(name: string): readonly [part: string, reader: string] {
  const at = name.indexOf(" ");
  return [name.slice(0, at), name.slice(at + 1)];
}

/** The most bytes that the text of this part may have before padding (§14). */
export function longest(part: string): number {
  return part === "note" ? MAX_NOTE : part.includes("/") ? MAX_FILE : MAX_SECTION;
}

export function checkLength(part: string, text: Uint8Array): void {
  const most = longest(part);
  if (text.length > most) throw new Refused("limit_exceeded", { part, most });
}

/** Counts, sizes, doubles, and what names a part or reader that is not listed: `limit_exceeded` or `malformed`. */
export function checkForm(sealed: Sealed): void {
  const names = sealed.parts.map((part) => part.name);
  const agencies = sealed.readers.map((reader) => reader.agency);
  const files = names.filter((name) => name.includes("/")).length;
  atMost(names.length, MAX_PARTS, "sealed.parts");
  atMost(names.length - files, MAX_SECTIONS, "sealed.parts");
  atMost(files, MAX_FILES, "sealed.parts");
  atMost(agencies.length, MAX_READERS, "sealed.readers");
  atMost(sealed.keys.length, MAX_PARTS * MAX_READERS, "sealed.keys");
  for (const part of sealed.parts) {
    const most = longest(part.name);
    if (part.size > sealedLength(padme(most + 1))) throw new Refused("limit_exceeded", { part: part.name, most });
  }
  for (const part of doubles(names)) throw new Refused("malformed", { part });
  for (const reader of doubles(agencies)) throw new Refused("malformed", { reader });
  for (const name of doubles(sealed.keys.map((key) => pair(key.part, key.agency)))) {
    const [part, reader] = apart(name);
    throw new Refused("malformed", { part, reader });
  }
  for (const { part, agency } of sealed.keys) {
    // A key names a part or reader that is not listed.
    if (!names.includes(part) || !agencies.includes(agency)) throw new Refused("malformed", { part, reader: agency });
  }
  for (const part of names) {
    // A file goes with the section that describes it.
    if (!names.includes(base(part))) throw new Refused("malformed", { part });
  }
}

function atMost(count: number, most: number, field: string): void {
  if (count > most) throw new Refused("limit_exceeded", { field, most });
}

function doubles(elements: readonly string[]): string[] {
  return elements.filter((one, place) => elements.indexOf(one) !== place);
}

/**
 * Every blob is there, is the one that the document names, has the length of its kind; none is left over.
 *
 * `hash_mismatch`, `size_mismatch`, `blob_missing`, `blob_unexpected`, in this order, naming part and reader.
 */
export async function checkBlobs(sealed: Sealed, blobs: Blobs): Promise<void> {
  const listed = await Promise.all(listedIn(sealed, blobs).map(async (one) => ({ ...one, found: await one.found })));
  for (const { found, digest, at } of listed) {
    if (found !== undefined && found.sha256 !== digest) throw new Refused("hash_mismatch", at);
  }
  for (const { found, size, at } of listed) {
    if (found !== undefined && found.size !== size) throw new Refused("size_mismatch", at);
  }
  for (const { found, at } of listed) if (found === undefined) throw new Refused("blob_missing", at);
  checkNothingMore(sealed, blobs);
}

interface Listed {
  readonly found: Promise<Stored | undefined>;
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  readonly at: At;
}

/** Each blob that the document names: length and hash of its bytes, if there; its own; where it stands. */
function listedIn(sealed: Sealed, blobs: Blobs): Listed[] {
  return [
    ...sealed.parts.map((one) => ({
      found: storedOf(blobs.parts.get(one.name), blobs.stored?.get(one.name)),
      digest: one.sha256,
      size: one.size,
      at: { part: one.name },
    })),
    ...sealed.readers.map((one) => ({
      found: storedOf(blobs.wraps.get(one.agency)),
      digest: one.sha256,
      size: WRAP,
      at: { reader: one.agency },
    })),
    ...sealed.keys.map((one) => ({
      found: storedOf(blobs.keys.get(pair(one.part, one.agency))),
      digest: one.sha256,
      size: KEY,
      at: { part: one.part, reader: one.agency },
    })),
  ];
}

async function storedOf(blob: Bytes | undefined, stored?: Stored): Promise<Stored | undefined> {
  return blob === undefined ? stored : { size: blob.length, sha256: b64(await sha256(blob)) };
}

export function checkNothingMore(sealed: Sealed, blobs: Blobs): void {
  const parts = new Set(sealed.parts.map((one) => one.name));
  const readers = new Set(sealed.readers.map((one) => one.agency));
  const keys = new Set(sealed.keys.map((one) => pair(one.part, one.agency)));
  for (const part of [...blobs.parts.keys(), ...(blobs.stored?.keys() ?? [])])
    if (!parts.has(part)) throw new Refused("blob_unexpected", { part });
  for (const reader of blobs.wraps.keys()) if (!readers.has(reader)) throw new Refused("blob_unexpected", { reader });
  for (const name of blobs.keys.keys()) {
    const [part, reader] = apart(name);
    if (!keys.has(name)) throw new Refused("blob_unexpected", { part, reader });
  }
}

/**
 * Every part that was sealed for `reader` and handed over, as its text, or as what is wrong with it.
 *
 * One bad part never hides the others. Only a wrap that does not open is thrown: then nothing opens.
 */
export async function openSet(
  binding: Binding,
  sealed: Sealed,
  blobs: Blobs,
  reader: string,
  epochKey: KemKey,
): Promise<ReadonlyMap<string, Bytes | Refused>> {
  checkForm(sealed);
  const readerKey = await openWrap(binding, sealed, blobs, reader, epochKey);
  const opened = new Map<string, Bytes | Refused>();
  for (const key of sealed.keys) {
    if (key.agency !== reader || !blobs.keys.has(pair(key.part, reader))) continue;
    try {
      opened.set(key.part, await openPart(binding, sealed, blobs, key, readerKey));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      opened.set(key.part, error.within({ part: key.part, reader }));
    }
  }
  return opened;
}

/** The key under which the keys of the parts are sealed for this reader. */
async function openWrap(
  binding: Binding,
  sealed: Sealed,
  blobs: Blobs,
  reader: string,
  epochKey: KemKey,
): Promise<Bytes> {
  const mine = sealed.readers.find((one) => one.agency === reader);
  const wrap = blobs.wraps.get(reader);
  // Nothing here is sealed for this agency.
  if (mine === undefined || wrap === undefined) throw new Refused("cannot_open", { reader });
  if (wrap.length !== WRAP || b64(await sha256(wrap)) !== mine.sha256) throw new Refused("hash_mismatch", { reader });
  return epochKey.open(readerContext(binding, reader, mine.epoch), wrap);
}

/** The key of one part, whose bytes travel by themselves. */
export async function openPartKey(
  binding: Binding,
  sealed: Sealed,
  blobs: Blobs,
  key: SealedKey,
  epochKey: KemKey,
): Promise<Bytes> {
  checkForm(sealed);
  const readerKey = await openWrap(binding, sealed, blobs, key.agency, epochKey);
  return openKey(binding, blobs, key, readerKey);
}

async function openKey(binding: Binding, blobs: Blobs, key: SealedKey, readerKey: Bytes): Promise<Bytes> {
  const sealedKey = blobs.keys.get(pair(key.part, key.agency));
  if (sealedKey === undefined) throw new Refused("blob_missing");
  if (b64(await sha256(sealedKey)) !== key.sha256) throw new Refused("hash_mismatch");
  if (sealedKey.length !== KEY) throw new Refused("size_mismatch");
  return unseal(readerKey, partKeyContext(binding, key.part, key.agency), sealedKey);
}

async function openPart(
  binding: Binding,
  sealed: Sealed,
  blobs: Blobs,
  key: SealedKey,
  readerKey: Bytes,
): Promise<Bytes> {
  const part = sealed.parts.find((one) => one.name === key.part)!; // checkForm: each key names a part that is listed
  const sealedKey = blobs.keys.get(pair(key.part, key.agency))!;
  const ciphertext = blobs.parts.get(key.part);
  if (ciphertext === undefined) throw new Refused("blob_missing");
  if (b64(await sha256(sealedKey)) !== key.sha256 || b64(await sha256(ciphertext)) !== part.sha256) {
    throw new Refused("hash_mismatch");
  }
  if (sealedKey.length !== KEY || ciphertext.length !== part.size) throw new Refused("size_mismatch");
  const partKey = await unseal(readerKey, partKeyContext(binding, key.part, key.agency), sealedKey);
  return unpad(await unseal(partKey, partContext(binding, key.part), ciphertext));
}

/** The section that governs a part: its name up to any `/`. */
export function base(part: string): string {
  return part.split("/", 1)[0]!;
}

export function sectionsOf(parts: Iterable<string>): ReadonlySet<string> {
  return new Set(Array.from(parts, base));
}
