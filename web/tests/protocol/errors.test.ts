// The one family of errors (protocol §13).

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { CODES, naming, ORDER, Refused } from "../../src/protocol/errors.ts";
import { refused } from "./refusing.ts";

test("the codes are those of Python, in the same order", () => {
  const source = readFileSync(new URL("../../../ortoo/protocol/errors.py", import.meta.url), "utf8");
  const codes = Array.from(source.matchAll(/^ {4}"([a-z_]+)": "/gm), ([, code]) => code);
  expect(codes).toEqual([...CODES]);
  expect(ORDER.malformed).toBeLessThan(ORDER.signature_invalid);
});

test("a refusal says where it was met, from the inside out", async () => {
  const inside = () => {
    throw new Refused("cannot_open", { part: "needs" });
  };
  await refused("cannot_open", () => naming({ referral: "a", part: "x" }, inside), { referral: "a", part: "needs" });
  const promised = async () => naming({ referral: "a" }, async () => inside());
  const caught = await refused("cannot_open", promised, { referral: "a", part: "needs" });
  expect(caught.message).toBe("cannot_open (referral a, part needs)");
  expect(await naming({ part: "x" }, async () => 1)).toBe(1);
  expect(naming({ part: "x" }, () => 2)).toBe(2);
});

test("what is no refusal passes as it is", () => {
  const fault = new RangeError("x");
  expect(() =>
    naming({ part: "x" }, () => {
      throw fault;
    }),
  ).toThrow(fault);
});
