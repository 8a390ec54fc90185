/**
 * What the hub answers, verified (protocol §5, §7, §9): the referral, its decision, each step, and what an agency may read
 * of it. What is not here is the hub's word. The counterpart of ortoo/reading.py.
 */

import * as consent from "../protocol/consent.ts";
import { decisionsOf } from "../protocol/consent.ts";
import type { Directory } from "../protocol/directory.ts";
import { checkClock, type Document, type Instant, instant, read, unb64, utf8 } from "../protocol/documents.ts";
import { Refused } from "../protocol/errors.ts";
import * as events from "../protocol/events.ts";
import type { KemKey } from "../protocol/hpke.ts";
import * as referral from "../protocol/referral.ts";
import type * as schemas from "../protocol/schemas.ts";
import { type Blobs, openSet, pair } from "../protocol/sealing.ts";
import { terms } from "../protocol/vocabulary.ts";
import type { Owed, PartStatus } from "./api.ts";

// --- the hub's answers, as graphql/operations ask for them --------------------------------------------------------------

export interface SealedAnswer {
  readonly parts: readonly { readonly name: string; readonly ciphertext: string }[];
  readonly wraps: readonly { readonly agency: string; readonly wrap: string }[];
  readonly keys: readonly { readonly part: string; readonly agency: string; readonly key: string }[];
}

export interface DecisionAnswer {
  readonly consent: string;
  readonly to: string;
  readonly version: number;
  readonly envelope: string;
  readonly sha256: string;
}

export interface EventAnswer {
  readonly id: string;
  readonly agency: string;
  readonly type: string;
  readonly reason: string | null;
  readonly acceptedAt: string;
  readonly envelope: string;
  readonly sha256: string;
  readonly sealed?: SealedAnswer | null;
}

export interface ReferralAnswer {
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
  readonly envelope: string;
  readonly sha256: string;
  readonly decision: DecisionAnswer;
  readonly owed: readonly Owed[];
  readonly head: string;
  readonly sealed?: SealedAnswer | null;
  readonly events: readonly EventAnswer[];
}

// --- what holds ---------------------------------------------------------------------------------------------------------

/** One part of a referral, or a note: its text if it is readable, else what became of it. */
export interface Part {
  readonly name: string;
  readonly status: PartStatus;
  readonly section: schemas.Section | null;
  readonly text: string | null;
  readonly problem: Refused | null;
}

/** A verified event. at: when the hub accepted it. note: null where there is none. */
export interface Step {
  readonly id: string;
  readonly agency: string;
  readonly member: string;
  readonly as: schemas.As;
  readonly type: string;
  readonly reason: string | null;
  readonly at: Instant;
  readonly note: Part | null;
  readonly document: Document<schemas.Event>;
}

/** A verified referral with its steps. head: H that the own agency's next event names as `prev`. owed: the hub's word. */
export interface Referral {
  readonly id: string;
  readonly sender: string;
  readonly recipient: string;
  readonly as: schemas.As;
  readonly state: string;
  readonly sentAt: Instant;
  readonly changedAt: Instant;
  readonly routing: schemas.Routing;
  readonly document: Document<schemas.Referral>;
  readonly decision: Document<schemas.Consent>;
  readonly head: string;
  readonly steps: readonly Step[];
  readonly deletionOwedSince: Instant | null;
  readonly owed: readonly Owed[];
}

/** One agency's eyes: its directory, its epoch keys by number, and H by id of what it has opened before. */
export class Reader {
  private readonly agency: string;
  private readonly directory: Directory;
  private readonly epochs: ReadonlyMap<number, KemKey>;
  private readonly opened: ReadonlyMap<string, string>;

  constructor(
    agency: string,
    directory: Directory,
    epochs: ReadonlyMap<number, KemKey>,
    opened: ReadonlyMap<string, string>,
  ) {
    this.agency = agency;
    this.directory = directory;
    this.epochs = epochs;
    this.opened = opened;
  }

  // --- verifying --------------------------------------------------------------------------------------------------------

  /** The referral, if all of it holds; else Refused. */
  async verify(answer: ReferralAnswer, now: Instant): Promise<Referral> {
    const document = same(await read(answer.envelope, "referral"), answer.sha256);
    const body = document.body;
    checkAnswer(answer, body);
    if ((this.opened.get(body.id) ?? document.sha256) !== document.sha256) {
      throw new Refused("id_reused", { field: "id" });
    }
    const as = events.partOf(this.agency, body);
    await this.checkReferral(document, answer);
    const decision = await this.checkDecision(answer.decision, body);
    this.checkRule(document, decision);
    const { steps, state, head } = await this.checkSteps(answer, document, decision);
    checkState(answer, state, decision, now);
    if (answer.head !== head) throw new Refused("chain_broken", { field: "head" });
    checkDeletion(answer, steps);
    return {
      id: body.id,
      sender: body.author.agency,
      recipient: body.to,
      as,
      state: answer.state,
      sentAt: Date.parse(answer.sentAt),
      changedAt: Date.parse(answer.changedAt),
      routing: body.routing,
      document,
      decision,
      head,
      steps,
      deletionOwedSince: answer.deletionOwedSince === null ? null : Date.parse(answer.deletionOwedSince),
      owed: answer.owed,
    };
  }

  private async checkReferral(document: Document<schemas.Referral>, answer: ReferralAnswer): Promise<void> {
    referral.checkShape(document.body);
    const view = await this.directory.checkSigned(document, referral.WHO_SENDS);
    referral.checkSuspension(document.body, view);
    checkClock(document.body.at, Date.parse(answer.sentAt));
  }

  private async checkDecision(answer: DecisionAnswer, body: schemas.Referral): Promise<Document<schemas.Consent>> {
    const decision = same(await read(answer.envelope, "consent"), answer.sha256);
    await this.directory.checkSigned(decision, referral.WHO_SENDS);
    consent.checkDecision(decision.body, body.routing.minor);
    const { authority } = body;
    if (decision.body.consent !== authority.consent || decision.body.to !== body.to) {
      throw new Refused("authority_mismatch", { field: "authority", reader: body.to });
    }
    consent.checkSigner(decision.body);
    return decision;
  }

  /** The rule of §7 as it stood when the referral was made; under a newer version only that it grew from there. */
  private checkRule(document: Document<schemas.Referral>, decision: Document<schemas.Consent>): void {
    const body = document.body;
    if (decision.body.version < body.authority.version) {
      throw new Refused("authority_mismatch", { field: "authority", reader: body.to });
    }
    const view = this.directory.at(body.directory.size);
    const decisions = decisionsOf([decision]);
    if (decision.body.version > body.authority.version) {
      referral.checkKeys(body);
      return;
    }
    if (decision.body.recorder === body.author.agency) {
      referral.checkConsent(body, view, decisions, instant(body.at));
      return;
    }
    const parts = body.sealed.keys.filter((key) => key.agency === body.to).map((key) => key.part);
    const kind = view.agency(body.to)?.kind ?? "";
    consent.checkParts(decisions, { agency: body.to, kind, parts, at: instant(body.at) });
    consent.checkAuthority(decisions, body.authority, body.to);
    referral.checkKeys(body);
  }

  /** The steps, each signed, legal and the next in its agency's chain; the state after them; the own head. */
  private async checkSteps(
    answer: ReferralAnswer,
    document: Document<schemas.Referral>,
    decision: Document<schemas.Consent>,
  ): Promise<{ steps: readonly Step[]; state: string; head: string }> {
    const heads = new Map<string, string>();
    const steps: Step[] = [];
    let state = decision.body.exception ? "waiting" : "sent";
    for (const one of answer.events) {
      const event = same(await read(one.envelope, "event"), one.sha256);
      const { id, author, type, reason, prev } = event.body;
      if (one.id !== id || one.agency !== author.agency || one.type !== type || one.reason !== reason) {
        throw new Refused("malformed", { field: "event" });
      }
      if (prev !== (heads.get(author.agency) ?? document.sha256)) throw new Refused("chain_broken", { field: "prev" });
      state = await this.checkStep(event, document, decision, state, Date.parse(one.acceptedAt));
      heads.set(author.agency, event.sha256);
      steps.push(await this.step(one, event, document.body));
    }
    return { steps, state, head: heads.get(this.agency) ?? document.sha256 };
  }

  private async checkStep(
    event: Document<schemas.Event>,
    document: Document<schemas.Referral>,
    decision: Document<schemas.Consent>,
    before: string,
    acceptedAt: Instant,
  ): Promise<string> {
    const body = event.body;
    const as = events.partOf(body.author.agency, document.body);
    if (body.on.id !== document.body.id || body.on.sha256 !== document.sha256) {
      throw new Refused("malformed", { field: "on" });
    }
    await this.directory.checkSigned(event, events.WHO_ACTS);
    checkClock(body.at, acceptedAt);
    const { state, after } = stateAfter(before, body.type, as);
    events.checkShape(body, state);
    checkEventAuthority(body, document.body, decision);
    return after;
  }

  // --- opening ----------------------------------------------------------------------------------------------------------

  /** Each part of a referral, in the order of the vocabulary; one that is bad never hides the others. */
  async parts(of: Referral, sealed: SealedAnswer | null, now: Instant): Promise<readonly Part[]> {
    const handed = of.steps.some((one) => one.agency === this.agency && one.type === "opened");
    const missing: PartStatus = events.READABLE.has(of.state) && !handed ? "not_yet" : "gone";
    const parts = await this.openParts(of.document, sealed, missing);
    return inOrder(of.document.body.sealed.parts.map((one) => one.name)).map((name) =>
      this.mayStillRead(of, name, now) ? sectionOf(parts.get(name)!) : plain(name, "gone"),
    );
  }

  /** A recipient applies the rule to itself, whatever the hub hands out. */
  private mayStillRead(of: Referral, part: string, now: Instant): boolean {
    if (of.as !== "recipient") return true;
    const kind = this.directory.now().agency(this.agency)?.kind ?? "";
    try {
      consent.mayRead(decisionsOf([of.decision]), { agency: this.agency, kind, part, at: now });
      return true;
    } catch (error) {
      if (error instanceof Refused) return false;
      throw error;
    }
  }

  private async step(answer: EventAnswer, event: Document<schemas.Event>, body: schemas.Referral): Promise<Step> {
    const { id, author, type, reason, sealed } = event.body;
    const note =
      sealed === null ? null : noteOf((await this.openParts(event, answer.sealed ?? null, "gone")).get("note")!);
    const as = events.partOf(author.agency, body);
    const at = Date.parse(answer.acceptedAt);
    return { id, agency: author.agency, member: author.member, as, type, reason, at, note, document: event };
  }

  /** Each part of a verified document by name: its text, or what became of it. */
  private async openParts(
    document: Document<schemas.Referral> | Document<schemas.Event>,
    answer: SealedAnswer | null,
    missing: PartStatus,
  ): Promise<ReadonlyMap<string, Part>> {
    const sealed = document.body.sealed!;
    const granted = new Set(sealed.keys.filter((key) => key.agency === this.agency).map((key) => key.part));
    const opened = await this.unseal(document, sealed, answer, granted);
    return new Map(
      sealed.parts.map(({ name }) => {
        if (!granted.has(name)) return [name, plain(name, "not_granted")];
        const found = opened.get(name);
        if (found === undefined || (found instanceof Refused && found.code === "blob_missing")) {
          return [name, plain(name, missing)];
        }
        if (found instanceof Refused) return [name, damaged(name, found)];
        return [name, { ...plain(name, "readable"), text: new TextDecoder().decode(found) }];
      }),
    );
  }

  private async unseal(
    document: Document<schemas.Referral> | Document<schemas.Event>,
    sealed: schemas.Sealed,
    answer: SealedAnswer | null,
    granted: ReadonlySet<string>,
  ): Promise<ReadonlyMap<string, Uint8Array | Refused>> {
    try {
      const blobs = decoded(answer ?? { parts: [], wraps: [], keys: [] });
      if (!blobs.wraps.has(this.agency)) return new Map();
      const epoch = sealed.readers.find((one) => one.agency === this.agency)!.epoch;
      const key = this.epochs.get(epoch);
      if (key === undefined) throw new Refused("cannot_open", { epoch });
      const binding = referral.bindingOf(document, this.directory.at(document.body.directory.size));
      return await openSet(binding, sealed, blobs, this.agency, key);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return new Map([...granted].map((name) => [name, error]));
    }
  }
}

// --- the checks that need no directory ------------------------------------------------------------------------------------

/** What the hub says beside the document agrees with it. */
function checkAnswer(answer: ReferralAnswer, body: schemas.Referral): void {
  const { routing } = body;
  const said: readonly (readonly [field: string, said: unknown, signed: unknown])[] = [
    ["id", answer.id, body.id],
    ["sender", answer.sender, body.author.agency],
    ["recipient", answer.recipient, body.to],
    ["urgency", answer.urgency, routing.urgency],
    ["services", [...answer.services].sort().join(), [...routing.services].sort().join()],
    ["place", answer.place, routing.place],
    ["language", answer.language, routing.language],
    ["minor", answer.minor, routing.minor],
  ];
  for (const [field, ours, signed] of said) {
    if (ours !== signed) throw new Refused("malformed", { field });
  }
}

/** What the person took back, or what ran out, has no signed step of an agency: closing may follow it. */
function stateAfter(before: string, type: string, as: schemas.As): { state: string; after: string } {
  try {
    return { state: before, after: events.after(before, type, as) };
  } catch (error) {
    const ended = terms("states").get(before)?.next.includes("withdrawn");
    if (!(error instanceof Refused) || type !== "closed" || !ended) throw error;
    return { state: "withdrawn", after: "closed" };
  }
}

function checkEventAuthority(event: schemas.Event, body: schemas.Referral, decision: Document<schemas.Consent>): void {
  const { authority } = event;
  if (authority === null) return;
  const other = authority.consent !== body.authority.consent || authority.to !== body.to;
  const forged = authority.version === decision.body.version && authority.sha256 !== decision.sha256;
  if (other || forged) throw new Refused("authority_mismatch", { field: "authority" });
}

function checkState(answer: ReferralAnswer, state: string, decision: Document<schemas.Consent>, now: Instant): void {
  if (answer.state === state) return;
  const { granted } = decision.body;
  const over = granted === null || now >= instant(granted.until);
  const ended = answer.state === "withdrawn" || (answer.state === "expired" && over);
  if (!ended || !terms("states").get(state)?.next.includes(answer.state)) {
    throw new Refused("chain_broken", { field: "state" });
  }
}

/** What is owed is what the signed steps say; after a withdrawal or an expiry, which no step ended, the hub's word. */
function checkDeletion(answer: ReferralAnswer, steps: readonly Step[]): void {
  const ended = steps.some((one) => events.ENDED_ACCESS.has(one.type));
  const readable = events.READABLE.has(answer.state) && answer.state !== "closed";
  if (!ended && !readable) return;
  const said = answer.deletionOwedSince === null ? null : Date.parse(answer.deletionOwedSince);
  if (said !== deletionOwedSince(steps)) {
    throw new Refused("malformed", { field: "deletion_owed_since" });
  }
}

/** Since the step that ended the recipient's access, if it had opened before and has not confirmed since. */
function deletionOwedSince(steps: readonly Step[]): Instant | null {
  const place = steps.findIndex((one) => events.ENDED_ACCESS.has(one.type));
  if (place < 0) return null;
  const opened = steps.slice(0, place).some((one) => one.type === "opened" && one.as === "recipient");
  const confirmed = steps.slice(place + 1).some((one) => one.type === "deleted");
  return opened && !confirmed ? steps[place]!.at : null;
}

// --- parts ------------------------------------------------------------------------------------------------------------

/** The bytes of sealed parts as the hub hands them out. `malformed` where one is not base64url. */
export function decoded(answer: SealedAnswer): Blobs {
  return {
    parts: new Map(answer.parts.map((one) => [one.name, unb64(one.ciphertext)])),
    wraps: new Map(answer.wraps.map((one) => [one.agency, unb64(one.wrap)])),
    keys: new Map(answer.keys.map((one) => [pair(one.part, one.agency), unb64(one.key)])),
  };
}

/** Part names in the order of the vocabulary's sections. */
export function inOrder(parts: Iterable<string>): readonly string[] {
  const order = [...terms("sections").keys()];
  const place = (part: string) => {
    const found = order.indexOf(part.split("/", 1)[0]!);
    return found < 0 ? order.length : found;
  };
  return [...parts].sort((one, other) => place(one) - place(other) || (one < other ? -1 : 1));
}

function sectionOf(part: Part): Part {
  if (part.text === null || part.name.includes("/")) return part;
  try {
    const section = referral.readSection(part.name, utf8(part.text));
    return { ...plain(part.name, "readable"), section };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return damaged(part.name, error);
  }
}

function noteOf(part: Part): Part {
  if (part.text === null) return part;
  try {
    return { ...plain(part.name, "readable"), text: events.readNote(utf8(part.text)).text };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return damaged(part.name, error);
  }
}

function plain(name: string, status: PartStatus): Part {
  return { name, status, section: null, text: null, problem: null };
}

function damaged(name: string, problem: Refused): Part {
  return { ...plain(name, "damaged"), problem };
}

function same<P extends schemas.Payload>(document: Document<P>, sha256: string): Document<P> {
  if (document.sha256 !== sha256) throw new Refused("hash_mismatch", { field: "sha256" });
  return document;
}
