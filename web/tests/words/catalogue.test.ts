import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { en } from "../../src/words/en.ts";
import { type Key, mn } from "../../src/words/mn.ts";
import { capital, plain, small, wordsOf } from "../../src/words/words.ts";

const keys = Object.keys(mn) as Key[];
const names = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1]).sort();
const source = (path: string) => readFileSync(fileURLToPath(new URL(path, import.meta.url)), "utf8");

describe("both languages", () => {
  test("have the same texts", () => expect(Object.keys(en).sort()).toEqual([...keys].sort()));

  test.each(keys)("%s is not empty, has the same places for values, and no bracket left open", (key) => {
    for (const text of [mn[key], en[key]]) {
      expect(text.trim()).toBe(text);
      expect(text).not.toBe("");
      expect(text.replace(/\{\w+\}/g, "")).not.toMatch(/[{}<>]/);
    }
    expect(names(mn[key])).toEqual(names(en[key]));
  });

  test("are written in their own letters", () => {
    const foreign = new Set<Key>(["app.en", "app.mn", "list.at", "her.agency", "name.full"]);
    for (const key of keys.filter((one) => !foreign.has(one))) {
      expect(mn[key].replace(/\{\w+\}/g, ""), key).toMatch(/\p{Script=Cyrillic}/u);
      expect(en[key].replace(/\{\w+\}/g, ""), key).not.toMatch(/\p{Script=Cyrillic}/u);
    }
  });

  test("glue nothing to an inserted word in Mongolian", () => {
    for (const key of keys) expect(mn[key], key).not.toMatch(/[\p{L}\d]\{|\}-?\p{L}/u);
  });

  test("say consent with the very words of the command line", () => {
    const texts = JSON.parse(source("../../../ortoo/data/texts.json")) as Record<string, { mn: string; en: string }>;
    const consent = Object.keys(texts).filter((key) => key.startsWith("consent."));
    expect(consent).toHaveLength(10);
    for (const key of consent)
      expect([key, mn[key as Key], en[key as Key]]).toEqual([key, texts[key]?.mn, texts[key]?.en]);
  });
});

describe("a text", () => {
  const words = wordsOf("en", en);

  test("takes its values as text, once", () => {
    expect(words("clock.late", { late: "12 min" })).toBe("12 min late");
    expect(words("problem.other", { code: "{code} <b>$&" })).toContain("({code} <b>$&)");
  });

  test("from elsewhere cannot turn letters round or hide", () => {
    expect(plain("a\u202eb\u200bc\u0000d\u2028")).toBe("a\ufffdb\ufffdc\ufffdd\ufffd");
    expect(plain("two\r\nlines\tand \u200d joined")).toBe("two\nlines\tand \u200d joined");
  });

  test("begins large and stands small inside", () => {
    expect([capital("өнөө"), small("Цагдаа"), small("NGO"), small("")]).toEqual(["Өнөө", "цагдаа", "NGO", ""]);
  });
});

describe("the source", () => {
  const root = fileURLToPath(new URL("../../src/", import.meta.url));
  const files = readdirSync(root, { recursive: true, encoding: "utf8" });

  /** Text between tags, and texts given as attributes that people see or hear. */
  const literals = (tsx: string): string[] => {
    const code = tsx.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
    const between = [...code.matchAll(/<\/?[A-Za-z][^<>]*?>([^<>{}()=;]*\p{L}[^<>{}()=;]*)<\/?[A-Za-z]/gu)];
    const said = [...code.matchAll(/\b(?:aria-label|title|alt|placeholder|label)="([^"]*\p{L}[^"]*)"/gu)];
    return [...between, ...said].map((found) => found[1]?.trim() ?? "");
  };

  test("of the check sees text in a tag and in an attribute", () => {
    expect(literals("<p class='x'>Hello</p>")).toEqual(["Hello"]);
    expect(literals('<p aria-label="Гарах">{words("x")}</p>')).toEqual(["Гарах"]);
    expect(literals("<p>{words.value('app.name')}</p>")).toEqual([]);
  });

  test("has no text in its screens and parts", () => {
    const screens = files.filter((file) => file.endsWith(".tsx"));
    expect(screens.length).toBeGreaterThan(0);
    for (const file of screens) expect([file, literals(readFileSync(root + file, "utf8"))]).toEqual([file, []]);
  });

  test("makes no markup from strings", () => {
    const forbidden =
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|srcdoc/;
    for (const file of files.filter((one) => /\.tsx?$/.test(one)))
      expect([file, forbidden.exec(readFileSync(root + file, "utf8"))?.[0]]).toEqual([file, undefined]);
  });
});
