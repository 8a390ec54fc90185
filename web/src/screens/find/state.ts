import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Problem } from "../../failed.ts";
import { allPlaces, codes, label, type Terms } from "../../words/labels.ts";
import { problemOf } from "../../words/problems.ts";
import type { Language } from "../../words/words.ts";
import type { Agency, Happening, Hit, Sought, Vault } from "../../worker/api.ts";
import { ENDING } from "../ending.ts";

export interface FindState {
  readonly typed: Signal<string>;
  /** null: nothing is looked for yet. */
  readonly hits: ReadonlySignal<readonly Hit[] | null>;
  readonly agencies: ReadonlySignal<readonly Agency[]>;
  readonly problem: ReadonlySignal<Problem | null>;
  readonly areNamesShown: Signal<boolean>;
  readonly look: (language: Language) => Promise<void>;
  /** What ended leaves the screen at once, with the name that is beside it. */
  readonly heard: (happening: Happening) => void;
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
  /** In which it was looked for; null: nobody looks. */
  let last: Language | null = null;

  const look = async (language: Language) => {
    turn += 1;
    const mine = turn;
    last = language;
    if (typed.value.trim() === "") {
      hits.value = null;
      return;
    }
    try {
      const all = agencies.value.length > 0 ? agencies.value : await vault.agencies();
      if (mine !== turn) return;
      agencies.value = all;
      const found = await vault.search(soughtIn(typed.value, language, all));
      if (mine !== turn) return;
      problem.value = null;
      hits.value = found;
    } catch (error) {
      if (mine === turn) problem.value = problemOf(error);
    }
  };

  return {
    typed,
    hits,
    agencies,
    problem,
    areNamesShown,
    look,
    heard: (happening) => {
      if (happening.type !== "arrived" || !ENDING.has(happening.kind) || last === null) return;
      hits.value = hits.value?.filter(({ row }) => row.id !== happening.referral) ?? null;
      void look(last); // what is being looked for may have found it before
    },
    clear: () => {
      turn += 1;
      last = null;
      typed.value = "";
      hits.value = null;
      agencies.value = [];
      problem.value = null;
      areNamesShown.value = false;
    },
  };
};
