// The codes of the field, as the rules look at them.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { file } from "../../scripts/vocabulary.ts";
import { codes, GENDERS, isListName, terms } from "../../src/protocol/vocabulary.ts";

function read(path: string): string {
  return readFileSync(new URL(path, import.meta.url), "utf8");
}

test("the file is what the generator writes", () => {
  expect(read("../../src/protocol/vocabulary-terms.ts")).toBe(file());
});

test("no label is in it", () => {
  expect(read("../../src/protocol/vocabulary-terms.ts")).not.toMatch(/[А-Яа-яӨөҮү]|\b(en|mn):/);
});

test("lists are in their order, and every code of the source is there", () => {
  const source = JSON.parse(read("../../../ortoo/data/vocabulary.json"));
  for (const [name, list] of Object.entries<{ terms: { code: string }[] }>(source)) {
    if (name === "fields" || name === "htcds") continue;
    if (!isListName(name)) throw new Error(name);
    expect([...codes(name)]).toEqual(list.terms.map((term) => term.code));
  }
  expect(isListName("toString")).toBe(false);
});

test("steps and states hang together", () => {
  expect(terms("steps").get("accepted")).toEqual({
    code: "accepted",
    by: "recipient",
    to: "accepted",
    code_from: null,
  });
  expect(terms("states").get("waiting")?.next).toEqual(["sent", "recalled", "withdrawn", "expired"]);
  expect(terms("consent_bases").get("danger_to_life")?.exception).toBe(true);
  expect(terms("sections").get("evidence")?.readers).toBe("recording_agency");
  expect(terms("sections").get("needs")?.readers).toBeNull();
  expect(terms("steps").get("no such step")).toBeUndefined();
});

test("genders are those of Python", () => {
  const listed = read("../../../ortoo/protocol/vocabulary.py").match(/GENDERS: Final = \(([^)]*)\)/)?.[1];
  expect(Array.from(listed?.matchAll(/"(\w+)"/g) ?? [], ([, one]) => one)).toEqual([...GENDERS]);
});
