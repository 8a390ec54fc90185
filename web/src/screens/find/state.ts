import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Problem } from "../../failed.ts";
import { allPlaces, codes, label, type Terms } from "../../words/labels.ts";
import { problemOf } from "../../words/problems.ts";
import type { Language } from "../../words/words.ts";
import type { Agency, Hit, Sought, Vault } from "../../worker/api.ts";

export interface FindState {
  readonly typed: Signal<string>;
  /** null: nothing is looked for yet. */
  readonly hits: ReadonlySignal<readonly Hit[] | null>;
  readonly agencies: ReadonlySignal<readonly Agency[]>;
  readonly problem: ReadonlySignal<Problem | null>;
  readonly areNamesShown: Signal<boolean>;
  readonly look: (language: Language) => Promise<void>;
  /** Nothing of it stays on the page. */
  readonly clear: () => void;
}

const TERMS: readonly Terms[] = ["services", "urgency", "states"];

/** The words of what was typed, each with the codes whose labels hold it. */
export const soughtIn = (typed: string, language: Language, agencies: readonly Agency[]): readonly Sought[] => {
  const named = [
    ...TERMS.flatMap((terms) => codes(terms).map((code) => ({ code, name: label(language, terms, code) }))),
    ...allPlaces(language).flatMap((one) => placesIn(one, language)),
    ...agencies.flatMap(({ id, names }) => [{ code: id, name: `${id} ${names[language]}` }]),
  ].map(({ code, name }) => ({ code, name: folded(name) }));
  const words = folded(typed)
    .split(/\s+/)
    .filter((word) => word !== "");
  return words.map((text) => ({
    text,
    codes: named.filter(({ name }) => name.includes(text)).map(({ code }) => code),
  }));
};

/** A province's name finds what is anywhere in it. */
const placesIn = (province: ReturnType<typeof allPlaces>[number], language: Language) => [
  { code: province.code, name: province[language] },
  ...province.parts.map((part) => ({ code: part.code, name: `${part[language]} ${province[language]}` })),
];

/** As the worker compares it: whatever its case and its composition. */
const folded = (text: string): string => text.normalize("NFKC").toLowerCase();

/** On this device alone: the hub is asked nothing. */
export const findState = (vault: Pick<Vault, "search" | "agencies">): FindState => {
  const typed = signal("");
  const hits = signal<readonly Hit[] | null>(null);
  const agencies = signal<readonly Agency[]>([]);
  const problem = signal<Problem | null>(null);
  const areNamesShown = signal(false);
  // What was looked for before is not shown in place of what is looked for now.
  let turn = 0;

  return {
    typed,
    hits,
    agencies,
    problem,
    areNamesShown,
    look: async (language) => {
      turn += 1;
      const mine = turn;
      if (typed.value.trim() === "") {
        hits.value = null;
        return;
      }
      try {
        if (agencies.value.length === 0) agencies.value = await vault.agencies();
        const found = await vault.search(soughtIn(typed.value, language, agencies.value));
        if (mine !== turn) return;
        problem.value = null;
        hits.value = found;
      } catch (error) {
        if (mine === turn) problem.value = problemOf(error);
      }
    },
    clear: () => {
      turn += 1;
      typed.value = "";
      hits.value = null;
      agencies.value = [];
      problem.value = null;
      areNamesShown.value = false;
    },
  };
};
