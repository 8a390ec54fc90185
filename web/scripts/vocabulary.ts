/**
 * Writes src/protocol/vocabulary-terms.ts from ortoo/data/vocabulary.json: what the rules look at, without the labels.
 *
 *     node web/scripts/vocabulary.ts
 *
 * The labels are 40 kB of words, which the worker that holds the keys has no use for.
 */

import { readFileSync, writeFileSync } from "node:fs";

type Value = string | number | boolean | readonly string[];
interface List {
  readonly terms: readonly Readonly<Record<string, Value>>[];
}

const SOURCE = new URL("../../ortoo/data/vocabulary.json", import.meta.url);
const TARGET = new URL("../src/protocol/vocabulary-terms.ts", import.meta.url);

/** Words for people, and lists of the form. */
const LEFT_OUT = ["en", "mn", "htcds", "iso639_2", "fields"];

/** The lists by name; in each, every term has every field, null where it does not apply. */
export function terms(): Record<string, Readonly<Record<string, Value | null>>[]> {
  const lists = JSON.parse(readFileSync(SOURCE, "utf8")) as Record<string, List>;
  const kept = Object.entries(lists).filter(([name]) => !LEFT_OUT.includes(name));
  return Object.fromEntries(
    kept.map(([name, list]) => {
      const fields = [...new Set(list.terms.flatMap(Object.keys))].filter((field) => !LEFT_OUT.includes(field));
      return [name, list.terms.map((term) => Object.fromEntries(fields.map((field) => [field, term[field] ?? null])))];
    }),
  );
}

/** The whole file, one term a line. */
export function file(): string {
  const lists = Object.entries(terms()).map(([name, list]) => {
    const lines = list.map((term) => {
      const fields = Object.entries(term).map(([field, value]) => {
        const written = Array.isArray(value)
          ? `[${value.map((one) => JSON.stringify(one)).join(", ")}]`
          : JSON.stringify(value);
        return `${field}: ${written}`;
      });
      return `    { ${fields.join(", ")} },\n`;
    });
    return `  ${name}: [\n${lines.join("")}  ],\n`;
  });
  return `// Written by scripts/vocabulary.ts from ortoo/data/vocabulary.json.\n\nexport const TERMS = {\n${lists.join("")}};\n`;
}

if (import.meta.main) writeFileSync(TARGET, file());
