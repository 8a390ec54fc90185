import { readFileSync } from "node:fs";
import { brotliCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { en } from "../../src/words/en.ts";
import { allPlaces, codes, label, labels, placeInFull, placeName } from "../../src/words/labels.ts";
import { mn } from "../../src/words/mn.ts";
import { fullName, shortName } from "../../src/words/names.ts";
import { count, few } from "../../src/words/numbers.ts";
import { wordsOf } from "../../src/words/words.ts";

const inMongolian = wordsOf("mn", mn);
const inEnglish = wordsOf("en", en);

describe("a name", () => {
  const tsetsegmaa = { given: "Цэцэгмаа", patronymic: "Дамдин" };

  test("is written as people here write it", () => {
    expect(shortName(inMongolian, tsetsegmaa)).toBe("Д. Цэцэгмаа");
    expect(fullName(inMongolian, tsetsegmaa)).toBe("Дамдин овогтой Цэцэгмаа");
    expect(fullName(inMongolian, { ...tsetsegmaa, family: "Боржигон" })).toBe("Дамдин овогтой Цэцэгмаа (Боржигон)");
    expect(fullName(inEnglish, tsetsegmaa)).toBe("Дамдин Цэцэгмаа");
    expect(shortName(inMongolian, { given: "Оюун", patronymic: "өлзий" })).toBe("Ө. Оюун");
  });

  test("without a patronymic, or in Latin letters, stays as it was written", () => {
    expect(shortName(inMongolian, { given: "Айгүл" })).toBe("Айгүл");
    expect(fullName(inMongolian, { given: "Maria", family: "Santos" })).toBe("Maria Santos");
    expect(shortName(inMongolian, { given: "Maria", patronymic: "Cruz", family: "Santos" })).toBe("Maria Cruz Santos");
    expect(shortName(inEnglish, { given: " ", patronymic: "" })).toBe("Name not known");
  });

  test("cannot turn letters round or break the line", () => {
    expect(fullName(inEnglish, { given: "Ма\u202eша\n\n<b>" })).toBe("Ма\ufffdша <b>");
  });
});

describe("a number", () => {
  test("is grouped by thousands", () => {
    expect([0, 999, 5120, 1234567, -5120].map(count)).toEqual(["0", "999", "5,120", "1,234,567", "-5,120"]);
  });

  test("of people that is small is not told", () => {
    expect([null, 0, 4, 5].map((number) => few(inEnglish, number))).toEqual([
      "Fewer than 5",
      "Fewer than 5",
      "Fewer than 5",
      "5",
    ]);
    expect(few(inMongolian, 1)).toBe("5-аас цөөн");
  });
});

describe("a label", () => {
  test("comes from the vocabulary of the protocol", () => {
    expect(label("mn", "services", "shelter")).toBe("Хамгаалах байр");
    expect(labels("en", "services", ["shelter", "psychosocial"])).toBe("Shelter · Psychosocial support");
    expect(label("en", "services", "not_yet_known")).toBe("not_yet_known");
    expect(label("en", "services", "constructor")).toBe("constructor");
    expect(codes("urgency")).toEqual(["immediate", "urgent", "standard"]);
  });

  test("of a place says its aimag first, and places are sorted as Mongolian is", () => {
    expect(placeName(inEnglish, "MN")).toBe("the whole country");
    expect(placeInFull(inMongolian, "MN-1.khan-uul")).toBe("Улаанбаатар · Хан-Уул");
    expect(placeInFull(inEnglish, "MN-1")).toBe("Ulaanbaatar");
    expect(placeInFull(inEnglish, "XX-9.y")).toBe("XX-9 · XX-9.y");
    const names = allPlaces("mn").map((place) => place.mn);
    expect(names).toHaveLength(22);
    expect(names.indexOf("Орхон")).toBeLessThan(names.indexOf("Өвөрхангай"));
    expect(names.indexOf("Өмнөговь")).toBeLessThan(names.indexOf("Сүхбаатар"));
  });

  test("costs at most 15 kB on the line, both languages and all places together", () => {
    const data = ["vocabulary", "mn_admin"].map((name) =>
      JSON.parse(readFileSync(new URL(`../../../ortoo/data/${name}.json`, import.meta.url), "utf8")),
    );
    expect(brotliCompressSync(JSON.stringify(data)).length).toBeLessThan(15_000);
  });
});
