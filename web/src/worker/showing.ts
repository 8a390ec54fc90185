/** What was verified, as plain data for the screens. */

import { type Bytes, instant } from "../protocol/documents.ts";
import { Refused } from "../protocol/errors.ts";
import * as events from "../protocol/events.ts";
import type { Note, Section } from "../protocol/schemas.ts";
import { terms } from "../protocol/vocabulary.ts";
import type * as api from "./api.ts";
import { cleanName } from "./file-names.ts";
import {
  counterpartOf,
  type Part,
  partNamesOf,
  type Step,
  untilOf,
  type VerifiedEvidence,
  type VerifiedReferral,
} from "./reading.ts";
import { withoutOf } from "./without.ts";
import type { Answer, Who, Work } from "./work.ts";

/**
 * A line of a list: whole, or what is wrong with it, by the newest directory: whoever joined since then has signed for some.
 * tier: the hub's word.
 */
export async function rowOf(work: Work, answer: Answer, tier: api.Tier): Promise<api.Row | api.DamagedRow> {
  try {
    return row(await work.inNewest(() => work.verify(answer)), tier, work.who);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { id: answer.id, tier, damaged: error.code };
  }
}

function row(referral: VerifiedReferral, tier: api.Tier, who: Who): api.Row {
  const { urgency, services, place } = referral.routing;
  const until = untilOf(referral);
  return {
    id: referral.id,
    tier,
    as: referral.as,
    state: referral.state,
    urgency,
    services,
    place,
    minor: referral.routing.minor,
    counterpart: counterpartOf(referral),
    sentAt: iso(referral.sentAt),
    changedAt: iso(referral.changedAt),
    until: until === null ? null : iso(until),
    isRecorder: referral.decision.body.recorder === who.agency,
    owed: referral.owed,
    deletionOwedSince: referral.deletionOwedSince === null ? null : iso(referral.deletionOwedSince),
    ...withoutOf(referral, who),
  };
}

export function referralOf(
  referral: VerifiedReferral,
  parts: readonly Part<Section | Bytes>[],
  who: Who,
): api.Referral {
  const shownRow = row(referral, "rest", who);
  const { granted, refused, to } = referral.decision.body;
  return {
    ...shownRow,
    document: referral.document.sha256,
    language: referral.routing.language,
    minor: referral.routing.minor,
    partNames: partNamesOf(referral),
    parts: parts.filter(({ name, status }) => !name.includes("/") || status !== "readable").map(shown),
    steps: referral.steps.map(stepOf),
    decision: {
      document: referral.decision.sha256,
      to,
      sections: granted?.sections ?? [],
      purposes: granted?.purposes ?? [],
      until: granted === null ? null : iso(instant(granted.until)),
      refused,
    },
    keptUntil: keptUntil(referral),
    opened: referral.steps.some((one) => one.type === "opened" && one.as === "recipient"),
    next: nextOf(referral).filter((type) => {
      if (type === "seconded") return shownRow.without?.isToSign === true;
      return !VERDICTS.includes(type) || !referral.steps.some((step) => step.type === "overturned");
    }),
  };
}

function keptUntil({ state, steps, changedAt, decision }: VerifiedReferral): string | null {
  const end = steps.filter(({ type }) => type === state).at(-1);
  const until = events.keptUntil(state, decision.body, end?.at ?? changedAt);
  return until === null ? null : iso(until);
}

/** Of the reviewer: what was overturned is reviewed no more. */
const VERDICTS: readonly string[] = ["upheld", "overturned"];

function stepOf({ id, document, agency, member, type, reason, at, note }: Step): api.Step {
  const said = { id, document: document.sha256, agency, member, type, reason, at: iso(at) };
  return { ...said, note: note === null ? null : shown(note) };
}

export function evidenceOf({ decision, part }: VerifiedEvidence): api.Evidence {
  return { decision: decision.sha256, at: iso(instant(decision.body.at)), part: shown(part) };
}

/** A section's filled fields, its warnings first, then as they were sealed; a note's text; or what became of it. */
function shown(part: Part<Section | Note | Bytes>): api.Part {
  const { name, status } = part;
  if (part.status !== "readable" || part.holds instanceof Uint8Array) return { name, status, text: null, fields: [] };
  const files = part.holds.files.map(({ part, name, type, size }) => ({ part, name: cleanName(name), type, size }));
  if ("text" in part.holds) return { name, status, text: part.holds.text, fields: [], files };
  const fields = Object.entries(part.holds.fields) as [string, api.FieldValue][];
  const warnings = ([field]: readonly [string, unknown]) => (field === "warnings" ? 0 : 1);
  return { name, status, text: null, fields: fields.sort((one, other) => warnings(one) - warnings(other)), files };
}

/** The steps that are legal now for the own agency. */
function nextOf({ state, as }: VerifiedReferral): readonly string[] {
  return [...terms("steps").keys()].filter((type) => {
    try {
      events.after(state, type, as);
      return true;
    } catch {
      return false;
    }
  });
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
