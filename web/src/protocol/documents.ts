/**
 * Signed documents (protocol §2): canonical JSON, DSSE envelopes, hashes, ids, times. An envelope, in canonical form:
 *
 *     {"payload":"<base64url>","payloadType":"application/vnd.ortoo.<kind>.v1+json",
 *      "signatures":[{"keyid":"<base64url>","sig":"<base64url>"}]}
 *
 * Reading and hashing are synchronous; signing and verifying are the platform's (WebCrypto) and are awaited.
 */

import { sha256 as hash } from "@noble/hashes/sha2.js";
import { type Bytes, b64, compare, join as joined, own, unb64, utf8 } from "./bytes.ts";
import { Refused } from "./errors.ts";
import { uuid7 } from "./ids.ts";
import { conform, Envelope, kindOf, type Payload, type Schema } from "./schemas.ts";

export { b64, unb64, utf8 } from "./bytes.ts";

export const MAX_PAYLOAD = 256 * 1024; // bytes
export const MAX_ENVELOPE = Math.floor((MAX_PAYLOAD * 4) / 3) + 4096; // bytes
export const MAX_SIGNATURES = 16;
export const MAX_DEPTH = 8; // of a payload, the outermost being 1
export const MAX_NAME = 64; // bytes of a member's name
export const MAX_TEXT = 4096; // bytes of a string in a payload
export const CLOCK_SKEW = 600; // seconds

const PAYLOAD_TYPE = /^application\/vnd\.ortoo\.([a-z]+)\.v([0-9]+)\+json$/;

// --- hashes, contexts -------------------------------------------------------------------------------------------------

export function sha256(raw: Uint8Array): Bytes {
  return own(hash(raw));
}

/** The context `ortoo/v1/<label>, elements…`, each element preceded by its length as 4 bytes big-endian. */
export function ctx(label: string, ...elements: readonly (string | number | Uint8Array)[]): Bytes {
  const encoded = [`ortoo/v1/${label}`, ...elements].map((one) =>
    one instanceof Uint8Array ? one : utf8(String(one)),
  );
  return joined(...encoded.flatMap((one) => [lengthOf(one), one]));
}

function lengthOf(raw: Uint8Array): Uint8Array {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, raw.length);
  return length;
}

/** A hint at a public key: base64url of the first 16 bytes of SHA-256(ctx("keyid", key)). */
export function keyid(publicKey: Uint8Array): string {
  return b64(sha256(ctx("keyid", publicKey)).subarray(0, 16));
}

/** DSSE v1 pre-authentication encoding. */
export function pae(payloadType: string, payload: Uint8Array): Bytes {
  const kind = utf8(payloadType);
  return joined(utf8(`DSSEv1 ${kind.length} ${payloadType} ${payload.length} `), payload);
}

// --- times ------------------------------------------------------------------------------------------------------------

/** The instant that `YYYY-MM-DDThh:mm:ssZ` names. */
export function instant(text: string): Date {
  return new Date(text);
}

/** `YYYY-MM-DDThh:mm:ssZ`, cut to the second. */
export function stamp(moment: Date): string {
  return `${moment.toISOString().slice(0, 19)}Z`;
}

/** Refuse with `clock_skew` what is stamped more than ten minutes away from `now`. */
export function checkClock(at: string, now: Date): void {
  if (Math.abs(instant(at).getTime() - now.getTime()) > CLOCK_SKEW * 1000) {
    throw new Refused("clock_skew", { field: "at", now: stamp(now) });
  }
}

// --- canonical JSON (RFC 8785, narrowed to I-JSON without floats) -----------------------------------------------------

/** A value of objects with ASCII names, lists, texts, integers, booleans and null. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** The RFC 8785 form of a value. */
export function canonical(value: unknown): Bytes {
  return utf8(written(value));
}

function written(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(written).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const names = Object.keys(value).sort();
    return `{${names.map((name) => `${written(name)}:${written((value as Record<string, unknown>)[name])}`).join(",")}}`;
  }
  if (typeof value === "string" && !value.isWellFormed()) throw notCanonical("a lone surrogate");
  return JSON.stringify(value);
}

export interface Bounds {
  readonly maxDepth?: number;
  /** Bytes of a text; null for any. */
  readonly maxText?: number | null;
}

/** The value of canonical bytes. `limit_exceeded` for depth and lengths, `not_canonical` for all else. */
export function parse(raw: Uint8Array, { maxDepth = MAX_DEPTH, maxText = MAX_TEXT }: Bounds = {}): Json {
  const bare = withoutTexts(raw);
  boundDepth(bare, maxDepth);
  let value: Json;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(raw)) as Json;
  } catch {
    throw new Refused("not_canonical");
  }
  if (/[0-9][.eE]/.test(bare)) throw new Refused("not_canonical");
  boundLengths(value, maxText);
  checkNamesAndNumbers(value);
  if (compare(canonical(value), raw) !== 0) throw new Refused("not_canonical");
  return value;
}

/** Every list in a payload is a set: sorted by its elements' canonical bytes, none twice. Else `not_canonical`. */
export function checkSets(value: Json): void {
  if (isList(value)) {
    const encoded = value.map(canonical);
    if (encoded.some((one, at) => at > 0 && compare(encoded[at - 1]!, one) >= 0)) {
      throw notCanonical("an unsorted or repeated list");
    }
  }
  for (const member of membersOf(value)) checkSets(member);
}

/** The elements in the order that a payload's lists must have. */
export function asSet<T>(elements: Iterable<T>): readonly T[] {
  return [...elements]
    .map((one) => ({ one, bytes: canonical(one) }))
    .sort((left, right) => compare(left.bytes, right.bytes))
    .map(({ one }) => one);
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function membersOf(value: Json): readonly Json[] {
  if (isList(value)) return value;
  return typeof value === "object" && value !== null ? Object.values(value) : [];
}

/** What stands outside of texts, byte by byte; a text that does not end runs to the end. */
function withoutTexts(raw: Uint8Array): string {
  const [quote, backslash] = [0x22, 0x5c];
  const outside: string[] = [];
  let inside = false;
  for (let at = 0; at < raw.length; at += 1) {
    const byte = raw[at]!;
    if (inside && byte === backslash) at += 1;
    else if (byte === quote) inside = !inside;
    else if (!inside) outside.push(String.fromCharCode(byte));
  }
  return outside.join("");
}

function boundDepth(bare: string, most: number): void {
  let depth = 0;
  for (const [bracket] of bare.matchAll(/[\][{}]/g)) {
    depth += bracket === "[" || bracket === "{" ? 1 : -1;
    if (depth > most) throw new Refused("limit_exceeded", { field: "depth", most });
  }
}

function boundLengths(value: Json, maxText: number | null): void {
  if (typeof value === "string" && maxText !== null && utf8(value).length > maxText) {
    throw new Refused("limit_exceeded", { field: "a text", most: maxText });
  }
  if (typeof value === "object" && value !== null && !isList(value)) {
    for (const [name, member] of Object.entries(value)) {
      if (utf8(name).length > MAX_NAME) throw new Refused("limit_exceeded", { field: "a name", most: MAX_NAME });
      boundLengths(member, maxText);
    }
    return;
  }
  for (const member of membersOf(value)) boundLengths(member, maxText);
}

function checkNamesAndNumbers(value: Json): void {
  if (typeof value === "number" && (!Number.isSafeInteger(value) || value < 0)) {
    throw notCanonical("a number outside 0…2^53−1");
  }
  if (typeof value === "object" && value !== null && !isList(value)) {
    for (const [name, member] of Object.entries(value)) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is meant
      if (!/^[\x00-\x7f]*$/.test(name)) throw notCanonical("a name that is not ASCII");
      checkNamesAndNumbers(member);
    }
    return;
  }
  for (const member of membersOf(value)) checkNamesAndNumbers(member);
}

function notCanonical(field: string): Refused {
  return new Refused("not_canonical", { field });
}

// --- keys that sign ---------------------------------------------------------------------------------------------------

// y-coordinates of the points of small order; with either sign bit such a key verifies what nobody signed.
const SMALL_ORDER_Y = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
];
const PKCS8 = Uint8Array.from([48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32]); // RFC 8410 §7, before a seed

/** An Ed25519 key pair (RFC 8032), from a 32-byte seed. */
export class SigningKey {
  private constructor(
    readonly seed: Bytes,
    readonly publicKey: Bytes,
    private readonly key: CryptoKey,
  ) {}

  static async of(seed: Uint8Array): Promise<SigningKey> {
    const pkcs8 = joined(PKCS8, seed);
    const exportable = await crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", true, ["sign"]);
    const { x } = await crypto.subtle.exportKey("jwk", exportable);
    const key = await crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", false, ["sign"]);
    return new SigningKey(own(seed), unb64(x!), key);
  }

  static async generate(): Promise<SigningKey> {
    return SigningKey.of(crypto.getRandomValues(new Uint8Array(32)));
  }

  /** The bare signature. Only PAE and C2SP notes are ever signed. */
  async signRaw(message: Uint8Array): Promise<Bytes> {
    return new Uint8Array(await crypto.subtle.sign("Ed25519", this.key, own(message)));
  }
}

/** Whether the platform's Ed25519 verifies it. */
export async function signedBy(publicKey: Uint8Array, signature: Uint8Array, message: Uint8Array): Promise<boolean> {
  try {
    const key = await crypto.subtle.importKey("raw", own(publicKey), "Ed25519", false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", key, own(signature), own(message));
  } catch {
    return false;
  }
}

/** Refuse with `key_refused` an Ed25519 key of small order or not in canonical form. */
export function checkSigningKey(publicKey: Uint8Array, field = "key"): void {
  const refused = new Refused("key_refused", { field });
  if (publicKey.length !== 32) throw refused;
  const y = Uint8Array.from(publicKey).reverse(); // big-endian
  y[0]! &= 0x7f;
  const hex = [...y]
    .reverse()
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
  const tooLarge = y[0] === 0x7f && y.subarray(1, 31).every((byte) => byte === 0xff) && y[31]! >= 0xed;
  if (tooLarge || SMALL_ORDER_Y.includes(hex)) throw refused;
}

// --- documents --------------------------------------------------------------------------------------------------------

export interface Signature {
  readonly keyid: string;
  readonly sig: Bytes;
}

/** A parsed envelope. Its signatures are NOT verified by being here: see `verify`. */
export class Document<P extends Payload = Payload> {
  readonly pae: Bytes;
  /** H(doc): SHA-256 of the PAE bytes. */
  readonly hash: Bytes;
  /** H(doc) as documents write it. */
  readonly sha256: string;

  constructor(
    readonly kind: string,
    readonly payload: Bytes,
    readonly signatures: readonly Signature[],
    readonly body: P,
  ) {
    this.pae = pae(payloadType(kind), payload);
    this.hash = sha256(this.pae);
    this.sha256 = b64(this.hash);
  }

  /** The envelope in canonical form. */
  get envelope(): string {
    const signatures = this.signatures.map((one) => ({ keyid: one.keyid, sig: b64(one.sig) }));
    return written({ payload: b64(this.payload), payloadType: payloadType(this.kind), signatures });
  }
}

function payloadType(kind: string): string {
  return `application/vnd.ortoo.${kind}.v1+json`;
}

/** The document of this body, signed by each key; the signatures sorted by keyid. */
export async function sign<P extends Payload>(
  body: P,
  schema: Schema<P>,
  ...keys: readonly SigningKey[]
): Promise<Document<P>> {
  const kind = kindOf(schema);
  const payload = canonical(body);
  const message = pae(payloadType(kind), payload);
  const signatures = await Promise.all(
    keys.map(async (key) => ({ keyid: keyid(key.publicKey), sig: await key.signRaw(message) })),
  );
  const document = new Document(kind, payload, [...signatures].sort(bySignature), body);
  return read(document.envelope, schema); // what we would refuse, we do not sign
}

/**
 * Parse an envelope whose payload must fit `schema`. Bounds, canonical form, version, schema: in this order.
 *
 * Parsing comes before verifying, since the payload names the author whose key verifies it. Nothing of the result may be
 * relied on before `verify`.
 */
export function read<P extends Payload>(envelope: string, schema: Schema<P>): Document<P> {
  const { kind, payload, signatures } = unwrap(envelope);
  if (payload.length > MAX_PAYLOAD) throw new Refused("limit_exceeded", { field: "payload", most: MAX_PAYLOAD });
  if (kind !== kindOf(schema)) throw new Refused("malformed", { field: "payloadType" });
  const value = parse(payload);
  checkSets(value);
  const body = conform(value, schema);
  checkSignatures(kind, signatures);
  return new Document(kind, payload, signatures, body);
}

/** The kind that an envelope claims; the rest unread. */
export function kindOfEnvelope(envelope: string): string {
  return unwrap(envelope).kind;
}

/** The kind, payload and signatures of an envelope, its faults told in the order of §13. */
function unwrap(text: string): { kind: string; payload: Bytes; signatures: readonly Signature[] } {
  if (!text.isWellFormed()) throw new Refused("not_canonical");
  const raw = utf8(text);
  if (raw.length > MAX_ENVELOPE) throw new Refused("limit_exceeded", { field: "document", most: MAX_ENVELOPE });
  const outer = parse(raw, { maxText: null });
  const claimed = typeof outer === "object" && outer !== null && !isList(outer) ? outer : {};
  const listed = claimed.signatures ?? null;
  if (isList(listed) && listed.length > MAX_SIGNATURES) {
    throw new Refused("limit_exceeded", { field: "signatures", most: MAX_SIGNATURES });
  }
  const match = PAYLOAD_TYPE.exec(typeof claimed.payloadType === "string" ? claimed.payloadType : "");
  if (match !== null && match[2] !== "1") throw new Refused("version_unsupported", { field: "payloadType" });
  const envelope = conform(outer, Envelope);
  if (match === null) throw new Refused("malformed", { field: "payloadType" });
  const signatures = envelope.signatures.map((one) => ({ keyid: one.keyid, sig: unb64(one.sig, "signatures") }));
  return { kind: match[1]!, payload: unb64(envelope.payload, "payload"), signatures };
}

function checkSignatures(kind: string, signatures: readonly Signature[]): void {
  if (kind !== "network" && kind !== "admission" && signatures.length !== 1) {
    throw new Refused("malformed", { field: "signatures" });
  }
  if (signatures.some((one, at) => at > 0 && bySignature(signatures[at - 1]!, one) > 0)) {
    throw notCanonical("signatures");
  }
}

function bySignature(one: Signature, other: Signature): number {
  if (one.keyid !== other.keyid) return one.keyid < other.keyid ? -1 : 1;
  return compare(one.sig, other.sig);
}

/** Check the one signature of a document against the key that the directory gives for its author. */
export async function verify(document: Document, publicKey: Uint8Array): Promise<void> {
  const [signature] = document.signatures;
  const named = signature !== undefined && signature.keyid === keyid(publicKey);
  if (!named || !(await signedBy(publicKey, signature.sig, document.pae))) throw new Refused("signature_invalid");
}

/** Which of these keys (as documents write them) have signed it. Distinct keys are counted, never signatures (§2). */
export async function signers(document: Document, publicKeys: Iterable<string>): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const key of new Set(publicKeys)) {
    const raw = unb64(key);
    const hint = keyid(raw);
    for (const one of document.signatures) {
      if (one.keyid === hint && (await signedBy(raw, one.sig, document.pae))) found.add(key);
    }
  }
  return found;
}

/** A lower-case UUIDv7 (RFC 9562 §5.7). */
export function newId(): string {
  return uuid7();
}
