/**
 * Passing on what the own agency was sent to a third one (protocol §9), as ortoo/forwarding.py does it; and the chain that
 * comes of it. Loaded when it is first needed.
 *
 * Items of the member's sealed store: `onward/REFERRAL …` what is on its way, until the hub's acceptance is held. The files
 * that go along lie there as picked ones do, sealed, from when they were fetched until then.
 */

import type { Items } from "../device/store.ts";
import { Failed, type Problem } from "../failed.ts";
import * as operations from "../hub/operations.ts";
import { ask, badAnswer } from "../hub/query.ts";
import type { SealedFile } from "../protocol/attachments.ts";
import * as rule from "../protocol/consent.ts";
import { decisionsOf } from "../protocol/consent.ts";
import type { Agency } from "../protocol/directory.ts";
import { asSet, type Document, type Instant, instant, newId, read, sign, stamp } from "../protocol/documents.ts";
import { Refused } from "../protocol/errors.ts";
import { NO_BLOBS } from "../protocol/events.ts";
import * as referral from "../protocol/referral.ts";
import type { Consent } from "../protocol/schemas.ts";
import { base } from "../protocol/sealing.ts";
import type * as api from "./api.ts";
import type { SentTo } from "./files.ts";
import { handedIn } from "./handing-in.ts";
import type { VerifiedReferral } from "./reading.ts";
import { rowOf } from "./showing.ts";
import { type Opened, type Work, waitsOn } from "./work.ts";

const PREFIX = "onward/";
const TRIES = 5;
/** Nothing was written: it is sealed again, and that is sent. */
const REMADE: readonly string[] = ["directory_stale", "epoch_stale", "clock_skew", "consent_superseded"];

export interface At {
  readonly work: Work;
  readonly items: Items;
}

/** What goes on, as it was chosen; and as far as it has come. */
interface Kept {
  readonly of: string;
  readonly to: string;
  readonly sections: readonly string[];
  /** By the part's name. */
  readonly files: readonly string[];
  /** What she decides on the third agency, to be recorded first; signed: as it was. */
  readonly agreed?: api.Agreed;
  readonly signed?: operations.SealedInput;
  /** When her consent to what the own agency was sent ends, and with it what of that is kept here. */
  readonly until?: string;
  /** The files, once they are here; and as they were sealed, once. */
  readonly attached?: api.FilesBySection;
  readonly sent?: SentTo | null;
  /** As it was signed. sha256: H of the referral. */
  readonly sealed?: { readonly input: operations.SealedInput; readonly sha256: string };
}

const underWay = new Map<string, Promise<api.Row>>();

/**
 * Send these sections of what the own agency was sent to the agency `to`, with these of their files. Null where there is no
 * line: it stays, and is sent as it is when the line is back; however often it is asked for, it is one referral.
 *
 * agreed: what she decides on that agency now, recorded in the same go: for an agency that coordinates.
 * Refused: `not_found`, `step_illegal`, `grant_missing` (also where the own agency does not read the section), or another
 * code of the rule.
 */
export async function forward(
  { work, items }: At,
  of: string,
  to: string,
  sections: readonly string[],
  files: readonly string[],
  agreed?: api.Agreed,
): Promise<api.Row | null> {
  const asked = { of, to, sections: [...sections].sort(), files };
  const name = `${PREFIX}${of} ${to} ${[...asked.sections, ...[...files].sort()].join(" ")}`;
  const kept = await items.get<Kept>(name);
  if (kept === null) await items.put(name, { ...asked, ...(agreed && { agreed }) } satisfies Kept);
  try {
    return await once({ work, items }, name);
  } catch (error) {
    if (waitsOn(error)) return null;
    throw error;
  }
}

/** The line is back: all that waits goes out. told: to whom what of which referral went, or what hindered it. */
export async function resume(at: At, told: (of: string, to: string, problem: Problem | null) => void): Promise<void> {
  for (const name of at.items.names(PREFIX)) {
    const [of = "", to = ""] = name.slice(PREFIX.length).split(" ");
    if (at.items.names(name).length === 0) continue; // it went out meanwhile
    try {
      await once(at, name);
      told(of, to, null);
    } catch (error) {
      if (waitsOn(error)) return;
      if (error instanceof Refused) told(of, to, { kind: "refused", code: error.code, fields: error.at });
      else if (error instanceof Failed) told(of, to, error.problem);
      else throw error;
    }
  }
}

/** Asked for twice at once, it is one referral. */
function once(at: At, name: string): Promise<api.Row> {
  const begun = underWay.get(name);
  if (begun !== undefined) return begun;
  const going = goOn(at, name).finally(() => underWay.delete(name));
  underWay.set(name, going);
  return going;
}

async function goOn(at: At, name: string): Promise<api.Row> {
  const { work, items } = at;
  work.mustBeWhole();
  for (let tries = 0; ; tries += 1) {
    try {
      const kept = await ready(at, name);
      await uploaded(at, kept);
      const { sendReferrals } = await ask(operations.sendReferrals, { referrals: [kept.sealed.input] });
      const [accepted] = sendReferrals;
      if (sendReferrals.length !== 1 || accepted?.sha256 !== kept.sealed.sha256) throw badAnswer();
      await work.log.accepted([kept.sealed.sha256]);
      await drop(items, name);
      const row = await rowOf(work, accepted, "waiting");
      if ("damaged" in row) throw badAnswer();
      return row;
    } catch (error) {
      if (waitsOn(error)) throw error;
      const code = error instanceof Failed && error.problem.kind === "refused" ? error.problem.code : null;
      if (code !== null && REMADE.includes(code) && tries < TRIES - 1) {
        const { sealed: _, ...kept } = (await items.get<Kept>(name)) ?? unknown();
        await items.put(name, kept satisfies Kept);
        await work.sync();
        continue;
      }
      if (code !== null || error instanceof Refused) await drop(items, name);
      throw error;
    }
  }
}

async function drop(items: Items, name: string): Promise<void> {
  const attached = (await items.get<Kept>(name))?.attached;
  await items.drop(name);
  if (attached !== undefined) await (await import("./files.ts")).sweep(items);
}

/** Her consent to the referral has ended: nothing of it stays on this device. */
export async function ended(items: Items, of: string): Promise<void> {
  for (const name of items.names(`${PREFIX}${of} `)) await drop(items, name);
}

type Sealed = Kept & Required<Pick<Kept, "sealed">>;

/** Each step of it is kept before the next one: what was signed or sealed once is that from then on. */
async function ready({ work, items }: At, name: string): Promise<Sealed> {
  let kept = (await items.get<Kept>(name)) ?? unknown();
  const keep = async (more: Partial<Kept>) => {
    kept = { ...kept, ...more };
    await items.put(name, kept);
  };
  if (kept.sealed !== undefined) return kept as Sealed;
  if (kept.agreed !== undefined) {
    if (kept.signed === undefined) await keep({ signed: await decided(work, kept, kept.agreed) });
    const { recordConsent } = await ask(operations.recordConsent, { decisions: [kept.signed!] });
    await work.log.accepted(recordConsent.map(({ sha256 }) => sha256));
  }
  const decision = await decisionOn(work, kept);
  const opened = await work.open(kept.of);
  if (opened.referral.as !== "recipient") throw new Refused("not_found", { referral: kept.of });
  const { granted } = opened.referral.decision.body;
  if (granted !== null) await keep({ until: new Date(instant(granted.until)).toISOString() });
  if (kept.files.length > 0 && kept.attached === undefined) await keep({ attached: await fetched(work, items, kept) });
  if (kept.attached !== undefined && kept.sent === undefined) {
    const files = await import("./files.ts");
    files.named(kept.attached);
    await keep({ sent: await files.sealed(items, work.signer(), kept.attached, kept.sections) });
  }
  await keep({ sealed: await sealed(work, kept, opened, decision) });
  return kept as Sealed;
}

async function fetched(work: Work, items: Items, { of, files }: Kept): Promise<api.FilesBySection> {
  const { keepSent } = await import("./files.ts");
  const found: Record<string, api.KeptFile[]> = {};
  for (const part of files) {
    const section = base(part);
    found[section] = [...(found[section] ?? []), await keepSent(work, items, of, part)];
  }
  return found;
}

async function uploaded({ work, items }: At, { sent }: Kept): Promise<void> {
  if (!sent) return;
  const { upload } = await import("./files.ts");
  await upload(items, work.signer(), [sent], () => {});
}

function unknown(): never {
  throw new Refused("not_found", { field: "parent" });
}

/** Sealed anew from what opens now, under the decision on the third agency, and checked as the hub will. */
async function sealed(
  work: Work,
  { of, to, sections, sent }: Kept,
  opened: Opened,
  decision: Document<Consent>,
): Promise<Sealed["sealed"]> {
  const { document } = opened.referral;
  const { exception } = decision.body;
  const readers = [work.who.agency, to, ...(exception === null ? [] : [exception.reviewer])];
  const publicKeys = await work.network.publicKeys(readers);
  const files = sent ? (await import("./files.ts")).attachedOf(sent, sections).files : [];
  const at = work.network.now();
  const one = await referral.seal(work.signer(), {
    id: sent?.id ?? newId(),
    to,
    routing: document.body.routing,
    decision,
    texts: textsOf(opened, sections, files, work.who.agency),
    files,
    publicKeys,
    at,
    parent: { id: of, sha256: document.sha256 },
  });
  const known = decisionsOf([opened.referral.decision, decision]);
  await referral.check(one, work.network.directory, known, at);
  return { input: handedIn(one.document, one.blobs), sha256: one.document.sha256 };
}

/** The hub names it to whoever holds a live grant and asks for the agency by name; it has to hold by itself. */
async function decisionOn(work: Work, { of: id, to, sections }: Kept): Promise<Document<Consent>> {
  const { referral: of } = await work.fetch(id);
  const { consent, recorder } = of.decision.body;
  const { onward: answer } = await ask(operations.onward, { referral: id, to, parts: [...sections] });
  const known = await work.verifiedDecisions({ id: consent, recorder, decisions: [answer], withdrawals: [] });
  const decision = known.newest.get(to);
  if (decision === undefined) throw new Refused("authority_mismatch", { field: "authority", reader: to });
  return decision;
}

/**
 * Her decision on the third agency, the first on it, as an agency that coordinates may record it: within its own (§7).
 * `head_moved` at the hub where she has decided on that agency before.
 */
async function decided(work: Work, { of: id, to }: Kept, agreed: api.Agreed): Promise<operations.SealedInput> {
  const { referral: of } = await work.fetch(id);
  const { directory } = work.network;
  const { sections, purposes, until } = agreed;
  const body: Consent = {
    ...of.decision.body,
    at: stamp(work.network.now()),
    directory: directory.head,
    author: referral.authorOf(work.signer()),
    to,
    version: 1,
    prev: null,
    given: { ...of.decision.body.given, how: agreed.how },
    granted: { sections: asSet(sections), purposes: asSet(purposes), until: stamp(Date.parse(until)) },
    refused: [],
    sealed: null,
  };
  rule.checkDecision(body);
  return handedIn(await sign("consent", body, work.signer().key), NO_BLOBS);
}

/**
 * On whom an agency that coordinates may add her decision now: those on whom she has decided nothing, as far as what
 * verifies says. Empty where the own agency does not coordinate.
 */
export async function undecided({ work }: At, id: string): Promise<readonly string[]> {
  const { referral: of } = await work.fetch(id);
  const { consent, recorder } = of.decision.body;
  const [view, at] = [work.network.directory.now(), work.network.ruleTime()];
  const own = view.agency(work.who.agency);
  if (own === null || !coordinates(of, own, at)) return [];
  const decisions = await work.decisions(consent);
  const parts = of.document.body.sealed.parts.map(({ name }) => name);
  const left = view.agencies().filter(({ handle, kind, suspended }) => {
    const isOut = suspended || [own.handle, of.sender, recorder].includes(handle) || decisions.newest.has(handle);
    return !isOut && rule.decided(decisions, { agency: handle, kind, parts, at }) !== "refused";
  });
  return left.map(({ handle }) => handle);
}

function coordinates({ decision, document }: VerifiedReferral, own: Agency, at: Instant): boolean {
  const asked = { agency: own.handle, kind: own.kind, at };
  return document.body.sealed.parts.some(({ name: part }) => {
    try {
      return rule.mayRead(decisionsOf([decision]), { ...asked, part }).has("coordinate");
    } catch {
      return false;
    }
  });
}

function textsOf(
  { parts }: Opened,
  names: readonly string[],
  files: readonly SealedFile[],
  reader: string,
): ReadonlyMap<string, Uint8Array> {
  return new Map(
    names.map((name) => {
      const part = parts.find((one) => one.name === name);
      if (part?.status !== "readable" || part.holds instanceof Uint8Array) {
        throw new Refused("grant_missing", { part: name, reader });
      }
      const said = files.map((one) => one.said).filter((one) => base(one.part) === name);
      return [name, referral.sectionText(name, part.holds.fields, said)];
    }),
  );
}

/**
 * All that was sent under the consent of this referral, by whomever, each header verified. `not_found` where the own
 * agency has not recorded it.
 */
export async function chain({ work }: At, id: string): Promise<readonly api.Link[]> {
  const { referral: of } = await work.fetch(id);
  const { consent } = of.decision.body;
  const { chain: answers } = await ask(operations.chain, { consent });
  if (answers === null) throw new Refused("not_found", { consent });
  return work.inNewest(() => Promise.all(answers.map((answer) => linkOf(work, consent, answer))));
}

type Answered = NonNullable<operations.ChainQuery["chain"]>[number];

async function linkOf(work: Work, consent: string, answer: Answered): Promise<api.Link> {
  const document = await read(answer.envelope, "referral");
  const { body } = document;
  if (document.sha256 !== answer.sha256) throw new Refused("malformed", { field: "sha256" });
  referral.checkShape(body);
  await work.network.directory.checkSigned(document, referral.WHO_SENDS);
  if (body.id !== answer.id || body.authority.consent !== consent) {
    throw new Refused("authority_mismatch", { field: "consent", referral: answer.id });
  }
  return {
    id: body.id,
    sender: body.author.agency,
    recipient: body.to,
    state: answer.state,
    sentAt: new Date(instant(body.at)).toISOString(),
    parent: body.parent?.id ?? null,
  };
}
