/** Without her consent (protocol §7): what she refused is recorded, and the exception that overrides it names it. */

import { ALL } from "../protocol/consent.ts";
import type { Document, Instant } from "../protocol/documents.ts";
import type { Signer } from "../protocol/referral.ts";
import type { Consent } from "../protocol/schemas.ts";
import type * as api from "./api.ts";
import { decide } from "./drafting.ts";
import type { Form } from "./form.ts";

/**
 * Her no to each of these agencies, signed, under a consent id of its own: the exception that overrides it names it.
 * Nothing is granted by it, and it stays.
 */
export async function refusing(
  form: Form,
  { refused }: api.Without,
  signer: Signer,
  at: Instant,
): Promise<readonly Document<Consent>[]> {
  if (refused.length === 0) return [];
  const basis = form.routing.minor ? "guardian_and_assent" : "informed_consent";
  const refusals = new Map(refused.map((to) => [to, [ALL]]));
  const said = { ...form.consent, basis, grants: new Map(), refusals, exception: null, receipt: null };
  return decide({ ...form, consent: said }, signer, at);
}

/** The form whose exception names what she refused. */
export function overridesOf(form: Form, refused: readonly Document<Consent>[]): Form {
  const { exception } = form.consent;
  if (exception === null) return form;
  const overrides = new Map(
    refused.map(({ body, sha256 }) => [body.to, { consent: body.consent, to: body.to, sha256 }] as const),
  );
  return { ...form, consent: { ...form.consent, exception: { ...exception, overrides } } };
}
