import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseSync } from "vite";
import { describe, expect, test } from "vitest";
import { en } from "../../src/words/en.ts";
import { en as enOverseeing } from "../../src/words/en-overseeing.ts";
import { type Key, mn } from "../../src/words/mn.ts";
import { mn as mnOverseeing, type Key as OverseeingKey } from "../../src/words/mn-overseeing.ts";
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
    const foreign = new Set<Key>([
      "app.en",
      "app.mn",
      "app.en.short",
      "app.mn.short",
      "list.at",
      "her.agency",
      "name.full",
      "send.step",
    ]);
    for (const key of keys.filter((one) => !foreign.has(one) && !one.startsWith("keyboard.key."))) {
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
    expect(consent).toHaveLength(11);
    for (const key of consent)
      expect([key, mn[key as Key], en[key as Key]]).toEqual([key, texts[key]?.mn, texts[key]?.en]);
  });
});

describe("a coordinator's words", () => {
  const all = Object.keys(mnOverseeing) as OverseeingKey[];

  test.each(all)("%s is said in both, with the same values, each in its letters, and nothing is glued", (key) => {
    const [ours, english] = [mnOverseeing[key], enOverseeing[key]];
    for (const text of [ours, english]) expect(text.trim()).toBe(text);
    expect(names(ours)).toEqual(names(english));
    expect(ours).not.toMatch(/[\p{L}\d]\{|\}-?\p{L}/u);
    expect(english).not.toMatch(/\p{Script=Cyrillic}/u);
    if (key !== "statistics.cell") expect(ours.replace(/\{\w+\}/g, "")).toMatch(/\p{Script=Cyrillic}/u);
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

  /** Text in tags, and literals that people would see or hear: in attributes, and in braces. */
  const literals = (tsx: string): readonly string[] => {
    const found: string[] = [];
    const seen = new Set(["aria-label", "aria-description", "title", "alt", "placeholder", "label", "legend", "hint"]);
    const isText = (value: unknown): value is string => typeof value === "string" && /\p{L}/u.test(value);
    const walk = (node: unknown, inTag: boolean): void => {
      if (Array.isArray(node)) for (const one of node) walk(one, inTag);
      if (node === null || typeof node !== "object" || !("type" in node)) return;
      const { type, value, name, expression } = node as Record<
        string,
        { type?: string; name?: string; value?: unknown }
      >;
      const kind: unknown = type;
      if (kind === "JSXText" && isText(value)) found.push(value.trim());
      if (kind === "JSXAttribute" && seen.has(name?.name ?? "") && isText(value?.value)) found.push(value.value);
      if (kind === "JSXExpressionContainer" && inTag && isText(expression?.value)) found.push(expression.value);
      const children: unknown = Reflect.get(node, "children");
      for (const [key, one] of Object.entries(node)) walk(one, key === "children" && Array.isArray(children));
    };
    const parsed = parseSync("seen.tsx", tsx);
    if (parsed.errors.length > 0) throw new Error("not to be parsed");
    walk(parsed.program, false);
    return found;
  };

  test("of the check sees text in a tag, in braces and in an attribute", () => {
    expect(literals("const a = <p class='x' onClick={() => 1}>Hello {'you'} <b>{x}</b></p>")).toEqual(["Hello", "you"]);
    expect(literals('const a = <p aria-label="Гарах">{words("x")}</p>')).toEqual(["Гарах"]);
    expect(literals("const a = <p class='name'>{words.value('app.name')} · </p>")).toEqual([]);
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

  test("writes no sign that the fonts lack: those are drawn", () => {
    const signs = /[\u2190-\u21ff\u2600-\u27bf\u{1f300}-\u{1faff}]/u;
    for (const file of files.filter((one) => /\.tsx?$/.test(one))) {
      const code = readFileSync(root + file, "utf8").replace(/\/\*.*?\*\/|\/\/[^\n]*/gs, "");
      expect([file, signs.exec(code)?.[0]]).toEqual([file, undefined]);
    }
  });
});
