/**
 * What a keyring takes from its holder's work (protocol §4, §10): the seeds of the agency's epochs, and the newest
 * directory that was seen; so another device of the same person begins from both. The counterpart of ortoo/keyring.py.
 */

import type { Account, Store } from "../device/store.ts";
import { Failed } from "../failed.ts";
import * as operations from "../hub/operations.ts";
import { ask, badAnswer } from "../hub/query.ts";
import { type Bytes, b64, canonical, unb64 } from "../protocol/documents.ts";
import { Refused } from "../protocol/errors.ts";
import { openKeyring, sealKeyring } from "../protocol/keys.ts";
import type { Keyring } from "../protocol/schemas.ts";
import type { Work } from "./work.ts";

const SAVES = 5; // of a keyring, while other devices save theirs
const ALARMS = ["checkpoint_rollback", "directory_fork"]; // what somebody has to hear, though the work itself is done

export class Keeper {
  private readonly store: Store;
  private readonly login: string;
  private kk: Bytes;
  private kept: Account["keyring"];
  private readonly owner: { readonly network: string; readonly member: string };
  private last: Promise<void> = Promise.resolve();

  constructor(store: Store, account: Account, kk: Bytes) {
    this.store = store;
    this.login = account.login;
    this.owner = { network: account.network, member: account.member };
    this.kept = account.keyring;
    this.kk = kk;
  }

  /**
   * Save what the work has brought, if anything. What cannot be saved now is saved after the next work. Rejects with
   * `checkpoint_rollback` or `directory_fork` alone.
   */
  save(work: Work): Promise<void> {
    const mine = this.last.then(() => this.saveNow(work));
    this.last = mine.catch(() => {});
    return mine;
  }

  /** Take a step on the keyring that nothing saved meanwhile comes between. It gives the keyring and KK from then on. */
  change(step: (kk: Bytes) => Promise<{ readonly keyring: Account["keyring"]; readonly kk: Bytes }>): Promise<void> {
    const mine = this.last.then(async () => {
      const { keyring, kk } = await step(this.kk);
      [this.kept, this.kk] = [keyring, kk];
    });
    this.last = mine.catch(() => {});
    return mine;
  }

  private async saveNow(work: Work): Promise<void> {
    try {
      for (let tries = 0; tries < SAVES; tries += 1) {
        if (await this.saved(work)) return;
      }
    } catch (error) {
      if (error instanceof Refused && ALARMS.includes(error.code)) throw error;
      if (!(error instanceof Refused) && !(error instanceof Failed)) throw error;
    }
  }

  /** False where another device was quicker: its keyring is ours now, and the change is made to that. */
  private async saved(work: Work): Promise<boolean> {
    const before = await this.open(this.kept, 0);
    const after = withWork(before, work);
    if (b64(canonical(after)) === b64(canonical(before))) return true;
    const version = this.kept.version + 1;
    const sealed = b64(await sealKeyring(after, this.kk, { ...this.owner, version }));
    try {
      const { saveKeyring: answered } = await ask(operations.saveKeyring, { sealed, version });
      if (answered.version !== version || answered.sealed !== sealed) throw badAnswer();
    } catch (error) {
      const isMoved =
        error instanceof Failed && error.problem.kind === "refused" && error.problem.code === "head_moved";
      if (!isMoved) throw error;
      const { keyring: newest } = await ask(operations.keyring, {});
      if (newest === null) throw badAnswer();
      await this.open(newest, this.kept.version);
      await this.keep(newest);
      return false;
    }
    await this.keep({ ...this.kept, version, sealed });
    return true;
  }

  private async open(kept: Account["keyring"], newestSeen: number): Promise<Keyring> {
    return openKeyring(unb64(kept.sealed), this.kk, { ...this.owner, version: kept.version, newestSeen });
  }

  private async keep({ version, sealed, unlocks }: Account["keyring"]): Promise<void> {
    this.kept = { version, sealed, unlocks };
    const account = (await this.store.accounts()).find((one) => one.login === this.login);
    if (account !== undefined) await this.store.keep({ ...account, keyring: this.kept });
  }
}

/** Only what this work has taken over is added: another device may have done so, too. */
function withWork(keyring: Keyring, work: Work): Keyring {
  const epochs = new Map(keyring.epochs.map(({ n, seed }) => [n, seed]));
  for (const [n, seed] of work.seeds) epochs.set(n, b64(seed));
  const sorted = [...epochs].sort(([one], [other]) => one - other).map(([n, seed]) => ({ n, seed }));
  return { ...keyring, epochs: sorted, seen: newest(keyring.seen, work) };
}

/** The newer of what the keyring has and what was seen here. `directory_fork` where they do not fit together. */
function newest(seen: Keyring["seen"], work: Work): Keyring["seen"] {
  const { seen: now } = work;
  if (seen === null) return now;
  if (seen.directory.size > now.directory.size) return seen; // another device's, of a moment ago
  work.network.directory.checkHead(seen.directory);
  const isOlder = (seen.activity?.size ?? 0) > (now.activity?.size ?? 0);
  return isOlder ? { ...now, activity: seen.activity } : now;
}
