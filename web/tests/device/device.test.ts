import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isIdle } from "../../src/device/idle.ts";
import { afterKey, meansLeave, noPresses } from "../../src/device/leave.ts";
import { understood } from "../../src/device/preferences.ts";

describe("leaving by Shift", () => {
  const typed = (...keys: readonly (readonly [string | null, number])[]) =>
    meansLeave(keys.reduce((presses, [key, at]) => afterKey(presses, key, at), noPresses));

  test("takes three presses within five seconds", () => {
    expect(typed(["Shift", 0], ["Shift", 400], ["Shift", 4999])).toBe(true);
    expect(typed(["Shift", 0], ["Shift", 400])).toBe(false);
    expect(typed(["Shift", 0], ["Shift", 400], ["Shift", 5000])).toBe(false);
    expect(typed(["Shift", 0], ["Shift", 4000], ["Shift", 6000], ["Shift", 7000])).toBe(true);
  });

  test("is not what capitals, a mouse with Shift or other keys do", () => {
    expect(typed(["Shift", 0], ["Ц", 100], ["Shift", 200], ["М", 300], ["Shift", 400], ["А", 500])).toBe(false);
    expect(typed(["Shift", 0], [null, 100], ["Shift", 200], [null, 300], ["Shift", 400])).toBe(false);
    expect(typed(["Control", 0], ["Shift", 1], ["Alt", 2], ["Shift", 3], ["Shift", 4])).toBe(false);
  });
});

describe("the lock", () => {
  test("comes when the time is up, also when the device slept or its clock was put back", () => {
    expect(isIdle(0, 299_999, 300_000)).toBe(false);
    expect(isIdle(0, 300_000, 300_000)).toBe(true);
    expect(isIdle(0, 86_400_000, 300_000)).toBe(true);
    expect(isIdle(1000, 999, 300_000)).toBe(true);
  });
});

describe("the preferences", () => {
  test("are kept, and begin in the language that is asked for", () => {
    expect(understood('{"language":"en","theme":"dark","lockAfter":10}', ["mn"])).toEqual({
      language: "en",
      theme: "dark",
      lockAfter: 10,
      singleKeys: true,
    });
    expect(understood(null, ["en-GB", "mn"]).language).toBe("en");
    expect(understood(null, ["ru-RU", "mn-MN", "en"]).language).toBe("mn");
    expect(understood(null, ["ru-RU"]).language).toBe("mn");
    expect(understood(null, [])).toEqual({ language: "mn", theme: "system", lockAfter: 5, singleKeys: true });
  });

  test("never lock later than a quarter of an hour, whatever was put into the store", () => {
    for (const kept of ['{"lockAfter":1e9}', '{"lockAfter":"15"}', "[]", "null", "3", "{", '{"lockAfter":0}'])
      expect(understood(kept, []).lockAfter).toBe(5);
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (kept) => {
        const { language, theme, lockAfter } = understood(kept, ["en"]);
        expect(["mn", "en"]).toContain(language);
        expect(["system", "light", "dark"]).toContain(theme);
        expect([1, 2, 5, 10, 15]).toContain(lockAfter);
      }),
    );
  });
});
