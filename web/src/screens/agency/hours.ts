import type { Language } from "../../words/words.ts";
import type { Exceptional, Opening } from "../../worker/agency-api.ts";

/**
 * Opening hours as they are typed, one line for some days of each week: «MO-FR 09:00-18:00», «Да-Ба 09:00-18:00»,
 * «22:00-06:00» for every day, «24» for always. As ortoo/cli/hours_typed.py, in both languages.
 */

const DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"] as const;
const HERE = ["ДА", "МЯ", "ЛХ", "ПҮ", "БА", "БЯ", "НЯ"] as const;
const SHORT = ["Да", "Мя", "Лх", "Пү", "Ба", "Бя", "Ня"] as const;
const LINE = /^(?:([\p{L},-]+) )?([0-9:]{4,5})-([0-9:]{4,5})$/u;
const CLOCK = /^(?:[01]\d|2[0-3]):[0-5]\d$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const MOST_SPANS = 21;
const MOST_EXCEPTIONS = 120;

/** null where it is not understood. */
export const hoursTyped = (text: string): readonly Opening[] | null => all(linesOf(text), opening, MOST_SPANS);

/** «2026-12-31» is closed, «2026-12-31 09:00-13:00» open so. null where it is not understood. */
export const exceptionsTyped = (text: string): readonly Exceptional[] | null =>
  all(linesOf(text), exceptional, MOST_EXCEPTIONS);

export const hoursText = (schedule: readonly Opening[], language: Language): string =>
  schedule.map((one) => `${daysText(one.days.split(","), language)}${one.opens}-${one.closes}`).join("\n");

export const exceptionsText = (exceptions: readonly Exceptional[]): string =>
  exceptions.map(({ date, opens, closes }) => (opens === null ? date : `${date} ${opens}-${closes}`)).join("\n");

const linesOf = (text: string): readonly string[] =>
  text
    .split(/[\n;]/)
    .map((line) => line.replaceAll("–", "-").replace(/\s+/g, " ").trim())
    .filter((line) => line !== "");

function all<T>(lines: readonly string[], one: (line: string) => T | null, most: number): readonly T[] | null {
  const found = lines.map(one);
  return found.length <= most && found.every((each) => each !== null) ? (found as T[]) : null;
}

const opening = (line: string): Opening | null => {
  if (line === "24") return { days: DAYS.join(","), opens: "00:00", closes: "24:00" };
  const found = LINE.exec(line);
  const days = found?.[1] === undefined ? [...DAYS] : daysTyped(found[1].toUpperCase());
  const span = found === null ? null : spanOf(found[2]!, found[3]!);
  return days === null || span === null ? null : { days: days.join(","), ...span };
};

const exceptional = (line: string): Exceptional | null => {
  const [date = "", span, more] = line.split(" ");
  if (!DATE.test(date) || new Date(`${date}T00:00Z`).toJSON()?.slice(0, 10) !== date || more !== undefined) return null;
  if (span === undefined) return { date, opens: null, closes: null };
  const [opens = "", closes = "", third] = span.split("-");
  const hours = third === undefined ? spanOf(opens, closes) : null;
  return hours === null ? null : { date, ...hours };
};

const spanOf = (first: string, last: string) => {
  const [opens, closes] = [first.padStart(5, "0"), last.padStart(5, "0")];
  const isRight = CLOCK.test(opens) && (CLOCK.test(closes) || closes === "24:00") && opens !== closes;
  return isRight ? { opens, closes } : null;
};

const daysTyped = (text: string): readonly string[] | null => {
  const found = new Set<number>();
  for (const part of text.split(",")) {
    const [first = "", last = first, more] = part.split("-");
    const [from, to] = [dayOf(first), dayOf(last)];
    if (from < 0 || to < from || more !== undefined) return null;
    for (let day = from; day <= to; day += 1) found.add(day);
  }
  return [...found].sort((one, other) => one - other).map((day) => DAYS[day]!);
};

const dayOf = (text: string): number => Math.max(DAYS.indexOf(text as never), HERE.indexOf(text as never));

/** Runs of three and more as «MO-FR». */
const daysText = (days: readonly string[], language: Language): string => {
  const shown = language === "mn" ? SHORT : DAYS;
  const places = days.map((day) => DAYS.indexOf(day as never)).sort((one, other) => one - other);
  if (places.length === 7) return "";
  const parts: string[] = [];
  for (let from = 0; from < places.length; ) {
    let to = from;
    while (places[to + 1] === places[to]! + 1) to += 1;
    if (to - from >= 2) parts.push(`${shown[places[from]!]}-${shown[places[to]!]}`);
    else parts.push(...places.slice(from, to + 1).map((day) => shown[day]!));
    from = to + 1;
  }
  return `${parts.join(",")} `;
};
