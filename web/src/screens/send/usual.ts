import vocabulary from "../../../../ortoo/data/vocabulary.json" with { type: "json" };
import type { Language } from "../../words/words.ts";

/** What is said often stands first; the rest follows when it is asked for. */
const USUAL: Readonly<Record<string, readonly string[]>> = {
  "contact.warnings": ["no_messages", "no_calls", "no_visits", "phone_watched", "not_family"],
  "safety.warnings": ["not_police", "person_watched", "small_place", "children_at_risk", "not_employer"],
  "needs.communication": ["female_worker", "male_worker", "interpreter", "time_and_breaks"],
};

export const usualFirst = (
  field: string,
  all: readonly string[],
): { readonly ordered: readonly string[]; readonly first: number } => {
  const usual = USUAL[field];
  if (usual === undefined) return { ordered: all, first: all.length };
  return { ordered: [...usual, ...all.filter((one) => !usual.includes(one))], first: usual.length };
};

interface LanguageTerm {
  readonly iso639_2: string;
  readonly mn: string;
  readonly en: string;
}

/** Languages as a section names them. */
export const languageOptions = (language: Language): readonly (readonly [string, string])[] =>
  (vocabulary.languages.terms as readonly LanguageTerm[]).map((one) => [one.iso639_2, one[language]] as const);
