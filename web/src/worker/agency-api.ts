/** What the administrator's screens may ask of the worker: who belongs to the agency, its key, its services, its clients. */

import type { Names } from "./api.ts";

/** A member who is in the roster. lastSeen: YYYY-MM-DD in Ulaanbaatar; null where nothing tells it. */
export interface ListedMember {
  readonly id: string;
  readonly handle: string;
  readonly names: Names;
  readonly roles: readonly string[];
  readonly lastSeen: string | null;
  readonly self: boolean;
}

/** Somebody who made keys and waits. again: a member who came back with new keys. number: of the keys to be signed. */
export interface WaitingMember {
  readonly id: string;
  readonly handle: string;
  readonly names: Names;
  readonly roles: readonly string[];
  readonly since: string;
  readonly again: boolean;
  readonly number: string;
}

export interface Expected {
  readonly id: string;
  readonly handle: string;
  readonly names: Names;
  readonly roles: readonly string[];
  readonly until: string;
}

/** version: of the roster that was looked at; a change is made to this one and to no other. */
export interface People {
  readonly version: number;
  readonly members: readonly ListedMember[];
  readonly waiting: readonly WaitingMember[];
  readonly expected: readonly Expected[];
}

/** How somebody new is called. */
export interface NewNames {
  readonly handle: string;
  readonly names: Names;
}

/** What stands on the invitation, in groups to be typed. Shown once. */
export interface InvitationPaper {
  readonly hub: string;
  readonly code: string;
  readonly fingerprint: string;
  readonly expected: Expected;
}

/** An entry of the directory about the own agency. by: the member who signed; null: the coordinators. */
export interface AgencyEntry {
  readonly sha256: string;
  readonly at: string;
  readonly by: { readonly names: Names | null; readonly self: boolean } | null;
  readonly joined: readonly (Names | null)[];
  readonly left: readonly (Names | null)[];
  readonly epoch: number | null;
  readonly suspended: boolean | null;
}

/** strange: what nobody here is known to have made; entries: all, the newest first. */
export interface AgencyKey {
  readonly version: number;
  readonly number: number;
  readonly renewBy: string;
  readonly holders: number;
  readonly strange: readonly AgencyEntry[];
  readonly entries: readonly AgencyEntry[];
}

export interface Opening {
  readonly days: string;
  readonly opens: string;
  readonly closes: string;
}

export interface Exceptional {
  readonly date: string;
  readonly opens: string | null;
  readonly closes: string | null;
}

/** What is said of a service. openOnHolidays null: if it is open around the clock. */
export interface Offer {
  readonly code: string;
  readonly names: Names;
  readonly places: readonly string[];
  readonly languages: readonly string[];
  readonly schedule: readonly Opening[];
  readonly exceptions: readonly Exceptional[];
  readonly openOnHolidays: boolean | null;
  readonly minAge: number | null;
  readonly maxAge: number | null;
  readonly genders: readonly string[];
  readonly dependants: boolean;
  readonly capacity: number | null;
  readonly taken: number;
}

export interface OwnService {
  readonly id: string;
  readonly offer: Offer;
  readonly free: number | null;
  readonly accepting: boolean;
  readonly fullUntil: string | null;
  readonly openNow: boolean;
}

export interface Contact {
  readonly place: string;
  readonly phone: string;
  readonly dutyPhone: string;
  readonly email: string;
}

export interface OwnServices {
  readonly receiving: boolean;
  readonly contact: Contact;
  readonly services: readonly OwnService[];
}

export interface ClientToken {
  readonly id: string;
  readonly member: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly usedAt: string;
  readonly expiresAt: string | null;
}

/** unfetched: its keys wait on this device to be carried to where it runs. */
export interface ApiClient {
  readonly id: string;
  readonly handle: string;
  readonly names: Names;
  readonly unfetched: boolean;
  readonly tokens: readonly ClientToken[];
}

export interface ApiClients {
  readonly version: number;
  readonly clients: readonly ApiClient[];
}

/**
 * An administrator's work. Whatever changes the roster names the `version` that was looked at: `head_moved` where another
 * administrator was first, and nothing was made. Repeated after a lost answer, it is done once.
 */
export interface Administering {
  people(): Promise<People>;
  invite(names: NewNames, roles: readonly string[], again: string | null): Promise<InvitationPaper>;
  withdrawInvitation(id: string): Promise<void>;
  turnAway(member: string): Promise<void>;
  /** Whether these digits, as they were heard, are the very number of whoever waits. */
  numbersMatch(member: string, heard: string): Promise<boolean>;
  /** Sign in whose number this is; `key_mismatch` where the hub hands out other keys by now. */
  confirmMember(version: number, member: string, number: string): Promise<void>;
  changeRoles(version: number, member: string, roles: readonly string[]): Promise<void>;
  /** A roster without the member, and the next key. */
  endMember(version: number, member: string): Promise<void>;

  agencyKey(): Promise<AgencyKey>;
  /** The next key after `from`. Gives its number. */
  changeKey(version: number, from: number): Promise<number>;
  /** Somebody here has made this entry after all. */
  vouchFor(entry: string): Promise<void>;

  ownServices(): Promise<OwnServices>;
  /** id: null for a new one. */
  saveService(id: string | null, offer: Offer): Promise<OwnService>;
  /** So many more of its places are free; fewer, below 0. */
  changeFree(id: string, by: number): Promise<OwnService>;
  /** until: null: not full any more. */
  setFull(id: string, until: string | null): Promise<OwnService>;
  setAccepting(id: string, accepting: boolean): Promise<OwnService>;
  endService(id: string): Promise<void>;
  setReceiving(receiving: boolean): Promise<void>;
  saveContact(contact: Contact): Promise<void>;

  apiClients(): Promise<ApiClients>;
  /** A partner system with keys of its own, which wait on this device until they are fetched. */
  addApiClient(version: number, names: NewNames): Promise<void>;
  /** The file with its keys, to be carried to where it runs. */
  clientKeys(member: string): Promise<string>;
  /** They are where they belong: this device forgets them. */
  dropClientKeys(member: string): Promise<void>;
  /** The token, shown once. */
  issueToken(member: string, name: string, scopes: readonly string[], days: number): Promise<string>;
  revokeToken(id: string): Promise<void>;
}
