import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { rowAfter, rowsShown, scrolledTo } from "../../src/parts/list-window.ts";

describe("the rows in the document", () => {
  test("are the visible ones and four beyond", () => {
    expect(rowsShown(50_000, 72, { top: 7200, height: 720 }, null)).toEqual(
      Array.from({ length: 18 }, (_, place) => 96 + place),
    );
    expect(rowsShown(3, 72, { top: 0, height: 720 }, null)).toEqual([0, 1, 2]);
    expect(rowsShown(0, 72, { top: 0, height: 720 }, null)).toEqual([]);
  });

  test("keep the one with the focus, wherever it was left", () => {
    expect(rowsShown(1000, 72, { top: 36_000, height: 144 }, 2)[0]).toBe(2);
    expect(rowsShown(1000, 72, { top: 0, height: 144 }, 900).at(-1)).toBe(900);
    expect(rowsShown(10, 72, { top: 0, height: 144 }, 10)).not.toContain(10);
  });

  test("are few, in order, each once, and cover what is seen", () => {
    const counts = fc.integer({ min: 1, max: 50_000 });
    fc.assert(
      fc.property(
        counts,
        fc.nat(50_000 * 72),
        fc.integer({ min: 1, max: 2000 }),
        fc.nat(),
        (count, top, height, at) => {
          const shown = rowsShown(count, 72, { top: Math.min(top, count * 72), height }, at % count);
          expect([...new Set(shown)].sort((a, b) => a - b)).toEqual(shown);
          expect(shown.length).toBeLessThanOrEqual(height / 72 + 11);
          const first = Math.min(count - 1, Math.floor(Math.min(top, count * 72) / 72));
          expect(shown).toContain(first);
        },
      ),
    );
  });
});

describe("the keys", () => {
  test("lead to the next row, the next page, the ends, and not beyond", () => {
    const from = (key: string, at: number) => rowAfter(key, at, 100, 10);
    expect([from("ArrowDown", 3), from("ArrowUp", 3), from("ArrowUp", 0), from("ArrowDown", 99)]).toEqual([
      4, 2, 0, 99,
    ]);
    expect([from("PageDown", 3), from("PageUp", 3), from("Home", 50), from("End", 50)]).toEqual([12, 0, 0, 99]);
    expect([from("Enter", 3), from("Tab", 3), from("a", 3)]).toEqual([null, null, null]);
  });

  test("scroll only as far as is needed", () => {
    const seen = { top: 720, height: 720 };
    expect([scrolledTo(12, 72, seen), scrolledTo(9, 72, seen), scrolledTo(20, 72, seen)]).toEqual([720, 648, 792]);
  });
});
