/**
 * How a person gave her decision (protocol §7), sealed to the agency before which she did, and to nobody else; as
 * ortoo/giving.py does it.
 *
 * It goes with the decision on everybody. Those on agencies are shown to these, and a document says what is sealed beside
 * it: so none of them learns whether there is evidence, nor how much.
 */

import { ALL } from "../protocol/consent.ts";
import { newId } from "../protocol/documents.ts";
import * as referral from "../protocol/referral.ts";
import type { Sealed } from "../protocol/schemas.ts";
import { type Blobs, checkForm, NO_CONSENT, sealSet } from "../protocol/sealing.ts";
import type { Attached, Fields } from "./form.ts";

const PART = "evidence";

/** Evidence as it goes with a decision on everybody. */
export interface SealedEvidence {
  readonly consent: string;
  readonly sealed: Sealed;
  readonly blobs: Blobs;
}

/** An id under which evidence is sealed: that of a version of the decision on everybody; the first, under a new consent. */
export function evidenceId(consent: string = newId(), version = 1): string {
  return `${consent}/${ALL}/${version}`;
}

/** Seal it to the signer's own agency. attached: its files, and the id for which they were sealed. */
export async function sealEvidence(
  signer: referral.Signer,
  fields: Fields,
  { id, files }: Attached,
  publicKeys: referral.PublicKeys,
): Promise<SealedEvidence> {
  const view = signer.directory.now();
  const binding = {
    network: view.network.body.network,
    document: id,
    owner: signer.agency,
    authorKey: signer.key.public,
    consent: NO_CONSENT,
  };
  const said = files.map((one) => one.said);
  const parts = [PART, ...said.map((one) => one.part)];
  const reader = referral.readerOf(view, signer.agency, "sender", publicKeys, parts);
  const { sealed, blobs } = await sealSet(
    binding,
    new Map([[PART, referral.sectionText(PART, fields, said)]]),
    [reader],
    new Map(files.map((one) => [one.said.part, one])),
  );
  checkForm(sealed);
  return { consent: id.slice(0, id.indexOf("/")), sealed, blobs };
}
