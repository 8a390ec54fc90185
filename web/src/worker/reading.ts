/**
 * What a reader checks of all that it is shown (protocol §5, “A reader MUST”), and what it can open of it.
 *
 * From the hub's answer nothing is taken but the signed documents, the sealed bytes and what only the hub can know: the
 * order and the time of acceptance. Whatever else it says beside them must agree with them.
 */

import type { Decisions } from "../protocol/consent.ts";
import * as consent from "../protocol/consent.ts";
import type { Directory } from "../protocol/directory.ts";
import type { Bytes, Document, Instant } from "../protocol/documents.ts";
import { checkClock, compareText, instant, read, unb64, verify } from "../protocol/documents.ts";
import { Refused } from "../protocol/errors.ts";
import * as events from "../protocol/events.ts";
import type { KemKey } from "../protocol/hpke.ts";
import * as referral from "../protocol/referral.ts";
import type {
  As,
  Consent,
  Event,
  File,
  Note,
  Payload,
  Referral,
  Routing,
  Sealed,
  SealedPart,
  Section,
} from "../protocol/schemas.ts";
import type { Blobs } from "../protocol/sealing.ts";
import { base, openPartKey, openSet, pair, partContext } from "../protocol/sealing.ts";
import * as vocabulary from "../protocol/vocabulary.ts";

// --- what a hub answers (graphql/schema.graphql); bytes in base64url, times as GraphQL writes them ----------------------

export interface AnsweredBlobs {
  readonly parts: readonly { readonly name: string; readonly ciphertext: string }[];
  readonly wraps: readonly { readonly agency: string; readonly wrap: string }[];
  readonly keys: readonly { readonly part: string; readonly agency: string; readonly key: string }[];
}

/** A document beside which something is sealed. */
type Sealing = Document<Referral> | Document<Event> | Document<Consent>;

/** A signed document and its H. */
interface Answered {
  readonly envelope: string;
  readonly sha256: string;
}

export interface AnsweredEvent extends Answered {
  readonly id: string;
  readonly agency: string;
  readonly type: string;
  readonly reason: string | null;
  readonly acceptedAt: string;
  readonly sealed: AnsweredBlobs | null;
}

export interface Owed {
  readonly agency: string;
  readonly kind: string;
  readonly dueAt: string;
  readonly late: boolean;
}

export interface AnsweredReferral extends Answered {
  readonly id: string;
  readonly sender: string;
  readonly recipient: string;
  readonly state: string;
  readonly sentAt: string;
  readonly changedAt: string;
  readonly deletionOwedSince: string | null;
  readonly urgency: string;
  readonly services: readonly string[];
  readonly place: string;
  readonly language: string;
  readonly minor: boolean;
  readonly decision: Answered;
  readonly owed: readonly Owed[];
  readonly head: string;
  readonly events: readonly AnsweredEvent[];
}

export interface AnsweredEvidence {
  readonly decision: Answered;
  readonly sealed: AnsweredBlobs | null;
}

export interface AnsweredConsent {
  readonly id: string;
  readonly recorder: string;
  readonly decisions: readonly Answered[];
  /** What the person took back with her code; shown to the recorder alone. */
  readonly withdrawals: readonly string[];
}

// --- what a reader makes of it ---------------------------------------------------------------------------------------

/**
 * One part of a referral, or a note: what it holds if it is readable, else what became of it.
 *
 * readable: opened. not_granted: sealed for others. not_yet: to be had by opening. gone: withdrawn, run out, declined
 * or retained no longer. damaged: it does not open, or is not what was signed.
 */
export type Part<T> =
  | { readonly name: string; readonly status: "readable"; readonly holds: T }
  | { readonly name: string; readonly status: "damaged"; readonly problem: Refused }
  | { readonly name: string; readonly status: "not_granted" | "not_yet" | "gone" };

/** Key and context of a sealed file, and what the document says of its bytes. */
export interface FileKey {
  readonly key: Bytes;
  readonly context: Bytes;
  readonly part: SealedPart;
}

/** A verified event. at: when the hub accepted it. note: null where there is none. */
export interface Step {
  readonly id: string;
  readonly agency: string;
  readonly member: string;
  readonly as: As;
  readonly type: string;
  readonly reason: string | null;
  readonly at: Instant;
  readonly note: Part<Note> | null;
  readonly document: Document<Event>;
}

/** How a version of a decision was given: the part `evidence`, or what became of it. */
export interface VerifiedEvidence {
  readonly decision: Document<Consent>;
  readonly part: Part<Section>;
}

/** A referral of which all holds. head: what the own agency's next step names as `prev`. */
export interface VerifiedReferral {
  readonly id: string;
  readonly sender: string;
  readonly recipient: string;
  readonly as: As;
  readonly state: string;
  readonly sentAt: Instant;
  readonly changedAt: Instant;
  readonly routing: Routing;
  readonly document: Document<Referral>;
  readonly decision: Document<Consent>;
  readonly head: string;
  readonly steps: readonly Step[];
  readonly deletionOwedSince: Instant | null;
  readonly owed: readonly Owed[];
}

export function counterpartOf(of: VerifiedReferral): string {
  return of.as === "sender" ? of.recipient : of.sender;
}

/** Until when the recipient may read, as decided. */
export function untilOf({ decision }: VerifiedReferral): Instant | null {
  const { granted } = decision.body;
  return granted ? instant(granted.until) : null;
}

/** In the order of the vocabulary's sections. */
export function partNamesOf({ document }: VerifiedReferral): readonly string[] {
  const order = [...vocabulary.codes("sections")];
  const names = document.body.sealed.parts.map((part) => part.name);
  const placeOf = (name: string) => (order.includes(base(name)) ? order.indexOf(base(name)) : order.length);
  return names.sort((one, other) => placeOf(one) - placeOf(other) || compareText(one, other));
}

/** One agency's eyes: its directory, its epoch keys, and H of what it has opened before, by id. */
export class Reader {
  readonly #agency: string;
  readonly #directory: Directory;
  readonly #epochs: ReadonlyMap<number, KemKey>;
  readonly #opened: ReadonlyMap<string, string>;

  constructor(
    agency: string,
    directory: Directory,
    epochs: ReadonlyMap<number, KemKey>,
    opened: ReadonlyMap<string, string>,
  ) {
    this.#agency = agency;
    this.#directory = directory;
    this.#epochs = epochs;
    this.#opened = opened;
  }

  // --- verifying -----------------------------------------------------------------------------------------------------

  /** The referral, if all of it holds; else Refused. */
  async verify(answer: AnsweredReferral, now: Instant): Promise<VerifiedReferral> {
    const document = same(await read(answer.envelope, "referral"), answer.sha256);
    const { body } = document;
    checkAnswer(answer, body);
    if ((this.#opened.get(body.id) ?? document.sha256) !== document.sha256) {
      throw new Refused("id_reused", { field: "id" });
    }
    const as = events.partOf(this.#agency, body);
    const sentAt = moment(answer.sentAt, "sentAt");
    await this.#checkReferral(document, sentAt);
    const decision = await this.#checkDecision(answer.decision, body);
    this.#checkRule(document, decision);
    const { steps, state, head } = await this.#checkSteps(answer, document, decision);
    const isRenewed = decision.body.version > body.authority.version;
    checkState(answer.state, state, decision, isRenewed, now);
    if (answer.head !== head) throw new Refused("chain_broken", { field: "head" });
    const deletionOwedSince =
      answer.deletionOwedSince === null ? null : moment(answer.deletionOwedSince, "deletion_owed_since");
    // What she took back with her code names other agencies, too: it is shown to none.
    checkDeletion(answer.state, deletionOwedSince, steps, isRenewed || decision.body.receipt !== null);
    return {
      id: body.id,
      sender: body.author.agency,
      recipient: body.to,
      as,
      state: answer.state,
      sentAt,
      changedAt: moment(answer.changedAt, "changedAt"),
      routing: body.routing,
      document,
      decision,
      head,
      steps,
      deletionOwedSince,
      owed: answer.owed,
    };
  }

  async #checkReferral(document: Document<Referral>, sentAt: Instant): Promise<void> {
    referral.checkShape(document.body);
    const view = await this.#directory.checkSigned(document, referral.WHO_SENDS);
    referral.checkSuspension(document.body, view);
    checkClock(document.body.at, sentAt);
  }

  async #checkDecision(answer: Answered, body: Referral): Promise<Document<Consent>> {
    const decision = same(await read(answer.envelope, "consent"), answer.sha256);
    await this.#directory.checkSigned(decision, referral.WHO_SENDS);
    consent.checkDecision(decision.body, body.routing.minor);
    if (decision.body.consent !== body.authority.consent || decision.body.to !== body.to) {
      throw new Refused("authority_mismatch", { field: "authority", reader: body.to });
    }
    consent.checkSigner(decision.body);
    return decision;
  }

  /** The rule of §7 as it stood when the referral was made; under a newer version only that it grew from there. */
  #checkRule({ body }: Document<Referral>, decision: Document<Consent>): void {
    const { version } = decision.body;
    if (version < body.authority.version) {
      throw new Refused("authority_mismatch", { field: "authority", reader: body.to });
    }
    const view = this.#directory.at(body.directory.size);
    if (version > body.authority.version) {
      referral.checkKeys(body);
      return;
    }
    const decisions = consent.decisionsOf([decision]);
    const at = instant(body.at);
    if (decision.body.recorder === body.author.agency) {
      referral.checkConsent(body, view, decisions, at);
      return;
    }
    const parts = body.sealed.keys.filter((key) => key.agency === body.to).map((key) => key.part);
    consent.checkParts(decisions, { agency: body.to, kind: view.agency(body.to)?.kind ?? "", parts, at });
    consent.checkAuthority(decisions, body.authority, body.to);
    referral.checkKeys(body);
  }

  /** The steps, each signed, legal and the next in its agency's chain; the state after them; the own head. */
  async #checkSteps(
    answer: AnsweredReferral,
    document: Document<Referral>,
    decision: Document<Consent>,
  ): Promise<{ readonly steps: readonly Step[]; readonly state: string; readonly head: string }> {
    let state = events.begins(decision.body);
    const heads = new Map<string, string>();
    const steps: Step[] = [];
    for (const one of answer.events) {
      const event = same(await read(one.envelope, "event"), one.sha256);
      const { id, author, type, reason, prev } = event.body;
      if (one.id !== id || one.agency !== author.agency || one.type !== type || one.reason !== reason) {
        throw new Refused("malformed", { field: "event" });
      }
      if (prev !== (heads.get(author.agency) ?? document.sha256)) throw new Refused("chain_broken", { field: "prev" });
      const acceptedAt = moment(one.acceptedAt, "acceptedAt");
      state = await this.#checkStep(event, document, decision, state, acceptedAt);
      heads.set(author.agency, event.sha256);
      steps.push(await this.#step(one, event, document.body, acceptedAt));
    }
    return { steps, state, head: heads.get(this.#agency) ?? document.sha256 };
  }

  async #checkStep(
    event: Document<Event>,
    document: Document<Referral>,
    decision: Document<Consent>,
    before: string,
    acceptedAt: Instant,
  ): Promise<string> {
    const { body } = event;
    const as = events.partOf(body.author.agency, document.body);
    events.checkOn(body, document);
    const view = await this.#directory.checkSigned(event, events.whoActs(body, document.body));
    if (body.type === "seconded") events.checkSecond(event, document, view);
    checkClock(body.at, acceptedAt);
    let [state, after] = [before, before];
    const illegal = consent.refusalOf(() => {
      after = events.after(before, body.type, as);
    });
    if (illegal !== null) {
      // What the person took back, or what ran out, has no signed step of an agency: closing may follow it.
      if (body.type !== "closed" || !events.nextOf(before).includes("withdrawn")) throw illegal;
      [state, after] = ["withdrawn", "closed"];
    }
    events.checkShape(body, state);
    checkAuthority(body, document.body, decision);
    return after;
  }

  // --- decisions -----------------------------------------------------------------------------------------------------

  /** The newest decisions under a consent, as far as the hub shows them, each signed by who may sign it. */
  async decisions(answer: AnsweredConsent): Promise<Decisions> {
    const verified: Document<Consent>[] = [];
    for (const one of answer.decisions) {
      const decision = await this.#decision(one);
      if (decision.body.consent !== answer.id || decision.body.recorder !== answer.recorder) {
        throw new Refused("authority_mismatch", { field: "consent" });
      }
      verified.push(decision);
    }
    return consent.decisionsOf(verified, await Promise.all(answer.withdrawals.map((one) => this.#takenBack(one))));
  }

  /** What a code took back: signed by the code's own key, for this network. Whose code it was the hub says. */
  async #takenBack(envelope: string): Promise<consent.Withdrawal> {
    const document = await read(envelope, "receipt");
    await verify(document, unb64(document.body.key));
    if (document.body.network !== this.#directory.id || document.body.do !== "withdraw") {
      throw new Refused("malformed", { field: "withdrawals" });
    }
    return consent.withdrawnByReceipt(document);
  }

  async #decision(answer: Answered): Promise<Document<Consent>> {
    const decision = same(await read(answer.envelope, "consent"), answer.sha256);
    await this.#directory.checkSigned(decision, referral.WHO_SENDS);
    consent.checkDecision(decision.body);
    consent.checkSigner(decision.body);
    return decision;
  }

  /** How decisions before the own agency under a consent were given, in the order of signing. */
  async evidence(of: string, answers: readonly AnsweredEvidence[]): Promise<readonly VerifiedEvidence[]> {
    const found: VerifiedEvidence[] = [];
    for (const one of answers) {
      const decision = await this.#decision(one.decision);
      const { body } = decision;
      if (body.consent !== of || body.recorder !== this.#agency || body.sealed === null) {
        throw new Refused("authority_mismatch", { field: "consent" });
      }
      const opened = (await this.#open(decision, one.sealed, "gone")).get("evidence")!;
      found.push({ decision, part: readable(opened, (raw) => referral.readSection("evidence", raw)) });
    }
    return found.sort((one, other) => compareText(one.decision.body.at, other.decision.body.at));
  }

  // --- opening -------------------------------------------------------------------------------------------------------

  /**
   * Each part of a referral, in the order of the vocabulary; one that is bad never hides the others. A section is read;
   * a file is its bytes.
   */
  async parts(
    of: VerifiedReferral,
    sealed: AnsweredBlobs | null,
    now: Instant,
  ): Promise<readonly Part<Section | Bytes>[]> {
    const isHanded = of.steps.some((one) => one.agency === this.#agency && one.type === "opened");
    // Where nothing was asked for, what was opened before is to be had by opening again.
    const missing = events.READABLE.has(of.state) && (!isHanded || sealed === null) ? "not_yet" : "gone";
    const opened = await this.#open(of.document, sealed, missing);
    return partNamesOf(of).map((name): Part<Section | Bytes> => {
      if (!this.#mayStillRead(of, name, now)) return { name, status: "gone" };
      const part = opened.get(name)!;
      if (!name.includes("/")) return readable(part, (raw) => referral.readSection(name, raw));
      // A file's bytes are fetched by themselves: it is there for whoever can read the section that describes it.
      const isThere = part.status === missing && opened.get(base(name))?.status === "readable";
      return isThere ? { name, status: "readable", holds: new Uint8Array() } : part;
    });
  }

  /**
   * What opens a file that a section, or a step's note, describes. sealed: what was handed out with the document.
   * Refused, by the rule of §7 too.
   */
  async fileKey(
    of: VerifiedReferral,
    document: Sealing,
    sealed: AnsweredBlobs,
    said: File,
    now: Instant,
  ): Promise<FileKey> {
    if (!this.#mayStillRead(of, said.part, now)) throw new Refused("grant_missing", { part: said.part });
    return this.evidenceKey(document, sealed, said);
  }

  /** What opens a file of which the document itself says that it is the own agency's. */
  async evidenceKey(document: Sealing, sealed: AnsweredBlobs, said: File): Promise<FileKey> {
    const set = document.body.sealed;
    const part = set?.parts.find((one) => one.name === said.part);
    const key = set?.keys.find((one) => one.part === said.part && one.agency === this.#agency);
    // The document does not name this file, or not for us.
    if (!set || part === undefined || key === undefined) throw new Refused("cannot_open", { part: said.part });
    const { binding, epochKey } = this.#bindingAndKey(document, set);
    const opened = await openPartKey(binding, set, decoded({ ...sealed, parts: [] }), key, epochKey);
    return { key: opened, context: partContext(binding, said.part), part };
  }

  /** The own epochs to which anything of it is sealed that may still be read, by what was signed alone. */
  epochsNeeded(of: VerifiedReferral, now: Instant): ReadonlySet<number> {
    if (of.as === "recipient" && of.steps.some((step) => events.ENDED_ACCESS.has(step.type))) return new Set();
    const notes = of.steps.map((step) => step.document.body.sealed).filter((sealed) => sealed !== null);
    const needed = [of.document.body.sealed, ...notes].flatMap((sealed) => {
      const parts = sealed.keys.filter((key) => key.agency === this.#agency).map((key) => key.part);
      if (!parts.some((part) => this.#ruleAllows(of, part, now))) return [];
      return sealed.readers.filter((reader) => reader.agency === this.#agency).map((reader) => reader.epoch);
    });
    return new Set(needed);
  }

  /** A recipient applies the rule to itself, whatever the hub hands out. */
  #mayStillRead(of: VerifiedReferral, part: string, now: Instant): boolean {
    return of.as !== "recipient" || this.#ruleAllows(of, part, now);
  }

  #ruleAllows(of: VerifiedReferral, part: string, now: Instant): boolean {
    const kind = this.#directory.now().agency(this.#agency)?.kind ?? "";
    const decisions = consent.decisionsOf([of.decision]);
    const asked = { agency: this.#agency, kind, part, at: now };
    return consent.refusalOf(() => consent.mayRead(decisions, asked)) === null;
  }

  async #step(answer: AnsweredEvent, event: Document<Event>, body: Referral, at: Instant): Promise<Step> {
    let note: Part<Note> | null = null;
    if (event.body.sealed !== null) {
      const opened = await this.#open(event, answer.sealed, "gone");
      note = readable(opened.get("note")!, events.readNote);
    }
    const { id, author, type, reason } = event.body;
    const as = events.partOf(author.agency, body);
    return { id, agency: author.agency, member: author.member, as, type, reason, at, note, document: event };
  }

  /** Each part of a verified document by name: its bytes, or what became of it. */
  async #open(
    document: Sealing,
    answer: AnsweredBlobs | null,
    missing: "not_yet" | "gone",
  ): Promise<ReadonlyMap<string, Part<Bytes>>> {
    const sealed = document.body.sealed ?? { parts: [], readers: [], keys: [] };
    const granted = new Set(sealed.keys.filter((key) => key.agency === this.#agency).map((key) => key.part));
    let opened: ReadonlyMap<string, Bytes | Refused>;
    try {
      const blobs = answer === null ? events.NO_BLOBS : decoded(answer);
      opened = blobs.wraps.has(this.#agency) ? await this.#unseal(document, sealed, blobs) : new Map();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      opened = new Map(Array.from(granted, (part) => [part, error]));
    }
    return new Map(
      sealed.parts.map(({ name }): [string, Part<Bytes>] => {
        if (!granted.has(name)) return [name, { name, status: "not_granted" }];
        const found = opened.get(name);
        if (found === undefined || (found instanceof Refused && found.code === "blob_missing")) {
          return [name, { name, status: missing }];
        }
        if (found instanceof Refused) return [name, { name, status: "damaged", problem: found }];
        return [name, { name, status: "readable", holds: found }];
      }),
    );
  }

  #unseal(document: Sealing, sealed: Sealed, blobs: Blobs): Promise<ReadonlyMap<string, Bytes | Refused>> {
    const { binding, epochKey } = this.#bindingAndKey(document, sealed);
    return openSet(binding, sealed, blobs, this.#agency, epochKey);
  }

  #bindingAndKey(document: Sealing, sealed: Sealed) {
    const epoch = sealed.readers.find((one) => one.agency === this.#agency)?.epoch;
    if (epoch === undefined) throw new Refused("cannot_open", { reader: this.#agency });
    const key = this.#epochs.get(epoch);
    if (key === undefined) throw new Refused("cannot_open", { epoch }); // it was not handed over to this member
    const view = this.#directory.at(document.body.directory.size);
    return { binding: referral.bindingOf(document, view), epochKey: key };
  }
}

/** What the hub says beside the document agrees with it. */
function checkAnswer(answer: AnsweredReferral, body: Referral): void {
  const { routing } = body;
  const listed = (codes: readonly string[]) => [...codes].sort().join(" ");
  for (const [field, said, signed] of [
    ["id", answer.id, body.id],
    ["sender", answer.sender, body.author.agency],
    ["recipient", answer.recipient, body.to],
    ["urgency", answer.urgency, routing.urgency],
    ["services", listed(answer.services), listed(routing.services)],
    ["place", answer.place, routing.place],
    ["language", answer.language, routing.language],
    ["minor", answer.minor, routing.minor],
  ] as const) {
    if (said !== signed) throw new Refused("malformed", { field });
  }
}

function checkAuthority({ authority }: Event, body: Referral, decision: Document<Consent>): void {
  if (authority === null) return;
  if (authority.consent !== body.authority.consent || authority.to !== body.to) {
    throw new Refused("authority_mismatch", { field: "authority" });
  }
  if (authority.version === decision.body.version && authority.sha256 !== decision.sha256) {
    throw new Refused("authority_mismatch", { field: "authority" });
  }
}

/** The hub says another state than the signed steps only where the person, or time, ended it. */
function checkState(said: string, state: string, decision: Document<Consent>, isRenewed: boolean, now: Instant): void {
  if (said === state) return;
  const { granted } = decision.body;
  const isOver = granted === null || isRenewed || now >= instant(granted.until);
  const isEnded = said === "withdrawn" || (said === "expired" && isOver);
  if (!isEnded || !events.nextOf(state).includes(said)) throw new Refused("chain_broken", { field: "state" });
}

/**
 * What is owed is what the signed steps say; after a withdrawal, also of a part, or an expiry, which no step of theirs
 * ended, it is the hub's word.
 */
function checkDeletion(state: string, said: Instant | null, steps: readonly Step[], isNarrowed: boolean): void {
  const isEnded = steps.some((one) => events.ENDED_ACCESS.has(one.type));
  const isOpen = events.READABLE.has(state) && state !== "closed";
  if (!isEnded && (isNarrowed || !isOpen)) return;
  if (said !== deletionOwedSince(steps)) throw new Refused("malformed", { field: "deletion_owed_since" });
}

/** Since the step that ended the recipient's access, if it had opened before and has not confirmed since. */
function deletionOwedSince(steps: readonly Step[]): Instant | null {
  const place = steps.findIndex((one) => events.ENDED_ACCESS.has(one.type));
  if (place < 0) return null;
  const isOpened = steps.slice(0, place).some((one) => one.type === "opened" && one.as === "recipient");
  const isConfirmed = steps.slice(place + 1).some((one) => one.type === "deleted");
  return isOpened && !isConfirmed ? steps[place]!.at : null;
}

function same<T extends Payload>(document: Document<T>, sha256: string): Document<T> {
  if (document.sha256 !== sha256) throw new Refused("hash_mismatch", { field: "sha256" });
  return document;
}

/** A time as GraphQL writes it. What is no time would compare with nothing, so that every check of it passed. */
function moment(text: string, field: string): Instant {
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw new Refused("malformed", { field });
  return at;
}

function decoded(answer: AnsweredBlobs): Blobs {
  return {
    parts: new Map(answer.parts.map((one) => [one.name, unb64(one.ciphertext)])),
    wraps: new Map(answer.wraps.map((one) => [one.agency, unb64(one.wrap)])),
    keys: new Map(answer.keys.map((one) => [pair(one.part, one.agency), unb64(one.key)])),
  };
}

/** What the bytes of a part are read as; damaged where they are something else. */
function readable<T>(part: Part<Bytes>, reads: (raw: Bytes) => T): Part<T> {
  if (part.status !== "readable") return part;
  try {
    return { name: part.name, status: "readable", holds: reads(part.holds) };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { name: part.name, status: "damaged", problem: error };
  }
}
