import { computed } from "@preact/signals";
import { words } from "./current.ts";
import { en } from "./en-overseeing.ts";
import { type Catalogue, type Key, mn } from "./mn-overseeing.ts";
import { fill } from "./words.ts";

/** The words of a coordinator's screens, fetched with them: both languages, so that a switch needs no line. */
const both: Readonly<Record<"mn" | "en", Catalogue>> = { mn, en };

export interface Overseen {
  (key: Key, values?: Readonly<Record<string, string | number>>): string;
  /** Whether there is such a text: what a newer hub names may have none yet. */
  readonly has: (key: string) => key is Key;
}

export const overseeing = computed((): Overseen => {
  const catalogue = both[words.value.language];
  const has = (key: string): key is Key => Object.hasOwn(catalogue, key);
  return Object.assign((key: Key, values = {}) => fill(catalogue[key], values), { has });
});
