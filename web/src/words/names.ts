import { plain, type Words } from "./words.ts";

/** A person's names as they were written; each may be empty. family: the clan, or the surname of a foreigner. */
export interface PersonNames {
  readonly given: string;
  readonly patronymic?: string | undefined;
  readonly family?: string | undefined;
}

const CYRILLIC = /\p{Script=Cyrillic}/u;

/** In lists: «Д. Цэцэгмаа». Without a patronymic, or written in another script: as it was written. */
export const shortName = (words: Words, names: PersonNames): string => {
  const { given, patronymic, family } = cleaned(names);
  if (given && patronymic && CYRILLIC.test(patronymic + given)) return `${initial(patronymic)}. ${given}`;
  return asWritten(words, [given, patronymic, family]);
};

/** In full: «Дамдин овогтой Цэцэгмаа», with the clan behind it in brackets. */
export const fullName = (words: Words, names: PersonNames): string => {
  const { given, patronymic, family } = cleaned(names);
  if (!given || !patronymic || !CYRILLIC.test(patronymic + given)) return asWritten(words, [given, patronymic, family]);
  const full = words("name.full", { patronymic, given });
  return family ? `${full} (${family})` : full;
};

const initial = (name: string): string => (Array.from(name)[0] ?? "").toUpperCase();

const asWritten = (words: Words, parts: readonly string[]): string =>
  parts.filter((part) => part !== "").join(" ") || words("name.unknown");

const cleaned = (names: PersonNames) => ({
  given: line(names.given),
  patronymic: line(names.patronymic ?? ""),
  family: line(names.family ?? ""),
});

const line = (text: string): string => plain(text).replace(/\s+/gu, " ").trim();
