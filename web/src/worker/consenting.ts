/**
 * What a person decides later: wider, narrower, for longer, or not any more (protocol §7); and another code for her (§8). As
 * ortoo/consenting.py and ortoo/receipts.py do it. Loaded when it is first needed.
 *
 * Items of the member's sealed store, by consent: `deed/…` what is signed and on its way, until the hub's acceptance is held;
 * `undone/…` what is filled in, or came back. Files that are evidence lie beside them as picked ones do.
 */

import type { Items } from "../device/store.ts";
import { Failed, type Problem } from "../failed.ts";
import * as operations from "../hub/operations.ts";
import { ask, badAnswer } from "../hub/query.ts";
import * as consent from "../protocol/consent.ts";
import { asSet, type Document, type Instant, instant, read, sign, stamp } from "../protocol/documents.ts";
import { CODES, Refused } from "../protocol/errors.ts";
import { NO_BLOBS } from "../protocol/events.ts";
import { authorOf, type Signer } from "../protocol/referral.ts";
import type { Consent, Scope } from "../protocol/schemas.ts";
import * as vocabulary from "../protocol/vocabulary.ts";
import type * as api from "./api.ts";
import type { Change, Consented, Deed, Holds, Said, Standing, TakenBack } from "./consent-api.ts";
import { DEEDS } from "./consenting-calls.ts";
import type { Progress, SentTo } from "./files.ts";
import type { Fields } from "./form.ts";
import type { SealedEvidence } from "./giving.ts";
import { handedIn } from "./handing-in.ts";
import { isLine } from "./seen.ts";
import { evidenceOf, sweepFiles } from "./sweeping.ts";
import { type Work, waitsOn } from "./work.ts";

const TRIES = 5;
/** Nothing was written: it is signed again, and that is handed in. */
const REMADE: readonly string[] = ["directory_stale", "epoch_stale", "clock_skew"];
const UNDONE = "undone/";

export interface At {
  readonly work: Work;
  readonly items: Items;
  readonly isLive: () => boolean;
}

type Newest = ReadonlyMap<string, Document<Consent>>;
type Shown = Readonly<Record<string, string>>;
type Tell = (happening: api.Happening) => void;

/**
 * signed: as the hub takes it; null as long as it is filled in. sent: its files as they were sealed, once. returned: why the
 * hub did not take it.
 */
interface Kept {
  readonly referral: string;
  readonly deed: Deed;
  readonly shown: Shown;
  readonly signed: readonly operations.SealedInput[] | null;
  readonly sent?: SentTo | null;
  readonly returned: api.Returned | null;
}

interface Known {
  readonly id: string;
  readonly newest: Newest;
  /** What she took back with her code. */
  readonly withdrawals: readonly consent.Withdrawal[];
}

/** By referral: what stood when it was last looked at, so that it can be signed on without a line. In memory alone. */
const known = new WeakMap<Work, Map<string, Known>>();

// --- what stands ------------------------------------------------------------------------------------------------------

export async function consented({ work, items }: At, referral: string): Promise<Consented> {
  const stands = await newestOf(work, referral);
  const { id } = stands;
  await work.network.publicKeys([work.who.agency]); // so that evidence can be sealed without a line, too
  if (consent.isTakenBack(stands)) {
    await items.drop(UNDONE + id);
    await sweepFiles(items);
  }
  const kept = (await items.get<Kept>(DEEDS + id)) ?? (await items.get<Kept>(UNDONE + id));
  const waits = kept && { deed: kept.deed, isSigned: kept.signed !== null, returned: kept.returned };
  return { ...shownOf(stands), waits };
}

/** The newest decisions under which it was sent, verified. `not_found` where the own agency has not recorded them. */
export async function newestOf(work: Work, referral: string): Promise<Known> {
  const { referral: of } = await work.fetch(referral);
  const { consent: id, recorder } = of.decision.body;
  if (recorder !== work.who.agency) throw new Refused("not_found", { consent: id });
  const { newest, withdrawals } = await work.decisions(id);
  if (newest.size === 0) throw new Refused("not_found", { consent: id });
  return know(work, referral, { id, newest, withdrawals });
}

function know(work: Work, referral: string, stands: Known): Known {
  known.set(work, (known.get(work) ?? new Map()).set(referral, stands));
  return stands;
}

/** As it stands at the hub; without a line, as it stood when it was last looked at. */
async function asKnown({ work, isLive }: At, referral: string): Promise<Known> {
  const before = known.get(work)?.get(referral);
  if (before !== undefined && !isLive()) return before;
  try {
    return await newestOf(work, referral);
  } catch (error) {
    if (before === undefined || !isLine(error)) throw error;
    return before;
  }
}

/** What she said twice, once. */
const each = (scopes: readonly Scope[]): readonly Scope[] => [
  ...new Map(scopes.map((one) => [JSON.stringify(one), one])).values(),
];

/** As plain data, for a page. */
export function shownOf({ id, newest, withdrawals }: Known): Omit<Consented, "waits"> {
  const all = inOrder(newest);
  const { recorder, basis, exception, receipt, given } = all[0]!.body;
  return {
    consent: id,
    recorder,
    basis,
    changedAt: consent.latest([...all.map(({ body }) => body.at), ...withdrawals.flatMap(({ at }) => at ?? [])]),
    isOver: consent.isTakenBack({ newest, withdrawals }),
    takenBack: each(withdrawals.flatMap(({ scopes }) => scopes)),
    isExceptional: exception !== null,
    receipt: receipt?.mode ?? null,
    said: saidIn(given),
    decisions: all.map(standingOf),
  };
}

export function inOrder(newest: Newest): readonly Document<Consent>[] {
  return [...newest].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, decision]) => decision);
}

function saidIn(given: Consent["given"]): Said {
  return { ...given, by: given.by ?? "", how: given.how ?? "", language: given.language ?? "" };
}

function standingOf({ body, sha256 }: Document<Consent>): Standing {
  const { to, granted, refused, version, at, given, retain_days: retainDays } = body;
  return {
    to,
    sections: granted?.sections ?? [],
    purposes: granted?.purposes ?? [],
    until: granted === null ? null : new Date(instant(granted.until)).toISOString(),
    refused,
    version,
    document: sha256,
    said: saidIn(given),
    retainDays,
    at: new Date(instant(at)).toISOString(),
  };
}

/** By the rule, what she took back with her code included. */
export async function whatHolds({ work }: At, referral: string): Promise<Holds> {
  const { newest, withdrawals } = await newestOf(work, referral);
  const view = work.network.directory.now();
  return Object.fromEntries(
    [...newest].map(([to, { body }]) => {
      const sections = body.granted?.sections ?? [];
      const parts = sections.includes(consent.ALL) ? [...vocabulary.codes("sections")] : sections;
      const kind = view.agency(to)?.kind ?? "";
      const is = consent.decided({ newest, withdrawals }, { agency: to, kind, parts, at: work.network.now() });
      return [to, { is, changedAt: consent.changedAt({ newest, withdrawals }, to, kind) }];
    }),
  );
}

// --- what is done -----------------------------------------------------------------------------------------------------

/** By consent: whoever asks again waits for the same answer. */
const underWay = new Map<string, Promise<boolean>>();

export async function redecide(
  at: At,
  referral: string,
  deed: Deed,
  shown: Shown,
  tell: Tell,
): Promise<Consented | null> {
  const { work, items } = at;
  const { id, newest } = await asKnown(at, referral);
  const name = DEEDS + id;
  // What was done before it is the hub's to answer first: one thing at a time.
  if (items.names(name).length > 0) throw new Refused("head_moved", { consent: id });
  const { evidence, sent } = await proofOf(at, newest, deed);
  const signed = await signedOn(work.signer(), newest, deed, shown, work.network.now(), evidence);
  await items.put(name, { referral, deed, shown, signed, sent, returned: null } satisfies Kept);
  await items.drop(UNDONE + id);
  await sweepFiles(items, evidenceOf(deed));
  if (!(await once(at, id, tell))) return null;
  return { ...shownOf(known.get(work)!.get(referral)!), waits: null };
}

/** Null: it is not to be done after all. */
export async function saveDeed(at: At, referral: string, deed: Deed | null, shown: Shown): Promise<void> {
  const { id } = await asKnown(at, referral);
  if (deed === null) await at.items.drop(UNDONE + id);
  else await at.items.put(UNDONE + id, { referral, deed, shown, signed: null, returned: null } satisfies Kept);
  await sweepFiles(at.items, evidenceOf(deed));
}

/**
 * Evidence of what she decides, sealed for the next version of what stands on everybody. Its files are sealed once. before:
 * as they were.
 */
async function proofOf(
  { work, items }: At,
  newest: Newest,
  deed: Deed,
  before?: SentTo | null,
): Promise<{ readonly evidence: SealedEvidence | null; readonly sent: SentTo | null }> {
  if (deed.do !== "decide" || deed.evidence === undefined) return { evidence: null, sent: null };
  const { evidenceId, sealEvidence } = await import("./giving.ts");
  const { fields, files } = deed.evidence;
  const { body } = inOrder(newest)[0]!;
  const id = evidenceId(body.consent, (newest.get(consent.ALL)?.body.version ?? 0) + 1);
  const { attachedOf, sealed } = await import("./files.ts");
  const sent = before ?? (await sealed(items, work.signer(), { evidence: files }, ["evidence"], id));
  const attached = sent === null ? { id, files: [] } : attachedOf(sent, ["evidence"]);
  const publicKeys = await work.network.publicKeys([work.who.agency]);
  return { evidence: await sealEvidence(work.signer(), fields as Fields, attached, publicKeys), sent };
}

/** There is a line: all that waits is handed in. */
export async function resume(at: At, tell: Tell): Promise<void> {
  for (const name of at.items.names(DEEDS)) {
    const kept = await at.items.get<Kept>(name);
    if (kept === null || at.items.names(name).length === 0) continue; // it was recorded meanwhile
    try {
      if (!(await once(at, name.slice(DEEDS.length), tell))) return;
      tell({ type: "redecided", referral: kept.referral, problem: null });
    } catch (error) {
      const problem = problemIn(error);
      if (problem !== null) tell({ type: "redecided", referral: kept.referral, problem });
    }
  }
}

function problemIn(error: unknown): Problem | null {
  if (error instanceof Refused) return { kind: "refused", code: error.code, fields: error.at };
  return error instanceof Failed ? error.problem : null;
}

function once(at: At, id: string, tell: Tell): Promise<boolean> {
  const begun = underWay.get(id);
  if (begun !== undefined) return begun;
  const handing = handIn(at, id, tell).finally(() => underWay.delete(id));
  underWay.set(id, handing);
  return handing;
}

/** Whether it was recorded; false: there is no line, and it waits as it is. What was refused is kept as undone. */
async function handIn(at: At, id: string, tell: Tell): Promise<boolean> {
  const { work, items, isLive } = at;
  const name = DEEDS + id;
  const kept = await items.get<Kept>(name);
  if (kept === null) throw new Refused("not_found", { consent: id });
  let signed = kept.signed ?? [];
  try {
    if (!isLive()) await ask(operations.network, {}, { once: true });
    for (let tries = 0; ; tries += 1) {
      try {
        if (kept.sent) {
          const carried: Progress = (over, all) => tell({ type: "carried", of: id, over, all });
          await (await import("./files.ts")).upload(items, work.signer(), [kept.sent], carried);
        }
        const { recordConsent } = await ask(operations.recordConsent, { decisions: [...signed] });
        const recorded = recordConsent.map(({ envelope }) => envelope);
        if (recorded.length !== signed.length || !signed.every((one) => recorded.includes(one.envelope)))
          throw badAnswer();
        await work.log.accepted(recordConsent.map(({ sha256 }) => sha256));
        await follow(work, kept.referral, id, signed);
        await keepForLonger(items, kept);
        await items.drop(name);
        await sweepFiles(items);
        return true;
      } catch (error) {
        const code = error instanceof Failed && error.problem.kind === "refused" ? error.problem.code : "";
        if (!REMADE.includes(code) || tries >= TRIES - 1) throw error;
        await work.sync();
        const { newest } = await newestOf(work, kept.referral);
        const { evidence } = await proofOf(at, newest, kept.deed, kept.sent);
        signed = await signedOn(work.signer(), newest, kept.deed, kept.shown, work.network.now(), evidence);
        await items.put(name, { ...kept, signed } satisfies Kept);
      }
    }
  } catch (error) {
    if (isLine(error)) return false;
    const returned = waitsOn(error) ? null : returnedBy(error);
    if (returned !== null) {
      await items.put(UNDONE + id, { ...kept, returned } satisfies Kept);
      await items.drop(name);
    }
    throw error;
  }
}

/** What was recorded is what stands. */
async function follow(work: Work, referral: string, id: string, signed: readonly operations.SealedInput[]) {
  const before = known.get(work)?.get(referral);
  const documents = await Promise.all(signed.map(({ envelope }) => read(envelope, "consent")));
  const newest = new Map([...(before?.newest ?? []), ...documents.map((one) => [one.body.to, one] as const)]);
  know(work, referral, { id, newest, withdrawals: before?.withdrawals ?? [] });
}

/** Why the hub will not take it as it is; null where that is not said. */
function returnedBy(error: unknown): api.Returned | null {
  if (error instanceof Refused) return { code: error.code, fields: error.at };
  if (!(error instanceof Failed) || error.problem.kind !== "refused") return null;
  const { code, fields } = error.problem;
  return (CODES as readonly string[]).includes(code) ? { code, fields } : null;
}

/** Until when the form that was sent is kept here, so that it can go to another agency. */
async function keepForLonger(items: Items, { referral, deed }: Kept): Promise<void> {
  if (deed.do !== "decide") return;
  const name = `form/${referral}`;
  const form = await items.get<{ readonly until: string }>(name);
  const until = deed.changes
    .flatMap(({ granted }) => granted?.until ?? [])
    .sort()
    .at(-1);
  if (form !== null && until !== undefined && until > form.until) await items.put(name, { ...form, until });
}

// --- versions ---------------------------------------------------------------------------------------------------------

/**
 * The next version of each decision that is otherwise from now on, signed. `head_moved` where what was shown is not what
 * stands; `not_found` where nothing would be otherwise; `consent_withdrawn` for evidence where everything is refused to
 * everybody, with which all that is kept of her goes.
 *
 * evidence: of how she decided, sealed for the next version of what stands on everybody, which says what that said.
 */
export async function signedOn(
  signer: Signer,
  newest: Newest,
  deed: Deed,
  shown: Shown,
  at: Instant,
  evidence: SealedEvidence | null = null,
): Promise<readonly operations.SealedInput[]> {
  checkShown(newest, shown);
  const bodies = nextOf(signer, newest, deed, at, evidence);
  if (bodies.length === 0) throw new Refused("not_found", { field: "granted" });
  for (const body of bodies) consent.checkDecision(body);
  const documents = await Promise.all(bodies.map((body) => sign("consent", body, signer.key)));
  return documents.map((one) => handedIn(one, one.body.sealed && evidence ? evidence.blobs : NO_BLOBS));
}

/** `head_moved` where what was shown is not what stands. */
export function checkShown(newest: Newest, shown: Shown): void {
  const isThat =
    Object.keys(shown).length === newest.size && [...newest].every(([to, one]) => shown[to] === one.sha256);
  if (!isThat) throw new Refused("head_moved", { field: "prev" });
}

function nextOf(
  signer: Signer,
  newest: Newest,
  deed: Deed,
  at: Instant,
  evidence: SealedEvidence | null,
): readonly Consent[] {
  const like = inOrder(newest)[0]!.body;
  const next = (to: string, otherwise: Partial<Consent>): Consent => {
    const before = newest.get(to);
    return {
      ...(before?.body ?? { ...like, granted: null, refused: [] }),
      to,
      at: stamp(at),
      directory: signer.directory.head,
      author: authorOf(signer),
      version: (before?.body.version ?? 0) + 1,
      prev: before?.sha256 ?? null,
      sealed: null,
      ...otherwise,
    };
  };
  switch (deed.do) {
    case "decide":
      return withEvidence(deed.changes, newest, evidence).map(({ to, granted, refused }) =>
        next(to, {
          granted: grantedIn(granted),
          refused: asSet(refused),
          given: givenIn(deed.said),
          sealed: to === consent.ALL ? (evidence?.sealed ?? null) : null,
        }),
      );
    case "replace_code":
      return inOrder(newest).map(({ body }) => next(body.to, { receipt: deed.receipt }));
    case "take_back":
      return takenBack(newest, deed.scope).map(({ to, ...otherwise }) => next(to, otherwise));
  }
}

function withEvidence(changes: readonly Change[], newest: Newest, evidence: SealedEvidence | null): readonly Change[] {
  if (evidence === null) return changes;
  const everybody = changes.find(({ to }) => to === consent.ALL);
  const refused = (everybody ?? newest.get(consent.ALL)?.body)?.refused ?? [];
  if (refused.includes(consent.ALL)) throw new Refused("consent_withdrawn", { field: "sealed" });
  return everybody === undefined ? [...changes, { to: consent.ALL, granted: null, refused }] : changes;
}

function grantedIn(granted: Change["granted"]): Consent["granted"] {
  if (granted === null) return null;
  const { sections, purposes, until } = granted;
  return { sections: asSet(sections), purposes: asSet(purposes), until: stamp(Date.parse(until)) };
}

function givenIn({ by, how, language, interpreter, witness }: Said): Consent["given"] {
  return { by: by || null, how: how || null, language: language || null, interpreter, witness };
}

type Narrower = Pick<Consent, "to" | "granted" | "refused">;

/** In whole, she refuses everything to everybody from now on: then what was sent is gone for its sender, too. */
export function takenBack(newest: Newest, scope: TakenBack): readonly Narrower[] {
  const changed = inOrder(newest).flatMap(({ body }) => {
    if (body.granted === null || (scope.agencies !== null && !scope.agencies.includes(body.to))) return [];
    const narrower = narrowerThan(body, scope);
    return narrower === null ? [] : [narrower];
  });
  const isWhole = scope.agencies === null && scope.sections === null && scope.purposes === null;
  const everybody = newest.get(consent.ALL)?.body.refused ?? [];
  const isRefused = everybody.length === 1 && everybody[0] === consent.ALL;
  const rest = changed.filter(({ to }) => to !== consent.ALL);
  return isWhole && !isRefused ? [...rest, { to: consent.ALL, granted: null, refused: [consent.ALL] }] : changed;
}

/** null: it takes nothing from this one. */
function narrowerThan({ to, granted, refused }: Consent, { sections, purposes }: TakenBack): Narrower | null {
  const nothing: Narrower = { to, granted: null, refused: [consent.ALL] };
  if (granted === null || (sections === null && purposes === null)) return nothing;
  if (purposes !== null) {
    const left = granted.purposes.filter((one) => !purposes.includes(one));
    if (left.length === granted.purposes.length) return null;
    return left.length === 0 ? nothing : { to, granted: { ...granted, purposes: left }, refused };
  }
  const gone = new Set(sections);
  const isAll = granted.sections[0] === consent.ALL;
  const named = isAll ? [...vocabulary.codes("sections")] : granted.sections;
  const left = named.filter((one) => !gone.has(one));
  if (left.length === named.length) return null;
  if (left.length === 0) return nothing;
  const isNothing = refused[0] === consent.ALL;
  return {
    to,
    granted: isAll ? granted : { ...granted, sections: asSet(left) },
    refused: isNothing ? refused : asSet(new Set([...refused, ...gone])),
  };
}
