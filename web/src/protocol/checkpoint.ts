/**
 * Signed tree heads (protocol §10): C2SP signed-note, tlog-checkpoint, tlog-cosignature, tlog-policy.
 *
 *     ortoo.example/log/directory      origin: the log's key name
 *     42                               size, decimal
 *     CsUYapGGPo4dkMgIAUqom/Xaj…=      root, base64
 *                                      empty line
 *     — ortoo.example/log/directory Az3grl…=     key id (4 bytes) ‖ Ed25519 over the text
 *     — witness.example/w1 jWbPPwAAAABkGF…=      key id ‖ time (8 bytes) ‖ Ed25519 over "cosignature/v1\ntime …\n" ‖ text
 */

import type { Bytes, Instant, SigningKey } from "./documents.ts";
import { b64, compareBytes, concat, MAX_INTEGER, sha256, signedBy, unb64, utf8 } from "./documents.ts";
import { Refused } from "./errors.ts";

export const MAX_NOTE_LINES = 64;
export const AHEAD = 10 * 60_000; // milliseconds that a witness's clock may be
export const MAX_LINE = 400; // characters of a witness's line
export const FRESH = 24 * 3_600_000; // milliseconds: the quorum's cosignatures may be as old as this

export const NOTE_KEY = 0x01;
export const COSIGNATURE_KEY = 0x04;

const LAST_SECOND = 253_402_300_799n; // of the year 9999
const LONE_SURROGATE = /\p{Surrogate}/u;

/** A vkey: `<name>+<key id, 8 hex digits>+base64(type ‖ Ed25519 public key)`. */
export interface VerifierKey {
  readonly name: string;
  readonly kind: number;
  readonly public: Bytes;
  /** Four bytes, from all the rest. */
  readonly id: Bytes;
}

export async function verifierKey(name: string, kind: number, publicKey: Bytes): Promise<VerifierKey> {
  const id = (await sha256(concat(utf8(`${name}\n`), new Uint8Array([kind]), publicKey))).slice(0, 4);
  return { name, kind, public: publicKey, id };
}

export function vkeyOf(key: VerifierKey): string {
  return `${key.name}+${hex(key.id)}+${base64(concat(new Uint8Array([key.kind]), key.public))}`;
}

export async function parseVerifierKey(text: string): Promise<VerifierKey> {
  const [name, rest] = cut(text, "+");
  const [digits, material] = cut(rest, "+");
  const raw = unbase64(material);
  if (!isName(name) || raw.length !== 33 || (raw[0] !== NOTE_KEY && raw[0] !== COSIGNATURE_KEY)) throw badPolicy();
  const key = await verifierKey(name, raw[0], raw.slice(1));
  if (hex(key.id) !== digits) throw badPolicy();
  return key;
}

export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Bytes;
}

export function textOf(checkpoint: Checkpoint): string {
  return `${checkpoint.origin}\n${checkpoint.size}\n${base64(checkpoint.root)}\n`;
}

/** The signed note; the log's key name is its origin. */
export async function signCheckpoint(checkpoint: Checkpoint, key: SigningKey): Promise<string> {
  const verifier = await verifierKey(checkpoint.origin, NOTE_KEY, key.public);
  const text = textOf(checkpoint);
  return `${text}\n${lineOf(verifier.name, verifier.id, await key.signRaw(utf8(text)))}`;
}

/** A witness's line over the text of a note (C2SP tlog-cosignature, Ed25519). */
export async function cosign(note: string, name: string, key: SigningKey, at: Instant): Promise<string> {
  const { text } = splitNote(note);
  const seconds = BigInt(Math.floor(at / 1000));
  const time = new Uint8Array(8);
  new DataView(time.buffer).setBigUint64(0, seconds);
  const verifier = await verifierKey(name, COSIGNATURE_KEY, key.public);
  return lineOf(name, verifier.id, concat(time, await key.signRaw(cosigned(text, seconds))));
}

// --- policy ----------------------------------------------------------------------------------------------------------

interface Group {
  readonly least: number;
  readonly members: readonly string[];
}

/** Which log keys and which witnesses make a checkpoint good (C2SP tlog-policy). */
export interface Policy {
  readonly logs: readonly VerifierKey[];
  readonly witnesses: ReadonlyMap<string, VerifierKey>;
  readonly groups: ReadonlyMap<string, Group>;
  readonly quorum: string;
}

/** Strict: `malformed` for anything that the specification does not allow. */
export async function parsePolicy(text: string): Promise<Policy> {
  const logs: VerifierKey[] = [];
  const witnesses = new Map<string, VerifierKey>();
  const groups = new Map<string, Group>();
  const used = new Set<string>();
  let quorum: string | null = null;
  const isKnown = (name: string) => witnesses.has(name) || groups.has(name);
  const isNew = (name: string) => name !== "none" && !isKnown(name);
  if (!text.endsWith("\n") || [...text].some((one) => (one < " " && one !== "\t" && one !== "\n") || one === "\x7f")) {
    throw badPolicy();
  }
  for (const line of text.split("\n")) {
    const words = line.match(/[^ \t]+/g) ?? []; // spaces and tabs only: any other blank is part of a name
    const [word, first, second, ...more] = words;
    if (word === undefined || word.startsWith("#")) continue;
    if (word === "log" && first !== undefined && words.length < 4) {
      logs.push(await keyOf(first, NOTE_KEY, logs));
    } else if (word === "witness" && first !== undefined && second !== undefined && more.length < 2 && isNew(first)) {
      witnesses.set(first, await keyOf(second, COSIGNATURE_KEY, [...witnesses.values()]));
    } else if (word === "group" && first !== undefined && second !== undefined && more.length > 0 && isNew(first)) {
      if (more.some((member) => !isKnown(member) || used.has(member))) throw badPolicy();
      if (new Set(more).size !== more.length) throw badPolicy();
      for (const member of more) used.add(member);
      groups.set(first, { least: threshold(second, more.length), members: more });
    } else if (word === "quorum" && first !== undefined && words.length === 2 && quorum === null && !isNew(first)) {
      quorum = first;
    } else {
      throw badPolicy();
    }
  }
  if (quorum === null) throw badPolicy();
  return { logs, witnesses, groups, quorum };
}

async function keyOf(vkey: string, kind: number, others: readonly VerifierKey[]): Promise<VerifierKey> {
  const key = await parseVerifierKey(vkey);
  if (key.kind !== kind || others.some((other) => compareBytes(other.public, key.public) === 0)) throw badPolicy();
  return key;
}

function threshold(k: string, n: number): number {
  const least = k === "any" ? 1 : k === "all" ? n : /^[0-9]{1,3}$/.test(k) ? Number(k) : 0;
  if (least < 1 || least > n) throw badPolicy();
  return least;
}

function badPolicy(): Refused {
  return new Refused("malformed", { field: "policy" });
}

/** A log line counts only for its own origin. */
export function logKey(policy: Policy, origin: string): VerifierKey {
  const key = policy.logs.find((one) => one.name === origin);
  if (key === undefined) throw new Refused("checkpoint_unwitnessed");
  return key;
}

/** The newest log whose origin ends so (`/log/directory`, `/log/activity`). */
export function logNamed(policy: Policy, ending: string): VerifierKey {
  const key = policy.logs.findLast((one) => one.name.endsWith(ending));
  if (key === undefined) throw new Refused("checkpoint_unwitnessed");
  return key;
}

/** Which witnesses (by name in the policy) cosigned, and when. */
export type Cosigned = ReadonlyMap<string, Instant>;

/** Whether these witnesses are a quorum. Each counts once. */
export function satisfiedBy(policy: Policy, cosigned: Cosigned): boolean {
  return policy.quorum === "none" || counts(policy, policy.quorum, cosigned);
}

function counts(policy: Policy, name: string, cosigned: Cosigned): boolean {
  if (policy.witnesses.has(name)) return cosigned.has(name);
  const { least, members } = policy.groups.get(name)!;
  return members.filter((member) => counts(policy, member, cosigned)).length >= least;
}

// --- opening ---------------------------------------------------------------------------------------------------------

/** A checkpoint that verified, and which witnesses cosigned it when. */
export interface Opened {
  readonly checkpoint: Checkpoint;
  readonly cosigned: Cosigned;
}

/** Whether a quorum cosigned it within the last 24 hours. Without a quorum there is nothing to be old. */
export function isFresh(opened: Opened, policy: Policy, now: Instant): boolean {
  const recent = [...opened.cosigned].filter(([, at]) => now - at >= -AHEAD && now - at <= FRESH);
  return satisfiedBy(policy, new Map(recent));
}

/** Parse a note and verify the log's signature and the quorum. Else `checkpoint_unwitnessed` or `malformed`. */
export async function openCheckpoint(note: string, origin: string, policy: Policy): Promise<Opened> {
  const opened = await openSigned(note, origin, policy);
  if (!satisfiedBy(policy, opened.cosigned)) throw new Refused("checkpoint_unwitnessed");
  return opened;
}

/** The same without a quorum: for witnesses, who make it. */
export async function openSigned(note: string, origin: string, policy: Policy): Promise<Opened> {
  const { text, lines } = splitNote(note);
  const checkpoint = parseCheckpoint(text);
  if (checkpoint.origin !== origin) throw new Refused("checkpoint_unwitnessed");
  const log = logKey(policy, origin);
  let signed = false;
  const found = new Map<string, Instant>();
  for (const line of lines) {
    if (isBy(line, log)) {
      must(await signedBy(log.public, line.signature, utf8(text)));
      signed = true;
    }
    for (const [known, key] of policy.witnesses) {
      if (isBy(line, key)) found.set(known, await checkCosignature(key, line.signature, text));
    }
  }
  if (!signed) throw new Refused("checkpoint_unwitnessed");
  return { checkpoint, cosigned: found };
}

/**
 * The note with one more witness's line, which takes the place of an older one of the same witness.
 *
 * Refused: `malformed`; `checkpoint_unwitnessed` for a line that is not one of the policy's witnesses; `clock_skew`
 * for one of a time to come, which no later one could replace.
 */
export async function withCosignature(note: string, line: string, policy: Policy, now: Instant): Promise<string> {
  const { text } = splitNote(note);
  if ([...line].length > MAX_LINE || line.split("\n").length !== 2) throw new Refused("malformed", { field: "line" });
  const [given] = splitNote(`${text}\n${line}`).lines;
  for (const [known, key] of policy.witnesses) {
    if (given !== undefined && isBy(given, key)) {
      const at = await checkCosignature(key, given.signature, text);
      if (at - now > AHEAD) throw new Refused("clock_skew", { field: "line" });
      return replaced(note, line, policy.witnesses.get(known)!, at);
    }
  }
  throw new Refused("checkpoint_unwitnessed", { field: "line" });
}

async function replaced(note: string, line: string, key: VerifierKey, at: Instant): Promise<string> {
  const { text, lines } = splitNote(note);
  let kept = `${text}\n`;
  for (const before of lines) {
    if (!isBy(before, key)) kept += lineOf(before.name, before.keyId, before.signature);
    else if ((await checkCosignature(key, before.signature, text)) >= at) return note;
  }
  return kept + line;
}

/** A signature of a known key that fails spoils the whole note (C2SP signed-note). */
function must(verified: boolean): void {
  if (!verified) throw new Refused("checkpoint_unwitnessed");
}

async function checkCosignature(key: VerifierKey, signature: Bytes, text: string): Promise<Instant> {
  must(signature.length === 72);
  const seconds = new DataView(signature.buffer, signature.byteOffset).getBigUint64(0);
  must(await signedBy(key.public, signature.slice(8), cosigned(text, seconds)));
  must(seconds <= LAST_SECOND); // else it is no time
  return Number(seconds) * 1000;
}

function cosigned(text: string, seconds: bigint): Bytes {
  return utf8(`cosignature/v1\ntime ${seconds}\n${text}`);
}

/** What a note says, whoever signed it. Else `malformed`. */
export function headOf(note: string): Checkpoint {
  return parseCheckpoint(splitNote(note).text);
}

// --- notes -----------------------------------------------------------------------------------------------------------

interface Line {
  readonly name: string;
  readonly keyId: Bytes;
  readonly signature: Bytes;
}

function isBy(line: Line, key: VerifierKey): boolean {
  return line.name === key.name && compareBytes(line.keyId, key.id) === 0;
}

function parseCheckpoint(text: string): Checkpoint {
  const [origin, size, encoded, end, ...more] = text.split("\n");
  if (!origin || size === undefined || encoded === undefined || end !== "" || more.length > 0) throw badNote();
  // No document can name a size above 2^53−1, and no number here could hold it.
  if (!/^(?:0|[1-9][0-9]{0,15})$/.test(size) || Number(size) > MAX_INTEGER) throw badNote();
  const root = unbase64(encoded);
  if (root.length !== 32) throw badNote();
  return { origin, size: Number(size), root };
}

/** A note's text and its lines. */
function splitNote(note: string): { readonly text: string; readonly lines: readonly Line[] } {
  const separator = note.lastIndexOf("\n\n");
  const tail = note.slice(separator + 2);
  if (separator < 0 || !tail.endsWith("\n") || note.split("\n").length - 1 > MAX_NOTE_LINES) throw badNote();
  if ([...note].some((one) => one < " " && one !== "\n")) throw badNote();
  const lines = tail
    .slice(0, -1)
    .split("\n")
    .map((line) => {
      const [dash, rest] = cut(line, " ");
      const [name, encoded] = cut(rest, " ");
      const raw = unbase64(encoded);
      if (dash !== "\u2014" || !isName(name) || raw.length < 5) throw badNote();
      return { name, keyId: raw.slice(0, 4), signature: raw.slice(4) };
    });
  const text = note.slice(0, separator + 1);
  if (LONE_SURROGATE.test(text)) throw badNote();
  return { text, lines };
}

function badNote(): Refused {
  return new Refused("malformed", { field: "checkpoint" });
}

function lineOf(name: string, keyId: Bytes, signature: Bytes): string {
  return `\u2014 ${name} ${base64(concat(keyId, signature))}\n`;
}

/** What stands before and after the first `mark`; all of it before where there is none. */
function cut(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + mark.length)];
}

function hex(raw: Uint8Array): string {
  return Array.from(raw, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** RFC 4648 §4, padded. */
function base64(raw: Uint8Array): string {
  const text = b64(raw).replaceAll("-", "+").replaceAll("_", "/");
  return text.padEnd(Math.ceil(text.length / 4) * 4, "=");
}

function unbase64(text: string): Bytes {
  const raw = unb64(
    text
      .replace(/={1,2}$/, "")
      .replaceAll("+", "-")
      .replaceAll("/", "_"),
  );
  if (base64(raw) !== text) throw new Refused("malformed", { field: "base64" });
  return raw;
}

function isName(name: string): boolean {
  return name !== "" && !name.includes("+") && ![...name].some((one) => one < " " || /\p{White_Space}/u.test(one));
}
