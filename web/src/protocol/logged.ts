/** What is shown of a log, verified (protocol §10): that a head continues another, and that documents are in its tree. */

import { type Checkpoint, type Opened, openCheckpoint, type Policy } from "./checkpoint.ts";
import { ctx, sha256, unb64 } from "./documents.ts";
import { Refused } from "./errors.ts";
import { leafHash, verifyConsistency, verifyInclusion } from "./merkle.ts";

export const ACTIVITY = "/log/activity"; // how its origin ends
export const WITHHELD = 10 * 60_000; // milliseconds: a leaf gets its place within a second

/** A newest head as it is told; null where there is none. */
export interface ToldHead {
  readonly checkpoint: { readonly note: string } | null;
  readonly consistency: readonly string[];
}

/** A document's place as it is told. */
export interface ToldPlace {
  readonly document: string;
  readonly salt: string;
  readonly index: number;
  readonly proof: readonly string[];
}

/** The head that is shown, signed as the policy wants it and continuing what was seen. null: there is none yet. */
export async function continued(
  shown: ToldHead,
  before: Checkpoint | null,
  origin: string,
  policy: Policy,
): Promise<Opened | null> {
  if (shown.checkpoint === null) {
    if (before !== null) throw new Refused("checkpoint_rollback", { size: 0 });
    return null;
  }
  const opened = await openCheckpoint(shown.checkpoint.note, origin, policy);
  const now = opened.checkpoint;
  if (before === null) return opened;
  if (now.size < before.size) throw new Refused("checkpoint_rollback", { size: now.size });
  if (before.size > 0) {
    const proof = shown.consistency.map((one) => unb64(one));
    await verifyConsistency(before.size, now.size, before.root, now.root, proof);
  }
  return opened;
}

/** That the document is where it is said to be. `proof_invalid`. */
export async function checkPlace({ document, salt, index, proof }: ToldPlace, head: Checkpoint): Promise<void> {
  const leaf = await leafHash(await sha256(ctx("leaf", unb64(salt), unb64(document))));
  const path = proof.map((one) => unb64(one));
  await verifyInclusion(index, head.size, leaf, path, head.root);
}

/** Those of the wanted documents that are shown to be logged, with their places. `proof_invalid` for one that is not. */
export async function placed<T extends ToldPlace>(
  told: readonly T[],
  wanted: readonly string[],
  head: Checkpoint,
): Promise<ReadonlyMap<string, T>> {
  const found = new Map<string, T>();
  for (const one of told) {
    if (!wanted.includes(one.document)) throw new Refused("proof_invalid", { document: one.document });
    await checkPlace(one, head);
    found.set(one.document, one);
  }
  return found;
}
