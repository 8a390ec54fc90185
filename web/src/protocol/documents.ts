/**
 * Signed documents (protocol §2): canonical JSON, DSSE envelopes, hashes, ids, times.
 *
 * An envelope, itself in canonical form:
 *
 *     {"payload":"<base64url>","payloadType":"application/vnd.ortoo.<kind>.v1+json",
 *      "signatures":[{"keyid":"<base64url>","sig":"<base64url>"}]}
 *
 * A signature covers PAE(payloadType, payload) = "DSSEv1 " ‖ len ‖ " " ‖ payloadType ‖ " " ‖ len ‖ " " ‖ payload.
 *
 * WebCrypto answers in promises. So `read` and `sign` are awaited once and give a whole `Document`, its PAE bytes,
 * hash and envelope worked out; whatever only looks at documents is then plain and synchronous. What hashes, signs or
 * verifies by itself (`sha256`, `keyid`, `verify`, `signers`) is awaited too. Instants are milliseconds of Unix time.
 */

import { Refused } from "./errors.ts";
import { uuid7 } from "./ids.ts";
import type { Bodies, Json, Kind, Payload } from "./schemas.ts";
import * as schemas from "./schemas.ts";

/** Bytes as WebCrypto takes them: not shared with another thread. */
export type Bytes = Uint8Array<ArrayBuffer>;

export const MAX_PAYLOAD = 256 * 1024; // bytes
export const MAX_ENVELOPE = Math.floor((MAX_PAYLOAD * 4) / 3) + 4096; // bytes
export const MAX_SIGNATURES = 16;
export const MAX_DEPTH = 8; // of a payload, the outermost being 1
export const MAX_NAME = 64; // bytes of a member's name
export const MAX_TEXT = 4096; // bytes of a string in a payload
export const MAX_INTEGER = 2 ** 53 - 1;
export const CLOCK_SKEW = 600; // seconds

const PAYLOAD_TYPE = /^application\/vnd\.ortoo\.([a-z]+)\.v([0-9]+)\+json$/;
const LONE_SURROGATE = /\p{Surrogate}/u;

// --- bytes, hashes, contexts -----------------------------------------------------------------------------------------

const ALPHABET = new TextEncoder().encode("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
const NO_SEXTET = 64;
const SEXTETS = new Uint8Array(128).fill(NO_SEXTET);
for (const [value, letter] of ALPHABET.entries()) SEXTETS[letter] = value;

/** base64url without padding (RFC 4648 §5). */
export function b64(raw: Uint8Array): string {
  const letters = new Uint8Array(Math.ceil((raw.length * 4) / 3));
  for (let at = 0, letter = 0; at < raw.length; at += 3) {
    const three = (raw[at]! << 16) | ((raw[at + 1] ?? 0) << 8) | (raw[at + 2] ?? 0);
    for (let shift = 18; shift >= 0 && letter < letters.length; shift -= 6) {
      letters[letter++] = ALPHABET[(three >> shift) & 63]!;
    }
  }
  return new TextDecoder().decode(letters);
}

/** The bytes of their one base64url form; anything else is `malformed`. */
export function unb64(text: string, field = "base64"): Bytes {
  const raw = new Uint8Array(Math.floor((text.length * 3) / 4));
  let bits = 0;
  let held = 0;
  for (let place = 0, at = 0; place < text.length; place++) {
    const sextet = SEXTETS[text.charCodeAt(place)] ?? NO_SEXTET;
    if (sextet === NO_SEXTET) throw new Refused("malformed", { field });
    held = ((held << 6) | sextet) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      raw[at++] = held >> bits;
    }
  }
  if (bits >= 6 || (held & ((1 << bits) - 1)) !== 0) throw new Refused("malformed", { field });
  return raw;
}

export function utf8(text: string): Bytes {
  return new TextEncoder().encode(text);
}

export function concat(...pieces: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** Before 0: `one` sorts first; 0: the same bytes. Not in constant time: for what is public. */
export function compareBytes(one: Uint8Array, other: Uint8Array): number {
  const shorter = Math.min(one.length, other.length);
  for (let at = 0; at < shorter; at++) if (one[at] !== other[at]) return one[at]! - other[at]!;
  return one.length - other.length;
}

/** As Python compares texts of ASCII. */
export function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

export async function sha256(raw: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", raw));
}

/** The context `ortoo/v1/<label>, elements…`, each element preceded by its length as 4 bytes big-endian. */
export function ctx(label: string, ...elements: readonly (string | number | Uint8Array)[]): Bytes {
  const encoded = [`ortoo/v1/${label}`, ...elements].map((one) => (one instanceof Uint8Array ? one : utf8(`${one}`)));
  return concat(
    ...encoded.flatMap((one) => {
      const length = new Uint8Array(4);
      new DataView(length.buffer).setUint32(0, one.length);
      return [length, one];
    }),
  );
}

/** A hint at a public key: base64url of the first 16 bytes of SHA-256(ctx("keyid", key)). */
export async function keyid(publicKey: Uint8Array): Promise<string> {
  return b64((await sha256(ctx("keyid", publicKey))).subarray(0, 16));
}

/** DSSE v1 pre-authentication encoding. */
export function pae(payloadType: string, payload: Uint8Array): Bytes {
  const kind = utf8(payloadType);
  return concat(utf8(`DSSEv1 ${kind.length} ${payloadType} ${payload.length} `), payload);
}

// --- times -----------------------------------------------------------------------------------------------------------

/** Milliseconds of Unix time. */
export type Instant = number;

/** The instant that `YYYY-MM-DDThh:mm:ssZ` names. */
export function instant(text: string): Instant {
  return Date.parse(text);
}

/** `YYYY-MM-DDThh:mm:ssZ` of an instant, cut to the second. */
export function stamp(moment: Instant): string {
  return `${new Date(moment).toISOString().slice(0, 19)}Z`;
}

/** Refuse with `clock_skew` what is stamped more than ten minutes away from `now`. */
export function checkClock(at: string, now: Instant): void {
  if (Math.abs(instant(at) - now) > CLOCK_SKEW * 1000) {
    throw new Refused("clock_skew", { field: "at", now: stamp(now) });
  }
}

// --- canonical JSON (RFC 8785, narrowed to I-JSON without floats) ----------------------------------------------------

/**
 * The RFC 8785 form of a value of objects with ASCII names, lists, texts, integers, booleans and null.
 *
 * `not_canonical` for a lone surrogate and for a number that is no integer in 0…2^53−1; TypeError for what is not JSON.
 */
export function canonical(value: unknown): Bytes {
  return utf8(written(value));
}

function written(value: unknown): string {
  if (value === null || typeof value === "boolean") return `${value}`;
  if (typeof value === "string") {
    if (LONE_SURROGATE.test(value)) throw new Refused("not_canonical", { field: "a lone surrogate" });
    return JSON.stringify(value);
  }
  if (typeof value === "number") {
    checkNumber(value);
    return `${value}`;
  }
  if (Array.isArray(value)) return `[${value.map(written).join(",")}]`;
  if (schemas.isObject(value) && [Object.prototype, null].includes(Object.getPrototypeOf(value))) {
    const names = Object.keys(value).sort();
    return `{${names.map((name) => `${written(name)}:${written(value[name])}`).join(",")}}`;
  }
  throw new TypeError(`not JSON: ${typeof value}`);
}

export interface Bounds {
  readonly maxDepth?: number;
  /** Bytes of a text; null: unbounded. */
  readonly maxText?: number | null;
}

/** The value of canonical bytes. `limit_exceeded` for depth and lengths, `not_canonical` for all else. */
export function parse(raw: Uint8Array, { maxDepth = MAX_DEPTH, maxText = MAX_TEXT }: Bounds = {}): Json {
  const outside = outsideTexts(raw);
  boundDepth(outside, maxDepth);
  let value: Json;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(raw)) as Json;
  } catch {
    throw new Refused("not_canonical");
  }
  checkIntegers(outside);
  boundLengths(value, maxText);
  checkNamesAndNumbers(value);
  // JSON.parse takes the last of a name given twice, spaces, and any escape: only the one form comes back the same.
  if (compareBytes(canonical(value), raw) !== 0) throw new Refused("not_canonical");
  return value;
}

/** Every list in a payload is a set: sorted by its elements' canonical bytes, none twice. Else `not_canonical`. */
export function checkSets(value: Json): void {
  if (isList(value)) {
    const encoded = value.map(canonical);
    if (encoded.some((one, place) => place > 0 && compareBytes(encoded[place - 1]!, one) >= 0)) {
      throw new Refused("not_canonical", { field: "an unsorted or repeated list" });
    }
    for (const element of value) checkSets(element);
  } else if (schemas.isObject(value)) {
    for (const member of Object.values(value)) checkSets(member as Json);
  }
}

/** The elements in the order that a payload's lists must have. */
export function asSet<T>(elements: Iterable<T>): T[] {
  return Array.from(elements, (element) => ({ element, bytes: canonical(element) }))
    .sort((one, other) => compareBytes(one.bytes, other.bytes))
    .map(({ element }) => element);
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** The bytes that stand in no text; a text that does not end runs to the end, so that no byte is looked at twice. */
function outsideTexts(raw: Uint8Array): Uint8Array {
  const outside = new Uint8Array(raw.length);
  let count = 0;
  let inText = false;
  for (let at = 0; at < raw.length; at++) {
    const byte = raw[at]!;
    if (byte === QUOTE) inText = !inText;
    else if (!inText) outside[count++] = byte;
    else if (byte === BACKSLASH) at++;
  }
  return outside.subarray(0, count);
}

function boundDepth(outside: Uint8Array, most: number): void {
  let depth = 0;
  for (const byte of outside) {
    if (byte === 0x5b || byte === 0x7b) depth++;
    else if (byte === 0x5d || byte === 0x7d) depth--;
    if (depth > most) throw new Refused("limit_exceeded", { field: "depth", most });
  }
}

/** No fraction and no exponent, of however round a number: told before lengths, since Python's parser meets it. */
function checkIntegers(outside: Uint8Array): void {
  let digits = 0;
  for (const byte of outside) {
    if (digits > 0 && (byte === 0x2e || byte === 0x65 || byte === 0x45)) throw new Refused("not_canonical");
    digits = byte >= 0x30 && byte <= 0x39 ? digits + 1 : 0;
    if (digits > 4300) throw new Refused("not_canonical");
  }
}

function boundLengths(value: Json, maxText: number | null): void {
  if (isList(value)) {
    for (const element of value) boundLengths(element, maxText);
  } else if (schemas.isObject(value)) {
    for (const [name, member] of Object.entries(value)) {
      if (utf8(name).length > MAX_NAME) throw new Refused("limit_exceeded", { field: "a name", most: MAX_NAME });
      boundLengths(member as Json, maxText);
    }
  } else if (typeof value === "string" && maxText !== null && utf8(value).length > maxText) {
    throw new Refused("limit_exceeded", { field: "a text", most: maxText });
  }
}

function checkNamesAndNumbers(value: Json): void {
  if (isList(value)) {
    for (const element of value) checkNamesAndNumbers(element);
  } else if (schemas.isObject(value)) {
    for (const [name, member] of Object.entries(value)) {
      if (utf8(name).length !== name.length) throw new Refused("not_canonical", { field: "a name that is not ASCII" });
      checkNamesAndNumbers(member as Json);
    }
  } else if (typeof value === "number") {
    checkNumber(value);
  }
}

function checkNumber(value: number): void {
  if (!Number.isInteger(value) || value < 0 || value > MAX_INTEGER) {
    throw new Refused("not_canonical", { field: "a number outside 0…2^53−1" });
  }
}

// --- keys that sign --------------------------------------------------------------------------------------------------

// y-coordinates of the points of small order; with either sign bit such a key verifies what nobody signed.
const SMALL_ORDER_Y: ReadonlySet<bigint> = new Set(
  [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  ].map((point) => littleEndian(Uint8Array.from(point.match(/../g)!, (byte) => Number.parseInt(byte, 16)))),
);

// PKCS #8 of an Ed25519 key (RFC 8410 §7), up to its 32-byte seed.
const PKCS8 = new Uint8Array([0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20]);

function littleEndian(raw: Uint8Array): bigint {
  return raw.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

/** An Ed25519 key pair (RFC 8032), from a 32-byte seed. What prints it or clones it meets its public half alone. */
export class SigningKey {
  readonly public: Bytes;
  readonly keyid: string;
  readonly #seed: Bytes;
  readonly #key: CryptoKey;

  private constructor(seed: Bytes, publicKey: Bytes, hint: string, key: CryptoKey) {
    this.#seed = seed;
    this.#key = key;
    this.public = publicKey;
    this.keyid = hint;
  }

  static async of(seed: Uint8Array): Promise<SigningKey> {
    if (seed.length !== 32) throw new RangeError("an Ed25519 seed has 32 bytes");
    const encoded = concat(PKCS8, seed);
    const open = await crypto.subtle.importKey("pkcs8", encoded, "Ed25519", true, ["sign"]);
    const publicKey = unb64((await crypto.subtle.exportKey("jwk", open)).x!);
    const key = await crypto.subtle.importKey("pkcs8", encoded, "Ed25519", false, ["sign"]);
    return new SigningKey(Uint8Array.from(seed), publicKey, await keyid(publicKey), key);
  }

  static async generate(): Promise<SigningKey> {
    return SigningKey.of(crypto.getRandomValues(new Uint8Array(32)));
  }

  get seed(): Bytes {
    return this.#seed;
  }

  /** The bare signature. Only PAE and C2SP notes are ever signed. */
  async signRaw(message: Bytes): Promise<Bytes> {
    return new Uint8Array(await crypto.subtle.sign("Ed25519", this.#key, message));
  }
}

/** Whether the platform's Ed25519 (WebCrypto) verifies it. */
export async function signedBy(publicKey: Bytes, signature: Bytes, message: Bytes): Promise<boolean> {
  try {
    const key = await crypto.subtle.importKey("raw", publicKey, "Ed25519", false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", key, signature, message);
  } catch (error) {
    // What is no key verifies nothing. A platform without Ed25519 is no answer about the signature.
    if (error instanceof DOMException && error.name === "NotSupportedError") throw error;
    return false;
  }
}

/** Refuse with `key_refused` an Ed25519 key of small order or not in canonical form. */
export function checkSigningKey(publicKey: Uint8Array, field = "key"): void {
  const y = littleEndian(publicKey) & ((1n << 255n) - 1n);
  if (publicKey.length !== 32 || y >= 2n ** 255n - 19n || SMALL_ORDER_Y.has(y)) {
    throw new Refused("key_refused", { field });
  }
}

// --- documents -------------------------------------------------------------------------------------------------------

export interface Signature {
  readonly keyid: string;
  readonly sig: Bytes;
}

/** A parsed envelope. Its signatures are NOT verified by being here: see `verify`. */
export interface Document<T extends Payload = Payload> {
  readonly kind: Kind;
  readonly payload: Bytes;
  readonly signatures: readonly Signature[];
  readonly body: T;
  readonly pae: Bytes;
  /** H(doc): SHA-256 of the PAE bytes. */
  readonly hash: Bytes;
  /** H(doc) as documents write it. */
  readonly sha256: string;
  /** The envelope in canonical form. */
  readonly envelope: string;
}

export function payloadType(kind: Kind): string {
  return `application/vnd.ortoo.${kind}.v1+json`;
}

/** The document of this body, signed by each key; the signatures sorted by keyid. */
export async function sign<K extends Kind>(
  kind: K,
  body: Bodies[K],
  ...keys: readonly SigningKey[]
): Promise<Document<Bodies[K]>> {
  const payload = canonical(body);
  const message = pae(payloadType(kind), payload);
  const signatures = await Promise.all(
    keys.map(async (key) => ({ keyid: key.keyid, sig: await key.signRaw(message) })),
  );
  return read(envelopeOf(kind, payload, signatures.sort(compareSignatures)), kind); // what we would refuse, we do not sign
}

/**
 * Parse an envelope whose payload must be of `kind`. Bounds, canonical form, version, schema: in this order.
 *
 * Parsing comes before verifying, since the payload names the author whose key verifies it. Nothing of the result may
 * be relied on before `verify`.
 */
export async function read<K extends Kind>(envelope: string | Uint8Array, kind: K): Promise<Document<Bodies[K]>> {
  const outer = unwrap(parse(bounded(envelope), { maxText: null }));
  if (outer.payload.length > MAX_PAYLOAD) throw new Refused("limit_exceeded", { field: "payload", most: MAX_PAYLOAD });
  if (outer.kind !== kind) throw new Refused("malformed", { field: "payloadType" });
  const value = parse(outer.payload);
  checkSets(value);
  const schema: schemas.Schema<Bodies[Kind]> = schemas.KINDS[kind];
  const body = schemas.fit(value, schema) as Bodies[K];
  checkSignatures(kind, outer.signatures);
  const encoded = pae(payloadType(kind), outer.payload);
  const hash = await sha256(encoded);
  return {
    kind,
    payload: outer.payload,
    signatures: outer.signatures,
    body,
    pae: encoded,
    hash,
    sha256: b64(hash),
    envelope: envelopeOf(kind, outer.payload, outer.signatures),
  };
}

/** The same document with the signatures of both. */
export function join<T extends Payload>(one: Document<T>, other: Document<T>): Document<T> {
  if (one.sha256 !== other.sha256) throw new RangeError("not the same document");
  const signatures = [...one.signatures, ...other.signatures]
    .sort(compareSignatures)
    .filter((each, place, all) => place === 0 || compareSignatures(all[place - 1]!, each) !== 0);
  return { ...one, signatures, envelope: envelopeOf(one.kind, one.payload, signatures) };
}

/** The kind that an envelope claims; the rest unread. */
export function kindOfEnvelope(envelope: string | Uint8Array): string {
  return unwrap(parse(bounded(envelope), { maxText: null })).kind;
}

/** Check the one signature of a document against the key that the directory gives for its author. */
export async function verify(document: Document, publicKey: Bytes): Promise<void> {
  const signature = document.signatures[0];
  if (
    signature === undefined ||
    signature.keyid !== (await keyid(publicKey)) ||
    !(await signedBy(publicKey, signature.sig, document.pae))
  ) {
    throw new Refused("signature_invalid");
  }
}

/** Which of these keys have signed it, in base64url. Distinct keys are counted, never signatures (§2). */
export async function signers(document: Document, publicKeys: Iterable<Bytes>): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const key of publicKeys) {
    const hint = await keyid(key);
    for (const one of document.signatures) {
      if (one.keyid === hint && (await signedBy(key, one.sig, document.pae))) found.add(b64(key));
    }
  }
  return found;
}

/** A lower-case UUIDv7 (RFC 9562 §5.7). */
export function newId(): string {
  return uuid7();
}

/** The envelope's bytes, if they are few enough. A lone surrogate stays what is no UTF-8. */
function bounded(envelope: string | Uint8Array): Uint8Array {
  if (typeof envelope !== "string") return within(envelope);
  if (envelope.length > MAX_ENVELOPE) throw tooLong(); // before anything is copied; in bytes it is no shorter
  const raw = within(utf8(envelope));
  if (LONE_SURROGATE.test(envelope)) raw[raw.findIndex((_, at) => isReplacement(raw, at))] = 0xff;
  return raw;
}

function within<T extends Uint8Array>(raw: T): T {
  if (raw.length > MAX_ENVELOPE) throw tooLong();
  return raw;
}

function tooLong(): Refused {
  return new Refused("limit_exceeded", { field: "document", most: MAX_ENVELOPE });
}

/** U+FFFD, which TextEncoder writes for a lone surrogate. */
function isReplacement(raw: Uint8Array, at: number): boolean {
  return raw[at] === 0xef && raw[at + 1] === 0xbf && raw[at + 2] === 0xbd;
}

interface Unwrapped {
  readonly kind: string;
  readonly payload: Bytes;
  readonly signatures: readonly Signature[];
}

/** The kind, payload and signatures of an envelope, its faults told in the order of §13. */
function unwrap(outer: Json): Unwrapped {
  const claims = schemas.isObject(outer) ? outer : {};
  const listed = Object.hasOwn(claims, "signatures") ? claims.signatures : null;
  if (Array.isArray(listed) && listed.length > MAX_SIGNATURES) {
    throw new Refused("limit_exceeded", { field: "signatures", most: MAX_SIGNATURES });
  }
  const claimed = Object.hasOwn(claims, "payloadType") ? claims.payloadType : null;
  const match = typeof claimed === "string" ? PAYLOAD_TYPE.exec(claimed) : null;
  if (match && match[2] !== "1") throw new Refused("version_unsupported", { field: "payloadType" });
  const envelope = schemas.fit(outer, schemas.envelope);
  if (!match) throw new Refused("malformed", { field: "payloadType" });
  const signatures = envelope.signatures.map((one) => ({ keyid: one.keyid, sig: unb64(one.sig, "signatures") }));
  return { kind: match[1]!, payload: unb64(envelope.payload, "payload"), signatures };
}

function checkSignatures(kind: Kind, signatures: readonly Signature[]): void {
  if (kind !== "network" && kind !== "admission" && signatures.length !== 1) {
    throw new Refused("malformed", { field: "signatures" });
  }
  if (signatures.some((one, place) => place > 0 && compareSignatures(signatures[place - 1]!, one) > 0)) {
    throw new Refused("not_canonical", { field: "signatures" });
  }
}

function compareSignatures(one: Signature, other: Signature): number {
  return compareText(one.keyid, other.keyid) || compareBytes(one.sig, other.sig);
}

function envelopeOf(kind: Kind, payload: Uint8Array, signatures: readonly Signature[]): string {
  const listed = signatures.map((one) => ({ keyid: one.keyid, sig: b64(one.sig) }));
  return written({ payload: b64(payload), payloadType: payloadType(kind), signatures: listed });
}
