import { computed, type ReadonlySignal, signal } from "@preact/signals";
import type { Language } from "../words/words.ts";
import type { Catalogue, Key } from "./receipt-mn.ts";

/** The words of the person's page. Nothing of the choice is kept. */
export interface Said {
  (key: Key, values?: Readonly<Record<string, string | number>>): string;
  readonly language: Language;
}

const loaders = {
  mn: async () => (await import("./receipt-mn.ts")).mn,
  en: async () => (await import("./receipt-en.ts")).en,
} as const;

const current = signal<Said | null>(null);
let asked: Language | null = null;

export const said: ReadonlySignal<Said> = computed(() => {
  if (current.value === null) throw new Error("no language is loaded yet");
  return current.value;
});

/** Load a language and show it. Where it does not arrive, what is there stays. */
export const speak = async (language: Language): Promise<void> => {
  asked = language;
  const catalogue = await loaders[language]();
  if (asked === language) current.value = saidIn(language, catalogue);
};

export const saidIn = (language: Language, catalogue: Catalogue): Said =>
  Object.assign(
    (key: Key, values: Readonly<Record<string, string | number>> = {}): string =>
      catalogue[key].replace(/\{(\w+)\}/g, (whole, name: string) =>
        Object.hasOwn(values, name) ? String(values[name]) : whole,
      ),
    { language },
  );

/** What the browser asks for first of the two; Mongolian where it asks for neither. */
export const preferred = (languages: readonly string[]): Language =>
  languages.map((one) => one.toLowerCase().slice(0, 2)).find((one) => one === "mn" || one === "en") === "en"
    ? "en"
    : "mn";
