import type { Catalogue, Key, Values } from "./mn.ts";

export type Language = "mn" | "en";

/** The words of one language: `words("clock.late", { late: "12 min" })`. Values are put in as text, never as markup. */
export interface Words {
  <K extends Key>(key: K, ...values: Values<K>): string;
  readonly language: Language;
}

export const wordsOf = (language: Language, catalogue: Catalogue): Words =>
  Object.assign(<K extends Key>(key: K, ...[values]: Values<K>): string => fill(catalogue[key], values ?? {}), {
    language,
  });

/** A text with its values in their places. */
export const fill = (text: string, values: Readonly<Record<string, string | number>>): string =>
  text.replace(/\{(\w+)\}/g, (whole, name: string) => (Object.hasOwn(values, name) ? String(values[name]) : whole));

/** Where a sentence begins. Only the first letter changes. */
export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** A label inside of a sentence: «Цагдаа» → «цагдаа»; what is spelled in capitals stays. */
export const small = (text: string): string =>
  text.slice(0, 2) === text.slice(0, 2).toUpperCase() ? text : text.charAt(0).toLowerCase() + text.slice(1);

// What would move a cursor, turn the direction of letters or hide; joiners that scripts need are not among them.
const UNSAFE = /(?!\n|\t|\u200c|\u200d|\u180e)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Text that was written elsewhere, made safe to show, as `ortoo/words.py` does. Line ends and tabs stay. */
export const plain = (text: string): string => text.replaceAll("\r\n", "\n").replace(UNSAFE, "\ufffd");
