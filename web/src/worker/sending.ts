/**
 * Sending: who could take it, drafts, and an outbox that keeps what was sealed until the hub's acceptance is held. As
 * ortoo/session.py does it. Loaded when it is first needed.
 *
 * Items of the member's sealed store: `draft/ID` what is being filled in; `outbox/ID` what is on its way; `decided/ID` her
 * decisions, once they are recorded, until what stands on them is sent; `form/REFERRAL`
 * what was sent, so that it can go to another agency; `found/SERVICE PLACE` who gave a service when it was last looked.
 */

import { dayNumber, lastDay, ULAANBAATAR } from "../days.ts";
import type { Items } from "../device/store.ts";
import { Failed } from "../failed.ts";
import * as operations from "../hub/operations.ts";
import { ask, badAnswer } from "../hub/query.ts";
import type { Decisions } from "../protocol/consent.ts";
import * as consent from "../protocol/consent.ts";
import { b64, type Instant, instant, read } from "../protocol/documents.ts";
import { CODES, Refused } from "../protocol/errors.ts";
import { NO_BLOBS } from "../protocol/events.ts";
import { draw, keyOf } from "../protocol/receipt.ts";
import type { Signer } from "../protocol/referral.ts";
import type { Consent } from "../protocol/schemas.ts";
import type * as api from "./api.ts";
import { checkShown, shownOf, signedOn } from "./consenting.ts";
import { checkChild, decide, decideAgain, partsAllowed, seal, sealAgain } from "./drafting.ts";
import { overridesOf, refusing } from "./exceptions.ts";
import type { SentTo } from "./files.ts";
import { type Attached, type Attaching, type Fields, type Form, FormError } from "./form.ts";
import type { SealedEvidence } from "./giving.ts";
import { handedIn } from "./handing-in.ts";
import { rowOf } from "./showing.ts";
import { sweepFiles } from "./sweeping.ts";
import type { Answer, Opened, Work } from "./work.ts";

const RETAIN_DAYS = 90;
const TRIES = 5;

/** Nothing was written: it is sealed again, and that is sent. */
const REMADE: readonly string[] = ["directory_stale", "epoch_stale", "clock_skew"];
/** What ends this try, and says nothing of what was sent. */
const NOT_YET: readonly string[] = ["throttled"];

type Tell = (happening: api.Happening) => void;

/** Who works, with what of this device. */
export interface At {
  readonly work: Work;
  readonly items: Items;
  /** Whether there is a line, as far as is known. */
  readonly isLive: () => boolean;
}

/** What is on its way. sealed: null until it could be sealed, which needs the others' keys. */
interface Outgoing {
  readonly draft: api.Draft;
  readonly form: api.SendForm;
  readonly covered: boolean;
  readonly sealed: SealedDraft | null;
  /** By recipient: files that were sealed for it, once. */
  readonly files?: Readonly<Record<string, SentTo>>;
}

/** Signed and sealed, as the hub takes it. hashes: of each referral by its id. */
interface SealedDraft {
  readonly decisions: readonly operations.SealedInput[];
  readonly referrals: readonly operations.SealedInput[];
  readonly hashes: Readonly<Record<string, string>>;
  /** What she refused, which an exception overrides; recorded first. */
  readonly refusals?: readonly operations.SealedInput[];
}

/**
 * What was recorded, and of which form and evidence: a sending that was refused then goes out on it, or on its next
 * versions if she decides otherwise meanwhile. So she has one code.
 */
interface Decided {
  readonly as: string;
  readonly evidence: string;
  readonly decisions: SealedDraft["decisions"];
}

/** What was sent, as it was typed. until: after which nothing of it is needed. */
interface KeptForm {
  readonly filled: api.Filled;
  readonly form: api.SendForm;
  readonly until: string;
}

// --- drafts -----------------------------------------------------------------------------------------------------------

export async function drafts({ items }: At): Promise<readonly api.DraftRow[]> {
  const rows: api.DraftRow[] = [];
  for (const name of items.names("outbox/")) {
    const outgoing = await items.get<Outgoing>(name);
    if (outgoing !== null) rows.push(draftRow(outgoing.draft, true));
  }
  const onTheirWay = new Set(rows.map((row) => row.id));
  for (const name of items.names("draft/")) {
    const draft = await items.get<api.Draft>(name);
    if (draft !== null && !onTheirWay.has(draft.id)) rows.push(draftRow(draft, false));
  }
  return rows.sort((one, other) => (one.savedAt < other.savedAt ? 1 : -1));
}

function draftRow({ id, savedAt, isOpen, filled, returned }: api.Draft, waits: boolean): api.DraftRow {
  const { urgency, services, place, recipients } = filled;
  return { id, savedAt, urgency, services, place, recipients, waits, isOpen: isOpen && !waits, returned };
}

/** Null where there is none, or where it is on its way: then it is nobody's to change any more. */
export async function draft({ items }: At, id: string): Promise<api.Draft | null> {
  return isOnItsWay(items, id) ? null : items.get<api.Draft>(`draft/${id}`);
}

export async function saveDraft({ items }: At, draft: api.Draft): Promise<void> {
  if (isOnItsWay(items, draft.id)) return;
  await items.put(`draft/${draft.id}`, draft);
  await sweepFiles(items, draft.filled.files);
}

function isOnItsWay(items: Items, id: string): boolean {
  return items.names(`outbox/${id}`).length > 0;
}

export async function dropDraft({ items }: At, id: string): Promise<void> {
  await items.drop(`draft/${id}`);
  await items.drop(`decided/${id}`);
  await sweepFiles(items);
}

// --- sending ----------------------------------------------------------------------------------------------------------

/** By the outbox's item: whoever asks again waits for the same answer. */
const underWay = new Map<string, Promise<readonly api.Row[] | null>>();

export async function send(
  at: At,
  draft: api.Draft,
  form: api.SendForm,
  covered: boolean,
  tell: Tell,
): Promise<readonly api.Row[] | null> {
  const name = `outbox/${draft.id}`;
  const kept = await at.items.get<Outgoing>(name);
  if (kept === null) {
    check(at.work, form, covered);
    await at.items.put(name, { draft: { ...draft, returned: null }, form, covered, sealed: null } satisfies Outgoing);
  }
  return once(at, name, tell);
}

/** A code for the person, and the public key that decisions name of it (protocol §8). */
export async function newReceipt(
  { work }: At,
  mode: api.ReceiptMode,
): Promise<{ readonly code: string; readonly receipt: api.ReceiptKey }> {
  const code = draw();
  const key = await keyOf(code, work.network.directory.id);
  return { code, receipt: { key: b64(key.public), mode } };
}

/** The line is back, or work is taken up: all that waits goes out. */
export async function resume(at: At, tell: Tell): Promise<void> {
  await forgetOld(at);
  await sweepFiles(at.items);
  for (const name of at.items.names("outbox/")) {
    const id = name.slice("outbox/".length);
    if (at.items.names(name).length === 0) continue; // it went out meanwhile
    try {
      const rows = await once(at, name, tell);
      if (rows !== null) tell({ type: "sent", draft: id, rows });
    } catch {
      // What was refused is a draft again, with the reason; what the hub could not do stays here for the next time.
      if (at.items.names(name).length === 0) tell({ type: "returned", draft: id });
    }
  }
}

function once(at: At, name: string, tell: Tell): Promise<readonly api.Row[] | null> {
  const begun = underWay.get(name);
  if (begun !== undefined) return begun;
  const sending = submit(at, name, tell).finally(() => underWay.delete(name));
  underWay.set(name, sending);
  return sending;
}

/** What she refused never even waits: told before anything is sealed or kept. */
function check(work: Work, form: api.SendForm, covered: boolean): void {
  const view = work.network.directory.now();
  for (const to of form.recipients) {
    const agency = view.agency(to);
    if (agency === null) throw new Refused("not_found", { reader: to });
    if (agency.suspended) throw new Refused("recipient_suspended", { reader: to });
    const isRefused = form.consent.refusals.some(
      (one) => [to, `kind:${agency.kind}`, consent.ALL].includes(one.to) && one.sections.includes(consent.ALL),
    );
    if (isRefused) throw new Refused("grant_refused", { reader: to });
    const isGranted = form.consent.grants.some((grant) => grant.to === to && grant.sections.length > 0);
    if (!covered && !isGranted) throw new Refused("grant_missing", { reader: to });
  }
}

/** Have it accepted. Null where there is no line: it stays, and is sent again as it is. */
async function submit(at: At, name: string, tell: Tell): Promise<readonly api.Row[] | null> {
  const outgoing = await at.items.get<Outgoing>(name);
  if (outgoing === null) throw new Refused("not_found");
  try {
    // Without a line that is found out at once, and not after several tries.
    if (!at.isLive()) await ask(operations.network, {}, { once: true });
    const accepted = await accept(at, name, outgoing, tell);
    for (const one of accepted) await keepForm(at, one.id, outgoing);
    await at.items.drop(`draft/${outgoing.draft.id}`);
    await at.items.drop(`decided/${outgoing.draft.id}`);
    await at.items.drop(name);
    const rows = await Promise.all(accepted.map((one) => rowOf(at.work, one, "waiting")));
    return rows.filter((row) => !("damaged" in row)) as readonly api.Row[];
  } catch (error) {
    if (error instanceof Failed && error.problem.kind === "line") return null;
    const refusal = refusalIn(error);
    if (refusal !== null) {
      await at.items.put(`draft/${outgoing.draft.id}`, {
        ...outgoing.draft,
        step: "check",
        isOpen: false,
        returned: refusal,
      });
      await at.items.drop(name);
      if (error instanceof FormError) throw new Refused("not_found", { field: error.field });
    }
    throw error;
  }
}

/** Why it will not be taken as it is; null where that is not said. */
function refusalIn(error: unknown): api.Returned | null {
  if (error instanceof Refused) return { code: error.code, fields: error.at };
  if (error instanceof FormError) return { code: "not_found", fields: { field: error.field } };
  if (!(error instanceof Failed) || error.problem.kind !== "refused") return null;
  const { code, fields } = error.problem;
  const isOfTheNetwork = (CODES as readonly string[]).includes(code) && !NOT_YET.includes(code);
  return isOfTheNetwork ? { code, fields } : null;
}

/** The same bytes each time, unless the hub says that nothing was written and they are too old. */
async function accept(at: At, name: string, outgoing: Outgoing, tell: Tell): Promise<readonly Answer[]> {
  let recorded = await recordedOf(at, outgoing);
  let sealed = outgoing.sealed ?? (await sealedAnew(at, name, outgoing, recorded));
  at.work.mustBeWhole();
  for (let tries = 0; ; tries += 1) {
    try {
      await uploadFiles(at, name, outgoing.draft.id, tell);
      if (sealed.decisions.length > 0) {
        // What she refused is there before the decision that names it.
        if (sealed.refusals?.length) await ask(operations.recordConsent, { decisions: sealed.refusals });
        await ask(operations.recordConsent, { decisions: sealed.decisions });
        recorded = sealed.decisions;
        const decided = {
          as: decidedIn(outgoing.form),
          evidence: evidenceOf(outgoing.form),
          decisions: recorded,
        };
        await at.items.put(`decided/${outgoing.draft.id}`, decided satisfies Decided);
      }
      const { sendReferrals } = await ask(operations.sendReferrals, { referrals: sealed.referrals });
      const isThose =
        sendReferrals.length === Object.keys(sealed.hashes).length &&
        sendReferrals.every((one) => sealed.hashes[one.id] === one.sha256);
      if (!isThose) throw badAnswer();
      const decided = [...(sealed.refusals ?? []), ...sealed.decisions].map((one) => read(one.envelope, "consent"));
      const hashes = (await Promise.all(decided)).map((one) => one.sha256);
      await at.work.log.accepted([...hashes, ...Object.values(sealed.hashes)]);
      return sendReferrals;
    } catch (error) {
      const code = error instanceof Failed && error.problem.kind === "refused" ? error.problem.code : null;
      if (code === null || !REMADE.includes(code) || tries >= TRIES - 1) throw error;
      await at.work.sync();
      sealed = await sealedAnew(at, name, outgoing, recorded);
    }
  }
}

/** Her decisions, where an earlier try of this draft had them recorded and she decides the same. */
async function recordedOf({ items }: At, { draft, form, covered }: Outgoing): Promise<SealedDraft["decisions"] | null> {
  if (covered || form.consent.next !== undefined) return null; // they stand by now, and are read there
  const kept = await items.get<Decided>(`decided/${draft.id}`);
  return kept?.as === decidedIn(form) ? kept.decisions : null;
}

/** What stands of an earlier try that she has decided otherwise since; null: it begins a consent of its own. */
async function begunOf({ items, work }: At, { draft, form }: Outgoing): Promise<Begun | null> {
  const kept = await items.get<Decided>(`decided/${draft.id}`);
  const [first] = kept?.decisions ?? [];
  if (kept === null || first === undefined || form.consent.exception !== undefined) return null;
  const { consent: id, basis } = (await read(first.envelope, "consent")).body;
  if (basis !== form.consent.basis) return null; // decisions under one consent have one
  try {
    const stands = await work.decisions(id);
    if (stands.withdrawals.length > 0) return null; // what she took back counts for good
    return { stands, isProven: kept.evidence === evidenceOf(form) && stands.newest.has(consent.ALL) };
  } catch (error) {
    if (error instanceof Refused && error.code === "not_found") return null;
    throw error;
  }
}

/** isProven: how she gave it is there already. */
interface Begun {
  readonly stands: Decisions;
  readonly isProven: boolean;
}

const evidenceOf = ({ evidence }: api.SendForm): string => JSON.stringify(evidence ?? null);

const decidedIn = ({ consent, evidence, routing }: api.SendForm): string =>
  JSON.stringify([consent, evidence ?? null, routing.minor]);

/** Seal it, and keep that before the first byte leaves. recorded: decisions that the hub has already. */
async function sealedAnew(
  at: At,
  name: string,
  outgoing: Outgoing,
  recorded: SealedDraft["decisions"] | null,
): Promise<SealedDraft> {
  const attaching = attachingOf(at, name, outgoing.form);
  const proof: Proving = (...under) => proving(at, name, outgoing.form, ...under);
  const isAgain = outgoing.covered || outgoing.form.consent.next !== undefined;
  const sealed = isAgain
    ? await sealedAgain(at.work, outgoing, recorded, attaching, proof)
    : await sealedFirst(at.work, outgoing.form, recorded ?? (await begunOf(at, outgoing)), attaching, proof);
  const kept = (await at.items.get<Outgoing>(name)) ?? outgoing; // with what was sealed of files
  await at.items.put(name, { ...kept, sealed } satisfies Outgoing);
  return sealed;
}

function attachingOf(at: At, name: string, { files = {} }: api.SendForm): Attaching {
  return (to, parts) => attached(at, name, files, to, parts);
}

/** What is sealed of files is kept before anything of it leaves, and is the same in every try. */
async function attached(
  { items, work }: At,
  name: string,
  files: api.FilesBySection,
  to: string,
  parts: readonly string[],
  id?: string,
): Promise<Attached | null> {
  if (Object.values(files).flat().length === 0) return null;
  const { attachedOf, sealed } = await import("./files.ts");
  const kept = await items.get<Outgoing>(name);
  const before = kept?.files?.[to];
  if (before !== undefined) return attachedOf(before, parts);
  const made = await sealed(items, work.signer(), files, parts, id);
  if (made === null || kept === null) return null;
  await items.put(name, { ...kept, files: { ...kept.files, [to]: made } } satisfies Outgoing);
  return attachedOf(made, parts);
}

type Proving = (consent?: string, version?: number) => Promise<SealedEvidence | null>;

/** How she gave her decisions, sealed; null where nothing was added. consent: where it is not with a new one. */
async function proving(
  at: At,
  name: string,
  { evidence }: api.SendForm,
  ...under: Parameters<Proving>
): Promise<SealedEvidence | null> {
  if (evidence === undefined) return null;
  const { evidenceId, sealEvidence } = await import("./giving.ts");
  const id = evidenceId(...under);
  const files = (await attached(at, name, { evidence: evidence.files }, consent.ALL, ["evidence"], id)) ?? {
    id,
    files: [],
  };
  const publicKeys = await at.work.network.publicKeys([at.work.who.agency]);
  return sealEvidence(at.work.signer(), evidence.fields as Fields, files, publicKeys);
}

async function uploadFiles({ items, work }: At, name: string, draft: string, tell: Tell): Promise<void> {
  const all = Object.values((await items.get<Outgoing>(name))?.files ?? {});
  if (all.length === 0) return;
  const { upload } = await import("./files.ts");
  await upload(items, work.signer(), all, (over, whole) => tell({ type: "carried", of: draft, over, all: whole }));
}

async function sealedFirst(
  work: Work,
  form: api.SendForm,
  recorded: SealedDraft["decisions"] | Begun | null,
  attaching: Attaching,
  proving: Proving,
): Promise<SealedDraft> {
  const { exception } = form.consent;
  const reviewers = exception === undefined ? [] : [exception.reviewer];
  const publicKeys = await work.network.publicKeys([work.who.agency, ...form.recipients, ...reviewers]);
  const [signer, now] = [work.signer(), work.network.now()];
  const asked = formOf(form, now);
  const refused = recorded === null && exception !== undefined ? await refusing(asked, exception, signer, now) : [];
  const whole = overridesOf(asked, refused);
  const decisions = await decidedFirst(whole, signer, now, recorded, proving);
  const signed = await Promise.all(decisions.map(({ envelope }) => read(envelope, "consent")));
  const referrals = await seal(whole, signer, signed, publicKeys, now, new Map(), attaching);
  return {
    decisions,
    referrals: referrals.map(({ document, blobs }) => handedIn(document, blobs)),
    hashes: Object.fromEntries(referrals.map(({ document }) => [document.body.id, document.sha256])),
    refusals: refused.map((one) => handedIn(one, NO_BLOBS)),
  };
}

/** Her decisions as the hub takes them: as they were recorded, as the next versions of those, or under a new consent. */
async function decidedFirst(
  form: Form,
  signer: Signer,
  now: Instant,
  recorded: SealedDraft["decisions"] | Begun | null,
  proving: Proving,
): Promise<SealedDraft["decisions"]> {
  if (recorded !== null && !("stands" in recorded)) return recorded;
  const evidence = await evidenceUnder(recorded, proving);
  const decisions =
    recorded === null
      ? await decide(form, signer, now, evidence)
      : await decideAgain(form, signer, recorded.stands, now, evidence);
  return decisions.map((one) => handedIn(one, one.body.sealed && evidence ? evidence.blobs : NO_BLOBS));
}

async function evidenceUnder(begun: Begun | null, proving: Proving): Promise<SealedEvidence | null> {
  if (begun === null) return proving();
  if (begun.isProven) return null;
  return provingUnder(begun.stands.newest, proving);
}

/** With the next version of the decision on everybody. */
function provingUnder(newest: Decisions["newest"], proving: Proving): Promise<SealedEvidence | null> {
  const [any] = newest.values();
  return proving(any?.body.consent, (newest.get(consent.ALL)?.body.version ?? 0) + 1);
}

/** Under the decisions that stand, or their next versions, with what they let this agency read. */
async function sealedAgain(
  work: Work,
  { draft, form }: Outgoing,
  recorded: SealedDraft["decisions"] | null,
  attaching: Attaching,
  proving: Proving,
): Promise<SealedDraft> {
  const [to, of] = [form.recipients[0], draft.of];
  if (to === undefined || of === null) throw new Refused("malformed", { field: "recipients" });
  const { referral } = await work.fetch(of);
  const stands = await work.decisions(referral.decision.body.consent);
  const agency = work.network.directory.now().agency(to);
  if (agency === null) throw new Refused("not_found", { reader: to });
  const whole = formOf(form, work.network.now());
  const { next } = form.consent;
  if (next !== undefined) checkChild(whole);
  const signed = recorded ?? (next === undefined ? [] : await signedNext(work, form, next, stands, proving));
  const versions = await Promise.all(signed.map(({ envelope }) => read(envelope, "consent")));
  const decisions = consent.decisionsOf([...stands.newest.values(), ...versions], stands.withdrawals);
  const asked = { agency: to, kind: agency.kind, at: work.network.ruleTime() };
  const parts = partsAllowed(whole, asked, decisions);
  const decision = decisions.newest.get(to);
  if (decision === undefined) throw new Refused("grant_missing", { reader: to });
  const reviewer = decision.body.exception?.reviewer;
  const publicKeys = await work.network.publicKeys([work.who.agency, to, ...(reviewer ? [reviewer] : [])]);
  const { document, blobs } = await sealAgain(
    whole,
    work.signer(),
    { to, decision, parts },
    publicKeys,
    work.network.now(),
    attaching,
  );
  return { decisions: signed, referrals: [handedIn(document, blobs)], hashes: { [document.body.id]: document.sha256 } };
}

/** The next versions of what she decides otherwise now; none where she does of nothing. */
async function signedNext(
  work: Work,
  { consent: { givenBy: by, givenHow: how, language, interpreter, witness } }: api.SendForm,
  { changes, shown }: api.NextDecision,
  { newest }: Decisions,
  proving: Proving,
): Promise<SealedDraft["decisions"]> {
  checkShown(newest, shown);
  const evidence = await provingUnder(newest, proving);
  if (changes.length === 0 && evidence === null) return [];
  const said = { by, how, language, interpreter, witness };
  return signedOn(work.signer(), newest, { do: "decide", changes, said }, shown, work.network.now(), evidence);
}

function formOf({ routing, recipients, consent: given, sections }: api.SendForm, now: Instant): Form {
  return {
    routing,
    recipients,
    sections: new Map(Object.entries(sections)) as Form["sections"],
    consent: {
      ...given,
      givenBy: given.givenBy || null,
      givenHow: given.givenHow || null,
      retainDays: RETAIN_DAYS,
      receipt: given.receipt ?? null,
      exception: given.exception ?? null,
      grants: new Map(
        given.grants.map(({ to, sections, purposes, until }) => [
          to,
          { sections, purposes, days: daysUntil(until, now) },
        ]),
      ),
      refusals: new Map(given.refusals.map(({ to, sections }) => [to, sections])),
    },
  };
}

/** The last day was read out to her: it stays that day, whenever it is sealed. `grant_expired` where it is over. */
function daysUntil(until: string, now: Instant): number {
  const days = dayNumber(lastDay(Date.parse(until))) - dayNumber(now);
  if (!(days >= 0)) throw new Refused("grant_expired", { field: "until" });
  return days;
}

// --- what was sent ----------------------------------------------------------------------------------------------------

async function keepForm({ items }: At, referral: string, { draft, form }: Outgoing): Promise<void> {
  const until = form.consent.grants
    .map((grant) => grant.until)
    .sort()
    .at(-1);
  if (until !== undefined) {
    const kept = { filled: withoutEvidence(draft.filled), form: { ...form, evidence: undefined }, until };
    await items.put(`form/${referral}`, kept satisfies KeptForm);
  }
}

/** What may go to another agency: how she gave her decision is kept by the hub alone, sealed. */
function withoutEvidence(filled: api.Filled): api.Filled {
  const { evidence: _fields, ...fields } = filled.fields;
  const { evidence: _files, ...files } = filled.files ?? {};
  return { ...filled, fields, files };
}

/** Nothing is kept of what nobody may read any more. */
async function forgetOld({ items, work }: At): Promise<void> {
  for (const name of items.names("form/")) {
    const kept = await items.get<KeptForm>(name);
    if (kept === null || work.network.now() >= Date.parse(kept.until)) await items.drop(name);
  }
}

/** It has ended for good: she took it back, the time is over, or the help was given. */
export async function ended({ items }: At, referral: string): Promise<void> {
  await items.drop(`form/${referral}`);
  if (items.names(`onward/${referral} `).length > 0) await (await import("./onward.ts")).ended(items, referral);
  await sweepFiles(items);
}

export async function again(at: At, id: string): Promise<api.Again> {
  const { work, items } = at;
  const opened = await work.show(id);
  const { referral } = opened;
  if (referral.as !== "sender") throw new Refused("not_found", { referral: id });
  const { consent: consentId, recorder } = referral.decision.body;
  const decisions = await work.decisions(consentId);
  const kept = await items.get<KeptForm>(`form/${id}`);
  const sections = kept?.form.sections ?? sectionsOf(opened);
  const found = await alternatives(work, id, opened, decisions);
  return {
    of: id,
    stands: recorder === work.who.agency ? shownOf({ id: consentId, ...decisions }) : null,
    filled: kept?.filled ?? null,
    form: {
      ...formSent(opened, decisions),
      sections,
      ...(kept === null ? {} : { routing: kept.form.routing, files: kept.form.files ?? {} }),
    },
    found,
    counterpart: referral.recipient,
    state: referral.state,
    filesLeft: kept === null ? opened.parts.filter(({ name }) => name.includes("/")).length : 0,
  };
}

/** The sections that the own agency can still read. `not_found` where there is nothing left of it. */
function sectionsOf({ parts }: Opened): api.SendForm["sections"] {
  const read: [string, api.Fields][] = [];
  for (const part of parts) {
    if (part.status === "readable" && !(part.holds instanceof Uint8Array)) {
      read.push([part.name, part.holds.fields as api.Fields]);
    }
  }
  if (read.length === 0) throw new Refused("not_found", { field: "form" });
  return Object.fromEntries(read);
}

function formSent({ referral }: Opened, { newest }: Decisions): Omit<api.SendForm, "sections"> {
  const { basis, given } = referral.decision.body;
  const all = [...newest.values()].map((one) => one.body);
  return {
    routing: referral.routing,
    recipients: [],
    consent: {
      basis,
      givenBy: given.by ?? "person",
      givenHow: given.how ?? "",
      language: given.language ?? referral.routing.language,
      interpreter: given.interpreter,
      witness: given.witness,
      grants: all.flatMap((one) => grantOf(one) ?? []),
      refusals: all.flatMap(({ to, refused }) => (refused.length > 0 ? [{ to, sections: refused }] : [])),
    },
  };
}

function grantOf({ to, granted }: Consent): api.Grant | null {
  if (granted === null) return null;
  const { sections, purposes, until } = granted;
  return { to, sections, purposes, until: new Date(instant(until)).toISOString() };
}

/**
 * Who else could take it: the hub says who gives what is asked for; whoever she refused by a decision that verifies is
 * left out here, and who cannot take the person as the sealed sections know her (ortoo/finding.py).
 */
async function alternatives(work: Work, id: string, opened: Opened, decisions: Decisions): Promise<api.Found> {
  const { referral } = opened;
  const { alternatives: all } = await ask(operations.alternatives, { referral: id });
  if (all === null) throw new Refused("not_found", { referral: id });
  const view = work.network.directory.now();
  const sent = opened.parts.map((part) => part.name).filter((name) => name !== "justification");
  const person = personOf(opened, work.network.now());
  const candidates: api.Candidate[] = [];
  for (const one of all) {
    const agency = view.agency(one.agency);
    const gives = one.gives.filter(({ service }) => service.agency === one.agency && fits(person, service));
    const isOut = [referral.sender, referral.recipient].includes(one.agency);
    if (agency === null || agency.suspended || isOut || gives.length === 0) continue;
    const asked = { agency: one.agency, kind: agency.kind, at: work.network.ruleTime() };
    const decided = consent.decided(decisions, { ...asked, parts: sent });
    if (decided === "refused") continue;
    const decision = decisions.newest.get(one.agency);
    const grant = decided === "agreed" && decision !== undefined ? grantOf(decision.body) : null;
    candidates.push({ ...candidateOf(work, one.agency, gives), grant });
  }
  return { from: "hub", at: new Date(work.network.now()).toISOString(), candidates };
}

interface Person {
  readonly gender: string | null;
  readonly ages: readonly [number, number] | null;
  readonly dependants: number;
}

/** What sealed sections say of whom a service may not take. What they don't say rules nobody out. */
function personOf(opened: Opened, now: Instant): Person {
  const value = (section: string, field: string): unknown => {
    const part = opened.parts.find(({ name }) => name === section);
    if (part?.status !== "readable" || part.holds instanceof Uint8Array) return null;
    return part.holds.fields[field] ?? null;
  };
  const [gender, dependants] = [value("identity", "gender"), value("needs", "dependants")];
  const [born, estimated] = [value("identity", "date_of_birth"), value("identity", "age_estimated")];
  const years =
    typeof born === "string" && /^\d{4}/.test(born)
      ? new Date(now + ULAANBAATAR).getUTCFullYear() - Number(born.slice(0, 4))
      : null;
  const ages =
    years !== null
      ? ([Math.max(0, years - 1), Math.max(0, years)] as const)
      : typeof estimated === "number"
        ? ([estimated, estimated] as const)
        : null;
  return {
    gender: typeof gender === "string" && gender !== "NonSpecifiedUnknown" ? gender : null,
    ages,
    dependants: typeof dependants === "number" ? dependants : 0,
  };
}

type Service = operations.FindServicesQuery["findServices"][number]["service"];

function fits({ gender, ages, dependants }: Person, service: Service): boolean {
  if (gender !== null && service.genders.length > 0 && !service.genders.includes(gender)) return false;
  if (dependants > 0 && !service.dependants) return false;
  return ages === null || ((service.minAge ?? 0) <= ages[1] && (service.maxAge === null || ages[0] <= service.maxAge));
}

// --- who could take it ------------------------------------------------------------------------------------------------

type FoundService = operations.FindServicesQuery["findServices"][number];
interface KeptFound {
  readonly at: string;
  readonly found: readonly FoundService[];
}

/** Those who give what is needed there. Without a line: as it was last looked, else the directory. */
export async function find({ work, items }: At, wanted: api.Wanted): Promise<api.Found> {
  const { services, place, language, minor } = wanted;
  const at = new Date(work.network.now()).toISOString();
  try {
    const found: FoundService[] = [];
    for (const need of services) {
      const asked = { need, place: place || null, language: language || null, minor: minor || null };
      const { findServices } = await ask(operations.findServices, asked, { once: true });
      await items.put(`found/${need} ${place}`, { at, found: findServices } satisfies KeptFound);
      found.push(...findServices);
    }
    return { from: "hub", at, candidates: candidatesOf(work, found, services) };
  } catch (error) {
    if (!(error instanceof Failed) || error.problem.kind !== "line") throw error;
    return asKept(work, items, wanted);
  }
}

/** Where the own agency is, as it was said last. */
export async function ownPlace({ work, items }: At): Promise<string> {
  try {
    const { services } = await ask(operations.services, { handle: work.who.agency }, { once: true });
    const place = services?.contact.place ?? "";
    await items.put("place", place);
    return place;
  } catch (error) {
    if (!(error instanceof Failed) || error.problem.kind !== "line") throw error;
    return (await items.get<string>("place")) ?? "";
  }
}

async function asKept(work: Work, items: Items, { services, place }: api.Wanted): Promise<api.Found> {
  const kept: KeptFound[] = [];
  for (const need of services) {
    const one = await items.get<KeptFound>(`found/${need} ${place}`);
    if (one !== null) kept.push(one);
  }
  const oldest = kept.map((one) => one.at).sort()[0];
  if (oldest !== undefined) {
    const found = kept.flatMap((one) => one.found);
    return { from: "kept", at: oldest, candidates: candidatesOf(work, found, services) };
  }
  const others = work.network.directory
    .now()
    .agencies()
    .filter(({ handle, suspended }) => handle !== work.who.agency && !suspended);
  return {
    from: "directory",
    at: new Date(work.network.now()).toISOString(),
    candidates: others.map(({ handle }) => candidateOf(work, handle, [])),
  };
}

/** By agency, in the hub's order: who takes most of it now first, then who gives most of it. */
function candidatesOf(
  work: Work,
  found: readonly FoundService[],
  services: readonly string[],
): readonly api.Candidate[] {
  const view = work.network.directory.now();
  const byAgency = new Map<string, FoundService[]>();
  for (const one of found) {
    const { agency } = one.service;
    if (agency === work.who.agency || view.agency(agency) === null || view.agency(agency)?.suspended) continue;
    byAgency.set(agency, [...(byAgency.get(agency) ?? []), one]);
  }
  const takes = (one: api.Candidate) =>
    services.filter((need) => one.gives.some((given) => given.service === need && given.takesNow)).length;
  return [...byAgency]
    .map(([agency, gives]) => candidateOf(work, agency, gives))
    .sort((one, other) => takes(other) - takes(one));
}

function candidateOf(work: Work, id: string, gives: readonly FoundService[]): api.Candidate {
  const agency = work.network.directory.now().agency(id);
  const contact = gives[0]?.contact;
  return {
    agency: id,
    kind: agency?.kind ?? "",
    names: agency?.admission.body.names ?? { mn: id, en: id },
    place: contact?.place ?? "",
    phone: contact?.dutyPhone || contact?.phone || "",
    gives: gives.map(({ service, takesNow, whyNot, openUntil }) => ({
      service: service.code,
      names: { mn: service.name, en: service.nameEn },
      takesNow,
      whyNot,
      openNow: service.openNow,
      openUntil,
      free: service.free,
      capacity: service.capacity,
      languages: service.languages,
    })),
    grant: null,
  };
}
