/** A network brought to life in memory, with real keys: what the tests of the protocol act upon. */

import { NOTE_KEY, verifierKey, vkeyOf } from "../../src/protocol/checkpoint.ts";
import type { Decisions, Withdrawal } from "../../src/protocol/consent.ts";
import { decisionsOf } from "../../src/protocol/consent.ts";
import { Directory } from "../../src/protocol/directory.ts";
import type { Bytes, Document, Instant } from "../../src/protocol/documents.ts";
import {
  asSet,
  b64,
  canonical,
  ctx,
  newId,
  pae,
  SigningKey,
  sha256,
  sign,
  stamp,
} from "../../src/protocol/documents.ts";
import * as events from "../../src/protocol/events.ts";
import { KemKey } from "../../src/protocol/hpke.ts";
import type { SealedReferral, Signer } from "../../src/protocol/referral.ts";
import * as referral from "../../src/protocol/referral.ts";
import type {
  Admission,
  Bodies,
  Consent,
  Event,
  Kind,
  Network,
  Role,
  Roster,
  RosterMember,
  Routing,
} from "../../src/protocol/schemas.ts";
import type { Blobs } from "../../src/protocol/sealing.ts";

export const NOW: Instant = Date.parse("2026-11-25T04:00:00Z");
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

interface Spec {
  readonly kind: string;
  readonly may: Admission["may"];
  readonly members: Readonly<Record<string, readonly Role[]>>;
}

// A small cast. Nara's agency refers; Delger's gives shelter; Dorj is at the police; Bold reviews exceptions.
const CAST: Readonly<Record<string, Spec>> = {
  mrc: {
    kind: "ngo",
    may: [],
    members: { nara: ["administrator", "focal_point"], jargal: ["focal_point"], robot: ["api"] },
  },
  shelter: {
    kind: "social_service",
    may: [],
    members: { delger: ["administrator", "focal_point"], urna: ["focal_point"], kit: ["recovery"] },
  },
  police: { kind: "police", may: [], members: { dorj: ["administrator", "focal_point", "coordinator"] } },
  nhrcm: {
    kind: "ministry",
    may: ["coordinate", "review"],
    members: { altan: ["administrator", "focal_point"], bold: ["coordinator"] },
  },
};

export interface Person {
  readonly agency: string;
  readonly key: SigningKey;
  readonly listed: RosterMember;
}

/** A member with a key that signs; nothing is sealed to a member here, so its `kem` is just 32 bytes. */
export async function person(agency: string, roles: readonly Role[], id = newId()): Promise<Person> {
  const key = await SigningKey.generate();
  return { agency, key, listed: { id, key: b64(key.public), kem: anyHash(), roles: asSet(roles) } };
}

export function anyHash(): string {
  return b64(crypto.getRandomValues(new Uint8Array(32)));
}

type Changes<T> = { readonly [Name in keyof T]?: T[Name] };

export class Town {
  readonly networkId = newId();
  readonly epochs = new Map<string, KemKey>(); // by agency and number
  directory = new Directory();
  people: Record<string, Person> = {};
  coordinators: { id: string; key: SigningKey }[] = [];
  hubKey!: SigningKey;
  logKey!: SigningKey;

  /** The agencies, admitted and with their first rosters in force. `directory` holds it all. */
  static async founded(): Promise<Town> {
    const town = new Town();
    for (const [agency, spec] of Object.entries(CAST)) {
      for (const [name, roles] of Object.entries(spec.members)) town.people[name] = await person(agency, roles);
    }
    for (let count = 0; count < 3; count++) {
      town.coordinators.push({ id: newId(), key: await SigningKey.generate() });
    }
    [town.hubKey, town.logKey] = [await SigningKey.generate(), await SigningKey.generate()];
    await town.take(await town.network());
    for (const agency of Object.keys(CAST)) await town.take(await town.admission(agency));
    for (const agency of Object.keys(CAST)) await town.take(await town.roster(agency));
    return town;
  }

  async take<T extends Document>(document: T): Promise<T> {
    await this.directory.append(document.envelope);
    return document;
  }

  get coordinatorKeys(): SigningKey[] {
    return this.coordinators.map((one) => one.key);
  }

  get publicKeys(): ReadonlyMap<string, Bytes> {
    return new Map([...this.epochs.values()].map((key) => [key.sha256, key.public]));
  }

  of(agency: string): Person[] {
    return Object.values(this.people).filter((one) => one.agency === agency);
  }

  // --- directory documents -------------------------------------------------------------------------------------------

  /** The first network, or the next one. */
  async network(changes: Changes<Network> = {}, ...keys: SigningKey[]): Promise<Document<Network>> {
    const before = this.directory.size > 0 ? this.directory.network : null;
    const log = await verifierKey("hub.example/log/directory", NOTE_KEY, this.logKey.public);
    const body: Network = {
      network: this.networkId,
      at: stamp(NOW),
      version: (before?.body.version ?? 0) + 1,
      prev: before?.sha256 ?? null,
      practice: true,
      coordinators: asSet(this.coordinators.map((one) => ({ id: one.id, key: b64(one.key.public) }))),
      threshold: 2,
      hub_key: b64(this.hubKey.public),
      policy: `log ${vkeyOf(log)}\nquorum none\n`,
      continues: null,
      min_protocol: 1,
      ...changes,
    };
    return sign("network", body, ...(keys.length > 0 ? keys : this.coordinatorKeys.slice(0, 2)));
  }

  /** The agency's first admission, or its next one (which leaves the roster as it is). */
  async admission(
    agency: string,
    changes: Changes<Admission> = {},
    ...keys: SigningKey[]
  ): Promise<Document<Admission>> {
    const state = this.directory.now().agency(agency);
    const spec = CAST[agency] ?? { kind: "ngo", may: [], members: {} };
    const admin = this.of(agency).find((one) => one.listed.roles.includes("administrator"));
    const body: Admission = {
      network: this.networkId,
      at: stamp(NOW),
      agency,
      version: (state?.admission.body.version ?? 0) + 1,
      prev: state?.admission.sha256 ?? null,
      kind: spec.kind,
      names: { en: agency, mn: agency },
      admin: admin && state === null ? keysOnly(admin) : null,
      may: asSet(spec.may),
      suspended: false,
      ...changes,
    };
    return sign("admission", body, ...(keys.length > 0 ? keys : this.coordinatorKeys.slice(0, 2)));
  }

  /** The agency's first roster, or its next one; `newEpoch` draws the next key. */
  async roster(
    agency: string,
    given: {
      readonly by?: string;
      readonly key?: SigningKey;
      readonly people?: readonly Person[];
      readonly newEpoch?: boolean;
      readonly changes?: Changes<Roster>;
    } = {},
  ): Promise<Document<Roster>> {
    const state = this.directory.now().agency(agency)!;
    const mine = this.of(agency);
    const author = given.by ? this.people[given.by]! : mine.find((one) => one.listed.roles.includes("administrator"))!;
    let { epoch } = state;
    if (epoch === null || given.newEpoch) {
      const n = state.lastEpoch + 1;
      const key = this.epochs.get(`${agency} ${n}`) ?? (await KemKey.generate());
      this.epochs.set(`${agency} ${n}`, key);
      epoch = { n, kem: key.sha256, renew_by: stamp(NOW + 90 * DAY) };
    }
    const body: Roster = {
      network: this.networkId,
      at: stamp(NOW),
      directory: this.directory.head,
      author: { agency, member: author.listed.id },
      agency,
      version: state.lastVersion + 1,
      prev: state.roster?.sha256 ?? state.admission.sha256,
      members: asSet((given.people ?? mine).map((one) => one.listed)),
      epoch,
      activity: null,
      ...given.changes,
    };
    return sign("roster", body, given.key ?? author.key);
  }

  // --- members' documents --------------------------------------------------------------------------------------------

  signer(name: string): Signer {
    const { agency, key, listed } = this.people[name]!;
    return { agency, member: listed.id, key, directory: this.directory };
  }

  /** A signed decision; the next version where it comes `after` one. */
  async decide(
    by: string,
    to: string,
    sections: readonly string[] = [],
    given: {
      readonly purposes?: readonly string[];
      readonly refused?: readonly string[];
      readonly until?: Instant;
      readonly after?: Document<Consent>;
      readonly changes?: Changes<Consent>;
    } = {},
  ): Promise<Document<Consent>> {
    const signer = this.signer(by);
    const before = given.after;
    const granted = {
      sections: asSet(sections),
      purposes: asSet(given.purposes ?? ["give_service"]),
      until: stamp(given.until ?? NOW + 30 * DAY),
    };
    const body: Consent = {
      network: this.networkId,
      at: stamp(NOW),
      directory: this.directory.head,
      author: referral.authorOf(signer),
      consent: before?.body.consent ?? newId(),
      recorder: before?.body.recorder ?? signer.agency,
      to,
      version: (before?.body.version ?? 0) + 1,
      prev: before?.sha256 ?? null,
      basis: "informed_consent",
      given: { by: "person", how: "signed", language: "mn", interpreter: false, witness: false },
      granted: sections.length > 0 ? granted : null,
      refused: asSet(given.refused ?? []),
      receipt: null,
      exception: null,
      retain_days: 90,
      sealed: null,
      ...given.changes,
    };
    return sign("consent", body, signer.key);
  }

  refer(
    by: string,
    to: string,
    decision: Document<Consent>,
    texts: Readonly<Record<string, Uint8Array>>,
    given: { readonly at?: Instant; readonly routing?: Changes<Routing> } = {},
  ): Promise<SealedReferral> {
    return referral.seal(this.signer(by), {
      id: newId(),
      to,
      routing: routing(given.routing),
      decision,
      texts: new Map(Object.entries(texts)),
      publicKeys: this.publicKeys,
      at: given.at ?? NOW,
    });
  }

  step(
    by: string,
    on: SealedReferral,
    type: string,
    given: {
      readonly reason?: string;
      readonly note?: string;
      readonly decision?: Document<Consent>;
      readonly at?: Instant;
    } = {},
  ): Promise<{ document: Document<Event>; blobs: Blobs }> {
    const { note, decision } = given;
    return events.make(this.signer(by), {
      id: newId(),
      referral: on.document,
      prev: on.document.sha256,
      type,
      at: given.at ?? NOW,
      reason: given.reason ?? null,
      note: note !== undefined && decision ? { text: note, decision, publicKeys: this.publicKeys } : null,
    });
  }

  epochKey(agency: string): KemKey {
    return this.epochs.get(`${agency} ${this.directory.now().agency(agency)!.epoch!.n}`)!;
  }
}

export function keysOnly({ listed: { id, key, kem } }: Person): Admission["admin"] {
  return { id, key, kem };
}

export function routing(changes: Changes<Routing> = {}): Routing {
  return {
    urgency: "urgent",
    services: ["shelter"],
    place: "MN-053.dalanzadgad",
    language: "mn",
    minor: false,
    ...changes,
  };
}

export function given(decisions: readonly Document<Consent>[], ...withdrawals: readonly Withdrawal[]): Decisions {
  return decisionsOf(decisions, withdrawals);
}

/** The document with these fields changed, signed anew. */
export function again<K extends Kind>(
  kind: K,
  document: Document<Bodies[K]>,
  key: SigningKey,
  changes: Changes<Bodies[K]> = {},
): Promise<Document<Bodies[K]>> {
  return sign(kind, { ...document.body, ...changes } as Bodies[K], key);
}

// --- forging ---------------------------------------------------------------------------------------------------------

/** An envelope over any payload, correctly signed: what an attacker with a member's key can make. */
export async function envelopeOf(
  payload: Bytes,
  kind: string,
  keys: readonly SigningKey[],
  version = 1,
): Promise<string> {
  const payloadType = `application/vnd.ortoo.${kind}.v${version}+json`;
  const signatures = await Promise.all(
    keys.map(async (key) => ({
      keyid: b64((await sha256(ctx("keyid", key.public))).slice(0, 16)),
      sig: b64(await key.signRaw(pae(payloadType, payload))),
    })),
  );
  signatures.sort((one, other) => (one.keyid < other.keyid ? -1 : 1));
  return new TextDecoder().decode(canonical({ payload: b64(payload), payloadType, signatures }));
}

export const EMPTY_OBJECT = new TextEncoder().encode("{}");
