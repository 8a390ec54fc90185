import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";

/** Of files that are fetched after the page: the largest one of these names may have so many bytes. */
type Later = { readonly largestOf: readonly string[]; readonly atMost: number };

/** What one page may weigh, in bytes of brotli: what its HTML names (shell, styles), what comes later, and all of it. */
type Budget = {
  readonly whole: number;
  readonly shell: number;
  readonly styles: number;
  readonly later: readonly Later[];
};
export type Budgets = { readonly [page: string]: Budget };

export type Figure = {
  readonly page: string;
  readonly part: string;
  readonly bytes: number;
  readonly atMost: number;
};

const weight = (path: string): number => statSync(`${path}.br`).size;

const total = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0);

/** `assets/mn-Dk3_x-9a.js` is called `mn`: the hash has eight letters, and may hold a hyphen. */
const called = (file: string): string => basename(file).replace(/-[\w-]{8}\.\w+$/, "");

const measurePage = (folder: string, page: string, budget: Budget): Figure[] => {
  const html = readFileSync(join(folder, page), "utf8");
  // Vite names in the HTML every script that is there from the start, and every style sheet.
  const named = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map((match) => match[1]!);
  const isStyle = (file: string) => file.endsWith(".css");
  const shell = weight(join(folder, page)) + total(named.filter((file) => !isStyle(file)).map(pathWeight(folder)));
  const styles = total(named.filter(isStyle).map(pathWeight(folder)));

  const files = readdirSync(join(folder, "assets")).filter((file) => /\.(js|css|json|wasm)$/.test(file));
  const later = budget.later.map((one) => {
    const mine = files.filter((file) => one.largestOf.includes(called(file)) && !named.includes(`assets/${file}`));
    const bytes = Math.max(0, ...mine.map((file) => weight(join(folder, "assets", file))));
    return { page, part: one.largestOf.join(" or "), bytes, atMost: one.atMost };
  });
  const whole = shell + styles + total(later.map((one) => one.bytes));
  return [
    { page, part: "shell", bytes: shell, atMost: budget.shell },
    { page, part: "styles", bytes: styles, atMost: budget.styles },
    ...later,
    { page, part: "whole", bytes: whole, atMost: budget.whole },
  ];
};

const pathWeight = (folder: string) => (file: string) => weight(join(folder, file));

/** What each page of a build weighs, beside what it may. A page without a budget is an error. */
export const measure = (folder: string, budgets: Budgets): readonly Figure[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".html"))
    .sort()
    .flatMap((page) => {
      const budget = budgets[page];
      if (budget === undefined) throw new Error(`${page} has no budget in budgets.json`);
      return measurePage(folder, page, budget);
    });

/** Throws, with the figures, where a page of the build weighs more than its budget. */
export const hold = (folder: string, path: string): void => {
  const over = measure(folder, JSON.parse(readFileSync(path, "utf8"))).filter((one) => one.bytes > one.atMost);
  if (over.length === 0) return;
  const figures = over.map((one) => `${one.page}, ${one.part}: ${one.bytes} of at most ${one.atMost} bytes of brotli`);
  throw new Error(`over the budget: ${figures.join("; ")}`);
};
