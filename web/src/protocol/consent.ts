/**
 * Consent (protocol §7): the rule, who may sign a decision, and what a decision must look like.
 *
 * The rule is a pure function over signed documents and a time, the same in hub and clients.
 */

import type { Document, Instant } from "./documents.ts";
import { canonical, checkSigningKey, compareBytes, instant, unb64 } from "./documents.ts";
import type { Code } from "./errors.ts";
import { Refused } from "./errors.ts";
import type { Authority, Consent, Granted, Receipt, Scope, Sealed } from "./schemas.ts";
import { base, checkForm } from "./sealing.ts";
import * as vocabulary from "./vocabulary.ts";

export const ALL = "*";
export const MAX_DECISIONS = 64; // of a consent id
export const FOR_A_CHILD = "guardian_and_assent"; // the basis on which a child is referred
const OWN_WORD: readonly (string | null)[] = ["person", "person_supported"]; // by whom a decision is given that is the child's own
export const MOST_DAYS = 30 * 86_400_000; // milliseconds of a grant under an exception
const WITHIN_ANY_GRANT = ["note", "justification"]; // parts that no section list names

/** Over all parts of a document the first of these is told. */
export const PRECEDENCE: readonly Code[] = ["consent_withdrawn", "grant_refused", "grant_missing", "grant_expired"];

export type Decided = "agreed" | "refused" | "not_asked";

export function isException(basis: string): boolean {
  return vocabulary.terms("consent_bases").get(basis)?.exception === true;
}

/** What was taken back under a consent id: by the person with her receipt, or by a reviewer's `overturned`. */
export interface Withdrawal {
  readonly scopes: readonly Scope[];
  /** `overturned` leaves recorder and reviewer their access. */
  readonly spared: ReadonlySet<string>;
  /** When she signed it; null of what a reviewer overturned, which the event's time says. */
  readonly at: string | null;
}

export function withdrawnByReceipt(receipt: Document<Receipt>): Withdrawal {
  return { scopes: receipt.body.scope ?? [], spared: new Set(), at: receipt.body.at };
}

export function overturned(consent: Consent): Withdrawal {
  const everything: Scope = { agencies: [ALL], sections: [ALL], purposes: [ALL] };
  const reviewer = consent.exception ? [consent.exception.reviewer] : [];
  return { scopes: [everything], spared: new Set([consent.recorder, ...reviewer]), at: null };
}

/** The purposes that it takes back from this agency for this section. */
function takenBack(withdrawal: Withdrawal, agency: string, section: string): readonly string[] {
  if (withdrawal.spared.has(agency)) return [];
  return withdrawal.scopes
    .filter((scope) => covers(scope.agencies, agency) && covers(scope.sections, section))
    .flatMap((scope) => scope.purposes);
}

/** All that was decided under one consent id: the newest version on each addressee, and what was withdrawn. */
export interface Decisions {
  readonly newest: ReadonlyMap<string, Document<Consent>>;
  readonly withdrawals: readonly Withdrawal[];
}

export function decisionsOf(
  documents: Iterable<Document<Consent>>,
  withdrawals: readonly Withdrawal[] = [],
): Decisions {
  const newest = new Map<string, Document<Consent>>();
  for (const document of documents) {
    const known = newest.get(document.body.to);
    if (known === undefined || known.body.version < document.body.version) newest.set(document.body.to, document);
  }
  return { newest, withdrawals };
}

/** The decisions that speak of an agency: by its name, by its kind, of everybody. */
export function decisionsOn(decisions: Decisions, agency: string, kind: string): readonly Consent[] {
  return [agency, `kind:${kind}`, ALL].flatMap((to) => decisions.newest.get(to)?.body ?? []);
}

/** When something was last decided about an agency, or taken back from it with her code. */
export function changedAt(decisions: Decisions, agency: string, kind: string): string {
  const takenBack = decisions.withdrawals
    .filter(({ scopes }) => scopes.some((scope) => covers(scope.agencies, agency)))
    .flatMap(({ at }) => at ?? []);
  return latest([...decisionsOn(decisions, agency, kind).map(({ at }) => at), ...takenBack]);
}

/** Of stamps, which sort as they follow one another. */
export function latest(stamps: readonly string[]): string {
  return [...stamps].sort().at(-1)!;
}

function firstOf(decisions: Decisions): Consent | null {
  for (const document of decisions.newest.values()) return document.body;
  return null;
}

/** An agency, its kind, and when. */
export interface Asked {
  readonly agency: string;
  readonly kind: string;
  readonly at: Instant;
}

/**
 * The rule of §7: the purposes for which `agency` (of `kind`) may read `part` at `at`; else Refused.
 *
 * In the order of the rule: consent_withdrawn, grant_refused, grant_missing, grant_expired. The recorder and a reviewer
 * may read for no purpose of the person's: they get an empty set.
 */
export function mayRead(
  decisions: Decisions,
  { agency, kind, at, part }: Asked & { readonly part: string },
): ReadonlySet<string> {
  const section = base(part);
  const onAgency = decisionsOn(decisions, agency, kind);
  const granted = decisions.newest.get(agency)?.body.granted ?? null;
  const withdrawn = new Set(decisions.withdrawals.flatMap((one) => takenBack(one, agency, section)));
  const fault = { part, reader: agency };

  if (section === "justification" && [...decisions.newest.values()].some((one) => reviews(one.body, agency))) {
    return new Set();
  }
  if (withdrawn.has(ALL) || granted?.purposes.every((purpose) => withdrawn.has(purpose))) {
    throw new Refused("consent_withdrawn", fault);
  }
  if (firstOf(decisions)?.recorder === agency) return new Set();
  if (section === "evidence") throw new Refused("grant_missing", fault);
  if (onAgency.some((decision) => refuses(decision, section))) throw new Refused("grant_refused", fault);
  if (granted === null || !grants(granted, section)) throw new Refused("grant_missing", fault);
  if (!(at < instant(granted.until))) throw new Refused("grant_expired", fault);
  return new Set(granted.purposes.filter((purpose) => !withdrawn.has(purpose)));
}

/** The refusal that is met inside, if any; all other errors go on their way. */
export function refusalOf(inside: () => void): Refused | null {
  try {
    inside();
  } catch (error) {
    if (error instanceof Refused) return error;
    throw error;
  }
  return null;
}

/** Of several refusals the one to be told. */
export function firstToldOf(faults: readonly Refused[]): Refused | null {
  return faults.toSorted((one, other) => PRECEDENCE.indexOf(one.code) - PRECEDENCE.indexOf(other.code))[0] ?? null;
}

type Parts = { readonly parts: Iterable<string> };

/**
 * What she has decided on an agency (of `kind`) as to these parts: `agreed` where it may read any of them at `at`.
 *
 * `refused` where all of them were refused or taken back, by name, kind or `*`; else `not_asked`, or not any more.
 */
export function decided(decisions: Decisions, { parts, ...asked }: Asked & Parts): Decided {
  const faults = Array.from(parts, (part) => refusalOf(() => mayRead(decisions, { ...asked, part })));
  if (faults.some((fault) => fault === null)) return "agreed";
  const isNo = (fault: Refused | null) => fault?.code === "consent_withdrawn" || fault?.code === "grant_refused";
  return faults.length > 0 && faults.every(isNo) ? "refused" : "not_asked";
}

/** Whether everything was taken back, by the newest decision on everybody or by herself. */
export function isTakenBack({ newest, withdrawals }: Decisions): boolean {
  const isWhole = ({ scopes, spared }: Withdrawal) =>
    spared.size === 0 &&
    scopes.some((one) => [one.agencies, one.sections, one.purposes].every((named) => named.includes(ALL)));
  return (newest.get(ALL)?.body.refused.includes(ALL) ?? false) || withdrawals.some(isWhole);
}

/** Every part may be read, or the first fault by PRECEDENCE is thrown, naming part and reader. */
export function checkParts(decisions: Decisions, { parts, ...asked }: Asked & Parts): void {
  const faults = Array.from(parts, (part) => refusalOf(() => mayRead(decisions, { ...asked, part })));
  const told = firstToldOf(faults.filter((fault) => fault !== null));
  if (told !== null) throw told;
}

/** A listed reader to whom nothing goes: the rule's answer for a note, else `grant_missing`. */
export function checkReaderWithoutKey(decisions: Decisions, asked: Asked): void {
  const fault = refusalOf(() => mayRead(decisions, { ...asked, part: "note" }));
  throw new Refused(fault?.code ?? "grant_missing", { reader: asked.agency });
}

/**
 * The decision that a document passes under: on the addressee, known by its H, and the newest version.
 *
 * `authority_mismatch`, `consent_superseded`.
 */
export function checkAuthority(decisions: Decisions, authority: Authority, addressee: string): Document<Consent> {
  const decision = decisions.newest.get(authority.to);
  const fault = { field: "authority", reader: addressee };
  if (authority.to !== addressee || decision === undefined || decision.body.consent !== authority.consent) {
    throw new Refused("authority_mismatch", fault);
  }
  if (authority.version < decision.body.version) throw new Refused("consent_superseded", fault);
  if (authority.version !== decision.body.version || authority.sha256 !== decision.sha256) {
    throw new Refused("authority_mismatch", fault);
  }
  return decision;
}

export function authorityOf({ body, sha256 }: Document<Consent>): Authority {
  return { consent: body.consent, to: body.to, version: body.version, sha256 };
}

// --- recording -------------------------------------------------------------------------------------------------------

/** What a decision must look like by itself: `limit_exceeded`, `malformed`, `key_refused` or `basis_not_allowed`. */
export function checkDecision(consent: Consent, minor: boolean | null = null): void {
  if (consent.sealed !== null) checkEvidence(consent, consent.sealed);
  if (consent.granted !== null && !isByName(consent.to)) throw new Refused("malformed", { field: "granted" });
  checkCodes(consent);
  if (consent.receipt !== null) checkSigningKey(unb64(consent.receipt.key), "receipt.key");
  const term = vocabulary.terms("consent_bases").get(consent.basis);
  if (term === undefined) throw new Refused("basis_not_allowed", { field: "basis" });
  if ((consent.exception !== null) !== isException(consent.basis)) {
    throw new Refused("basis_not_allowed", { field: "exception" });
  }
  if (consent.exception !== null && [consent.recorder, consent.to].includes(consent.exception.reviewer)) {
    throw new Refused("basis_not_allowed", { field: "exception.reviewer" });
  }
  if (consent.version === 1) checkException(consent, instant(consent.at));
  if (consent.basis === FOR_A_CHILD && consent.granted !== null && consent.given.by !== "guardian") {
    throw new Refused("basis_not_allowed", { field: "given.by" });
  }
  if (minor !== null) checkMinor(consent, minor);
}

/** A section or purpose that nobody knows would be granted or refused to no effect, unseen. `malformed`. */
function checkCodes(consent: Consent): void {
  for (const [field, list, named] of [
    ["refused", "sections", consent.refused],
    ["granted.sections", "sections", consent.granted?.sections ?? []],
    ["granted.purposes", "purposes", consent.granted?.purposes ?? []],
  ] as const) {
    const known = nameable(list);
    if (!named.every((code) => code === ALL || known.has(code))) throw new Refused("malformed", { field });
  }
}

/** The codes that a decision may name: not the sections whose readers are fixed (evidence, justification). */
function nameable(list: "sections" | "purposes"): ReadonlySet<string> {
  if (list === "purposes") return vocabulary.codes(list);
  return new Set([...vocabulary.terms(list).values()].filter((term) => term.readers === null).map((term) => term.code));
}

function checkEvidence(consent: Consent, sealed: Sealed): void {
  checkForm(sealed);
  if (sealed.parts.length === 0 || sealed.parts.some((part) => base(part.name) !== "evidence")) {
    throw new Refused("malformed", { field: "sealed.parts" });
  }
  const [reader, ...others] = sealed.readers;
  if (reader?.agency !== consent.recorder || reader.as !== "sender" || others.length > 0) {
    throw new Refused("malformed", { field: "sealed.readers" });
  }
  if (sealed.keys.length !== sealed.parts.length) throw new Refused("malformed", { field: "sealed.keys" });
}

/**
 * A child's referral stands on guardian and assent or on an exception, and each part that goes was chosen;
 * `child_at_risk` is for children only.
 */
export function checkMinor({ basis, granted }: Consent, minor: boolean): void {
  const forChild = basis === FOR_A_CHILD || isException(basis);
  if ((minor && !forChild) || (!minor && basis === "child_at_risk")) {
    throw new Refused("basis_not_allowed", { field: "basis" });
  }
  if (minor && granted?.sections.includes(ALL)) throw new Refused("basis_not_allowed", { field: "granted.sections" });
}

/**
 * Who may sign this version, and whether it continues the chain of its addressee (§7, Who signs).
 *
 * authorKind: the kind of the author's agency; needed where that is not the recorder.
 * Refused: consent_author, limit_exceeded, basis_not_allowed, head_moved.
 */
export function checkVersion(
  next: Consent,
  decisions: Decisions,
  { at, authorKind = "" }: { readonly at: Instant; readonly authorKind?: string },
): void {
  const before = decisions.newest.get(next.to);
  const first = firstOf(decisions);
  // First: who may not coordinate learns nothing of what was decided.
  if (next.author.agency !== next.recorder) checkCoordinatingAuthor(next, decisions, authorKind, at);
  if (before === undefined && decisions.newest.size >= MAX_DECISIONS) {
    throw new Refused("limit_exceeded", { field: "consent", most: MAX_DECISIONS });
  }
  if (first !== null && next.recorder !== first.recorder) throw new Refused("consent_author", { field: "recorder" });
  if (first !== null && next.basis !== first.basis) {
    throw new Refused("basis_not_allowed", { field: "basis" });
  }
  const [head, version] = before ? [before.sha256, before.body.version] : [null, 0];
  if (next.prev !== head || next.version !== version + 1) {
    throw new Refused("head_moved", { field: "prev", head: head ?? "" });
  }
  if (before !== undefined && next.basis === FOR_A_CHILD && !OWN_WORD.includes(next.given.by)) {
    checkOwnNo(before.body.refused, next.refused);
  }
}

/** What was refused for a child stands, whoever speaks for it: it ends by the child's own word alone. */
function checkOwnNo(before: readonly string[], now: readonly string[]): void {
  if (now.includes(ALL) || before.every((one) => now.includes(one))) return;
  throw new Refused("basis_not_allowed", { field: "refused" });
}

/**
 * What a reader can say of who signed a decision, without the others under the consent (§7): the recorder; or, for a
 * first version on a third agency by name, one that may coordinate. Whether it may, hub and recorder know.
 */
export function checkSigner(decision: Consent): void {
  const author = decision.author.agency;
  if (author === decision.recorder) return;
  if (decision.version > 1 || !isByName(decision.to) || [author, decision.recorder].includes(decision.to)) {
    throw new Refused("consent_author", { field: "author" });
  }
}

/** Another agency may add a first decision on a third one, within what it holds, while it may coordinate. */
function checkCoordinatingAuthor(next: Consent, decisions: Decisions, kind: string, at: Instant): void {
  const author = next.author.agency;
  const wanted = next.granted;
  const own = decisions.newest.get(author)?.body;
  const held = own?.granted ?? null;
  const isThird = isByName(next.to) && next.to !== author && next.to !== next.recorder;
  if (own === undefined || held === null || wanted === null || !isThird) {
    throw new Refused("consent_author", { field: "author" });
  }
  const beyond = new Refused("consent_author", { field: "granted" });
  const wantsAll = isAll(wanted.sections);
  if (wantsAll && !isAll(held.sections)) throw beyond;
  for (const part of wantsAll ? nameable("sections") : wanted.sections) {
    let live: ReadonlySet<string> = new Set();
    if (refusalOf(() => (live = mayRead(decisions, { agency: author, kind, part, at }))) !== null) throw beyond;
    if (!live.has("coordinate")) throw new Refused("consent_author", { field: "author" });
    if (!wanted.purposes.every((purpose) => purpose !== "coordinate" && live.has(purpose))) throw beyond;
  }
  if (instant(wanted.until) > instant(held.until) || compareBytes(circumstances(next), circumstances(own)) !== 0) {
    throw beyond;
  }
  // Last: only who may coordinate learns that this was decided.
  if (decisions.newest.has(next.to)) throw new Refused("consent_author", { field: "author" });
}

function circumstances({ basis, exception, receipt, retain_days }: Consent): Uint8Array {
  return canonical([basis, exception, receipt, retain_days]);
}

/** Under an exception a grant ends at most 30 days after version 1 (§7). */
export function checkException(consent: Consent, firstAt: Instant): void {
  if (consent.exception === null || consent.granted === null) return;
  if (instant(consent.granted.until) - firstAt > MOST_DAYS) {
    throw new Refused("basis_not_allowed", { field: "granted.until" });
  }
}

// --- small words of the rule -----------------------------------------------------------------------------------------

function covers(names: readonly string[], name: string): boolean {
  return names.includes(name) || names.includes(ALL);
}

function isAll(names: readonly string[]): boolean {
  return names.length === 1 && names[0] === ALL;
}

function isByName(addressee: string): boolean {
  return addressee !== ALL && !addressee.startsWith("kind:");
}

function refuses(decision: Consent, section: string): boolean {
  return WITHIN_ANY_GRANT.includes(section) ? decision.refused.includes(ALL) : covers(decision.refused, section);
}

function grants(granted: Granted, section: string): boolean {
  return WITHIN_ANY_GRANT.includes(section) || covers(granted.sections, section);
}

function reviews(consent: Consent, agency: string): boolean {
  return consent.exception?.reviewer === agency;
}
