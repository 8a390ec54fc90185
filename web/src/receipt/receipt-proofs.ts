/**
 * That what she decided, and took back, is in the activity log (protocol §8, §10), found out on her own device. The
 * counterpart of ortoo/receipt_proofs.py; fetched once there is something to prove.
 */

import type { ProveWithReceiptMutation, ReceiptShownFragment } from "../hub/operations.ts";
import { type Checkpoint, logNamed } from "../protocol/checkpoint.ts";
import { Directory } from "../protocol/directory.ts";
import { type Document, type Instant, instant, kindOfEnvelope, read, unb64, verify } from "../protocol/documents.ts";
import { Refused } from "../protocol/errors.ts";
import { ACTIVITY, continued, placed, WITHHELD } from "../protocol/logged.ts";
import type { Consent, Receipt } from "../protocol/schemas.ts";

type Shown = Pick<ReceiptShownFragment, "documents" | "holders">;
type Holder = NonNullable<Shown["holders"]>[number];

/**
 * All of them are in the log; one is too recent to be missed; by this device's clock alone it is not, and one clock is
 * wrong; one is missing: by the hub's clock, or since it was first seen here.
 */
export type Mark = "logged" | "promised" | "doubtful" | "missing";

/**
 * What was seen of the log, for what is shown next. network: H of its first version. since: when each document was first
 * seen, by H and by a clock that nobody sets.
 */
export interface Seen {
  readonly since: ReadonlyMap<string, number>;
  readonly head: Checkpoint | null;
  readonly network: string;
}

/** mark: null where the network has no activity log. */
export interface Proof {
  readonly mark: Mark | null;
  readonly seen: Seen;
}

type Own = Document<Receipt> | Document<Consent>;

/** What her code stands for, read but not verified. */
export const ownOf = ({ documents }: Shown): Promise<readonly Own[]> =>
  Promise.all(
    documents.map(
      (one): Promise<Own> => (kindOfEnvelope(one) === "receipt" ? read(one, "receipt") : read(one, "consent")),
    ),
  );

/**
 * key: the code's public one. network: its id. now: as the hub has it, since her device may be days off. clock: the
 * device's; watch: milliseconds by a clock that nobody sets.
 *
 * Refused: signature_invalid, hash_mismatch for documents that are not of this code, or do not say what is shown;
 * directory_fork, checkpoint_unwitnessed, checkpoint_rollback, proof_invalid.
 */
export async function proofOf(
  own: readonly Own[],
  shown: Shown,
  answer: ProveWithReceiptMutation["proveWithReceipt"],
  asked: { readonly key: string; readonly network: string; readonly now: Instant; readonly seen: Seen | null },
  { clock = Date.now(), watch = performance.now() } = {},
): Promise<Proof> {
  await checkOwn(own, shown, asked.key);
  const directory = new Directory(asked.seen?.network ?? null);
  for (const entry of answer.networks) await directory.append(entry);
  if (directory.id !== asked.network) throw new Refused("directory_fork", { field: "network" });
  const network = (await read(directory.entries[0]!, "network")).sha256;
  const since = new Map(own.map(({ sha256 }) => [sha256, asked.seen?.since.get(sha256) ?? watch]));
  const policy = await directory.policy();
  if (!policy.logs.some((one) => one.name.endsWith(ACTIVITY)))
    return { mark: null, seen: { head: null, network, since } };
  const origin = logNamed(policy, ACTIVITY).name;
  const before = asked.seen?.head ?? null;
  const opened = await continued(answer.log, before?.origin === origin ? before : null, origin, policy);
  const head = opened?.checkpoint ?? null;
  const wanted = own.map((one) => one.sha256);
  const found = head === null ? new Map() : await placed(answer.logged, wanted, head);
  const left = own.filter((one) => !found.has(one.sha256));
  const isLate = (now: number) => left.some((one) => now - instant(one.body.at) > WITHHELD);
  const isWatched = left.some(({ sha256 }) => watch - since.get(sha256)! > WITHHELD);
  const notYet = isLate(clock) ? "doubtful" : "promised";
  const mark = isLate(asked.now) || isWatched ? "missing" : notYet;
  return { mark: left.length === 0 ? "logged" : mark, seen: { head, network, since } };
}

/** What was taken back this code has signed; each decision names it, and says what is shown. */
async function checkOwn(own: readonly Own[], shown: Shown, key: string): Promise<void> {
  const decided = new Map<string, Consent>();
  for (const one of own) {
    if ("challenge" in one.body) await verify(one, unb64(key));
    else if (one.body.receipt?.key === key) decided.set(one.body.to, one.body);
    else throw new Refused("hash_mismatch", { to: one.body.to });
  }
  for (const one of shown.holders ?? [])
    if (!says(decided.get(one.to), one)) throw new Refused("hash_mismatch", { to: one.to });
}

/** Whether a decision says what is shown of it: on what basis, all that it refuses, and no more than it grants. */
function says(decided: Consent | undefined, { sections, purposes, until, refused, basis, reviewer }: Holder): boolean {
  if (decided === undefined) return sections.length === 0 && refused.length === 0;
  if (refused.length !== decided.refused.length || !within(refused, decided.refused)) return false;
  if (basis !== decided.basis || reviewer?.handle !== decided.exception?.reviewer) return false;
  const { granted } = decided;
  if (granted === null) return sections.length === 0;
  const isWithin = granted.sections.includes("*") || within(sections, granted.sections);
  const isUntil = until !== null && Date.parse(until) === instant(granted.until);
  return isWithin && within(purposes, granted.purposes) && isUntil;
}

const within = (some: readonly string[], all: readonly string[]): boolean => some.every((one) => all.includes(one));
