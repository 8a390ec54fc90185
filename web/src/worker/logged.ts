/**
 * What this member knows of the activity log (protocol §10): that it only grows, and holds what was signed here. The
 * counterpart of ortoo/logged.py.
 */

import type { Items } from "../device/store.ts";
import { Failed } from "../failed.ts";
import * as operations from "../hub/operations.ts";
import { ask } from "../hub/query.ts";
import { type Checkpoint, headOf, type Opened, type Policy, parsePolicy, textOf } from "../protocol/checkpoint.ts";
import { b64, stamp, unb64 } from "../protocol/documents.ts";
import { Refused } from "../protocol/errors.ts";
import { ACTIVITY, continued, placed, WITHHELD } from "../protocol/logged.ts";
import type { Seen, TreeHead } from "../protocol/schemas.ts";
import type { Dated, Mark } from "./api.ts";
import { type Contradiction, contradicted } from "./evidence.ts";
import type { Network } from "./network.ts";
import { isLine } from "./seen.ts";

const NAME = "activity"; // of the item
const MOST = 100; // proofs at once
const KEPT = 1000; // places that are kept, the last ones proven
const LONG_AGO = "2000-01-01T00:00:00Z"; // of what had its place in a log before

/**
 * note: the newest head, verified. unproven: since when (H by time) documents of this device were accepted and not proven
 * to be logged; proven: by H their place and their leaf's salt.
 */
interface Kept {
  readonly note: string;
  readonly unproven: Readonly<Record<string, string>>;
  readonly proven: Readonly<Record<string, readonly [index: number, salt: string]>>;
}

/** The newest head, verified, with the policy that it satisfies. opened: null: there is none yet. by: as it was shown. */
export interface Newest {
  readonly opened: Opened | null;
  readonly policy: Policy;
  readonly by: Contradiction;
}

export class ActivityLog {
  private readonly items: Items;
  private readonly network: Network;
  private readonly elsewhere: TreeHead | null;
  private kept: Kept = { note: "", unproven: {}, proven: {} };
  private now: Checkpoint | null = null;
  private turn: Promise<unknown> = Promise.resolve();
  /** Of others: proven in this session. */
  private readonly known = new Set<string>();

  /** seen: by another device of this member. */
  constructor(items: Items, network: Network, seen: Seen | null) {
    this.items = items;
    this.network = network;
    this.elsewhere = seen?.activity ?? null;
  }

  async begin(): Promise<void> {
    this.kept = (await this.items.get<Kept>(NAME)) ?? this.kept;
    if (this.kept.note !== "") this.now = headOf(this.kept.note);
  }

  /** The newest head that was seen. */
  get head(): TreeHead | null {
    return this.now === null ? null : { size: this.now.size, root: b64(this.now.root) };
  }

  /** Whether something of this device is still to be proven. */
  get isWaiting(): boolean {
    return Object.keys(this.kept.unproven).length > 0;
  }

  /** These (by H) the hub has accepted: the log has to hold them, which the next look finds. */
  accepted(documents: readonly string[]): Promise<void> {
    const at = stamp(this.network.now());
    const fresh = documents.filter((one) => this.kept.proven[one] === undefined).map((one) => [one, at] as const);
    return this.keep({ ...this.kept, unproven: { ...Object.fromEntries(fresh), ...this.kept.unproven } });
  }

  /**
   * The newest head, that it continues what was seen, and that what was signed here is in it. One at a time.
   *
   * Refused: checkpoint_rollback, proof_invalid, checkpoint_unwitnessed; with the evidence.
   */
  look(): Promise<void> {
    return this.alone(() => this.checked(Object.keys(this.kept.unproven).slice(0, MOST)));
  }

  /** The newest head, once it continues what was seen; null: the network has no log. Refused: as for `look`. */
  newest(): Promise<Newest | null> {
    return this.alone(() => this.fetched());
  }

  /**
   * How each of these stands: in the log, as was proven; accepted too recently to be missed; or missing. Without a line,
   * only what was proven before.
   */
  async marks(documents: readonly Dated[]): Promise<ReadonlyMap<string, Mark>> {
    const wanted = documents.map((one) => one.document).filter((one) => !this.isProven(one));
    let isSeen = true;
    try {
      if (wanted.length > 0) await this.alone(() => this.checked(wanted));
    } catch (error) {
      if (!isLine(error)) throw error;
      isSeen = false;
    }
    const now = this.network.now();
    const mark = ({ document, at }: Dated): Mark => {
      if (this.isProven(document)) return "logged";
      const since = Math.min(Date.parse(at), Date.parse(this.kept.unproven[document] ?? at));
      return now - since > WITHHELD ? "missing" : "promised";
    };
    const told = documents.filter((one) => isSeen || this.isProven(one.document));
    return new Map(told.map((one) => [one.document, mark(one)]));
  }

  private isProven(document: string): boolean {
    return this.known.has(document) || this.kept.proven[document] !== undefined;
  }

  private alone<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.turn.then(work);
    this.turn = mine.catch(() => {});
    return mine;
  }

  /** With proofs of these. */
  private async checked(wanted: readonly string[]): Promise<void> {
    const newest = await this.fetched();
    if (newest === null || newest.opened === null) return;
    try {
      for (let begin = 0; begin < wanted.length; begin += MOST)
        await this.prove(newest.opened.checkpoint, wanted.slice(begin, begin + MOST));
    } catch (error) {
      throw contradicted(error, this.network, newest.by);
    }
  }

  private async fetched(isAgain = false): Promise<Newest | null> {
    const policy = await parsePolicy(this.network.directory.network.body.policy);
    const log = policy.logs.findLast((one) => one.name.endsWith(ACTIVITY))?.name;
    if (log === undefined) return null;
    const { before, seen } = this.before(log);
    const { activityLog: shown } = await ask(operations.activityLog, { after: before?.size ?? 0 });
    const note = shown.checkpoint?.note ?? "";
    const by = { log, seen, shown: note, consistency: shown.consistency };
    try {
      const opened = await continued(shown, before, log, policy);
      if (opened !== null) await this.take(opened.checkpoint, note);
      return { opened, policy, by };
    } catch (error) {
      if (!isAgain && (await this.isNewer(error))) return this.fetched(true);
      throw contradicted(error, this.network, by);
    }
  }

  /** Whether the directory has other witnesses since, by whom a head that ours do not vouch for may be signed. */
  private async isNewer(error: unknown): Promise<boolean> {
    if (!(error instanceof Refused) || error.code !== "checkpoint_unwitnessed") return false;
    const { size } = this.network.directory;
    await this.network.sync(null);
    return this.network.directory.size > size;
  }

  /** The larger of what this device and another one has seen of this log. */
  private before(log: string): { readonly before: Checkpoint | null; readonly seen: string } {
    const before = this.now?.origin === log ? this.now : null; // else the network has begun another log
    const { elsewhere } = this;
    if (elsewhere !== null && elsewhere.size > (before?.size ?? 0)) {
      const other = { origin: log, size: elsewhere.size, root: unb64(elsewhere.root) };
      return { before: other, seen: textOf(other) };
    }
    return { before, seen: before === null ? "" : this.kept.note };
  }

  private async take(head: Checkpoint, note: string): Promise<void> {
    const { kept, now } = this;
    this.now = head;
    if (now !== null && now.origin !== head.origin) {
      const again = Object.fromEntries(Object.keys(kept.proven).map((one) => [one, LONG_AGO]));
      this.known.clear();
      await this.keep({ note, unproven: { ...again, ...kept.unproven }, proven: {} });
    } else if (note !== kept.note) {
      await this.keep({ ...kept, note });
    }
  }

  private async prove(head: Checkpoint, wanted: readonly string[]): Promise<void> {
    const found = await placed(await askFor(head.size, wanted), wanted, head);
    const { unproven, proven: before } = this.kept;
    const places = [...found].map(([document, { index, salt }]) => [document, [index, salt]] as const);
    const own = places.filter(([document]) => unproven[document] !== undefined);
    for (const document of found.keys()) this.known.add(document);
    if (own.length === 0) return;
    const left = Object.entries(unproven).filter(([document]) => !found.has(document));
    const kept = [...Object.entries(before), ...own].slice(-KEPT);
    await this.keep({ ...this.kept, unproven: Object.fromEntries(left), proven: Object.fromEntries(kept) });
  }

  /** What cannot be kept is known in this session; the work goes on. */
  private async keep(kept: Kept): Promise<void> {
    this.kept = kept;
    try {
      await this.items.put(NAME, kept);
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
    }
  }
}

async function askFor(size: number, wanted: readonly string[]): Promise<operations.LoggedQuery["logged"]> {
  if (wanted.length === 0) return [];
  try {
    return (await ask(operations.logged, { size, documents: wanted })).logged;
  } catch (error) {
    const code = error instanceof Failed && error.problem.kind === "refused" ? error.problem.code : "";
    if (code === "role_not_allowed" || code === "not_found") return []; // whoever works on none
    throw error;
  }
}
