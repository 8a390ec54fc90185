import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { endOfDay, endOfNight, lastDay } from "../../src/days.ts";
import {
  clockText,
  type DateFault,
  dateOf,
  dateText,
  day,
  type KnownDate,
  moment,
  momentSeenFrom,
  sayDate,
  takeApart,
  time,
  weekdayTime,
} from "../../src/words/dates.ts";
import { en } from "../../src/words/en.ts";
import { mn } from "../../src/words/mn.ts";
import { wordsOf } from "../../src/words/words.ts";

const inMongolian = wordsOf("mn", mn);
const inEnglish = wordsOf("en", en);
const at = (text: string) => Date.parse(text);

describe("a moment", () => {
  test("is that of Ulaanbaatar in both languages", () => {
    expect(moment(inMongolian, at("2026-11-25T11:42:00Z"))).toBe("2026 оны 11 сарын 25, 19:42");
    expect(moment(inEnglish, at("2026-11-25T11:42:00Z"))).toBe("25 November 2026, 19:42");
    expect(day(inEnglish, at("2026-12-31T16:00:00Z"))).toBe("1 January 2027");
    expect(time(at("2026-11-25T16:05:59Z"))).toBe("00:05");
  });

  test("says only as much as is needed", () => {
    const now = at("2026-11-25T10:00:00Z");
    expect(momentSeenFrom(inMongolian, at("2026-11-25T11:42:00Z"), now)).toBe("19:42");
    expect(momentSeenFrom(inMongolian, at("2026-11-26T11:42:00Z"), now)).toBe("11 сарын 26, 19:42");
    expect(momentSeenFrom(inEnglish, at("2027-01-02T11:42:00Z"), now)).toBe("2 January 2027, 19:42");
    expect(weekdayTime(inEnglish, at("2026-11-30T01:00:00Z"), now)).toBe("Monday 09:00");
    expect(weekdayTime(inMongolian, at("2026-11-30T01:00:00Z"), now)).toBe("Даваа гараг, 09:00");
    expect(weekdayTime(inEnglish, at("2026-12-02T01:00:00Z"), now)).toBe("2 December, 09:00");
  });
});

describe("a clock", () => {
  const now = at("2026-11-25T11:00:00Z");
  const due = { kind: "acknowledge", at: at("2026-11-25T11:42:10Z"), ours: true };

  test("runs to the second under one hour, and is read out without what ticks", () => {
    expect(clockText(inMongolian, due, now)).toEqual({
      shown: "19:42 хүртэл хариулна (0:42:10 үлдсэн)",
      said: "19:42 хүртэл хариулна",
      isLate: false,
      every: 1000,
    });
    expect(clockText(inEnglish, due, now + 10_000).shown).toBe("Answer by 19:42 (0:42:00 left)");
  });

  test("runs by the minute above, by days where it is long", () => {
    expect(clockText(inEnglish, { ...due, kind: "decide", at: now + 5.13 * 3_600_000 }, now)).toMatchObject({
      shown: "Decide by 26 November, 00:07 (5:07 left)",
      every: 60_000,
    });
    expect(clockText(inEnglish, { ...due, at: now + 72 * 3_600_000 }, now).shown).toBe(
      "Answer by 28 November, 19:00 (3 days left)",
    );
  });

  test("is late at the very instant, and says how much", () => {
    expect(clockText(inEnglish, due, due.at - 1).isLate).toBe(false);
    expect(clockText(inEnglish, due, due.at)).toMatchObject({ shown: "0 min late", isLate: true });
    expect(clockText(inMongolian, due, due.at + 12 * 60_000).shown).toBe("12 мин хоцорсон");
    expect(clockText(inEnglish, { ...due, ours: false }, due.at + 5 * 3_600_000).shown).toBe("They: 5 h late");
  });

  test("stands while the agency is closed", () => {
    const standing = { ...due, at: at("2026-12-01T01:00:00Z"), standsUntil: at("2026-11-30T01:00:00Z") };
    expect(clockText(inEnglish, standing, now).shown).toBe("Clock stands until Monday 09:00");
    expect(clockText(inMongolian, standing, now).said).toBe("Даваа гараг, 09:00 хүртэл цаг зогссон");
    expect(clockText(inEnglish, standing, standing.standsUntil).shown).toContain("left)");
  });

  test("of a kind that is not known yet asks for an answer", () => {
    expect(clockText(inEnglish, { ...due, kind: "constructor" }, now).said).toBe("Answer by 19:42");
  });

  test("never shows more time than there is", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 47 * 3_600_000 }), (left) => {
        const shown = clockText(inEnglish, { ...due, at: now + left }, now).shown;
        const [, hours, minutes, seconds] = /\((\d+):(\d\d)(?::(\d\d))? left\)/.exec(shown)!;
        const said = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds ?? 0)) * 1000;
        expect(said).toBeLessThanOrEqual(left);
        expect(left - said).toBeLessThan(seconds === undefined ? 60_000 : 1000);
      }),
    );
  });
});

describe("a day and the instant that ends it", () => {
  test("are those of the command line", () => {
    expect(endOfDay(at("2026-11-25T15:59:59Z"), 90)).toBe(at("2027-02-23T16:00:00Z"));
    expect(endOfDay(at("2026-11-25T16:00:00Z"), 90)).toBe(at("2027-02-24T16:00:00Z"));
    expect(endOfNight(at("2026-11-25T15:59:59Z"))).toBe(at("2026-11-26T00:00:00Z"));
    expect(endOfNight(at("2026-11-26T00:00:00Z"))).toBe(at("2026-11-27T00:00:00Z"));
    expect(day(inEnglish, lastDay(at("2027-02-23T16:00:00Z")))).toBe("23 February 2027");
  });
});

describe("a typed date", () => {
  const now = at("2026-11-25T15:59:59Z"); // still the 25th in Ulaanbaatar, one second before the 26th
  const typed = (year: string, month = "", day = "") => dateOf({ year, month, day }, now);
  const text = (date: KnownDate | DateFault | null) => (date && typeof date === "object" ? dateText(date) : date);

  test.each([
    ["1998-3-14", "1998-03-14"],
    ["98.03.14", "1998-03-14"],
    ["03.1.2", "2003-01-02"],
    ["26-11-25", "2026-11-25"],
    ["27", "1927"],
    ["1998 оны 3 сарын 14", "1998-03-14"],
    ["1998 оны 3 сарын 14 өдөр", "1998-03-14"],
    ["1998 он", "1998"],
    ["1998/3", "1998-03"],
    [" 1998 ", "1998"],
    ["2024-2-29", "2024-02-29"],
  ])("«%s» is %s", (given, means) => expect(text(typed(given))).toBe(means));

  test.each([
    ["2023-2-29"],
    ["1998-13-1"],
    ["1998-0-1"],
    ["1998-4-31"],
    ["14.3.1998"],
    ["0098-1-1"],
    ["1e3"],
    ["19981"],
    ["-1998"],
    ["1998-3-14-2"],
  ])("«%s» is no date", (given) => expect(typed(given)).toBe("not_a_date"));

  test("in three fields is said field by field", () => {
    expect(text(typed("1998", "3", "14"))).toBe("1998-03-14");
    expect(typed("", "", "")).toBeNull();
    expect(typed("1998", "", "14")).toBe("needs_month");
    expect(typed("", "3", "14")).toBe("needs_year");
    expect(typed("1998-3", "3", "")).toBe("not_a_date");
  });

  test("is not in the future, as Ulaanbaatar has it", () => {
    expect(text(typed("2026", "11", "25"))).toBe("2026-11-25");
    expect(typed("2026", "11", "26")).toBe("future");
    expect(text(dateOf({ year: "2026", month: "11", day: "26" }, now + 1000))).toBe("2026-11-26");
    expect(typed("2027")).toBe("future");
  });

  test("comes back as it was said, in each way of writing it", () => {
    const year = fc.integer({ min: 1930, max: 2025 });
    const real = fc.tuple(year, fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 28 }));
    fc.assert(
      fc.property(real, fc.constantFrom("-", ".", "/", " "), ([year, month, day], mark) => {
        const expected = { year, month, day };
        expect(typed([year, month, day].join(mark))).toEqual(expected);
        expect(typed([String(year % 100).padStart(2, "0"), month, day].join(mark))).toEqual({
          ...expected,
          year: year % 100 > 26 ? 1900 + (year % 100) : 2000 + (year % 100),
        });
        expect(typed(sayDate(inMongolian, dateText(expected)))).toEqual(expected);
      }),
    );
  });

  test("of any text at all breaks nothing", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (...parts) => {
        const found = typed(...parts);
        if (found && typeof found === "object") expect(dateText(found)).toMatch(/^\d{4}(-\d{2}(-\d{2})?)?$/);
      }),
    );
    expect(takeApart("1".repeat(100_000))).toBeNull();
  });

  test("of a form is said in words", () => {
    expect(sayDate(inMongolian, "1998-03-14")).toBe("1998 оны 3 сарын 14");
    expect(sayDate(inMongolian, "1998-03")).toBe("1998 оны 3 сар");
    expect(sayDate(inEnglish, "1998-03")).toBe("March 1998");
    expect(sayDate(inEnglish, "1998")).toBe("1998");
    expect(sayDate(inEnglish, "1998-99-99")).toBe("1998-99-99");
  });
});
