/**
 * All schemas of the protocol (§15), whole: a field may not be missing; what does not apply is null or [].
 *
 * A schema is a function that checks a value and gives it back typed; the type of each payload is read off its
 * schema. Fields keep the names under which they are signed (`hub_key`, `renew_by`, …).
 */

import { Refused } from "./errors.ts";

/** What canonical bytes hold: integers are the only numbers. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** Gives the value back as T, else refuses with `malformed`, naming the path and never the value. */
export type Schema<T> = (value: unknown, path: string) => T;

/** What a schema reads. */
export type Read<S> = S extends Schema<infer T> ? T : never;

type Fields = Readonly<Record<string, Schema<unknown>>>;
type Struct<F extends Fields> = { readonly [Name in keyof F]: Read<F[Name]> };

/** The value as `schema` has it; else `malformed`, with the path of the field, such as `$.routing.services[0]`. */
export function fit<T>(value: unknown, schema: Schema<T>): T {
  return schema(value, "$");
}

/** An object of many values, as JSON.parse makes it. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function malformed(path: string): Refused {
  return new Refused("malformed", { field: path });
}

function string(least: number): Schema<string> {
  return (value, path) => {
    if (typeof value !== "string" || value.length < least) throw malformed(path);
    return value;
  };
}

function pattern(expression: string): Schema<string> {
  const whole = new RegExp(`^(?:${expression})$`);
  return (value, path) => {
    if (typeof value !== "string" || !whole.test(value)) throw malformed(path);
    return value;
  };
}

function integer(least: number, most = Number.MAX_SAFE_INTEGER): Schema<number> {
  return (value, path) => {
    if (!Number.isSafeInteger(value) || (value as number) < least || (value as number) > most) throw malformed(path);
    return value as number;
  };
}

function oneOf<const T extends string>(...words: readonly T[]): Schema<T> {
  return (value, path) => {
    if (!(words as readonly unknown[]).includes(value)) throw malformed(path);
    return value as T;
  };
}

const boolean: Schema<boolean> = (value, path) => {
  if (typeof value !== "boolean") throw malformed(path);
  return value;
};

function nullable<T>(schema: Schema<T>): Schema<T | null> {
  return (value, path) => (value === null ? null : schema(value, path));
}

/** A list; "all" is ["*"], alone. */
function list<T>(element: Schema<T>, least = 0): Schema<readonly T[]> {
  return (value, path) => {
    if (!Array.isArray(value) || value.length < least) throw malformed(path);
    value.forEach((one, place) => {
      element(one, `${path}[${place}]`);
    });
    if (value.length > 1 && value.includes("*")) throw malformed(path);
    return value;
  };
}

/** An object of just these fields, all of them. */
function struct<F extends Fields>(fields: F): Schema<Struct<F>> {
  const schemas = Object.entries(fields);
  return (value, path) => {
    if (!isObject(value)) throw malformed(path);
    for (const name of Object.keys(value)) if (!Object.hasOwn(fields, name)) throw malformed(path);
    for (const [name, schema] of schemas) {
      if (!Object.hasOwn(value, name)) throw malformed(`${path}.${name}`);
      schema(value[name], `${path}.${name}`);
    }
    return value as Struct<F>;
  };
}

// --- types of §15 ----------------------------------------------------------------------------------------------------

const HANDLE = "[a-z0-9-]{2,40}";
const CODE = "[a-z0-9_]{1,64}";

const id = pattern("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"); // a lower-case UUIDv7
const handle = pattern(HANDLE); // an agency
const code = pattern(CODE);
const codeOrAll = pattern(`${CODE}|\\*`);
const handleOrAll = pattern(`${HANDLE}|\\*`);
const addressee = pattern(`${HANDLE}|kind:${CODE}|\\*`); // an agency, a kind of agency, everybody
const partName = pattern(`${CODE}(?:/file-[1-9][0-9]{0,2})?`);
const bytes32 = pattern("[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]"); // the base64url form of 32 bytes
const keyId = pattern("[A-Za-z0-9_-]{21}[AQgw]"); // of 16 bytes
const place = pattern("MN(?:-[0-9]{1,3}(?:\\.[a-z0-9-]{1,40})?)?"); // ISO 3166-2, soum or district
const count = integer(0);
const number = integer(1);
const text = string(1);
const anyText = string(0);

const TIME = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$/;

/** `YYYY-MM-DDThh:mm:ssZ` of a second that there is: Date would carry 29 February over into March. */
const time: Schema<string> = (value, path) => {
  if (typeof value !== "string" || !TIME.test(value) || value.startsWith("0000")) throw malformed(path);
  const moment = new Date(value);
  if (Number.isNaN(moment.getTime()) || moment.toISOString() !== value.replace("Z", ".000Z")) throw malformed(path);
  return value;
};

const as = oneOf("sender", "recipient", "reviewer");
const role = oneOf("focal_point", "administrator", "coordinator", "api", "recovery");

/** An agency's part in a referral. */
export type As = Read<typeof as>;
export type Role = Read<typeof role>;

// --- the envelope ----------------------------------------------------------------------------------------------------

export const envelope = struct({
  payload: anyText,
  payloadType: anyText,
  signatures: list(struct({ keyid: keyId, sig: anyText }), 1),
});

// --- the directory ---------------------------------------------------------------------------------------------------

/** A tree that the author relied on: its size in entries, its root hash. */
const treeHead = struct({ size: count, root: bytes32 });
export type TreeHead = Read<typeof treeHead>;

const author = struct({ agency: handle, member: id });
export type Author = Read<typeof author>;

const coordinator = struct({ id, key: bytes32 });
export type Coordinator = Read<typeof coordinator>;

const payload = { network: id, at: time };

/** What each document carries that a member signs (M+). */
const signed = { ...payload, directory: treeHead, author };

/** What every payload has. */
export type Payload = Struct<typeof payload>;
/** What every payload of a member has. */
export type Signed = Struct<typeof signed>;

const network = struct({
  ...payload,
  version: number,
  prev: nullable(bytes32),
  practice: boolean,
  coordinators: list(coordinator, 1),
  threshold: number,
  hub_key: bytes32,
  policy: text, // C2SP tlog-policy
  continues: nullable(treeHead),
  min_protocol: number,
});
export type Network = Read<typeof network>;

/** A member's id, Ed25519 public key, and SHA-256 of the KEM public key. */
const memberKeys = { id, key: bytes32, kem: bytes32 };
export type MemberKeys = Struct<typeof memberKeys>;

const admission = struct({
  ...payload,
  agency: handle,
  version: number,
  prev: nullable(bytes32),
  kind: code,
  names: struct({ en: text, mn: text }),
  admin: nullable(struct(memberKeys)),
  may: list(oneOf("coordinate", "review")),
  suspended: boolean,
});
export type Admission = Read<typeof admission>;

const rosterMember = struct({ ...memberKeys, roles: list(role, 1) });
export type RosterMember = Read<typeof rosterMember>;

const epoch = struct({ n: number, kem: bytes32, renew_by: time });
export type Epoch = Read<typeof epoch>;

const roster = struct({
  ...signed,
  agency: handle,
  version: number,
  prev: bytes32,
  members: list(rosterMember, 1),
  epoch,
  activity: nullable(treeHead),
});
export type Roster = Read<typeof roster>;

// --- sealed sets -----------------------------------------------------------------------------------------------------

const sealedPart = struct({ name: partName, size: number, sha256: bytes32 });
export type SealedPart = Read<typeof sealedPart>;

/** An agency that may read, its part in the referral, its epoch, and SHA-256 of its wrap. */
const sealedReader = struct({ agency: handle, as, epoch: number, sha256: bytes32 });
export type SealedReader = Read<typeof sealedReader>;

const sealedKey = struct({ part: partName, agency: handle, sha256: bytes32 });
export type SealedKey = Read<typeof sealedKey>;

const sealed = struct({ parts: list(sealedPart), readers: list(sealedReader, 1), keys: list(sealedKey) });
export type Sealed = Read<typeof sealed>;

// --- consent, referral, event ----------------------------------------------------------------------------------------

/** How the decision was given: codes of the vocabulary, or null in an exception. */
const given = struct({
  by: nullable(code),
  how: nullable(code),
  language: nullable(code),
  interpreter: boolean,
  witness: boolean,
});
export type Given = Read<typeof given>;

const granted = struct({ sections: list(codeOrAll, 1), purposes: list(code, 1), until: time });
export type Granted = Read<typeof granted>;

const receiptKey = struct({ key: bytes32, mode: oneOf("full", "withdraw") });
export type ReceiptKey = Read<typeof receiptKey>;

/** A decision by name: consent id, addressee and H(document). */
const decision = struct({ consent: id, to: addressee, sha256: bytes32 });
export type Decision = Read<typeof decision>;

const consentException = struct({ reviewer: handle, overrides: nullable(decision), tell_after: nullable(time) });
export type ConsentException = Read<typeof consentException>;

const consent = struct({
  ...signed,
  consent: id,
  recorder: handle,
  to: addressee,
  version: number,
  prev: nullable(bytes32),
  basis: code,
  given,
  granted: nullable(granted),
  refused: list(codeOrAll),
  receipt: nullable(receiptKey),
  exception: nullable(consentException),
  retain_days: integer(1, 365),
  sealed: nullable(sealed),
});
export type Consent = Read<typeof consent>;

/** The id under which a consent's evidence is sealed. */
export function documentId(one: Consent): string {
  return `${one.consent}/${one.to}/${one.version}`;
}

const routing = struct({ urgency: code, services: list(code, 1), place, language: code, minor: boolean });
export type Routing = Read<typeof routing>;

/** The decision under which a document passes: id, addressee, version and H(document). */
const authority = struct({ consent: id, to: addressee, version: number, sha256: bytes32 });
export type Authority = Read<typeof authority>;

/** A document by id and H. */
const named = struct({ id, sha256: bytes32 });
export type Named = Read<typeof named>;

const referral = struct({ ...signed, id, to: handle, routing, authority, parent: nullable(named), sealed });
export type Referral = Read<typeof referral>;

const event = struct({
  ...signed,
  id,
  on: named,
  prev: bytes32,
  type: code,
  reason: nullable(code),
  authority: nullable(authority),
  sealed: nullable(sealed),
});
export type Event = Read<typeof event>;

// --- receipt and record ----------------------------------------------------------------------------------------------

/** Agencies × sections × purposes that are withdrawn. */
const scope = struct({
  agencies: list(handleOrAll, 1),
  sections: list(codeOrAll, 1),
  purposes: list(codeOrAll, 1),
});
export type Scope = Read<typeof scope>;

const receipt = struct({
  ...payload,
  key: bytes32,
  challenge: bytes32,
  do: oneOf("look", "withdraw"),
  scope: nullable(list(scope, 1)),
});
export type Receipt = Read<typeof receipt>;

const what = struct({ code, agency: nullable(handle), count: nullable(count) });
export type What = Read<typeof what>;

const record = struct({ ...payload, id, on: nullable(named), what });
export type HubRecord = Read<typeof record>;

/** The schema of each kind of payload. */
export const KINDS = { network, admission, roster, consent, referral, event, receipt, record } as const;

export type Kind = keyof typeof KINDS;
/** The payload of each kind. */
export type Bodies = { readonly [K in Kind]: Read<(typeof KINDS)[K]> };

// --- texts inside seals (§15): canonical too, their lists in the order of their meaning -------------------------------

const file = struct({ part: partName, name: anyText, type: anyText, size: count, sha256: bytes32 });
export type File = Read<typeof file>;

const fields: Schema<{ readonly [name: string]: Json }> = (value, path) => {
  if (!isObject(value)) throw malformed(path);
  return value as { readonly [name: string]: Json };
};

export const section = struct({ section: code, fields, files: list(file) });
export type Section = Read<typeof section>;

export const note = struct({ text: anyText, files: list(file) });
export type Note = Read<typeof note>;

const epochSeed = struct({ n: number, seed: bytes32 });
export type EpochSeed = Read<typeof epochSeed>;

const seen = struct({ network: number, directory: treeHead, activity: nullable(treeHead) });
export type Seen = Read<typeof seen>;

/** A member's secrets (§4): seeds of the Ed25519, KEM and coordinator keys and of the epochs; and what was seen. */
export const keyring = struct({
  sign: bytes32,
  kem: bytes32,
  coordinator: nullable(bytes32),
  epochs: list(epochSeed),
  seen: nullable(seen),
});
export type Keyring = Read<typeof keyring>;
