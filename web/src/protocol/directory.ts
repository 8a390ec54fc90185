/**
 * The directory (protocol §3): network, admission and roster documents, replayed in the order of their log.
 *
 * Who is a member, with which key, in which role; which key an agency has now; who is suspended: all of it comes out of
 * this replay and nothing else. `Directory.at(size)` is the directory as it stood when it had `size` entries.
 */

import { type Policy, parsePolicy } from "./checkpoint.ts";
import type { Bytes, Document } from "./documents.ts";
import {
  b64,
  canonical,
  checkSigningKey,
  compareBytes,
  compareText,
  instant,
  kindOfEnvelope,
  read,
  signers,
  unb64,
  utf8,
  verify,
} from "./documents.ts";
import { Refused } from "./errors.ts";
import { EMPTY_ROOT, Growing, leafHash } from "./merkle.ts";
import type {
  Admission,
  Epoch,
  MemberKeys,
  Network,
  Role,
  Roster,
  RosterMember,
  Sealed,
  Signed,
  TreeHead,
} from "./schemas.ts";

export const MAX_ENTRY = 65_535; // bytes
export const MAX_MEMBERS = 200;
export const MAX_EPOCH = 100 * 86_400_000; // milliseconds
export const PROTOCOL = 1;

/** An agency as the directory had it at one size. */
export interface Agency {
  readonly handle: string;
  readonly admission: Document<Admission>;
  /** null: admitted, and no roster yet. */
  readonly roster: Document<Roster> | null;
  /** Of rosters, across admissions. */
  readonly lastVersion: number;
  readonly lastEpoch: number;
  readonly kind: string;
  readonly may: readonly ("coordinate" | "review")[];
  readonly suspended: boolean;
  readonly members: readonly RosterMember[];
  readonly epoch: Epoch | null;
}

function agencyOf(
  admission: Document<Admission>,
  roster: Document<Roster> | null,
  lastVersion: number,
  lastEpoch: number,
): Agency {
  const { agency, kind, may, suspended } = admission.body;
  const { members, epoch } = roster?.body ?? { members: [], epoch: null };
  return { handle: agency, admission, roster, lastVersion, lastEpoch, kind, may, suspended, members, epoch };
}

export function memberOf(agency: Agency, member: string): RosterMember | null {
  return agency.members.find((one) => one.id === member) ?? null;
}

/** What was so from each size of the directory on, the sizes ascending. */
type History<T> = { readonly size: number; readonly was: T }[];

/** What was so at this size; null before all of it. */
function at<T>(history: History<T> | undefined, size: number): T | null {
  let [low, high] = [0, history?.length ?? 0];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (history![middle]!.size <= size) low = middle + 1;
    else high = middle;
  }
  return low > 0 ? history![low - 1]!.was : null;
}

/** The directory at one size. */
export class View {
  readonly size: number;
  readonly network: Document<Network>;
  readonly #agencies: ReadonlyMap<string, History<Agency>>;

  constructor(size: number, network: Document<Network>, agencies: ReadonlyMap<string, History<Agency>>) {
    this.size = size;
    this.network = network;
    this.#agencies = agencies;
  }

  agency(handle: string): Agency | null {
    return at(this.#agencies.get(handle), this.size);
  }

  /** By handle. */
  agencies(): readonly Agency[] {
    const handles = [...this.#agencies.keys()].sort(compareText);
    return handles.map((handle) => this.agency(handle)).filter((one) => one !== null);
  }

  member(agency: string, member: string): RosterMember | null {
    const state = this.agency(agency);
    return state ? memberOf(state, member) : null;
  }

  /** The roles that count: `coordinator` only where the agency's admission lets it coordinate (§3). */
  roles(agency: string, member: RosterMember): ReadonlySet<Role> {
    const counts = this.agency(agency)?.may.includes("coordinate") ?? false;
    return new Set(member.roles.filter((role) => counts || role !== "coordinator"));
  }

  /** The author of a member's document, its signature verified. `key_unknown` or `signature_invalid`. */
  async author(document: Document<Signed>): Promise<RosterMember> {
    const { agency, member } = document.body.author;
    const found = this.member(agency, member);
    if (found === null) throw new Refused("key_unknown", { field: "author" });
    await verify(document, unb64(found.key));
    return found;
  }
}

/** A signing key in base64url, and who holds it. */
type Held = readonly [key: string, holder: string];

interface Keys {
  readonly signing: readonly Held[];
  readonly kem: readonly string[];
}

/** What an entry changes, once all of it was verified. */
interface Taken {
  readonly document: Document;
  readonly keys: Keys;
  readonly network?: Document<Network>;
  readonly agency?: Agency;
}

/**
 * The replayed chain. `append` refuses whatever does not continue it; nothing is half-applied.
 *
 * Appends wait for each other; between them, and while one is verified, everything reads as it was before.
 */
export class Directory {
  readonly #anchor: string | null;
  #entries: string[] = [];
  #tree = Growing.empty;
  #roots: Bytes[] = [EMPTY_ROOT];
  #networks: History<Document<Network>> = [];
  #agencies = new Map<string, History<Agency>>();
  #positions = new Map<string, number>(); // H(document) -> size of the directory that first holds it
  #signingKeys = new Map<string, string>(); // key -> its holder
  #kemKeys = new Set<string>();
  #turn: Promise<unknown> = Promise.resolve();

  /** anchor: H of the network document that the client was given outside of the hub; null: trust the first. */
  constructor(anchor: string | null = null) {
    this.#anchor = anchor;
  }

  /** The same history, to go on with by itself. */
  copy(): Directory {
    const other = new Directory(this.#anchor);
    other.#entries = [...this.#entries];
    other.#tree = this.#tree;
    other.#roots = [...this.#roots];
    other.#networks = [...this.#networks];
    other.#agencies = new Map(Array.from(this.#agencies, ([handle, history]) => [handle, [...history]]));
    other.#positions = new Map(this.#positions);
    other.#signingKeys = new Map(this.#signingKeys);
    other.#kemKeys = new Set(this.#kemKeys);
    return other;
  }

  get entries(): readonly string[] {
    return this.#entries;
  }

  /** Whether the document of this H stands in it. */
  has(sha256: string): boolean {
    return this.#positions.has(sha256);
  }

  get size(): number {
    return this.#entries.length;
  }

  get head(): TreeHead {
    return { size: this.size, root: b64(this.rootAt(this.size)) };
  }

  rootAt(size: number): Bytes {
    const found = this.#roots[size];
    if (found === undefined) throw new RangeError("the directory has no such size");
    return found;
  }

  get network(): Document<Network> {
    return this.now().network;
  }

  get id(): string {
    return this.network.body.network;
  }

  policy(): Promise<Policy> {
    return parsePolicy(this.network.body.policy);
  }

  at(size: number): View {
    const network = at(this.#networks, size);
    if (network === null || size > this.size) throw new Refused("directory_fork", { size });
    return new View(size, network, this.#agencies);
  }

  now(): View {
    return this.at(this.size);
  }

  /** `directory_fork` where what a document relied on is not a part of this history. */
  checkHead(head: TreeHead): void {
    if (head.size < 1 || head.size > this.size || b64(this.rootAt(head.size)) !== head.root) {
      throw new Refused("directory_fork", { field: "directory", size: head.size });
    }
  }

  /**
   * The author of a member's document, its role, its readers' epochs and its directory, as of the size it states.
   *
   * Gives the view at that size. Refused: key_unknown, signature_invalid, role_not_allowed, epoch_stale,
   * directory_fork.
   */
  async checkSigned(document: Document<Signed>, roles: readonly Role[]): Promise<View> {
    const { body } = document;
    if (body.network !== this.id) throw new Refused("malformed", { field: "network" });
    const view = this.at(body.directory.size);
    const author = await view.author(document);
    const counting = view.roles(body.author.agency, author);
    if (!roles.some((role) => counting.has(role))) throw new Refused("role_not_allowed", { field: "author" });
    for (const reader of readersOf(document)) {
      if (view.agency(reader.agency)?.epoch?.n !== reader.epoch) {
        throw new Refused("epoch_stale", { reader: reader.agency });
      }
    }
    this.checkHead(body.directory);
    return view;
  }

  /**
   * Refuse with `directory_stale` what relies on a fact that has changed since the size it states.
   *
   * The facts: the author's membership, the epochs it seals to, the admissions of the agencies `involved`.
   */
  checkCurrent(document: Document<Signed>, ...involved: readonly string[]): void {
    const { author, directory } = document.body;
    const [then, now] = [this.at(directory.size), this.now()];
    if (!same(then.member(author.agency, author.member), now.member(author.agency, author.member))) {
      throw new Refused("directory_stale", { field: "author", size: now.size });
    }
    for (const reader of readersOf(document)) {
      const [before, after] = [then.agency(reader.agency), now.agency(reader.agency)];
      if (before === null || after === null || !same(before.epoch, after.epoch)) {
        throw new Refused("directory_stale", { reader: reader.agency, size: now.size });
      }
    }
    for (const handle of involved) {
      const [before, after] = [then.agency(handle), now.agency(handle)];
      if (before === null || after === null || before.admission.sha256 !== after.admission.sha256) {
        throw new Refused("directory_stale", { reader: handle, size: now.size });
      }
    }
  }

  /** `prev` and `version` of the agency's next roster. RangeError for an agency that is not there. */
  rosterAfter(handle: string): { readonly prev: string; readonly version: number } {
    const state = this.now().agency(handle);
    if (state === null) throw new RangeError("the directory has no such agency");
    return { prev: (state.roster ?? this.#lastWithAdmin(state)).sha256, version: state.lastVersion + 1 };
  }

  /** `chain_broken` for what can't be the next network, whoever will have signed it. */
  checkNextNetwork(body: Network): void {
    checkNextNetwork(body, this.network);
  }

  /** `chain_broken` for what can't be the next admission of its agency, whoever will have signed it. */
  checkNextAdmission(body: Admission): void {
    checkNextAdmission(body, this.#sameNetwork(body.network).agency(body.agency));
  }

  /**
   * Verify the next entry against all before it and take it in; else Refused, and nothing has changed.
   *
   * Entries of the kind `release` are taken in unread, and give null (§11).
   */
  append(envelope: string): Promise<Document | null> {
    const done = this.#turn.then(() => this.#take(envelope));
    this.#turn = done.catch(() => undefined); // the next one does not mind
    return done;
  }

  async #take(envelope: string): Promise<Document | null> {
    if (utf8(envelope).length > MAX_ENTRY) throw new Refused("limit_exceeded", { field: "entry", most: MAX_ENTRY });
    const taken = await this.#verified(envelope);
    const tree = await this.#tree.append(await leafHash(utf8(envelope)));
    const root = await tree.root();
    // All at once from here on: no promise is awaited.
    const size = this.size + 1;
    for (const [key, holder] of taken?.keys.signing ?? []) this.#signingKeys.set(key, holder);
    for (const key of taken?.keys.kem ?? []) this.#kemKeys.add(key);
    if (taken?.network) this.#networks.push({ size, was: taken.network });
    if (taken?.agency) {
      const { handle } = taken.agency;
      this.#agencies.set(handle, [...(this.#agencies.get(handle) ?? []), { size, was: taken.agency }]);
    }
    if (taken) this.#positions.set(taken.document.sha256, size);
    this.#tree = tree;
    this.#roots.push(root);
    this.#entries.push(envelope);
    return taken?.document ?? null;
  }

  async #verified(envelope: string): Promise<Taken | null> {
    const kind = kindOfEnvelope(envelope);
    switch (kind) {
      case "network":
        return this.#takeNetwork(await read(envelope, "network"));
      case "admission":
        return this.#takeAdmission(await read(envelope, "admission"));
      case "roster":
        return this.#takeRoster(await read(envelope, "roster"));
      default:
        if (kind === "release" && this.size > 0) return null;
        throw new Refused("malformed", { field: "payloadType" });
    }
  }

  // --- network -------------------------------------------------------------------------------------------------------

  async #takeNetwork(document: Document<Network>): Promise<Taken> {
    const { body } = document;
    const before = this.#networks.at(-1)?.was ?? null;
    await checkNetwork(body, before?.body ?? null);
    if (before !== null) await need(document, before.body);
    await need(document, body);
    const keys = { signing: await keysOfNetwork(body), kem: [] };
    checkStrength(keys.signing);
    if (before === null && this.size > 0) throw new Refused("chain_broken", { field: "version" });
    checkNextNetwork(body, before);
    this.#checkUnused(keys);
    if (before === null && this.#anchor !== null && this.#anchor !== document.sha256) {
      throw new Refused("directory_fork", { field: "network" });
    }
    return { document, keys, network: document };
  }

  // --- admission -----------------------------------------------------------------------------------------------------

  async #takeAdmission(document: Document<Admission>): Promise<Taken> {
    const { body } = document;
    const now = this.#sameNetwork(body.network);
    const before = now.agency(body.agency);
    if (before === null && body.admin === null) throw new Refused("malformed", { field: "admin" });
    await need(document, now.network.body);
    const keys = keysOf(body.admin ? [body.admin] : [], body.agency);
    checkStrength(keys.signing);
    checkNextAdmission(body, before);
    this.#checkUnused(keys);
    const roster = body.admin === null && before !== null ? before.roster : null;
    return { document, keys, agency: agencyOf(document, roster, before?.lastVersion ?? 0, before?.lastEpoch ?? 0) };
  }

  // --- roster --------------------------------------------------------------------------------------------------------

  async #takeRoster(document: Document<Roster>): Promise<Taken> {
    const { body } = document;
    checkMembers(body);
    const state = this.#sameNetwork(body.network).agency(body.agency);
    if (state === null) throw new Refused("key_unknown", { field: "agency" });
    if (body.author.agency !== body.agency) throw new Refused("role_not_allowed", { field: "author" });
    const keys = this.#keysOfRoster(body, state);
    await this.#checkRosterSigner(document, state);
    checkStrength(keys.signing);
    checkRoles(body, state);
    const prev = (state.roster ?? this.#lastWithAdmin(state)).sha256;
    if (body.prev !== prev || body.version !== state.lastVersion + 1) {
      throw new Refused("chain_broken", { field: "prev", agency: body.agency });
    }
    if (body.directory.size < this.#positions.get(prev)!) throw new Refused("chain_broken", { field: "directory" });
    this.#checkUnused(keys);
    checkEpoch(body, state);
    this.checkHead(body.directory);
    return { document, keys, agency: agencyOf(state.admission, document, body.version, body.epoch.n) };
  }

  /** The signing keys and KEM keys that this roster takes into use: those of whoever was not there before. */
  #keysOfRoster(body: Roster, state: Agency): Keys {
    const admin = state.roster === null ? this.#lastWithAdmin(state).body.admin : null;
    const known = [...state.members, ...(admin ? [admin] : [])];
    const { signing, kem } = keysOf(
      body.members.filter((one) => !known.some((other) => areSameKeys(one, other))),
      body.agency,
    );
    const { epoch } = state;
    const isNew = epoch === null || body.epoch.kem !== epoch.kem || body.epoch.n !== epoch.n;
    const taken = isNew ? [...kem, body.epoch.kem] : kem;
    if (new Set(taken).size !== taken.length) throw new Refused("malformed", { field: "kem" });
    return { signing, kem: taken };
  }

  async #checkRosterSigner(document: Document<Roster>, state: Agency): Promise<void> {
    const { member } = document.body.author;
    const admin = state.roster === null ? this.#lastWithAdmin(state).body.admin : null;
    const signer = admin?.id === member ? admin : memberOf(state, member);
    if (signer === null) throw new Refused("key_unknown", { field: "author" });
    await verify(document, unb64(signer.key));
  }

  #lastWithAdmin(state: Agency): Document<Admission> {
    const history = this.#agencies.get(state.handle) ?? [];
    return history.findLast(({ was }) => was.admission.body.admin !== null)!.was.admission; // the first one has one
  }

  // --- keys are used once --------------------------------------------------------------------------------------------

  /** Are these free to be taken into use: a signing key by one holder alone, a KEM key once and never again? */
  #checkUnused({ signing, kem }: Keys): void {
    if (new Set(signing.map(([key]) => key)).size !== signing.length)
      throw new Refused("key_refused", { field: "key" });
    if (signing.some(([key, holder]) => (this.#signingKeys.get(key) ?? holder) !== holder)) {
      throw new Refused("key_refused", { field: "key" });
    }
    if (kem.some((key) => this.#kemKeys.has(key))) throw new Refused("key_refused", { field: "kem" });
  }

  #sameNetwork(network: string): View {
    if (this.size === 0 || this.id !== network) throw new Refused("chain_broken", { field: "network" });
    return this.now();
  }
}

/** Refuse what could not be version 1 of a network whoever signs it (§3). */
export async function checkFounding(body: Network): Promise<void> {
  await checkNetwork(body, null);
  if (!body.practice && body.threshold < 2) throw new Refused("malformed", { field: "threshold" });
  const signing = await keysOfNetwork(body);
  checkStrength(signing);
  if (new Set(signing.map(([key]) => key)).size !== signing.length) throw new Refused("key_refused", { field: "key" });
}

/** Every signing key that it names, with the holder. */
async function keysOfNetwork(body: Network): Promise<readonly Held[]> {
  const policy = await parsePolicy(body.policy);
  return [
    ...body.coordinators.map((one): Held => [one.key, `coordinator ${one.id}`]),
    [body.hub_key, "hub"],
    ...[...policy.logs, ...policy.witnesses.values()].map((one): Held => [b64(one.public), `log ${one.name}`]),
  ];
}

async function checkNetwork(body: Network, before: Network | null): Promise<void> {
  if (body.min_protocol > PROTOCOL) throw new Refused("version_unsupported", { field: "min_protocol" });
  const policy = await parsePolicy(body.policy);
  const count = body.coordinators.length;
  const ids = new Set(body.coordinators.map((one) => one.id));
  const keys = new Set(body.coordinators.map((one) => one.key));
  if (ids.size !== count || keys.size !== count) throw new Refused("malformed", { field: "coordinators" });
  if (body.threshold > count) throw new Refused("malformed", { field: "threshold" });
  // A real network can lose a coordinator, and has witnesses; and it stays what it is.
  if (!body.practice && body.threshold === count) throw new Refused("malformed", { field: "threshold" });
  if (!body.practice && policy.quorum === "none") throw new Refused("malformed", { field: "policy" });
  if (before !== null && body.practice !== before.practice) throw new Refused("malformed", { field: "practice" });
}

function checkNextNetwork(body: Network, before: Document<Network> | null): void {
  if (before === null) {
    if (body.version !== 1 || body.prev !== null) throw new Refused("chain_broken", { field: "version" });
    return;
  }
  if (body.network !== before.body.network || body.version !== before.body.version + 1) {
    throw new Refused("chain_broken", { field: "version" });
  }
  if (body.prev !== before.sha256) throw new Refused("chain_broken", { field: "prev" });
}

function checkNextAdmission(body: Admission, before: Agency | null): void {
  const { agency } = body;
  const version = before?.admission.body.version ?? 0;
  if (body.version !== version + 1) throw new Refused("chain_broken", { field: "version", agency });
  if (body.prev !== (before?.admission.sha256 ?? null)) throw new Refused("chain_broken", { field: "prev", agency });
}

/** The threshold of this network's coordinators has signed; distinct keys are counted. */
async function need(document: Document, network: Network): Promise<void> {
  const signed = await signers(
    document,
    network.coordinators.map((one) => unb64(one.key)),
  );
  if (signed.size < network.threshold) {
    throw new Refused("threshold_not_met", { have: signed.size, need: network.threshold });
  }
}

function checkStrength(signing: readonly Held[]): void {
  for (const [key] of signing) checkSigningKey(unb64(key));
}

/** The signing keys with their holders, and the KEM keys, of members. */
function keysOf(members: readonly MemberKeys[], agency: string): Keys {
  return {
    signing: members.map((one): Held => [one.key, `${agency} ${one.id}`]),
    kem: members.map((one) => one.kem),
  };
}

function checkMembers({ members }: Roster): void {
  if (members.length > MAX_MEMBERS) throw new Refused("limit_exceeded", { field: "members", most: MAX_MEMBERS });
  const ids = new Set(members.map((one) => one.id));
  const keys = new Set(members.map((one) => one.key));
  if (ids.size !== members.length || keys.size !== members.length) throw new Refused("malformed", { field: "members" });
}

function checkRoles(body: Roster, state: Agency): void {
  const signer = memberOf(state, body.author.member);
  if (signer !== null && !signer.roles.includes("administrator") && !signer.roles.includes("recovery")) {
    throw new Refused("role_not_allowed", { field: "author" });
  }
  // A recovery kit has no other role, and an agency has at least one administrator.
  const isMixed = body.members.some((one) => one.roles.includes("recovery") && one.roles.length > 1);
  if (isMixed || !body.members.some((one) => one.roles.includes("administrator"))) {
    throw new Refused("role_not_allowed", { field: "members" });
  }
}

function checkEpoch(body: Roster, state: Agency): void {
  const { epoch } = body;
  const before = state.epoch;
  if (before === null || epoch.n !== before.n) {
    if (epoch.n !== state.lastEpoch + 1) throw new Refused("epoch_stale", { field: "epoch.n" });
    const lasts = instant(epoch.renew_by) - instant(body.at);
    if (lasts > MAX_EPOCH || lasts <= 0) throw new Refused("epoch_stale", { field: "epoch.renew_by" });
    return;
  }
  // An epoch's key and date never change; who is dropped, or changes a key, must not read on.
  const isKept = (one: MemberKeys) => body.members.some((other) => areSameKeys(one, other));
  if (!same(epoch, before) || !state.members.every(isKept)) throw new Refused("epoch_stale", { field: "epoch" });
}

function areSameKeys(one: MemberKeys, other: MemberKeys): boolean {
  return one.id === other.id && one.key === other.key && one.kem === other.kem;
}

/** Of two values of payloads: that they are written the same. */
function same(one: unknown, other: unknown): boolean {
  return compareBytes(canonical(one), canonical(other)) === 0;
}

function readersOf(document: Document<Signed & { readonly sealed?: Sealed | null }>): Sealed["readers"] {
  return document.body.sealed?.readers ?? [];
}
