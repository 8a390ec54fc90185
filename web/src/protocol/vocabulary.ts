/** The codes of the field: ortoo/data/vocabulary.json without its labels, which stand in the catalogues. */

import { TERMS } from "./vocabulary-terms.ts";

/** HTCDS prs_Gender, in its order. */
export const GENDERS = [
  "Feminine",
  "Masculine",
  "TransgenderFeminine",
  "TransgenderMasculine",
  "NonConforming",
  "NonSpecifiedUnknown",
] as const;

/** The name of a list: `decline_reasons`, `states`, … */
export type ListName = keyof typeof TERMS;

/** A term of a list; what does not apply to it is null. */
export type Term<N extends ListName> = Readonly<(typeof TERMS)[N][number]>;

export function isListName(name: string): name is ListName {
  return Object.hasOwn(TERMS, name);
}

/** The terms of a list by code, in their order. */
export function terms<N extends ListName>(name: N): ReadonlyMap<string, Term<N>> {
  const list = TERMS[name] as readonly Term<ListName>[] as readonly Term<N>[];
  return new Map(list.map((term) => [term.code, term]));
}

export function codes(name: ListName): ReadonlySet<string> {
  return new Set(terms(name).keys());
}
