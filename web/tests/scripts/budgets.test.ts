import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Budgets, hold, measure } from "../../scripts/budgets.ts";
import { precompress } from "../../scripts/precompress.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ortoo-budgets-"));
  mkdirSync(join(folder, "assets"));
});

afterEach(() => rmSync(folder, { recursive: true }));

const put = (name: string, content: string | Uint8Array) => writeFileSync(join(folder, name), content);

/** Random bytes: brotli stores them as they are, with four to eight bytes around them. */
const heavy = (bytes: number) => randomBytes(bytes);

const aPage = () => {
  put(
    "app.html",
    '<script type="module" src="/assets/app-AbCd_-12.js"></script><link rel="modulepreload" href="/assets/part-12345678.js">' +
      '<link rel="stylesheet" href="/assets/app-ABCDEFGH.css">',
  );
  put("assets/app-AbCd_-12.js", heavy(3000));
  put("assets/part-12345678.js", heavy(1000));
  put("assets/app-ABCDEFGH.css", heavy(500));
  put("assets/mn-12-45678.js", heavy(700));
  put("assets/en-abcdefgh.js", heavy(600));
  precompress(folder);
};

const budgets = (changed: Partial<Budgets[string]> = {}): Budgets => ({
  "app.html": { whole: 6000, shell: 4200, styles: 520, later: [{ largestOf: ["mn", "en"], atMost: 720 }], ...changed },
});

const written = (value: Budgets): string => {
  put("budgets.json", JSON.stringify(value));
  return join(folder, "budgets.json");
};

test("a page weighs what its HTML names, and of the languages the larger one", () => {
  aPage();
  const figures = Object.fromEntries(measure(folder, budgets()).map((one) => [one.part, one.bytes]));
  expect(figures.styles).toBeGreaterThanOrEqual(500);
  expect(figures.styles).toBeLessThan(510);
  expect(figures["mn or en"]).toBeGreaterThanOrEqual(700);
  expect(figures["mn or en"]).toBeLessThan(710);
  expect(figures.shell).toBeGreaterThan(4000);
  expect(figures.whole).toBe(figures.shell! + figures.styles! + figures["mn or en"]!);
});

test("a page within its budget passes", () => {
  aPage();
  expect(() => hold(folder, written(budgets()))).not.toThrow();
});

test.each([
  ["whole", { whole: 5000 }],
  ["shell", { shell: 3000 }],
  ["styles", { styles: 400 }],
  ["mn or en", { later: [{ largestOf: ["mn", "en"], atMost: 699 }] }],
])("a page over its budget of %s fails, with the figures", (part, changed) => {
  aPage();
  expect(() => hold(folder, written(budgets(changed)))).toThrow(
    new RegExp(`over the budget: app.html, ${part}: \\d+ of at most \\d+ bytes of brotli$`),
  );
});

test("a page that nobody gave a budget fails", () => {
  aPage();
  put("gallery.html", "<p>");
  precompress(folder);
  expect(() => hold(folder, written(budgets()))).toThrow("gallery.html has no budget in budgets.json");
});

test("what lies compressed beside a file is the file, and comes out the same twice", () => {
  const text = "нэг хоёр гурав ".repeat(300);
  put("assets/words-12345678.js", text);
  precompress(folder);
  const path = join(folder, "assets/words-12345678.js");
  const [brotli, gzip] = [readFileSync(`${path}.br`), readFileSync(`${path}.gz`)];
  expect(brotliDecompressSync(brotli).toString()).toBe(text);
  expect(gunzipSync(gzip).toString()).toBe(text);
  expect(brotli.length).toBeLessThan(200);
  precompress(folder);
  expect(readFileSync(`${path}.br`)).toEqual(brotli);
  expect(readFileSync(`${path}.gz`)).toEqual(gzip);
});
