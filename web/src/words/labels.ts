import places from "../../../ortoo/data/mn_admin.json" with { type: "json" };
import vocabulary from "../../../ortoo/data/vocabulary.json" with { type: "json" };
import type { Language, Words } from "./words.ts";

/** Labels for workers, from the one vocabulary of the protocol. Those said to the person stand in the catalogues. */

export type Terms = keyof typeof vocabulary;

interface Term {
  readonly code: string;
  readonly en: string;
  readonly mn: string;
}

interface Place extends Term {
  readonly parts: readonly Term[];
}

const COUNTRY = "MN";

const labelsOf = (terms: readonly Term[]) => new Map(terms.map((term) => [term.code, term]));

const known = new Map<Terms, ReadonlyMap<string, Term>>();

const table = (terms: Terms): ReadonlyMap<string, Term> => {
  const had = known.get(terms);
  if (had) return had;
  const made = labelsOf(vocabulary[terms].terms as readonly Term[]);
  known.set(terms, made);
  return made;
};

const provinces: readonly Place[] = places.terms;
const everyPlace = labelsOf(provinces.flatMap((place) => [place, ...place.parts]));

/** What a code is called; the code itself where this version does not know it. */
export const label = (language: Language, terms: Terms, code: string): string =>
  table(terms).get(code)?.[language] ?? code;

/** Several, as they stand in a sentence: «… · …». */
export const labels = (language: Language, terms: Terms, codes: readonly string[]): string =>
  codes.map((code) => label(language, terms, code)).join(" · ");

/** All codes of a list, in the order of the vocabulary. */
export const codes = (terms: Terms): readonly string[] => [...table(terms).keys()];

export const placeName = (words: Words, code: string): string =>
  code === COUNTRY ? words("place.country") : (everyPlace.get(code)?.[words.language] ?? code);

/** «Өмнөговь · Даланзадгад»: a soum or district after its aimag. */
export const placeInFull = (words: Words, code: string): string => {
  const [province] = code.split(".");
  return province === code || province === undefined
    ? placeName(words, code)
    : `${placeName(words, province)} · ${placeName(words, code)}`;
};

/** Aimags and the capital with their parts, by name in the language (root collation sorts о ө у ү). */
export const allPlaces = (language: Language): readonly Place[] =>
  [...provinces].sort((one, other) => one[language].localeCompare(other[language], "und"));
