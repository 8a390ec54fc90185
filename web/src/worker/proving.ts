/**
 * Whether documents are in the activity log, found out on this device (protocol §10): its newest head, that it continues
 * the one that was seen before, and a proof for each document. The counterpart of ortoo/overseeing.py.
 */

import type { Items } from "../device/store.ts";
import * as operations from "../hub/operations.ts";
import { ask } from "../hub/query.ts";
import {
  type Checkpoint,
  logNamed,
  type Opened,
  openSigned,
  type Policy,
  parsePolicy,
} from "../protocol/checkpoint.ts";
import { b64, type Instant, instant, sha256, stamp } from "../protocol/documents.ts";
import { Refused } from "../protocol/errors.ts";
import { ACTIVITY, checkPlace, continued, WITHHELD } from "../protocol/logged.ts";
import type { Network } from "./network.ts";
import type * as api from "./overseeing-api.ts";

const SEEN = "overseen/head"; // where the newest note is kept
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

/** found: in the order of what was told; empty where the log is broken. */
export interface Checked {
  readonly head: api.Head | null;
  readonly found: readonly Found[];
  readonly broken: string | null;
  readonly evidence: string;
}

/** What was told, each line against the newest head. The directory is to be as new as can be, for its policy. */
export async function check(network: Network, items: Items, told: readonly Told[]): Promise<Checked> {
  const document = network.directory.network;
  const policy = await parsePolicy(document.body.policy);
  const origin = logNamed(policy, ACTIVITY).name;
  const before = await seenBefore(items, origin, policy);
  const { activityLog: shown } = await ask(operations.activityLog, { after: before?.checkpoint.size ?? 0 });
  const kept = {
    evidence: 1,
    log: origin,
    at: stamp(network.now()),
    network: document.envelope,
    seen: before?.note ?? "",
    shown: shown.checkpoint?.note ?? "",
    consistency: shown.consistency,
  };
  try {
    const opened = await continued(shown, before?.checkpoint ?? null, origin, policy);
    if (opened !== null) await items.put(SEEN, shown.checkpoint!.note);
    const found = await marked(told, opened?.checkpoint ?? null, network.now());
    const lines = told.map((one, at) => ({ ...one, ...found[at]! }));
    const evidence = JSON.stringify({ ...kept, code: "", lines }, null, 1);
    return { head: opened && headOf(opened, policy), found, broken: null, evidence };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return {
      head: null,
      found: [],
      broken: error.code,
      evidence: JSON.stringify({ ...kept, code: error.code }, null, 1),
    };
  }
}

/** The note that was kept. It was verified then; a network that has begun another log begins anew. */
async function seenBefore(items: Items, origin: string, policy: Policy) {
  const note = await items.get<string>(SEEN);
  if (note === null || !note.startsWith(`${origin}\n`)) return null;
  return { note, checkpoint: (await openSigned(note, origin, policy)).checkpoint };
}

function headOf({ checkpoint, cosigned }: Opened, policy: Policy): api.Head {
  const newest = Math.max(...cosigned.values());
  return {
    size: checkpoint.size,
    at: cosigned.size > 0 ? stamp(newest) : null,
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
