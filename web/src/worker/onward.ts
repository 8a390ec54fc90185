/**
 * Passing on what the own agency was sent to a third one (protocol §9), as ortoo/forwarding.py does it; and the chain that
 * comes of it. Files do not go along. Loaded when it is first needed.
 *
 * Items of the member's sealed store: `onward/…` what is on its way, until the hub's acceptance is held.
 */

import type { Items } from "../device/store.ts";
import { Failed } from "../failed.ts";
import * as operations from "../hub/operations.ts";
import { ask, badAnswer } from "../hub/query.ts";
import { decisionsOf } from "../protocol/consent.ts";
import { type Document, instant, newId, read } from "../protocol/documents.ts";
import { Refused } from "../protocol/errors.ts";
import * as referral from "../protocol/referral.ts";
import type { Consent } from "../protocol/schemas.ts";
import type * as api from "./api.ts";
import { handedIn } from "./handing-in.ts";
import { rowOf } from "./showing.ts";
import type { Opened, Work } from "./work.ts";

const TRIES = 5;
/** Nothing was written: it is sealed again, and that is sent. */
const REMADE: readonly string[] = ["directory_stale", "epoch_stale", "clock_skew", "consent_superseded"];

export interface At {
  readonly work: Work;
  readonly items: Items;
}

/** As it was signed. sha256: H of the referral. */
interface Kept {
  readonly sealed: operations.SealedInput;
  readonly sha256: string;
}

/**
 * Send these sections of what the own agency was sent to the agency `to`. Repeated after a lost answer it is one referral.
 *
 * Refused: `not_found`, `step_illegal`, `grant_missing` (also where the own agency does not read the section), or another
 * code of the rule.
 */
export async function forward(at: At, id: string, to: string, sections: readonly string[]): Promise<api.Row> {
  const { work, items } = at;
  work.mustBeWhole();
  const name = `onward/${id} ${to} ${[...sections].sort().join(" ")}`;
  for (let tries = 0; ; tries += 1) {
    const kept = (await items.get<Kept>(name)) ?? (await sealed(work, id, to, sections));
    await items.put(name, kept);
    try {
      const { sendReferrals } = await ask(operations.sendReferrals, { referrals: [kept.sealed] });
      const [accepted] = sendReferrals;
      if (sendReferrals.length !== 1 || accepted?.sha256 !== kept.sha256) throw badAnswer();
      await work.log.accepted([kept.sha256]);
      await items.drop(name);
      const row = await rowOf(work, accepted, "waiting");
      if ("damaged" in row) throw badAnswer();
      return row;
    } catch (error) {
      const code = error instanceof Failed && error.problem.kind === "refused" ? error.problem.code : null;
      if (code !== null && code !== "throttled") await items.drop(name);
      if (code === null || !REMADE.includes(code) || tries >= TRIES - 1) throw error;
      await work.sync();
    }
  }
}

/** Sealed anew from what opens now, under the decision on the third agency, and checked as the hub will. */
async function sealed(work: Work, id: string, to: string, sections: readonly string[]): Promise<Kept> {
  const parts = [...sections].sort();
  const decision = await decisionOn(work, id, to, parts);
  const opened = await work.open(id);
  if (opened.referral.as !== "recipient") throw new Refused("not_found", { referral: id });
  const { document } = opened.referral;
  const { exception } = decision.body;
  const readers = [work.who.agency, to, ...(exception === null ? [] : [exception.reviewer])];
  const publicKeys = await work.network.publicKeys(readers);
  const at = work.network.now();
  const one = await referral.seal(work.signer(), {
    id: newId(),
    to,
    routing: document.body.routing,
    decision,
    texts: textsOf(opened, parts, work.who.agency),
    publicKeys,
    at,
    parent: { id, sha256: document.sha256 },
  });
  const known = decisionsOf([opened.referral.decision, decision]);
  await referral.check(one, work.network.directory, known, at);
  return { sealed: handedIn(one.document, one.blobs), sha256: one.document.sha256 };
}

/** The hub names it to whoever holds a live grant and asks for the agency by name; it has to hold by itself. */
async function decisionOn(work: Work, id: string, to: string, parts: readonly string[]): Promise<Document<Consent>> {
  const { referral: of } = await work.fetch(id);
  const { consent, recorder } = of.decision.body;
  const { onward: answer } = await ask(operations.onward, { referral: id, to, parts: [...parts] });
  const known = await work.verifiedDecisions({ id: consent, recorder, decisions: [answer], withdrawals: [] });
  const decision = known.newest.get(to);
  if (decision === undefined) throw new Refused("authority_mismatch", { field: "authority", reader: to });
  return decision;
}

function textsOf({ parts }: Opened, names: readonly string[], reader: string): ReadonlyMap<string, Uint8Array> {
  return new Map(
    names.map((name) => {
      const part = parts.find((one) => one.name === name);
      if (part?.status !== "readable" || part.holds instanceof Uint8Array) {
        throw new Refused("grant_missing", { part: name, reader });
      }
      return [name, referral.sectionText(name, part.holds.fields)];
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
