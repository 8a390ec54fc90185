/**
 * Whether documents are in the activity log, found out on this device (protocol §10): a proof for each document, against
 * the newest head that this device has seen. The counterpart of ortoo/overseeing.py.
 */

import * as operations from "../hub/operations.ts";
import { ask } from "../hub/query.ts";
import type { Checkpoint } from "../protocol/checkpoint.ts";
import { b64, type Instant, instant, sha256, stamp } from "../protocol/documents.ts";
import { Refused } from "../protocol/errors.ts";
import { checkPlace, WITHHELD } from "../protocol/logged.ts";
import type { ProofFile } from "./api.ts";
import { fileOf } from "./evidence.ts";
import type { Newest } from "./logged.ts";
import type { Network } from "./network.ts";
import type * as api from "./overseeing-api.ts";

const MOST = 100; // proofs at once

type Proof = operations.LoggedQuery["logged"][number];

/** A line as the hub tells it. document: H of what was signed. place: its leaf's, as the hub says. */
interface Told {
  readonly document: string;
  readonly at: string;
  readonly place: number | null;
}

export interface Found {
  readonly mark: api.Mark;
  readonly place: number | null;
  /** What the hub showed for it. */
  readonly proof: Proof | null;
}

/** found: in the order of what was told. evidence: null: the network has no log. */
export interface Checked {
  readonly head: api.Head | null;
  readonly found: readonly Found[];
  readonly evidence: ProofFile | null;
}

/** What was told, each line against the newest head; null: the network has no log. */
export async function check(network: Network, newest: Newest | null, told: readonly Told[]): Promise<Checked> {
  const found = await marked(told, newest?.opened?.checkpoint ?? null, network.now());
  if (newest === null) return { head: null, found, evidence: null };
  const lines = told.map((one, at) => ({ ...one, ...found[at]! }));
  return { head: headOf(newest), found, evidence: fileOf(network, newest.by, "", { lines }) };
}

function headOf({ opened, policy }: Newest): api.Head | null {
  if (opened === null) return null;
  const { checkpoint, cosigned } = opened;
  const at = Math.max(...cosigned.values());
  return {
    size: checkpoint.size,
    at: cosigned.size > 0 ? stamp(at) : null,
    witnesses: cosigned.size,
    of: policy.witnesses.size,
  };
}

async function marked(told: readonly Told[], head: Checkpoint | null, now: Instant): Promise<readonly Found[]> {
  const proofs = new Map<string, Proof>();
  for (let begin = 0; head !== null && begin < told.length; begin += MOST) {
    const documents = told.slice(begin, begin + MOST).map((one) => one.document);
    const { logged } = await ask(operations.logged, { size: head.size, documents });
    for (const one of logged) proofs.set(one.document, one);
  }
  return Promise.all(told.map((one) => markOf(one, proofs.get(one.document) ?? null, head, now)));
}

async function markOf(told: Told, proof: Proof | null, head: Checkpoint | null, now: Instant): Promise<Found> {
  if (proof === null || head === null) {
    const isLate = now - instant(told.at) > WITHHELD;
    return { mark: isLate ? "missing" : "promised", place: null, proof };
  }
  const holds = (told.place === null || told.place === proof.index) && (await isIn(proof, head));
  return holds ? { mark: "logged", place: proof.index, proof } : { mark: "false", place: null, proof };
}

async function isIn(proof: Proof, head: Checkpoint): Promise<boolean> {
  try {
    await checkPlace(proof, head);
    return true;
  } catch (error) {
    if (error instanceof Refused) return false;
    throw error;
  }
}

/** H of a file, as a record names it. */
export async function hashOf(content: Uint8Array<ArrayBuffer>): Promise<string> {
  return b64(await sha256(content));
}
