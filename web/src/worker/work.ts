/**
 * A member at work: what one agency's member reads, opens and answers. The counterpart of ortoo/session.py. Made when the
 * keyring is open, forgotten when it is locked.
 */

import type { Items } from "../device/store.ts";
import { Failed, type Problem } from "../failed.ts";
import * as operations from "../hub/operations.ts";
import { ask, badAnswer } from "../hub/query.ts";
import { type Decisions, decisionsOf } from "../protocol/consent.ts";
import { type Bytes, b64, ctx, type Document, newId, read, unb64 } from "../protocol/documents.ts";
import { Refused } from "../protocol/errors.ts";
import * as events from "../protocol/events.ts";
import { KemKey } from "../protocol/hpke.ts";
import { expand, type MemberSecrets, takeOver } from "../protocol/keys.ts";
import type { Signer } from "../protocol/referral.ts";
import type { Consent, Epoch, File, Keyring, Section, Seen } from "../protocol/schemas.ts";
import type { Dated, FilesBySection, KeptFile, Mark, WaitingStep } from "./api.ts";
import { Contradicted } from "./evidence.ts";
import type { SentTo } from "./files.ts";
import { handedIn } from "./handing-in.ts";
import { ActivityLog, type Newest } from "./logged.ts";
import type { Network } from "./network.ts";
import {
  type AnsweredBlobs,
  type AnsweredConsent,
  type AnsweredEvent,
  type AnsweredReferral,
  type FileKey,
  type Part,
  Reader,
  type VerifiedEvidence,
  type VerifiedReferral,
} from "./reading.ts";
import { isLine } from "./seen.ts";

export const STEPS = "step/"; // names of what is kept of them
const TRIES = 5; // of a step that is safe to redo on the true head

/** Who works: of the directory's agency and member. */
export interface Who {
  readonly network: string;
  readonly agency: string;
  readonly member: string;
}

/** A referral as the hub lists it: without what is sealed; or as it shows one. */
export type Answer = Omit<AnsweredReferral, "events"> & {
  readonly sealed?: AnsweredBlobs | null;
  readonly events: readonly (Omit<AnsweredEvent, "sealed"> & { readonly sealed?: AnsweredBlobs | null })[];
};

/** A step that its member has decided on. sealed: as it was signed, once it was. */
interface KeptStep {
  readonly id: string;
  readonly type: string;
  readonly reason: string | null;
  readonly note: string | null;
  /** With the note; absent where there are none. */
  readonly attached?: FilesBySection;
  /** They were sealed for this event, once. */
  readonly sent?: SentTo;
  readonly sealed: operations.SealedInput | null;
}

export interface Opened {
  readonly referral: VerifiedReferral;
  readonly parts: readonly Part<Section | Bytes>[];
}

export class Work {
  readonly who: Who;
  readonly network: Network;
  private readonly secrets: MemberSecrets;
  private readonly items: Items;
  private readonly elsewhere: Seen | null;
  readonly log: ActivityLog;
  private contradiction: Contradicted | null = null;
  private readonly epochs = new Map<number, KemKey>();
  private opened = new Map<string, string>();
  private isBehind = false;
  /** By H of a decision: what was handed out of its evidence, and its files. In memory alone. */
  private readonly proofs = new Map<
    string,
    { readonly decision: Document<Consent>; readonly sealed: AnsweredBlobs; readonly files: readonly File[] }
  >();
  /** By referral: what was handed out with its files, and how its sections describe them. In memory alone. */
  private readonly handed = new Map<string, { readonly sealed: AnsweredBlobs; readonly files: readonly File[] }>();
  private readonly underWay = new Map<string, Promise<VerifiedReferral>>();
  /** Seeds were taken over: they are to be kept. */
  onEpochs: () => Promise<void> = async () => {};
  /** Of files that go with a step on a referral: bytes that are over, of how many. */
  onCarried: (referral: string, over: number, all: number) => void = () => {};

  private readonly fromKeyring: ReadonlyMap<number, KemKey>;

  private constructor(
    who: Who,
    network: Network,
    secrets: MemberSecrets,
    items: Items,
    seen: Seen | null,
    fromKeyring: ReadonlyMap<number, KemKey>,
  ) {
    this.who = who;
    this.network = network;
    this.secrets = secrets;
    this.items = items;
    this.elsewhere = seen;
    this.log = new ActivityLog(items, network, seen);
    this.fromKeyring = fromKeyring;
  }

  static async of(who: Who, network: Network, secrets: MemberSecrets, keyring: Keyring, items: Items): Promise<Work> {
    const epochs = new Map<number, KemKey>();
    for (const { n, seed } of keyring.epochs) epochs.set(n, await KemKey.of(unb64(seed)));
    return new Work(who, network, secrets, items, keyring.seen, epochs);
  }

  /** Take in what the hub has that is new, verified, and keep it. */
  async sync(): Promise<void> {
    await this.unlessContradicted(() => this.network.sync(this.elsewhere));
    this.takeKeys();
    await this.items.put("directory", this.network.kept);
    await this.look();
  }

  /** That the log continues what was seen of it, and holds what was signed here. */
  async look(): Promise<void> {
    await this.unlessContradicted(() => this.log.look());
  }

  /** The log's newest head. */
  newest(): Promise<Newest | null> {
    return this.unlessContradicted(() => this.log.newest());
  }

  /** How these stand in the log. */
  marks(documents: readonly Dated[]): Promise<ReadonlyMap<string, Mark>> {
    return this.unlessContradicted(() => this.log.marks(documents));
  }

  /** The newest of both logs that this member saw. */
  get seen(): Seen {
    return { ...this.network.seen, activity: this.log.head };
  }

  /** Once a hub has shown what does not fit, nothing is opened and nothing leaves any more. */
  mustBeWhole(): void {
    if (this.contradiction !== null) throw this.contradiction;
  }

  private async unlessContradicted<T>(looked: () => Promise<T>): Promise<T> {
    try {
      return await looked();
    } catch (error) {
      if (error instanceof Contradicted) this.contradiction ??= error;
      throw error;
    }
  }

  /** The agency's keys of the keyring, each as the directory names it. */
  private takeKeys(): void {
    const named = this.epochsInDirectory();
    for (const [n, key] of this.fromKeyring) {
      if (named.get(n)?.kem !== key.sha256) throw new Refused("key_mismatch", { reader: this.who.agency, epoch: n });
      this.epochs.set(n, key);
    }
  }

  /** Without a line, with what is kept of the directory. */
  async begin(): Promise<void> {
    const kept = await this.items.get<Record<string, string>>("opened");
    this.opened = new Map(Object.entries(kept ?? {}));
    await this.log.begin();
    try {
      await this.sync();
    } catch (error) {
      if (!isLine(error) || this.network.directory.size === 0) throw error;
      this.takeKeys();
      this.isBehind = true;
    }
  }

  /** There is a line: what `begin` could not take in. */
  async catchUp(): Promise<void> {
    if (!this.isBehind) return;
    await this.sync();
    this.isBehind = false;
  }

  // --- reading ----------------------------------------------------------------------------------------------------------

  /** What the hub answers, if all of it holds. */
  async verify(answer: Answer): Promise<VerifiedReferral> {
    const events = answer.events.map((one) => ({ ...one, sealed: one.sealed ?? null }));
    return this.reader().verify({ ...answer, events }, this.network.ruleTime());
  }

  /** The referral as it stands now, with the hub's answer. */
  async fetch(id: string): Promise<{ readonly referral: VerifiedReferral; readonly answer: Answer }> {
    this.mustBeWhole();
    const { referral: answer } = await ask(operations.referral, { id });
    if (answer === null) throw new Refused("not_found", { referral: id });
    if (answer.id !== id) throw new Refused("malformed", { field: "id" });
    await this.agencyEpochs();
    return { referral: await this.verifyAnew(answer), answer };
  }

  /** Its parts, as far as they were handed out before. */
  async show(id: string): Promise<Opened> {
    const { referral, answer } = await this.fetch(id);
    return this.parts(referral, answer.sealed ?? null);
  }

  /**
   * Open what the own agency may read: signed and recorded, in the reader's own name. The sender reads its own without
   * that. Who loses a race against a colleague opens on the new head.
   */
  async open(id: string): Promise<Opened> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const { referral, answer } = await this.fetch(id);
      if (referral.as === "sender") return this.parts(referral, answer.sealed ?? null);
      events.after(referral.state, "opened", referral.as);
      const { document: event } = await events.make(this.signer(), {
        id: newId(),
        referral: referral.document,
        prev: referral.head,
        type: "opened",
        at: this.network.now(),
      });
      try {
        const { openReferral } = await ask(operations.openReferral, { event: event.envelope });
        await this.log.accepted([event.sha256]);
        const verified = await this.verifyAnew(openReferral.referral);
        this.opened.set(verified.id, verified.document.sha256);
        await this.items.put("opened", Object.fromEntries(this.opened));
        return this.parts(verified, openReferral.sealed);
      } catch (error) {
        if (!(await this.mayTryAgain(error))) throw error;
      }
    }
    throw new Refused("head_moved", { referral: id });
  }

  // --- steps ------------------------------------------------------------------------------------------------------------

  /**
   * Take a step on the referral as it stands now. note: sealed to the other side.
   *
   * The step is kept until its answer is held: after a line that failed, a lock or a reload the same step again is the
   * same bytes.
   */
  async step(
    id: string,
    type: string,
    reason: string | null,
    note: string | null,
    files: readonly KeptFile[] = [],
  ): Promise<VerifiedReferral> {
    const named = files.flatMap((one) => [one.name, one.sha256]);
    const name = `${STEPS}${await this.nameOf(id, type, reason, note, ...named)}`;
    const kept = await this.items.get<KeptStep>(name);
    if (kept === null) {
      const attached = files.length > 0 ? { attached: { note: files } } : {};
      await this.items.put(name, { id, type, reason, note, ...attached, sealed: null } satisfies KeptStep);
    }
    return this.once(name);
  }

  /** What waits for the line on this referral; undefined where nothing does. */
  async waitingOn(id: string): Promise<WaitingStep | undefined> {
    const kept = (await this.waiting()).find((one) => one.kept.id === id)?.kept;
    return kept ? { type: kept.type, reason: kept.reason, note: kept.note } : undefined;
  }

  /** Hand in what waits on this referral. */
  async resend(id: string): Promise<void> {
    for (const { name, kept } of await this.waiting()) if (kept.id === id) await this.once(name);
  }

  private async waiting(): Promise<readonly { readonly name: string; readonly kept: KeptStep }[]> {
    const names = this.items.names(STEPS);
    const all = await Promise.all(names.map(async (name) => ({ name, kept: await this.items.get<KeptStep>(name) })));
    return all.flatMap(({ name, kept }) => (kept === null ? [] : [{ name, kept }]));
  }

  /** Hand in what waited for the line. told: of each step's referral, what hindered it; not of those that wait on. */
  async resume(told: (id: string, problem: Problem | null) => void): Promise<void> {
    for (const { name, kept } of await this.waiting()) {
      if (this.items.names(name).length === 0) continue; // it was taken meanwhile
      try {
        await this.once(name);
        told(kept.id, null);
      } catch (error) {
        if (waitsOn(error)) return;
        if (error instanceof Refused) told(kept.id, { kind: "refused", code: error.code, fields: error.at });
        else if (error instanceof Failed) told(kept.id, error.problem);
        else throw error;
      }
    }
  }

  /** Asked for twice at once, it is one step. */
  private once(name: string): Promise<VerifiedReferral> {
    const begun = this.underWay.get(name);
    if (begun !== undefined) return begun;
    const handing = this.hand(name).finally(() => this.underWay.delete(name));
    this.underWay.set(name, handing);
    return handing;
  }

  private async hand(name: string, isAgain = false): Promise<VerifiedReferral> {
    this.mustBeWhole();
    let kept = await this.items.get<KeptStep>(name);
    if (kept === null) throw new Refused("head_moved"); // another call was quicker
    const before = kept.sealed;
    try {
      const files = kept.attached === undefined ? null : await import("./files.ts");
      if (files !== null && kept.sent === undefined) {
        const sent = await files.sealed(this.items, this.signer(), kept.attached ?? {}, ["note"]);
        if (sent !== null) kept = { ...kept, sent };
      }
      const step = before ?? (await this.signed(kept));
      kept = { ...kept, sealed: step };
      if (before === null) await this.items.put(name, kept);
      if (kept.sent !== undefined) {
        const { id, sent } = kept;
        await files?.upload(this.items, this.signer(), [sent], (over, all) => this.onCarried(id, over, all));
      }
      const { takeStep } = await ask(operations.takeStep, { step });
      if (!takeStep.events.some((one) => one.envelope === step.envelope)) throw badAnswer();
      await this.log.accepted([(await read(step.envelope, "event")).sha256]);
      await this.items.drop(name);
      files?.named(kept.attached);
      await files?.sweep(this.items);
      return await this.verifyAnew(takeStep);
    } catch (error) {
      if (waitsOn(error)) throw error;
      const isOver = error instanceof Refused || (error instanceof Failed && error.problem.kind === "refused");
      if (!isOver) throw error;
      if (before === null && !isAgain && (await this.catchesUp(error))) {
        await this.items.put(name, { ...kept, sealed: null });
        return this.hand(name, true);
      }
      if (before === null || error instanceof Refused) {
        await this.items.drop(name);
        throw error;
      }
      // What was kept never arrived, and its time is over: as if it had not been made.
      await this.items.put(name, { ...kept, sealed: null });
      return this.hand(name);
    }
  }

  private async signed({ id, type, reason, note, sent }: KeptStep) {
    const { referral } = await this.fetch(id);
    events.after(referral.state, type, referral.as);
    const publicKeys = await this.keysOf(referral);
    const files = sent === undefined ? [] : (await import("./files.ts")).attachedOf(sent, ["note"]).files;
    const { document: event, blobs } = await events.make(this.signer(), {
      id: sent?.id ?? newId(),
      referral: referral.document,
      prev: referral.head,
      type,
      at: this.network.now(),
      reason,
      note: note === null ? null : { text: note, decision: referral.decision, publicKeys, files },
    });
    await events.check(event, blobs, {
      referral: referral.document,
      state: referral.state,
      directory: this.network.directory,
      decisions: decisionsOf([referral.decision]),
      now: this.network.now(),
    });
    return handedIn(event, blobs);
  }

  private async keysOf(referral: VerifiedReferral) {
    return this.network.publicKeys([referral.sender, referral.recipient]);
  }

  /** A name for this step of this member on this referral, which nobody without the member's key can guess. */
  private async nameOf(...said: readonly (string | null)[]): Promise<string> {
    return b64(
      await expand(this.secrets.sign.seed, ctx("draft", this.who.member, said.map((one) => one ?? "").join("\0"))),
    );
  }

  // --- decisions --------------------------------------------------------------------------------------------------------

  /** The newest decisions under a consent that the own agency may see, verified. */
  async decisions(consent: string): Promise<Decisions> {
    const { consent: answer } = await ask(operations.consent, { id: consent });
    if (answer === null || answer.id !== consent) throw new Refused("not_found", { consent });
    return this.verifiedDecisions(answer);
  }

  /** What the hub shows of a consent, each decision signed by who may sign it. */
  verifiedDecisions(answer: AnsweredConsent): Promise<Decisions> {
    return this.inNewest(() => this.reader().decisions(answer));
  }

  // --- keys -------------------------------------------------------------------------------------------------------------

  /** The own agency's keys by epoch, each proven against the directory. Never empty: that is an error. */
  async agencyEpochs(): Promise<ReadonlyMap<number, KemKey>> {
    const newest = this.network.directory.now().agency(this.who.agency)?.epoch ?? null;
    return newest !== null && this.epochs.has(newest.n) ? this.epochs : this.takeOver();
  }

  /** The same with all that the hub hands out now. */
  async takeOver(): Promise<ReadonlyMap<number, KemKey>> {
    const { agencyKeys } = await ask(operations.agencyKeys, {});
    if (agencyKeys.some(({ epoch }) => !this.epochsInDirectory().has(epoch))) await this.sync(); // newer than ours
    const named = this.epochsInDirectory();
    const before = this.epochs.size;
    for (const { epoch, sealed } of agencyKeys) {
      const of = named.get(epoch);
      if (of === undefined) throw new Refused("key_mismatch", { epoch });
      if (this.epochs.has(epoch)) continue;
      const { network, agency, member } = this.who;
      this.epochs.set(epoch, await takeOver(unb64(sealed), { network, agency, member, epoch: of, keys: this.secrets }));
    }
    if (this.epochs.size === 0) throw new Failed({ kind: "device", code: "no_agency_key" });
    if (this.epochs.size > before) await this.onEpochs();
    return this.epochs;
  }

  /** The seeds of the agency's epochs that this session holds, by number. */
  get seeds(): ReadonlyMap<number, Bytes> {
    return new Map([...this.epochs].map(([n, key]) => [n, key.seed]));
  }

  /** Every epoch that the own agency ever had. */
  private epochsInDirectory(): ReadonlyMap<number, Epoch> {
    const { directory } = this.network;
    const epochs = new Map<number, Epoch>();
    for (let size = 1; size <= directory.size; size += 1) {
      const epoch = directory.at(size).agency(this.who.agency)?.epoch ?? null;
      if (epoch !== null) epochs.set(epoch.n, epoch);
    }
    return epochs;
  }

  // --- helpers of the above ---------------------------------------------------------------------------------------------

  signer(): Signer {
    const { agency, member } = this.who;
    return { agency, member, key: this.secrets.sign, directory: this.network.directory };
  }

  reader(): Reader {
    return new Reader(this.who.agency, this.network.directory, this.epochs, this.opened);
  }

  /** An answer may rely on a directory that is newer than ours: then ours is brought up first. */
  private async verifyAnew(answer: Answer): Promise<VerifiedReferral> {
    return this.inNewest(() => this.verify(answer));
  }

  async inNewest<T>(verify: () => Promise<T>): Promise<T> {
    try {
      return await verify();
    } catch (error) {
      const newer = error instanceof Refused && ["directory_fork", "key_unknown", "epoch_stale"].includes(error.code);
      if (!newer) throw error;
      await this.sync();
      return verify();
    }
  }

  private async parts(referral: VerifiedReferral, sealed: AnsweredBlobs | null): Promise<Opened> {
    const parts = await this.reader().parts(referral, sealed, this.network.ruleTime());
    const files = parts.flatMap((one) =>
      one.status === "readable" && !(one.holds instanceof Uint8Array) ? one.holds.files : [],
    );
    if (sealed !== null && files.length > 0) this.handed.set(referral.id, { sealed: { ...sealed, parts: [] }, files });
    return { referral, parts };
  }

  /** A file of what was opened here, as its section or note describes it. `not_found` where it is to be opened first. */
  async file(id: string, event: string | null, part: string): Promise<{ readonly said: File; readonly key: FileKey }> {
    const { referral, answer } = await this.fetch(id);
    const step = referral.steps.find((one) => one.id === event);
    const handed = this.handed.get(id);
    const sealed =
      event === null ? (answer.sealed ?? handed?.sealed) : answer.events.find((one) => one.id === event)?.sealed;
    const described = event === null ? handed?.files : step?.note?.status === "readable" ? step.note.holds.files : [];
    const said = described?.find((one) => one.part === part);
    const document = event === null ? referral.document : step?.document;
    if (!sealed || said === undefined || document === undefined) throw new Refused("not_found", { part });
    return { said, key: await this.reader().fileKey(referral, document, sealed, said, this.network.ruleTime()) };
  }

  /** How the decisions before the own agency under a consent were given, verified. */
  async evidence(consent: string): Promise<readonly VerifiedEvidence[]> {
    const { evidence: answers } = await ask(operations.evidence, { consent });
    if (answers === null) throw new Refused("not_found", { consent });
    await this.agencyEpochs();
    const found = await this.inNewest(() => this.reader().evidence(consent, answers));
    for (const { decision, part } of found) {
      const sealed = answers.find((one) => one.decision.sha256 === decision.sha256)?.sealed;
      if (part.status !== "readable" || !sealed) continue;
      this.proofs.set(decision.sha256, { decision, sealed: { ...sealed, parts: [] }, files: part.holds.files });
    }
    return found;
  }

  /** The consents before the own agency under which nothing was sent, but evidence was given. */
  async unsent(): Promise<ReadonlySet<string>> {
    const consents = new Set<string>();
    for (let after: string | null = null; ; ) {
      const page: operations.EvidenceListedQuery = await ask(operations.evidenceListed, { after, unsent: true });
      for (const { consent } of page.evidenceListed) consents.add(consent);
      after = page.evidenceListed.at(-1)?.sha256 ?? null;
      if (after === null) return consents;
    }
  }

  /** A file of it. `not_found` where it was not looked at before. */
  async evidenceFile(decision: string, part: string): Promise<{ readonly said: File; readonly key: FileKey }> {
    const of = this.proofs.get(decision);
    const said = of?.files.find((one) => one.part === part);
    if (of === undefined || said === undefined) throw new Refused("not_found", { part });
    return { said, key: await this.reader().evidenceKey(of.decision, of.sealed, said) };
  }

  private async mayTryAgain(error: unknown): Promise<boolean> {
    return codeOf(error) === "head_moved" || this.catchesUp(error);
  }

  /** Whether the hub refused what relied on an older directory, or on a clock that has been put right since: no more. */
  private async catchesUp(error: unknown): Promise<boolean> {
    const isBehind = ["directory_stale", "clock_skew"].includes(codeOf(error) ?? "");
    if (isBehind) await this.sync();
    return isBehind;
  }
}

/** Of what the hub refused. */
function codeOf(error: unknown): string | null {
  return error instanceof Failed && error.problem.kind === "refused" ? error.problem.code : null;
}

/** Whether a step that this hindered is handed in later as it is: no line, or a session that has to be begun anew. */
export function waitsOn(error: unknown): boolean {
  return isLine(error) || ["signed_out", "throttled"].includes(codeOf(error) ?? "");
}
