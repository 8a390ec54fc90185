/**
 * What a hub has shown that does not fit (protocol §10), as a file that `ortoo audit evidence` explains: the counterpart of
 * ortoo/evidence.py.
 */

import { stamp } from "../protocol/documents.ts";
import { type At, Refused } from "../protocol/errors.ts";
import type { ProofFile } from "./api.ts";
import type { Network } from "./network.ts";

const ALARMING: readonly string[] = ["checkpoint_rollback", "directory_fork", "proof_invalid"];

/** log: its origin. seen, shown: the notes of before and of now; consistency: what was shown between them. */
export interface Contradiction {
  readonly log: string;
  readonly seen: string;
  readonly shown: string;
  readonly consistency: readonly string[];
}

/** A refusal of a hub that has shown two histories, or is not shown to tell one. */
export class Contradicted extends Refused {
  readonly evidence: ProofFile;

  constructor(refused: Refused, evidence: ProofFile) {
    super(refused.code, refused.at);
    this.evidence = evidence;
  }

  override within(at: At): Contradicted {
    return new Contradicted(super.within(at), this.evidence);
  }
}

/** The error with the evidence, where it is such a one; else as it is. */
export function contradicted(error: unknown, network: Network, by: Contradiction): unknown {
  if (!(error instanceof Refused) || !ALARMING.includes(error.code) || network.directory.size === 0) return error;
  return new Contradicted(error, fileOf(network, by, error.code));
}

/** code: "" where nothing does not fit. more: what is shown beside it. */
export function fileOf(network: Network, by: Contradiction, code: string, more: object = {}): ProofFile {
  const at = stamp(network.now());
  const named = { network: network.directory.network.envelope, seen: by.seen, shown: by.shown };
  const said = { evidence: 1, log: by.log, code, at, ...named, consistency: by.consistency, ...more };
  const name = `ortoo-${at.replace(/[^0-9]/g, "")}-${by.log.split("/").at(-1)}.json`;
  return { name, text: `${JSON.stringify(said, null, 1)}\n` };
}
