/**
 * What this member saw last, sealed on the device: the first rows of each box, and the referrals that were opened. It is
 * shown where there is no line, and dropped as soon as it is known that nobody here may read it any more.
 */

import type { Items } from "../device/store.ts";
import { Failed } from "../failed.ts";
import type { Instant } from "../protocol/documents.ts";
import { Refused } from "../protocol/errors.ts";
import type * as api from "./api.ts";

const MOST = 50; // referrals that are kept, the last ones seen; rows of each box
const PREFIX = "seen/referral/";

interface Kept<T> {
  readonly at: string;
  readonly what: T;
}

export class Seen {
  private readonly items: Items;
  private readonly now: () => Instant;
  private readonly changes = new Map<string, number>(); // of each referral, how often since this began

  constructor(items: Items, now: () => Instant) {
    this.items = items;
    this.now = now;
  }

  /** The page as the hub has it, or as it was seen last. */
  async page(box: api.Box, asked: () => Promise<api.Page>): Promise<api.Page> {
    const name = `seen/${box}`;
    try {
      const page = await asked();
      await this.keep(name, page);
      return page;
    } catch (error) {
      const kept = isLine(error) ? await this.items.get<Kept<api.Page>>(name) : null;
      if (kept === null) throw error;
      return { ...kept.what, after: null, seenAt: kept.at };
    }
  }

  /** A further page behind what is kept of this box. */
  async further(box: api.Box, page: api.Page): Promise<void> {
    const name = `seen/${box}`;
    const kept = await this.items.get<Kept<api.Page>>(name);
    if (kept === null || kept.what.rows.length >= MOST) return;
    const again = new Set(page.rows.map((row) => row.id));
    const before = kept.what.rows.filter((row) => !again.has(row.id));
    await this.keep(name, { ...page, rows: [...before, ...page.rows].slice(0, MOST) });
  }

  /**
   * The referral as the hub has it, or as it was seen last; never beyond the end of her consent, nor when it is kept no
   * longer. With a line alone is seen what an agency passed on, which it reads under a grant of its own, and what it
   * reviews, of which it is told nothing.
   */
  async referral(id: string, asked: () => Promise<api.Referral>): Promise<api.Referral> {
    const name = PREFIX + id;
    try {
      const referral = await this.newest(id, asked);
      const { as, isRecorder } = referral;
      if (as === "recipient" || (as === "sender" && isRecorder)) {
        await this.keep(name, referral); // of what is not handed out any more it holds no word
      } else await this.items.drop(name);
      await this.bound(name);
      return referral;
    } catch (error) {
      // Not ours any more: neither is what was seen of it.
      if (isGone(error)) await this.items.drop(name);
      const kept = isLine(error) ? await this.readable(name) : null;
      if (kept === null) throw error;
      return { ...kept.what, seenAt: kept.at };
    }
  }

  /**
   * What was asked, or where something has happened to it meanwhile, what is so `since`: on a slow line an answer comes
   * later than the news that she took it back.
   */
  async newest(id: string, asked: () => Promise<api.Referral>, since = asked): Promise<api.Referral> {
    const before = this.changes.get(id);
    const referral = await asked();
    return this.changes.get(id) === before ? referral : this.newest(id, since);
  }

  /** Something happened to it: what was seen is gone until the newest state of it was. Rejects with `Failed`. */
  async changed(id: string, asked: () => Promise<api.Referral>): Promise<void> {
    this.changes.set(id, (this.changes.get(id) ?? 0) + 1);
    const wasSeen = this.items.names(PREFIX + id).length > 0;
    await this.items.drop(PREFIX + id); // of what is just being kept, too
    if (wasSeen) await this.referral(id, asked);
  }

  /** What was seen and holds each of these words, the newest change first. */
  async search(words: readonly api.Sought[]): Promise<readonly api.Hit[]> {
    const found = new Map<string, api.Hit>();
    const kept = await Promise.all(this.items.names(PREFIX).map((name) => this.readable(name)));
    for (const one of kept) {
      const hit = one === null ? null : hitIn(one.what, words);
      if (hit !== null) found.set(hit.row.id, hit);
    }
    for (const box of ["inbox", "outbox"]) {
      const page = await this.items.get<Kept<api.Page>>(`seen/${box}`);
      for (const row of page?.what.rows ?? []) {
        if ("damaged" in row || found.has(row.id)) continue;
        if (words.every((word) => isFact(row, word))) found.set(row.id, { row, where: [], name: null });
      }
    }
    return [...found.values()].sort((one, other) => (one.row.changedAt < other.row.changedAt ? 1 : -1));
  }

  /** Drop what has run out meanwhile. */
  async sweep(): Promise<void> {
    for (const name of this.items.names(PREFIX)) await this.readable(name);
    for (const name of this.items.names("onward/")) {
      const kept = await this.items.get<{ until?: string; attached?: api.FilesBySection }>(name);
      if (kept?.until === undefined || Date.parse(kept.until) > this.now()) continue;
      for (const { id } of Object.values(kept.attached ?? {}).flat()) await this.items.drop(`file/${id}`);
      await this.items.drop(name);
    }
  }

  private async readable(name: string): Promise<Kept<api.Referral> | null> {
    const kept = await this.items.get<Kept<api.Referral>>(name);
    if (kept === null) return null;
    const { as, decision, keptUntil } = kept.what;
    const isOver = (end: string | null) => end !== null && Date.parse(end) <= this.now();
    const isGranted = as === "sender" || (decision.until !== null && !isOver(decision.until));
    if (isGranted && !isOver(keptUntil)) return kept;
    await this.items.drop(name);
    return null;
  }

  /** What cannot be kept is not there without a line; the work goes on. */
  private async keep(name: string, what: unknown): Promise<void> {
    try {
      await this.items.put(name, { at: new Date(this.now()).toISOString(), what });
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
    }
  }

  private async bound(newest: string): Promise<void> {
    const names = this.items.names(PREFIX);
    if (names.length <= MOST) return;
    const kept = await Promise.all(
      names.map(async (name) => ({ name, at: (await this.items.get<Kept<unknown>>(name))?.at ?? "" })),
    );
    const oldest = kept.filter(({ name }) => name !== newest).sort((one, other) => (one.at < other.at ? -1 : 1));
    for (const { name } of oldest.slice(0, names.length - MOST)) await this.items.drop(name);
  }
}

function hitIn(referral: api.Referral, words: readonly api.Sought[]): api.Hit | null {
  const notes = referral.steps.flatMap(({ note }) => (note === null ? [] : [{ ...note, name: "note" }]));
  const parts = [...referral.parts, ...notes].map((part) => ({ name: part.name, said: saidIn(part) }));
  const where = new Set<string>();
  for (const word of words) {
    const held = parts.filter(({ said }) => said.texts.some((text) => text.includes(word.text)) || isAmong(said, word));
    if (held.length === 0 && !isFact(referral, word)) return null;
    for (const { name } of held) where.add(name);
  }
  return { row: referral, where: [...where], name: nameIn(referral) };
}

interface Said {
  readonly texts: readonly string[];
  readonly codes: ReadonlySet<string>;
}

function saidIn({ fields, text }: api.Part): Said {
  const values = fields.flatMap(([, value]) => leaves(value));
  return { texts: [...values, ...(text === null ? [] : [text])].map(folded), codes: new Set(values) };
}

function leaves(value: api.FieldValue): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(leaves);
  if (typeof value === "object" && value !== null) return Object.values(value).flatMap(leaves);
  return typeof value === "string" || typeof value === "number" ? [String(value)] : [];
}

const isAmong = ({ codes }: Said, word: api.Sought): boolean => word.codes.some((code) => codes.has(code));

/** In what the hub knows of it, too. */
function isFact(row: api.Row, { text, codes }: api.Sought): boolean {
  const facts = [row.urgency, row.state, row.place, row.counterpart, ...row.services];
  return (text.length >= 6 && row.id.startsWith(text)) || codes.some((code) => facts.includes(code));
}

function nameIn({ parts }: api.Referral): string | null {
  const identity = new Map(parts.find(({ name }) => name === "identity")?.fields ?? []);
  const names = ["given_name", "family_name"]
    .map((field) => identity.get(field))
    .filter((one) => typeof one === "string");
  return names.length > 0 ? names.join(" ") : null;
}

/** As it is compared: whatever its case and its composition. */
export const folded = (text: string): string => text.normalize("NFKC").toLowerCase();

/** The hub, or what it shows, says that it is nothing of this member's any more. */
function isGone(error: unknown): boolean {
  const found = error instanceof Failed && error.problem.kind === "refused" ? error.problem.code : null;
  return ["not_found", "role_not_allowed"].includes(error instanceof Refused ? error.code : (found ?? ""));
}

export function isLine(error: unknown): boolean {
  return error instanceof Failed && error.problem.kind === "line";
}
