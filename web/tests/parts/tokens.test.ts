import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

const css = readFileSync(new URL("../../src/parts/tokens.css", import.meta.url), "utf8");
type Theme = "light" | "dark";

/** A colour of the ordinary theme, as the style sheet has it. */
const colour = (name: string, theme: Theme): string => {
  const ordinary = css.slice(0, css.indexOf("@media"));
  const found = new RegExp(`--${name}: (?:light-dark\\((#\\w{6}), (#\\w{6})\\)|(#\\w{6})|var\\(--([\\w-]+)\\));`).exec(
    ordinary,
  );
  if (!found) throw new Error(`no colour ${name}`);
  const [, light, dark, both, other] = found;
  return other ? colour(other, theme) : (both ?? (theme === "light" ? light : dark))!;
};

/** Relative luminance and contrast of WCAG 2.2. */
const luminance = (hex: string): number => {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};

const contrast = (one: string, other: string): number => {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (high + 0.05) / (low + 0.05);
};

test("contrast is computed as WCAG does", () => {
  expect(contrast("#ffffff", "#000000")).toBeCloseTo(21, 5);
  expect(contrast("#777777", "#ffffff")).toBeCloseTo(4.478, 3);
});

describe.each(["light", "dark"] as const)("in the %s theme", (theme) => {
  const against = (one: string, other: string) => contrast(colour(one, theme), colour(other, theme));

  test.each(["ink", "soft", "act", "late", "wait", "done", "note"])("%s is read on paper and on wash", (name) => {
    expect(against(name, "paper")).toBeGreaterThanOrEqual(4.5);
    expect(against(name, "wash")).toBeGreaterThanOrEqual(4.5);
  });

  test("words on the main button are read", () => expect(against("on-act", "act")).toBeGreaterThanOrEqual(4.5));

  test("edges of fields are seen", () => {
    expect(against("line", "paper")).toBeGreaterThanOrEqual(3);
    expect(against("line", "wash")).toBeGreaterThanOrEqual(3);
  });

  test("the focus is seen against its own edge, and the one of both against the page", () => {
    expect(against("ring", "ring-edge")).toBeGreaterThanOrEqual(3);
    expect(Math.max(against("ring", "paper"), against("ring-edge", "paper"))).toBeGreaterThanOrEqual(3);
  });
});

test("the colours are those that were drawn", () => {
  const drawn: Readonly<Record<string, readonly [string, string]>> = {
    paper: ["#ffffff", "#121816"],
    wash: ["#f2f5f4", "#1c2421"],
    ink: ["#14211d", "#e9efec"],
    soft: ["#4a5752", "#b3beb9"],
    line: ["#76827d", "#7f8c86"],
    act: ["#0b5c4a", "#74d4b8"],
    late: ["#a3161e", "#ff9f97"],
    wait: ["#7a4300", "#f5b36b"],
    done: ["#1d6632", "#85d495"],
    note: ["#1f4f8b", "#9cc4ff"],
  };
  for (const [name, colours] of Object.entries(drawn))
    expect([name, colour(name, "light"), colour(name, "dark")]).toEqual([name, ...colours]);
});
