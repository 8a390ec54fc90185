import type { Agency, Box, Counts, DamagedRow, Owed, Page, Row, Tier } from "../../worker/api.ts";

/** What the inbox shows of what was fetched: which order, which clock, which verb. Nothing here asks for anything. */

/** A line of the list, and the box it came from. */
export interface Line {
  readonly box: Box;
  readonly row: Row | DamagedRow;
}

/** What was fetched of one box, from its beginning. after: where its next page begins; null where there is none. */
export interface Fetched {
  readonly rows: Page["rows"];
  readonly after: string | null;
  readonly counts: Counts;
  readonly seenAt?: string;
}

export interface Boxes {
  readonly inbox: Fetched;
  readonly outbox: Fetched;
}

export const keyOf = ({ box, row }: Line): string => `${box} ${row.id}`;

export const isDamaged = (row: Row | DamagedRow): row is DamagedRow => "damaged" in row;

const TIERS: readonly Tier[] = ["late", "clock", "ours", "waiting", "rest"];

/** What is owed on it first, by the own agency wherever it owes anything; null where nobody owes anything. */
export const owedFirst = (row: Row, own: string): Owed | null => {
  const ours = row.owed.filter((one) => one.agency === own);
  const owed = ours.length > 0 ? ours : row.owed;
  return owed.reduce<Owed | null>(
    (first, one) => (first === null || Date.parse(one.dueAt) < Date.parse(first.dueAt) ? one : first),
    null,
  );
};

const comesBefore = (one: Row | DamagedRow, other: Row | DamagedRow, own: string): boolean => {
  const [tier, another] = [TIERS.indexOf(one.tier), TIERS.indexOf(other.tier)];
  if (tier !== another) return tier < another;
  if (isDamaged(one)) return true;
  if (isDamaged(other)) return false;
  // What changed last is first, where no clock runs.
  if (one.tier === "rest") return Date.parse(one.changedAt) >= Date.parse(other.changedAt);
  return dueOf(one, own) <= dueOf(other, own);
};

const dueOf = (row: Row, own: string): number => {
  const owed = owedFirst(row, own);
  return owed === null ? Number.POSITIVE_INFINITY : Date.parse(owed.dueAt);
};

/**
 * Both boxes as one list. Each keeps the hub's order. It ends where a box that goes on has no more rows here: what would
 * stand there is not known yet.
 */
export const merged = ({ inbox, outbox }: Boxes, own: string): readonly Line[] => {
  const lines: Line[] = [];
  let [sent, received] = [0, 0];
  while (true) {
    const [one, other] = [inbox.rows[received], outbox.rows[sent]];
    if (one === undefined && inbox.after !== null) return lines;
    if (other === undefined && outbox.after !== null) return lines;
    if (one === undefined && other === undefined) return lines;
    if (one !== undefined && (other === undefined || comesBefore(one, other, own))) {
      lines.push({ box: "inbox", row: one });
      received += 1;
    } else if (other !== undefined) {
      lines.push({ box: "outbox", row: other });
      sent += 1;
    }
  }
};

/** The boxes that have to be asked for more, so that the merged list goes on. */
export const toAsk = ({ inbox, outbox }: Boxes, own: string): readonly Box[] => {
  const shown = merged({ inbox, outbox }, own);
  const used = (box: Box) => shown.filter((line) => line.box === box).length;
  const asked: Box[] = [];
  if (inbox.after !== null && used("inbox") === inbox.rows.length) asked.push("inbox");
  if (outbox.after !== null && used("outbox") === outbox.rows.length) asked.push("outbox");
  return asked;
};

/** A box with its next page behind it. A row that moved between the pages stands once, where it was seen last. */
export const withMore = (box: Fetched, page: Page): Fetched => {
  const again = new Set(page.rows.map((row) => row.id));
  return { ...page, rows: [...box.rows.filter((row) => !again.has(row.id)), ...page.rows] };
};

export interface Groups {
  readonly needs: readonly Line[];
  readonly others: readonly Line[];
  readonly rest: readonly Line[];
}

export const groups = (lines: readonly Line[]): Groups => ({
  needs: lines.filter(({ row }) => row.tier === "late" || row.tier === "clock" || row.tier === "ours"),
  others: lines.filter(({ row }) => row.tier === "waiting"),
  rest: lines.filter(({ row }) => row.tier === "rest"),
});

/** How many need us and how many wait for others, by the hub's count of both boxes. */
export const counted = ({ inbox, outbox }: Boxes): { readonly needs: number; readonly others: number } => {
  const needs = ({ counts }: Fetched) => counts.late + counts.clock + counts.ours;
  return { needs: needs(inbox) + needs(outbox), others: inbox.counts.waiting + outbox.counts.waiting };
};

export type Verb =
  | "open"
  | "answer"
  | "reply"
  | "report"
  | "confirm_deletion"
  | "choose_another"
  | "ask_again"
  | "sign"
  | "review";

const SOON = 3 * 86_400_000; // milliseconds before the end of her decision

/** Of ours: her decision ends within days, and it still goes on there. now: milliseconds. */
export const endsSoon = (row: Pick<Row, "as" | "state" | "until" | "isRecorder">, now: number): boolean =>
  row.as === "sender" &&
  row.isRecorder === true &&
  row.until !== null &&
  !ENDED.includes(row.state) &&
  Date.parse(row.until) - now <= SOON &&
  Date.parse(row.until) > now;

const ENDED: readonly string[] = ["closed", "withdrawn", "expired"];

/** Of ours: it came to nothing, or whoever has it is late. Then another agency can be asked. */
export const canGoElsewhere = (row: Pick<Row, "as" | "state" | "owed" | "counterpart">): boolean =>
  row.as === "sender" &&
  (CAME_TO_NOTHING.includes(row.state) ||
    row.owed.some((one) => one.agency === row.counterpart && one.kind !== "delete" && one.late));

const CAME_TO_NOTHING: readonly string[] = ["declined", "handed_back", "recalled"];

/** The one thing to do with it. now: milliseconds. */
export const verbOf = (row: Row | DamagedRow, now: number): Verb => {
  if (isDamaged(row)) return "open";
  const isOurs = row.tier === "late" || row.tier === "clock" || row.tier === "ours";
  if (row.without?.isToSign) return "sign";
  if (row.as === "reviewer") return "review";
  if (canGoElsewhere(row)) return "choose_another";
  if (endsSoon(row, now)) return "ask_again";
  if (row.as === "sender") return row.state === "more_asked" && isOurs ? "reply" : "open";
  if (row.deletionOwedSince !== null) return "confirm_deletion";
  if (!isOurs) return "open";
  switch (row.state) {
    case "opened":
    case "acknowledged":
      return "answer";
    case "accepted":
    case "under_way":
      return "report";
    default:
      return "open";
  }
};

/** The lines that are new or otherwise than they are shown. */
export const changes = (shown: readonly Line[], fresh: readonly Line[]): readonly Line[] => {
  const before = new Map(shown.map((line) => [keyOf(line), JSON.stringify(line.row)]));
  return fresh.filter((line) => before.get(keyOf(line)) !== JSON.stringify(line.row));
};

export const isImmediate = ({ row }: Line): boolean => !isDamaged(row) && row.urgency === "immediate";

/** The instant of the newest change; null where there is nothing. */
export const lastChange = (lines: readonly Line[]): number | null =>
  lines.reduce<number | null>((newest, { row }) => {
    if (isDamaged(row)) return newest;
    const at = Date.parse(row.changedAt);
    return newest === null || at > newest ? at : newest;
  }, null);

/** What an agency is called; its handle where the directory does not have it. */
export const agencyName = (agencies: readonly Agency[], id: string, language: "mn" | "en"): string =>
  agencies.find((agency) => agency.id === id)?.names[language] ?? id;
