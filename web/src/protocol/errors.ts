/**
 * The one family of errors (protocol §13): a stable code and what is at fault; never content.
 * What is said to people stands in the catalogues, under the code.
 */

/** In the order of §13: of several faults in one document the first of these is told. */
export const CODES = [
  // form
  "limit_exceeded",
  "not_canonical",
  "version_unsupported",
  "malformed",
  // signer
  "signature_invalid",
  "threshold_not_met",
  "key_unknown",
  "key_refused",
  "role_not_allowed",
  "second_signature_missing",
  // directory
  "chain_broken",
  "epoch_stale",
  "directory_stale",
  "directory_fork",
  "checkpoint_rollback",
  "checkpoint_unwitnessed",
  "proof_invalid",
  "key_mismatch",
  // seal
  "hash_mismatch",
  "size_mismatch",
  "blob_missing",
  "blob_unexpected",
  "cannot_open",
  // consent
  "consent_withdrawn",
  "grant_refused",
  "grant_missing",
  "grant_expired",
  "authority_mismatch",
  "consent_superseded",
  "consent_author",
  "basis_not_allowed",
  // steps
  "id_reused",
  "clock_skew",
  "recipient_suspended",
  "recipient_unavailable",
  "head_moved",
  "step_illegal",
  // service
  "not_found",
  "upload_unknown",
  "receipt_unknown",
  "throttled",
] as const;

export type Code = (typeof CODES)[number];

export const ORDER: Readonly<Record<Code, number>> = Object.fromEntries(
  CODES.map((code, rank) => [code, rank]),
) as Record<Code, number>;

/** What is at fault, by name: referral, part, reader, field, head, state, … */
export type At = Readonly<Record<string, string | number>>;

/** Something that the protocol refuses. */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly code: Code;
  readonly at: At;

  constructor(code: Code, at: At = {}) {
    const where = Object.entries(at).map(([name, value]) => `${name} ${value}`);
    super(where.length ? `${code} (${where.join(", ")})` : code);
    this.code = code;
    this.at = at;
  }

  /** The same refusal, with more said about where it was met. */
  within(at: At): Refused {
    return new Refused(this.code, { ...at, ...this.at });
  }
}

/** Say of a refusal that is met inside, at once or in its promise, where it was met. */
export function naming<T>(at: At, inside: () => T): T {
  const told = (error: unknown): never => {
    throw error instanceof Refused ? error.within(at) : error;
  };
  try {
    const result = inside();
    return result instanceof Promise ? (result.catch(told) as T) : result;
  } catch (error) {
    return told(error);
  }
}
