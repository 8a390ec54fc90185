/**
 * All schemas of the protocol (§15), whole: a field may not be missing; what does not apply is null or [].
 *
 * A schema is a function that gives the value back as its type, or throws `malformed` with the path of what does not fit;
 * never with a value. Types are inferred from the schemas, so that there is one statement of each.
 */

import { Refused } from "./errors.ts";

export type Schema<T> = (value: unknown, path: string) => T;
export type Infer<S> = S extends Schema<infer T> ? T : never;

function bad(path: string): Refused {
  return new Refused("malformed", { field: path });
}

// --- how a schema is said ---------------------------------------------------------------------------------------------

function text(pattern: RegExp): Schema<string> {
  return (value, path) => {
    if (typeof value !== "string" || !pattern.test(value)) throw bad(path);
    return value;
  };
}

function whole(least: number, most: number = Number.MAX_SAFE_INTEGER): Schema<number> {
  return (value, path) => {
    if (!Number.isSafeInteger(value) || (value as number) < least || (value as number) > most) throw bad(path);
    return value as number;
  };
}

function one<const T extends string>(...codes: readonly T[]): Schema<T> {
  return (value, path) => {
    if (!codes.includes(value as T)) throw bad(path);
    return value as T;
  };
}

const truth: Schema<boolean> = (value, path) => {
  if (typeof value !== "boolean") throw bad(path);
  return value;
};

function maybe<T>(schema: Schema<T>): Schema<T | null> {
  return (value, path) => (value === null ? null : schema(value, path));
}

/** A list; "*" stands alone in it. */
function list<T>(schema: Schema<T>, least = 0): Schema<readonly T[]> {
  return (value, path) => {
    if (!Array.isArray(value) || value.length < least) throw bad(path);
    if (value.length > 1 && value.includes("*")) throw bad(path);
    return value.map((each, at) => schema(each, `${path}[${at}]`));
  };
}

type Fields = { readonly [name: string]: Schema<unknown> };

function object<F extends Fields>(fields: F): Schema<{ readonly [N in keyof F]: Infer<F[N]> }> {
  return (value, path) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw bad(path);
    for (const name of Object.keys(value)) {
      if (!Object.hasOwn(fields, name)) throw bad(path);
    }
    const fitted: { [name: string]: unknown } = {};
    for (const [name, schema] of Object.entries(fields)) {
      if (!Object.hasOwn(value, name)) throw bad(`${path}.${name}`);
      fitted[name] = schema((value as { readonly [name: string]: unknown })[name], `${path}.${name}`);
    }
    return fitted as { readonly [N in keyof F]: Infer<F[N]> };
  };
}

// --- types of §15 -----------------------------------------------------------------------------------------------------

const HANDLE = "[a-z0-9-]{2,40}";
const CODE = "[a-z0-9_]{1,64}";

const Id = text(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/); // a lower-case UUIDv7
const Handle = text(new RegExp(`^${HANDLE}$`)); // an agency
const Code = text(new RegExp(`^${CODE}$`));
const CodeOrAll = text(new RegExp(`^(${CODE}|\\*)$`));
const HandleOrAll = text(new RegExp(`^(${HANDLE}|\\*)$`));
const Addressee = text(new RegExp(`^(${HANDLE}|kind:${CODE}|\\*)$`)); // an agency, a kind of agency, everybody
const PartName = text(new RegExp(`^${CODE}(/file-[1-9][0-9]{0,2})?$`));
const Bytes32 = text(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/); // the base64url form of 32 bytes
const KeyId = text(/^[A-Za-z0-9_-]{21}[AQgw]$/); // of 16 bytes
const Place = text(/^MN(-[0-9]{1,3}(\.[a-z0-9-]{1,40})?)?$/); // ISO 3166-2, soum or district
const Count = whole(0);
const Version = whole(1);
const Text = text(/./s);
const AnyText = text(/^/);
const As = one("sender", "recipient", "reviewer"); // an agency's part in a referral
const Role = one("focal_point", "administrator", "coordinator", "api", "recovery");

/** A real time, to the second. */
const Time: Schema<string> = (value, path) => {
  if (typeof value !== "string" || !/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$/.test(value))
    throw bad(path);
  const moment = new Date(value);
  const real = !Number.isNaN(moment.getTime()) && `${moment.toISOString().slice(0, 19)}Z` === value;
  if (!real || value.startsWith("0000")) throw bad(path);
  return value;
};

// --- the envelope -----------------------------------------------------------------------------------------------------

export const Envelope = object({
  payload: AnyText,
  payloadType: AnyText,
  signatures: list(object({ keyid: KeyId, sig: AnyText }), 1),
});

// --- the directory ----------------------------------------------------------------------------------------------------

/** A tree that the author relied on: its size in entries, its root hash. */
export const TreeHead = object({ size: Count, root: Bytes32 });
export type TreeHead = Infer<typeof TreeHead>;

const ofPayload = { network: Id, at: Time };

export const Network = object({
  ...ofPayload,
  version: Version,
  prev: maybe(Bytes32),
  practice: truth,
  coordinators: list(object({ id: Id, key: Bytes32 }), 1),
  threshold: Version,
  hub_key: Bytes32,
  policy: Text, // C2SP tlog-policy
  continues: maybe(TreeHead),
  min_protocol: Version,
});
export type Network = Infer<typeof Network>;

const keys = { id: Id, key: Bytes32, kem: Bytes32 };

/** A member's id, Ed25519 public key, and SHA-256 of the KEM public key. */
export const MemberKeys = object(keys);
export type MemberKeys = Infer<typeof MemberKeys>;

export const Admission = object({
  ...ofPayload,
  agency: Handle,
  version: Version,
  prev: maybe(Bytes32),
  kind: Code,
  names: object({ en: Text, mn: Text }),
  admin: maybe(MemberKeys),
  may: list(one("coordinate", "review")),
  suspended: truth,
});
export type Admission = Infer<typeof Admission>;

/** M+: what each document of a member carries. */
const ofMember = { ...ofPayload, directory: TreeHead, author: object({ agency: Handle, member: Id }) };

export const RosterMember = object({ ...keys, roles: list(Role, 1) });
export type RosterMember = Infer<typeof RosterMember>;

export const Epoch = object({ n: Version, kem: Bytes32, renew_by: Time });
export type Epoch = Infer<typeof Epoch>;

export const Roster = object({
  ...ofMember,
  agency: Handle,
  version: Version,
  prev: Bytes32,
  members: list(RosterMember, 1),
  epoch: Epoch,
  activity: maybe(TreeHead),
});
export type Roster = Infer<typeof Roster>;

// --- sealed sets ------------------------------------------------------------------------------------------------------

export const SealedPart = object({ name: PartName, size: Version, sha256: Bytes32 });
export type SealedPart = Infer<typeof SealedPart>;

/** An agency that may read, its part in the referral, its epoch, and SHA-256 of its wrap. */
export const SealedReader = object({ agency: Handle, as: As, epoch: Version, sha256: Bytes32 });
export type SealedReader = Infer<typeof SealedReader>;

export const SealedKey = object({ part: PartName, agency: Handle, sha256: Bytes32 });
export type SealedKey = Infer<typeof SealedKey>;

export const Sealed = object({ parts: list(SealedPart), readers: list(SealedReader, 1), keys: list(SealedKey) });
export type Sealed = Infer<typeof Sealed>;

// --- consent, referral, event -----------------------------------------------------------------------------------------

/** How the decision was given: codes of the vocabulary, or null in an exception. */
const Given = object({ by: maybe(Code), how: maybe(Code), language: maybe(Code), interpreter: truth, witness: truth });

export const Granted = object({ sections: list(CodeOrAll, 1), purposes: list(Code, 1), until: Time });
export type Granted = Infer<typeof Granted>;

const ConsentException = object({
  reviewer: Handle,
  overrides: maybe(object({ consent: Id, to: Addressee, sha256: Bytes32 })),
  tell_after: maybe(Time),
});
export type ConsentException = Infer<typeof ConsentException>;

export const Consent = object({
  ...ofMember,
  consent: Id,
  recorder: Handle,
  to: Addressee,
  version: Version,
  prev: maybe(Bytes32),
  basis: Code,
  given: Given,
  granted: maybe(Granted),
  refused: list(CodeOrAll),
  receipt: maybe(object({ key: Bytes32, mode: one("full", "withdraw") })),
  exception: maybe(ConsentException),
  retain_days: whole(1, 365),
  sealed: maybe(Sealed),
});
export type Consent = Infer<typeof Consent>;

export const Routing = object({ urgency: Code, services: list(Code, 1), place: Place, language: Code, minor: truth });
export type Routing = Infer<typeof Routing>;

/** The decision under which a document passes: id, addressee, version and H(document). */
export const Authority = object({ consent: Id, to: Addressee, version: Version, sha256: Bytes32 });
export type Authority = Infer<typeof Authority>;

/** A document by id and H. */
const Named = object({ id: Id, sha256: Bytes32 });

export const Referral = object({
  ...ofMember,
  id: Id,
  to: Handle,
  routing: Routing,
  authority: Authority,
  parent: maybe(Named),
  sealed: Sealed,
});
export type Referral = Infer<typeof Referral>;

export const Event = object({
  ...ofMember,
  id: Id,
  on: Named,
  prev: Bytes32,
  type: Code,
  reason: maybe(Code),
  authority: maybe(Authority),
  sealed: maybe(Sealed),
});
export type Event = Infer<typeof Event>;

// --- receipt and record -----------------------------------------------------------------------------------------------

/** Agencies × sections × purposes that are withdrawn. */
export const Scope = object({
  agencies: list(HandleOrAll, 1),
  sections: list(CodeOrAll, 1),
  purposes: list(CodeOrAll, 1),
});
export type Scope = Infer<typeof Scope>;

export const Receipt = object({
  ...ofPayload,
  key: Bytes32,
  challenge: Bytes32,
  do: one("look", "withdraw"),
  scope: maybe(list(Scope, 1)),
});
export type Receipt = Infer<typeof Receipt>;

export const HubRecord = object({
  ...ofPayload,
  id: Id,
  on: maybe(Named),
  what: object({ code: Code, agency: maybe(Handle), count: maybe(Count) }),
});
export type HubRecord = Infer<typeof HubRecord>;

/** What a document may hold. */
export type Payload = Network | Admission | Roster | Consent | Referral | Event | Receipt | HubRecord;
/** What a member's document may hold. */
export type Signed = Roster | Consent | Referral | Event;

const KINDS: ReadonlyMap<Schema<Payload>, string> = new Map<Schema<Payload>, string>([
  [Network, "network"],
  [Admission, "admission"],
  [Roster, "roster"],
  [Consent, "consent"],
  [Referral, "referral"],
  [Event, "event"],
  [Receipt, "receipt"],
  [HubRecord, "record"],
]);

/** The kind of the documents of a schema. */
export function kindOf<P extends Payload>(schema: Schema<P>): string {
  return KINDS.get(schema as Schema<Payload>)!;
}

// --- texts inside seals (§15): canonical too, their lists in the order of their meaning -------------------------------

const File = object({ part: PartName, name: AnyText, type: AnyText, size: Count, sha256: Bytes32 });

const fields: Schema<Readonly<{ [name: string]: unknown }>> = (value, path) => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw bad(path);
  return value as { [name: string]: unknown };
};

export const Section = object({ section: Code, fields, files: list(File) });
export type Section = Infer<typeof Section>;

export const Note = object({ text: AnyText, files: list(File) });
export type Note = Infer<typeof Note>;

export const Seen = object({ network: Version, directory: TreeHead, activity: maybe(TreeHead) });
export type Seen = Infer<typeof Seen>;

/** A member's secrets (§4): seeds of the Ed25519, KEM and coordinator keys and of the epochs; and what was seen. */
export const Keyring = object({
  sign: Bytes32,
  kem: Bytes32,
  coordinator: maybe(Bytes32),
  epochs: list(object({ n: Version, seed: Bytes32 })),
  seen: maybe(Seen),
});
export type Keyring = Infer<typeof Keyring>;

/** The value as `schema`; else `malformed`, naming the field and never its value. */
export function conform<T>(value: unknown, schema: Schema<T>): T {
  return schema(value, "$");
}
