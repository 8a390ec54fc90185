/** One roster: signed and published with the seeds that its members need, and read back (ortoo/administration.py). */

import type { Items } from "../device/store.ts";
import { Failed } from "../failed.ts";
import * as operations from "../hub/operations.ts";
import { ask, badAnswer, rest } from "../hub/query.ts";
import type { Agency } from "../protocol/directory.ts";
import { asSet, type Bytes, b64, type Document, sha256, sign, stamp, unb64 } from "../protocol/documents.ts";
import { Refused } from "../protocol/errors.ts";
import { checkPublicKey, KemKey } from "../protocol/hpke.ts";
import { handOver } from "../protocol/keys.ts";
import type { Epoch, Roster, RosterMember } from "../protocol/schemas.ts";
import { madeHere } from "./agency-entries.ts";
import type { Work } from "./work.ts";

const RENEW = 90 * 86_400_000; // milliseconds
const WITNESSED_WITHIN = 30; // seconds
const MOST_HASHES = 100; // of one question

export interface At {
  readonly work: Work;
  readonly items: Items;
}

interface Change {
  /** With the next epoch. */
  readonly renew: boolean;
  /** Public keys that are new to the hub. */
  readonly fresh?: readonly Bytes[];
}

export function own(work: Work): Agency {
  const state = work.network.directory.now().agency(work.who.agency);
  if (state === null) throw new Refused("not_found", { agency: work.who.agency });
  return state;
}

/**
 * Sign and publish a roster with these members. Gives the number of its epoch.
 *
 * seen: the version that was looked at. `head_moved` where it is not the newest: another administrator was first.
 */
export async function publish(
  { work, items }: At,
  seen: number,
  members: readonly RosterMember[],
  { renew, fresh = [] }: Change,
): Promise<number> {
  const state = own(work);
  if (state.lastVersion !== seen || state.epoch === null) throw new Refused("head_moved", { agency: state.handle });
  const seeds = new Map(await work.takeOver());
  const made = renew ? await KemKey.generate() : null;
  const epoch = made === null ? state.epoch : nextEpoch(work, state, made);
  if (made !== null) seeds.set(epoch.n, made);
  const roster = await signed(work, members, epoch);
  const known = await publicKeysOf(members);
  for (const key of fresh) known.set(b64(await sha256(key)), key);
  const handed = await seedsFor(work, members, seeds, known, renew ? epoch.n : 0);
  const kemKeys = [...fresh, ...(made === null ? [] : [made.public])].map(b64);
  await madeHere(items, roster.sha256);
  try {
    await ask(operations.publishRoster, { roster: roster.envelope, kemKeys, seeds: handed });
  } catch (error) {
    throw await becauseOfAnother(work, error);
  }
  await readBack(work, roster);
  return epoch.n;
}

/** The change is there already; whoever still lacks a seed that is needed gets it. */
export async function handOverTheRest(work: Work): Promise<void> {
  const { members } = own(work);
  const missing = await seedsFor(work, members, await work.takeOver(), await publicKeysOf(members), 0);
  if (missing.length > 0) await ask(operations.handOver, { seeds: missing });
}

function nextEpoch(work: Work, state: Agency, key: KemKey): Epoch {
  return { n: state.lastEpoch + 1, kem: key.sha256, renew_by: stamp(work.network.now() + RENEW) };
}

async function signed(work: Work, members: readonly RosterMember[], epoch: Epoch): Promise<Document<Roster>> {
  const { agency, member, key, directory } = work.signer();
  const body = {
    network: directory.id,
    at: stamp(work.network.now()),
    directory: directory.head,
    author: { agency, member },
    agency,
    ...directory.rosterAfter(agency),
    members: asSet(members),
    epoch,
    activity: null,
  } as const satisfies Roster;
  return sign("roster", body, key);
}

/** What each member needs and does not hold yet: the new epoch; for whoever is new or has new keys, all of them. */
async function seedsFor(
  work: Work,
  members: readonly RosterMember[],
  seeds: ReadonlyMap<number, KemKey>,
  known: ReadonlyMap<string, Bytes>,
  fresh: number,
): Promise<readonly operations.SeedInput[]> {
  const { heldKeys } = await ask(operations.heldKeys, {});
  const held = new Set(heldKeys.map(({ member, epoch }) => `${member} ${epoch}`));
  const kept = new Set(own(work).members.map(({ id, kem }) => `${id} ${kem}`));
  const { network, agency } = work.who;
  const handed = [];
  for (const { id, key, kem } of members) {
    const isNew = !kept.has(`${id} ${kem}`);
    for (const [epoch, seed] of seeds) {
      if (epoch !== fresh && !isNew && held.has(`${id} ${epoch}`)) continue;
      const memberKem = known.get(kem);
      if (memberKem === undefined) throw badAnswer();
      await checkPublicKey(memberKem, kem);
      const to = { network, agency, epoch, member: id, memberKey: unb64(key), memberKem };
      handed.push({ member: id, epoch, sealed: b64(await handOver(seed.seed, to)) });
    }
  }
  return handed;
}

/** The members' public keys that the hub has, by their hashes. */
async function publicKeysOf(members: readonly RosterMember[]): Promise<Map<string, Bytes>> {
  const hashes = members.map(({ kem }) => kem);
  const found = new Map<string, Bytes>();
  for (let from = 0; from < hashes.length; from += MOST_HASHES) {
    const { kemKeys } = await ask(operations.kemKeys, { hashes: hashes.slice(from, from + MOST_HASHES) });
    for (const { sha256: hash, key } of kemKeys) found.set(hash, unb64(key));
  }
  return found;
}

/** A roster that does not follow the newest one: another administrator's came in between. It is there to be looked at. */
async function becauseOfAnother(work: Work, error: unknown): Promise<unknown> {
  const code = error instanceof Failed && error.problem.kind === "refused" ? error.problem.code : null;
  if (code !== "chain_broken" && code !== "directory_fork") return error;
  await work.sync();
  return new Refused("head_moved", { agency: work.who.agency });
}

/** The roster is in force, the own seeds open to the directory's keys, every member holds the newest one. */
async function readBack(work: Work, roster: Document<Roster>): Promise<void> {
  await untilInForce(work, roster);
  const { epoch, members } = roster.body;
  const opened = await work.takeOver();
  const { heldKeys } = await ask(operations.heldKeys, {});
  const holders = new Set(heldKeys.filter((one) => one.epoch === epoch.n).map(({ member }) => member));
  if (!opened.has(epoch.n) || !members.every(({ id }) => holders.has(id))) throw badAnswer();
}

/** The hub has taken the roster; the network's witnesses see it within seconds, where there are any. */
async function untilInForce(work: Work, roster: Document<Roster>): Promise<void> {
  const waits = (await work.network.directory.policy()).quorum !== "none";
  for (let tries = 0; tries < (waits ? WITNESSED_WITHIN : 1); tries += 1) {
    if (tries > 0) await rest(1000);
    await work.sync();
    if (work.network.directory.has(roster.sha256)) return;
  }
  throw new Refused(waits ? "checkpoint_unwitnessed" : "head_moved", { agency: work.who.agency });
}
