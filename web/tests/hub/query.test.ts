import { expect, test } from "vitest";
import { dataOf, pause, refusedBy } from "../../src/hub/query.ts";

test("the first error of an answer is told with its code and where it is, and nothing else of it", () => {
  const error = { message: "words", extensions: { code: "grant_refused", reader: "mgec", more: { deep: 1 } } };
  expect(refusedBy(error).problem).toEqual({ kind: "refused", code: "grant_refused", fields: { reader: "mgec" } });
});

test("a fault of the hub keeps its incident", () => {
  const error = { message: "", extensions: { code: "internal", incident: "01HX" } };
  expect(refusedBy(error).problem).toEqual({ kind: "hub", code: "internal", incident: "01HX" });
});

test.each([null, 3, "x", {}, { data: null }, { data: 3 }, { errors: [] }])("%j is no answer of a hub", (answer) => {
  expect(() => dataOf(answer)).toThrow("bad_answer");
});

test("pauses double, are bounded and spread", () => {
  for (const tries of [0, 1, 5, 10, 1000]) {
    const most = Math.min(15_000, 250 * 2 ** tries);
    const taken = Array.from({ length: 50 }, () => pause(tries));
    expect(Math.min(...taken)).toBeGreaterThanOrEqual(most / 2);
    expect(Math.max(...taken)).toBeLessThanOrEqual(most);
    expect(new Set(taken).size).toBeGreaterThan(5);
  }
});
