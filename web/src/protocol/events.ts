/**
 * Events (protocol §9): signed steps of a referral, each agency's in a chain of its own; legal steps only.
 *
 * Types and states are the vocabulary's (`steps`, `states`).
 */

import type { SealedFile } from "./attachments.ts";
import type { Decisions } from "./consent.ts";
import * as consent from "./consent.ts";
import type { Directory, View } from "./directory.ts";
import { memberOf } from "./directory.ts";
import type { Bytes, Document, Instant } from "./documents.ts";
import { canonical, checkClock, instant, sign, stamp } from "./documents.ts";
import { Refused } from "./errors.ts";
import type { PublicKeys, Signer } from "./referral.ts";
import { authorOf, bindingBy, fitted, readerOf } from "./referral.ts";
import type { As, Authority, Consent, Event, File, Note, Referral, Role, Sealed } from "./schemas.ts";
import * as schemas from "./schemas.ts";
import type { Blobs } from "./sealing.ts";
import { base, checkBlobs, checkForm, checkNothingMore, sealSet } from "./sealing.ts";
import * as vocabulary from "./vocabulary.ts";

export const WHO_ACTS: readonly Role[] = ["focal_point", "api"];
export const READABLE: ReadonlySet<string> = new Set([
  "sent",
  "opened",
  "acknowledged",
  "more_asked",
  "accepted",
  "under_way",
  "closed",
]);
export const ENDED_ACCESS: ReadonlySet<string> = new Set([
  "declined",
  "handed_back",
  "recalled",
  "withdrawn",
  "expired",
]);
const DAY = 24 * 60 * 60 * 1000; // milliseconds
export const NOTED: ReadonlySet<string> = new Set([
  "message",
  "more_asked",
  "accepted",
  "declined",
  "under_way",
  "handed_back",
  "closed",
  "recalled",
]);
export const NO_BLOBS: Blobs = { parts: new Map(), wraps: new Map(), keys: new Map() };

/** From closing so many days, from another end not before the grant has run out. The counterpart of `kept_until`. */
export function keptUntil(state: string, decision: Consent, since: Instant): Instant | null {
  if (state !== "closed" && !ENDED_ACCESS.has(state)) return null;
  const until = since + decision.retain_days * DAY;
  return state === "closed" || decision.granted === null ? until : Math.max(until, instant(decision.granted.until));
}

/** The state after a legal step; `step_illegal` (with the present state) for any other. */
export function after(state: string, type: string, by: As): string {
  const step = vocabulary.terms("steps").get(type);
  if (step === undefined) throw new Refused("malformed", { field: "type" });
  if (!actors(type, step.by).includes(by)) throw new Refused("step_illegal", { state });
  const next = stateAfter(state, type, by, step.to);
  if (next === null) throw new Refused("step_illegal", { state });
  return next;
}

/** null: not legal. `to`: where the vocabulary says that the step leads. */
function stateAfter(state: string, type: string, by: As, to: string | null): string | null {
  switch (type) {
    case "opened":
    case "unreadable":
      if (by === "reviewer") return state; // its justification, whatever became of the referral; a seconder's while it waits
      if (!READABLE.has(state)) return null;
      return type === "opened" && state === "sent" ? "opened" : state;
    case "message":
      return READABLE.has(state) ? state : null;
    case "deleted":
    case "upheld":
      return state === "waiting" ? null : state;
    case "seconded":
      return state === "waiting" ? "sent" : state;
    case "overturned": // on the consent, so also where this referral has ended by itself
      if (state === "waiting") return null;
      return READABLE.has(state) && state !== "closed" ? "withdrawn" : state;
    default:
      return to !== null && nextOf(state).includes(to) ? to : null;
  }
}

/** The states that may follow this one. */
export function nextOf(state: string): readonly string[] {
  const term = vocabulary.terms("states").get(state);
  if (term === undefined) throw new RangeError("the vocabulary has no such state");
  return term.next;
}

/** The vocabulary names the agency whose step it mostly is; §7 and §9 say who else may take it. */
function actors(type: string, by: string): readonly string[] {
  if (by === "both") return ["sender", "recipient"];
  if (type === "opened" || type === "unreadable") return ["recipient", "reviewer"];
  if (type === "seconded") return ["sender", "reviewer"]; // `checkSecond` says which of the two
  return [by];
}

/** The reason that the step needs, from its list; a note where it may or must have one. `malformed`. */
export function checkShape(event: Event, state: string): void {
  const step = vocabulary.terms("steps").get(event.type);
  if (step === undefined) throw new Refused("malformed", { field: "type" });
  const reasons = step.code_from === null ? null : reasonsOf(step.code_from);
  if ((event.reason !== null) !== (reasons !== null)) throw new Refused("malformed", { field: "reason" });
  const reason = event.reason === null ? undefined : reasons?.get(event.reason);
  if (reasons !== null && reason === undefined) throw new Refused("malformed", { field: "reason" });
  if ((event.sealed === null) !== (event.authority === null)) throw new Refused("malformed", { field: "authority" });
  if (event.sealed !== null) checkNote(event, event.sealed, state);
  else if (event.type === "message" || reason?.note === "required") throw new Refused("malformed", { field: "sealed" });
}

function reasonsOf(list: string): ReadonlyMap<string, { readonly code: string; readonly note?: string | null }> {
  if (!vocabulary.isListName(list)) throw new RangeError("the vocabulary has no such list");
  return vocabulary.terms(list);
}

function checkNote(event: Event, sealed: Sealed, state: string): void {
  if (!NOTED.has(event.type) || (event.type === "closed" && ENDED_ACCESS.has(state))) {
    throw new Refused("malformed", { field: "sealed" });
  }
  checkForm(sealed);
  const names = sealed.parts.map((part) => part.name);
  if (!names.includes("note") || names.some((name) => base(name) !== "note")) {
    throw new Refused("malformed", { field: "sealed.parts" });
  }
  const sides = sealed.readers.map((one) => one.as).sort();
  const isRead = sealed.readers.some((one) => one.agency === event.author.agency);
  if (sides.join(" ") !== "recipient sender" || !isRead) throw new Refused("malformed", { field: "sealed.readers" });
  if (sealed.keys.length !== names.length * 2) throw new Refused("malformed", { field: "sealed.keys" });
}

/**
 * All that can be verified of an event without opening its note, in the order of §13, but for its chain.
 *
 * Gives the view at the size that it states. Whether the step is legal is `after`'s to say.
 */
export async function check(
  document: Document<Event>,
  blobs: Blobs,
  given: {
    readonly referral: Document<Referral>;
    readonly state: string;
    readonly directory: Directory;
    readonly decisions: Decisions;
    readonly now: Instant;
  },
): Promise<View> {
  const { body: event } = document;
  const { referral, directory, decisions, now } = given;
  checkShape(event, given.state);
  checkOn(event, referral);
  if (event.sealed !== null) {
    const sides = new Map(event.sealed.readers.map((one) => [one.as, one.agency]));
    if (sides.get("sender") !== referral.body.author.agency || sides.get("recipient") !== referral.body.to) {
      throw new Refused("malformed", { field: "sealed.readers" });
    }
  }
  const view = await directory.checkSigned(document, whoActs(event, referral.body));
  partOf(event.author.agency, referral.body);
  if (event.sealed !== null && event.authority !== null) {
    await checkBlobs(event.sealed, blobs);
    checkConsent(event.sealed, event.authority, referral.body, view, decisions, now);
  } else {
    checkNothingMore({ parts: [], readers: [], keys: [] }, blobs);
  }
  checkClock(event.at, now);
  return view;
}

/** The event is on this very referral, else `malformed`. */
export function checkOn({ on }: Event, referral: Document<Referral>): void {
  if (on.id !== referral.body.id || on.sha256 !== referral.sha256) throw new Refused("malformed", { field: "on" });
}

function checkConsent(
  sealed: Sealed,
  authority: Authority,
  referral: Referral,
  view: View,
  decisions: Decisions,
  now: Instant,
): void {
  const parts = sealed.parts.map((part) => part.name);
  for (const agency of [referral.to, referral.author.agency]) {
    const state = view.agency(agency);
    if (state === null) throw new Refused("epoch_stale", { reader: agency });
    consent.checkParts(decisions, { agency, kind: state.kind, parts, at: now });
  }
  if (authority.consent !== referral.authority.consent) throw new Refused("authority_mismatch", { field: "authority" });
  consent.checkAuthority(decisions, authority, referral.to);
}

/** The roles that may sign it: focal points and partner systems; for the reviewer its coordinators (§3). */
export function whoActs(event: Event, referral: Referral): readonly Role[] {
  const isReviewer = referral.sealed.readers.some((one) => one.agency === event.author.agency && one.as === "reviewer");
  return isReviewer ? ["coordinator"] : WHO_ACTS;
}

/** What an agency is in a referral; `not_found` for one that is nothing in it. */
export function partOf(agency: string, referral: Referral): As {
  const found = referral.sealed.readers.find((one) => one.agency === agency);
  if (found === undefined) throw new Refused("not_found");
  return found.as;
}

/**
 * The second signature on an exception is another member's (§7).
 *
 * Of the sending agency; of the reviewer's only where the sending agency has nobody else who could sign.
 */
export function checkSecond(event: Document<Event>, referral: Document<Referral>, view: View): void {
  const { author } = event.body;
  const { author: sender } = referral.body;
  const missing = new Refused("second_signature_missing", { field: "author" });
  if (author.agency === sender.agency) {
    if (author.member === sender.member) throw missing;
    return;
  }
  const state = view.agency(sender.agency);
  const others = state?.members.filter((one) => one !== memberOf(state, sender.member)) ?? [];
  if (others.some((one) => one.roles.some((role) => WHO_ACTS.includes(role)))) throw missing;
}

/** The state in which a referral under this decision begins: an exception waits, but for danger to life (§7). */
export const begins = (decision: Consent): string =>
  decision.exception !== null && decision.basis !== "danger_to_life" ? "waiting" : "sent";

/** What is said with a step: its text, and the newest decision on the recipient, under which it passes. */
export interface Noted {
  readonly text: string;
  readonly decision: Document<Consent>;
  readonly publicKeys: PublicKeys;
  /** Sealed before, for this very event. */
  readonly files?: readonly SealedFile[];
}

/** A signed event, its note (if any) sealed to both sides. */
export async function make(
  signer: Signer,
  given: {
    readonly id: string;
    readonly referral: Document<Referral>;
    readonly prev: string;
    readonly type: string;
    readonly at: Instant;
    readonly reason?: string | null;
    readonly note?: Noted | null;
  },
): Promise<{ readonly document: Document<Event>; readonly blobs: Blobs }> {
  const { id, referral, note = null } = given;
  const { directory } = signer;
  const [view, head] = [directory.now(), directory.head]; // the same, whatever is appended meanwhile
  const network = view.network.body.network;
  let sealed: Sealed | null = null;
  let blobs = NO_BLOBS;
  if (note !== null) {
    const { publicKeys, files = [] } = note;
    const said = files.map((one) => one.said);
    const parts = ["note", ...said.map((one) => one.part)];
    const readers = [
      readerOf(view, referral.body.author.agency, "sender", publicKeys, parts),
      readerOf(view, referral.body.to, "recipient", publicKeys, parts),
    ];
    const texts = new Map([["note", noteText(note.text, said)]]);
    const keyed = new Map(files.map((one) => [one.said.part, one]));
    ({ sealed, blobs } = await sealSet(bindingBy(signer, network, id, note.decision), texts, readers, keyed));
  }
  const body: Event = {
    network,
    at: stamp(given.at),
    directory: head,
    author: authorOf(signer),
    id,
    on: { id: referral.body.id, sha256: referral.sha256 },
    prev: given.prev,
    type: given.type,
    reason: given.reason ?? null,
    authority: note ? consent.authorityOf(note.decision) : null,
    sealed,
  };
  return { document: await sign("event", body, signer.key), blobs };
}

export function noteText(text: string, files: readonly File[] = []): Bytes {
  return canonical({ text, files } satisfies Note);
}

/** `cannot_open` where the author sealed something that is no note. */
export function readNote(text: Uint8Array): Note {
  return fitted("note", text, schemas.note);
}
