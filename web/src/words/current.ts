import { computed, type ReadonlySignal, signal } from "@preact/signals";
import { type Language, type Words, wordsOf } from "./words.ts";

const loaders = {
  mn: async () => wordsOf("mn", (await import("./mn.ts")).mn),
  en: async () => wordsOf("en", (await import("./en.ts")).en),
} as const;

const current = signal<Words | null>(null);
let asked: Language | null = null;

/** The language that is on the screen. Everything that reads it is shown anew on a switch; nothing else changes. */
export const words: ReadonlySignal<Words> = computed(() => {
  if (current.value === null) throw new Error("no language is loaded yet");
  return current.value;
});

/** Load a language and show it. The last wish counts, however slow an earlier one arrives. */
export const speak = async (language: Language): Promise<void> => {
  asked = language;
  const loading = await loaders[language]();
  if (asked === language) current.value = loading;
};
