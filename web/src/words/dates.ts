import { DAY, dayNumber, HOUR, ULAANBAATAR } from "../days.ts";
import type { Words } from "./words.ts";

/**
 * Days and times as people here write them, always those of Ulaanbaatar, whatever the device thinks. Instants are
 * milliseconds since 1970 (UTC). By hand, since Chromium has no Mongolian locale.
 */

const MINUTE = 60_000;

/** From here on what is left is said in days. */
const TO_THE_MINUTE = 2 * DAY;

const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
] as const;
const WEEKDAYS = {
  mn: ["Ням", "Даваа", "Мягмар", "Лхагва", "Пүрэв", "Баасан", "Бямба"],
  en: ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"],
} as const;

interface Here {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly weekday: number;
  readonly time: string;
}

const here = (at: number): Here => {
  const date = new Date(at + ULAANBAATAR);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    weekday: date.getUTCDay(),
    time: `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`,
  };
};

const two = (number: number): string => String(number).padStart(2, "0");

// --- said -------------------------------------------------------------------------------------------------------------

/** «2026 оны 11 сарын 25», 25 November 2026. */
export const day = (words: Pick<Words, "language">, at: number): string => {
  const { year, month, day } = here(at);
  return words.language === "mn" ? `${year} оны ${month} сарын ${day}` : `${day} ${MONTHS[month - 1]} ${year}`;
};

/** «11 сарын 25», 25 November: where the year goes without saying. */
export const dayOfYear = (words: Words, at: number): string => {
  const { month, day } = here(at);
  return words.language === "mn" ? `${month} сарын ${day}` : `${day} ${MONTHS[month - 1]}`;
};

/** 19:42. */
export const time = (at: number): string => here(at).time;

/** «2026 оны 11 сарын 25, 19:42», 25 November 2026, 19:42. */
export const moment = (words: Pick<Words, "language">, at: number): string => `${day(words, at)}, ${time(at)}`;

/** As much of it as is needed today: 19:42; «11 сарын 26, 19:42»; with the year in another one. */
export const momentSeenFrom = (words: Words, at: number, now: number): string => {
  if (dayNumber(at) === dayNumber(now)) return time(at);
  const said = here(at).year === here(now).year ? dayOfYear(words, at) : day(words, at);
  return `${said}, ${time(at)}`;
};

/** Within the week to come: «Даваа гараг, 09:00», Monday 09:00. Further away it is a date. */
export const weekdayTime = (words: Words, at: number, now: number): string => {
  const away = dayNumber(at) - dayNumber(now);
  if (away <= 0 || away >= 7) return momentSeenFrom(words, at, now);
  const name = WEEKDAYS[words.language][here(at).weekday]!;
  return words.language === "mn" ? `${name} гараг, ${time(at)}` : `${name} ${time(at)}`;
};

// --- clocks -----------------------------------------------------------------------------------------------------------

const KINDS = ["acknowledge", "decide", "answer", "report", "delete", "second"] as const;
type Kind = (typeof KINDS)[number];

/** What is owed: kind as the hub names it; standsUntil: the clock waits for opening hours until then. */
export interface Due {
  readonly kind: string;
  readonly at: number;
  readonly ours: boolean;
  readonly standsUntil?: number | null;
}

/**
 * shown: what the eye sees. said: what is read out, without what ticks. every: after how many milliseconds it has to be
 * said anew; null where it stands.
 */
export interface ClockText {
  readonly shown: string;
  readonly said: string;
  readonly isLate: boolean;
  readonly every: number | null;
}

/** «19:42 хүртэл хариулна (0:42:10 үлдсэн)», «12 мин хоцорсон». now: by the hub's clock. Seconds under one hour only. */
export const clockText = (words: Words, due: Due, now: number): ClockText => {
  const isLate = due.at <= now;
  const theirs = (clock: string) => (due.ours ? clock : words("clock.theirs", { clock }));
  if (isLate) {
    const late = theirs(words("clock.late", { late: span(words, now - due.at) }));
    return { shown: late, said: late, isLate, every: MINUTE };
  }
  if (due.standsUntil && due.standsUntil > now) {
    const stands = theirs(words("clock.stands", { until: weekdayTime(words, due.standsUntil, now) }));
    return { shown: stands, said: stands, isLate, every: MINUTE };
  }
  const kind = kindOf(due.kind);
  const by = momentSeenFrom(words, due.at, now);
  const left = due.at - now;
  return {
    shown: theirs(words(`clock.${kind}`, { by, left: leftText(words, left) })),
    said: theirs(words(`clock.said.${kind}`, { by })),
    isLate,
    every: left < HOUR ? 1000 : MINUTE,
  };
};

const kindOf = (kind: string): Kind => KINDS.find((one) => one === kind) ?? "acknowledge";

/** 0:42:10 under one hour, 5:07 above, days where it is long. Never more than there is. */
const leftText = (words: Words, left: number): string => {
  if (left >= TO_THE_MINUTE) return words("clock.days", { count: Math.floor(left / DAY) });
  const [hours, minutes] = [Math.floor(left / HOUR), Math.floor(left / MINUTE) % 60];
  return left < HOUR ? `0:${two(minutes)}:${two(Math.floor(left / 1000) % 60)}` : `${hours}:${two(minutes)}`;
};

/** A length of time in its largest whole unit. */
export const span = (words: Words, late: number): string => {
  if (late < HOUR) return words("clock.minutes", { count: Math.floor(late / MINUTE) });
  if (late < TO_THE_MINUTE) return words("clock.hours", { count: Math.floor(late / HOUR) });
  return words("clock.days", { count: Math.floor(late / DAY) });
};

// --- typed dates ------------------------------------------------------------------------------------------------------

/** A day without a zone, or as much of it as is known. */
export interface KnownDate {
  readonly year: number;
  readonly month: number | null;
  readonly day: number | null;
}

export type DateFault = "not_a_date" | "needs_month" | "needs_year" | "future";

/** Three fields as they were typed. */
export interface TypedDate {
  readonly year: string;
  readonly month: string;
  readonly day: string;
}

/**
 * What was typed in one field, taken apart: 1998-3-14, 98.03.14, «1998 оны 3 сарын 14», 1998/3, 1998. Null where it is
 * none of these. Nothing is checked but the shape.
 */
export const takeApart = (text: string): TypedDate | null => {
  const typed = text
    .trim()
    .replace(/\s*(оны?|сарын?|өдөр|он)(?=\s|$)\.?/gu, " ")
    .trim();
  const found = /^(\d{4}|\d{2})(?:[-./\s]+(\d{1,2})(?:[-./\s]+(\d{1,2}))?)?[.\s]*$/.exec(typed);
  return found ? { year: found[1] ?? "", month: found[2] ?? "", day: found[3] ?? "" } : null;
};

/**
 * The date that three fields mean; null where all are empty. Two digits of a year are the latest year that is not in the
 * future: 98 is 1998, 03 is 2003. now: an instant.
 */
export const dateOf = (typed: TypedDate, now: number): KnownDate | DateFault | null => {
  const whole = typed.month.trim() === "" && typed.day.trim() === "" ? takeApart(typed.year) : null;
  const [year, month, day] = [whole ?? typed].flatMap((one) => [one.year.trim(), one.month.trim(), one.day.trim()]) as [
    string,
    string,
    string,
  ];
  if (year === "" && month === "" && day === "") return null;
  if (year === "") return "needs_year";
  if (month === "" && day !== "") return "needs_month";
  if (!/^(\d{4}|\d{2})$/.test(year) || !/^\d{0,2}$/.test(month) || !/^\d{0,2}$/.test(day)) return "not_a_date";
  const known = {
    year: fullYear(year, now),
    month: month === "" ? null : Number(month),
    day: day === "" ? null : Number(day),
  };
  return isDate(known) ? (isFuture(known, now) ? "future" : known) : "not_a_date";
};

/** YYYY, YYYY-MM or YYYY-MM-DD: as a form keeps it. */
export const dateText = (date: KnownDate): string =>
  [String(date.year), date.month, date.day]
    .filter((part) => part !== null)
    .map((part) => (typeof part === "number" ? two(part) : part))
    .join("-");

/** A date of a form, as it is said: «1998 оны 3 сарын 14», «1998 оны 3 сар», 1998. What is none stays as it is. */
export const sayDate = (words: Words, text: string): string => {
  const found = /^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$/.exec(text);
  if (!found) return text;
  const [year, month, day] = [found[1]!, Number(found[2] ?? 0), Number(found[3] ?? 0)];
  if (month < 1 || month > 12) return text; // a year alone among them
  if (words.language === "mn") return day ? `${year} оны ${month} сарын ${day}` : `${year} оны ${month} сар`;
  return day ? `${day} ${MONTHS[month - 1]} ${year}` : `${MONTHS[month - 1]} ${year}`;
};

const fullYear = (year: string, now: number): number => {
  if (year.length === 4) return Number(year);
  const present = here(now).year;
  const guess = Math.floor(present / 100) * 100 + Number(year);
  return guess > present ? guess - 100 : guess;
};

const isDate = ({ year, month, day }: KnownDate): boolean => {
  if (year < 1900 || year > 2200) return false;
  if (month === null) return day === null;
  if (month < 1 || month > 12) return false;
  return day === null || (day >= 1 && day <= new Date(Date.UTC(year, month, 0)).getUTCDate());
};

const isFuture = ({ year, month, day }: KnownDate, now: number): boolean =>
  Date.UTC(year, (month ?? 1) - 1, day ?? 1) >= (dayNumber(now) + 1) * DAY;
