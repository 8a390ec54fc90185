/** From a form to sealed wholes that a hub can accept; as ortoo/drafting.py makes them. */

import type { Decisions } from "../protocol/consent.ts";
import * as consent from "../protocol/consent.ts";
import type { View } from "../protocol/directory.ts";
import type { Document, Instant } from "../protocol/documents.ts";
import { asSet, b64, canonical, newId, sign, stamp } from "../protocol/documents.ts";
import { naming, Refused } from "../protocol/errors.ts";
import type { PublicKeys, SealedReferral, Signer } from "../protocol/referral.ts";
import * as referral from "../protocol/referral.ts";
import type { Consent } from "../protocol/schemas.ts";
import { base } from "../protocol/sealing.ts";
import * as vocabulary from "../protocol/vocabulary.ts";
import type { Attaching, Form } from "./form.ts";
import { addresseesOf, FormError, noFiles, partsFor, untilOf } from "./form.ts";
import type { SealedEvidence } from "./giving.ts";

const DAY = 86_400_000; // milliseconds

/**
 * A signed decision for each addressee of the form, under one new consent id, recorded by the signer's agency.
 *
 * evidence: of how she gave it, sealed under that id; it goes with the decision on everybody (`giving.ts`).
 */
export async function decide(
  form: Form,
  signer: Signer,
  at: Instant,
  evidence: SealedEvidence | null = null,
): Promise<readonly Document<Consent>[]> {
  checkChild(form);
  const id = evidence?.consent ?? newId();
  const bodies = decidedOn(form, evidence).map((to) => decision(form, signer, { to, id, at, evidence }));
  for (const body of bodies) consent.checkDecision(body, form.routing.minor);
  return Promise.all(bodies.map((body) => sign("consent", body, signer.key)));
}

/**
 * What the form decides under the consent that was recorded when it could not be sent: what stands where it says the same,
 * else the next version. Of whom the form says nothing any more, nothing is decided.
 */
export async function decideAgain(
  form: Form,
  signer: Signer,
  { newest }: Decisions,
  at: Instant,
  evidence: SealedEvidence | null = null,
): Promise<readonly Document<Consent>[]> {
  checkChild(form);
  const id = [...newest.values()][0]!.body.consent;
  const addressees = [...new Set([...decidedOn(form, evidence), ...newest.keys()])].sort();
  return Promise.all(
    addressees.map(async (to) => {
      const [first, before] = [decision(form, signer, { to, id, at, evidence }), newest.get(to)];
      if (
        before !== undefined &&
        first.sealed === null &&
        before.body.sealed === null &&
        saysAsMuch(first, before.body)
      )
        return before;
      const next = { ...first, version: (before?.body.version ?? 0) + 1, prev: before?.sha256 ?? null };
      consent.checkDecision(next, form.routing.minor);
      return sign("consent", next, signer.key);
    }),
  );
}

/** Whether it is that decision, but for who signed it and when. */
function saysAsMuch(wanted: Consent, before: Consent): boolean {
  const { at, directory, author, version, prev } = before;
  return b64(canonical({ ...wanted, at, directory, author, version, prev })) === b64(canonical(before));
}

/** Whom there will be a decision on: evidence goes with the one on everybody. */
const decidedOn = (form: Form, evidence: SealedEvidence | null): readonly string[] =>
  [...new Set([...addresseesOf(form.consent), ...(evidence === null ? [] : [consent.ALL])])].sort();

interface Deciding {
  readonly to: string;
  readonly id: string;
  readonly at: Instant;
  readonly evidence: SealedEvidence | null;
}

function decision(form: Form, signer: Signer, { to, id, at, evidence }: Deciding): Consent {
  const { consent: wanted } = form;
  const { directory } = signer;
  return {
    network: directory.id,
    at: stamp(at),
    directory: directory.head,
    author: referral.authorOf(signer),
    consent: id,
    recorder: signer.agency,
    to,
    version: 1,
    prev: null,
    basis: wanted.basis,
    given: {
      by: wanted.givenBy,
      how: wanted.givenHow,
      language: wanted.language,
      interpreter: wanted.interpreter,
      witness: wanted.witness,
    },
    granted: grantedTo(form, to, at),
    refused: asSet(wanted.refusals.get(to) ?? []),
    receipt: wanted.receipt,
    exception: exceptionOf(form, to, at),
    retain_days: wanted.retainDays,
    sealed: to === consent.ALL ? (evidence?.sealed ?? null) : null,
  };
}

function grantedTo(form: Form, to: string, at: Instant): Consent["granted"] {
  const grant = form.consent.grants.get(to);
  if (grant === undefined) return null;
  return {
    sections: asSet(grant.sections),
    purposes: asSet(grant.purposes),
    until: stamp(untilOf(grant, at, form.consent.basis)),
  };
}

function exceptionOf(form: Form, to: string, at: Instant): Consent["exception"] {
  const without = form.consent.exception;
  if (without === null) return null;
  const tellAfter = without.tellAfterDays > 0 ? stamp(at + without.tellAfterDays * DAY) : null;
  return { reviewer: without.reviewer, overrides: without.overrides?.get(to) ?? null, tell_after: tellAfter };
}

/** FormError where a guardian agrees without the child's own word, or is not safe to decide for it. */
export function checkChild({ consent: given, sections }: Form): void {
  if (given.basis !== consent.FOR_A_CHILD || given.grants.size === 0) return;
  if (given.givenBy !== "guardian") throw new FormError("consent.given_by", "guardian_decides");
  checkGuardian({ consent: given, sections });
  const { assent } = sections.get("child") ?? {};
  if (typeof assent !== "string" || assent.trim() === "") throw new FormError("sections.child.assent", "missing");
}

/** FormError where a guardian's yes stands for a child whose guardian is suspected. */
function checkGuardian({ consent: given, sections }: Pick<Form, "consent" | "sections">): void {
  if (given.basis === consent.FOR_A_CHILD && sections.get("child")?.guardian_is_safe === false) {
    throw new FormError("sections.child.guardian_is_safe", "guardian_unsafe");
  }
}

/** FormError where the form names an agency that the directory does not have. */
export function checkAgencies(form: Form, view: View): void {
  for (const [place, to] of form.recipients.entries()) {
    if (view.agency(to) === null) throw new FormError(`recipients[${place}]`, "unknown_agency");
  }
  for (const to of addresseesOf(form.consent)) {
    if (!to.startsWith("kind:") && to !== consent.ALL && view.agency(to) === null) {
      throw new FormError("consent", "unknown_agency");
    }
  }
  const without = form.consent.exception;
  if (without !== null && view.agency(without.reviewer) === null) {
    throw new FormError("consent.exception.reviewer", "unknown_agency");
  }
}

/**
 * A sealed referral for each recipient, checked against the rule as the hub and the reader will (§5, §7).
 *
 * parts: which sections go to whom, where it is not what the grant says.
 * Refused, naming referral, part and reader; or FormError.
 */
export async function seal(
  form: Form,
  signer: Signer,
  decisions: readonly Document<Consent>[],
  publicKeys: PublicKeys,
  at: Instant,
  parts: ReadonlyMap<string, readonly string[]> = new Map(),
  attaching: Attaching = noFiles,
): Promise<readonly SealedReferral[]> {
  const known = consent.decisionsOf(decisions);
  const view = signer.directory.now();
  checkAgencies(form, view);
  const sealed: SealedReferral[] = [];
  for (const to of form.recipients) {
    const agency = view.agency(to);
    if (agency === null || !known.newest.has(to)) throw new Refused("grant_missing", { reader: to });
    if (agency.suspended) throw new Refused("recipient_suspended", { reader: to });
    const chosen = parts.get(to) ?? partsFor(form, to, agency.kind);
    sealed.push(await sealFor(form, signer, to, chosen, known, publicKeys, at, attaching));
  }
  return sealed;
}

/** What a form is when it goes out once more, to one agency: the parts that the newest decision lets it read. */
export interface Again {
  readonly to: string;
  readonly decision: Document<Consent>;
  readonly parts: readonly string[];
}

/** A new referral from a form that was sent before, to one agency. */
export async function sealAgain(
  form: Form,
  signer: Signer,
  again: Again,
  publicKeys: PublicKeys,
  at: Instant,
  attaching: Attaching = noFiles,
): Promise<SealedReferral> {
  checkGuardian(form);
  if (signer.directory.now().agency(again.to)?.suspended) {
    throw new Refused("recipient_suspended", { reader: again.to });
  }
  const known = consent.decisionsOf([again.decision]);
  if (!known.newest.has(again.to)) throw new Refused("grant_missing", { reader: again.to });
  return sealFor(form, signer, again.to, again.parts, known, publicKeys, at, attaching);
}

async function sealFor(
  form: Form,
  signer: Signer,
  to: string,
  parts: readonly string[],
  decisions: Decisions,
  publicKeys: PublicKeys,
  at: Instant,
  attaching: Attaching,
): Promise<SealedReferral> {
  const attached = await attaching(to, parts);
  const files = attached?.files ?? [];
  const texts = new Map(
    parts.map((part) => {
      const fields = form.sections.get(part);
      if (fields === undefined) throw new RangeError("a part that the form does not have");
      const said = files.map((one) => one.said).filter((one) => base(one.part) === part);
      return [part, referral.sectionText(part, fields, said)];
    }),
  );
  const one = await referral.seal(signer, {
    id: attached?.id ?? newId(),
    to,
    files,
    routing: { ...form.routing, services: asSet(form.routing.services) },
    decision: decisions.newest.get(to)!,
    texts,
    publicKeys,
    at,
  });
  await naming({ referral: one.document.body.id }, () => referral.check(one, signer.directory, decisions, at));
  return one;
}

/**
 * The form's sections that an agency (of `kind`) may read under these decisions.
 *
 * Refused where it may read nothing: with the rule's answer for a note, else `grant_missing`.
 */
export function partsAllowed(form: Form, asked: consent.Asked, decisions: Decisions): readonly string[] {
  const isExceptional = decisions.newest.get(asked.agency)?.body.exception != null;
  const leftOut = [...referral.NEVER_SENT, ...(isExceptional ? [] : ["justification"])];
  const there = [...vocabulary.codes("sections")].filter((part) => form.sections.has(part) && !leftOut.includes(part));
  const allowed = there.filter(
    (part) => consent.refusalOf(() => consent.mayRead(decisions, { ...asked, part })) === null,
  );
  if (allowed.length === 0) consent.checkReaderWithoutKey(decisions, asked);
  return allowed;
}
