/**
 * The network as this member knows it: the directory, replayed and held against what was seen before (protocol §3, §10),
 * the hub's clock, and the agencies' public keys. Nothing that the hub says of it is believed beyond what follows from the
 * anchor.
 */

import * as operations from "../hub/operations.ts";
import { ask, badAnswer } from "../hub/query.ts";
import { type Checkpoint, logNamed, openCheckpoint, parsePolicy } from "../protocol/checkpoint.ts";
import { Directory } from "../protocol/directory.ts";
import { type Bytes, compareBytes, type Instant, unb64 } from "../protocol/documents.ts";
import { Refused } from "../protocol/errors.ts";
import { checkPublicKey } from "../protocol/hpke.ts";
import type { Seen } from "../protocol/schemas.ts";
import { contradicted } from "./evidence.ts";

const LOG = "/log/directory";
const PAGE = 500; // entries
const TOLERANCE = 60_000; // milliseconds by which a device's clock may be off before the hub's counts

/** What is kept of a directory between two sessions. */
export interface KeptDirectory {
  readonly entries: readonly string[];
  readonly checkpoint: string;
}

export class Network {
  readonly anchor: string;
  directory: Directory;
  private checkpoint = "";
  private off = 0;
  private turn: Promise<void> = Promise.resolve();
  private readonly keys = new Map<string, Bytes>();

  constructor(anchor: string) {
    this.anchor = anchor;
    this.directory = new Directory(anchor);
  }

  /** By how many milliseconds the hub's clock is ahead; zero within a minute. */
  get clockOff(): number {
    return this.off;
  }

  /** The device's time, or the hub's where the device is more than a minute off. */
  now(): Instant {
    return Date.now() + this.off;
  }

  /** By which the rule of consent is judged: the later of both clocks. A hub that is late prolongs nothing. */
  ruleTime(): Instant {
    return Math.max(this.now(), Date.now());
  }

  /** The newest directory that this session saw. */
  get seen(): Omit<Seen, "activity"> {
    return { network: this.directory.network.body.version, directory: this.directory.head };
  }

  get kept(): KeptDirectory {
    return { entries: this.directory.entries, checkpoint: this.checkpoint };
  }

  /** Go on from what this device kept. It was verified when it was kept, and is verified again. */
  async resume(kept: KeptDirectory): Promise<void> {
    await this.replay(kept.entries);
    this.checkpoint = kept.checkpoint;
  }

  /**
   * Fetch what is new in the directory, verify all of it, and take it. One at a time: an answer is held against what was
   * taken before it was asked for. `seen`: by another device of this member.
   *
   * Refused: checkpoint_rollback, directory_fork, checkpoint_unwitnessed, and whatever a replay refuses.
   */
  sync(seen: Seen | null): Promise<void> {
    const mine = this.turn.then(() => this.taken(seen));
    this.turn = mine.catch(() => {});
    return mine;
  }

  private async taken(seen: Seen | null): Promise<void> {
    const { network } = await ask(operations.network, {});
    const off = Date.parse(network.now) - Date.now();
    this.off = Math.abs(off) > TOLERANCE ? off : 0;
    const { size } = this.directory;
    const before = this.checkpoint === "" ? null : { note: this.checkpoint, size };
    const { entries, note } = await this.fetch();
    const replayed = this.directory.copy();
    for (const entry of entries) await replayed.append(entry);
    try {
      await check(replayed, note, before);
    } catch (error) {
      throw await this.contradicted(error, note);
    }
    if (seen !== null) {
      const older = seen.directory.size > replayed.size || seen.network > replayed.network.body.version;
      if (older) throw new Refused("checkpoint_rollback", { size: replayed.size });
      replayed.checkHead(seen.directory);
    }
    this.directory = replayed;
    this.checkpoint = note;
  }

  /** The newest public keys of these agencies by their hash, each checked against the directory. */
  async publicKeys(agencies: Iterable<string>): Promise<ReadonlyMap<string, Bytes>> {
    const view = this.directory.now();
    const named = [...agencies].flatMap((agency) => view.agency(agency)?.epoch?.kem ?? []);
    const missing = [...new Set(named)].filter((kem) => !this.keys.has(kem)).sort();
    if (missing.length > 0) {
      const { kemKeys } = await ask(operations.kemKeys, { hashes: missing });
      for (const { sha256, key } of kemKeys) {
        if (missing.includes(sha256)) this.keys.set(sha256, await checkPublicKey(unb64(key), sha256));
      }
      if (missing.some((kem) => !this.keys.has(kem))) throw badAnswer();
    }
    return this.keys;
  }

  private async contradicted(error: unknown, shown: string): Promise<unknown> {
    if (this.checkpoint === "") return error; // nothing was seen before
    const { name: log } = logNamed(await parsePolicy(this.directory.network.body.policy), LOG);
    return contradicted(error, this, { log, seen: this.checkpoint, shown, consistency: [] });
  }

  private async replay(entries: readonly string[]): Promise<void> {
    const directory = new Directory(this.anchor);
    for (const entry of entries) await directory.append(entry);
    this.directory = directory;
  }

  /** The entries behind those that are known, and the checkpoint over all; nothing of it verified. */
  private async fetch(): Promise<{ readonly entries: readonly string[]; readonly note: string }> {
    const entries: string[] = [];
    for (;;) {
      const known = this.directory.size + entries.length;
      const { directory } = await ask(operations.directory, { after: known, first: PAGE });
      const { size, note } = directory.checkpoint;
      if (size < known) throw await this.contradicted(new Refused("checkpoint_rollback", { size }), note);
      entries.push(...directory.entries.slice(0, size - known));
      if (this.directory.size + entries.length === size) return { entries, note };
      if (directory.entries.length === 0) throw badAnswer();
    }
  }
}

/** The signed checkpoint is over this very directory, and continues the one that was seen before. */
async function check(
  directory: Directory,
  note: string,
  before: { readonly note: string; readonly size: number } | null,
): Promise<void> {
  const now = await opened(directory, note, directory.size);
  if (now.size !== directory.size || !isRoot(now, directory)) {
    throw new Refused("directory_fork", { size: now.size });
  }
  if (before === null) return;
  const seen = await opened(directory, before.note, before.size);
  if (seen.size > now.size) throw new Refused("checkpoint_rollback", { size: now.size });
  if (!isRoot(seen, directory)) throw new Refused("directory_fork", { size: seen.size });
}

function isRoot({ size, root }: Checkpoint, directory: Directory): boolean {
  return compareBytes(root, directory.rootAt(size)) === 0;
}

/** The checkpoint, by the policy of the directory that it covers: a later one may name other witnesses. */
async function opened(directory: Directory, note: string, upto: number): Promise<Checkpoint> {
  const policy = await parsePolicy(directory.at(upto).network.body.policy);
  const { checkpoint } = await openCheckpoint(note, logNamed(policy, LOG).name, policy);
  return checkpoint;
}
