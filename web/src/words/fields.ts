import vocabulary from "../../../ortoo/data/vocabulary.json" with { type: "json" };
import type { FieldValue } from "../worker/api.ts";
import { sayDate } from "./dates.ts";
import { label, placeInFull, type Terms } from "./labels.ts";
import { plain, type Words } from "./words.ts";

/** The fields of a section as they are shown: labels of the vocabulary, codes by their labels, all else as text. */

interface FieldTerm {
  readonly code: string;
  readonly type: string;
}

interface LanguageTerm {
  readonly iso639_2: string;
  readonly mn: string;
  readonly en: string;
}

const types = new Map((vocabulary.fields.terms as readonly FieldTerm[]).map(({ code, type }) => [code, type]));
const languages = new Map((vocabulary.languages.terms as readonly LanguageTerm[]).map((one) => [one.iso639_2, one]));

export const fieldLabel = (words: Words, section: string, field: string): string =>
  plain(label(words.language, "fields", `${section}.${field}`));

/** What was filled in, one line for each of several. Null: it was asked and is not known. */
export const fieldLines = (words: Words, section: string, field: string, value: FieldValue): readonly string[] => {
  const type = types.get(`${section}.${field}`) ?? "text";
  if (value === null) return [words("field.not_known")];
  if (Array.isArray(value)) return value.flatMap((one: FieldValue) => fieldLines(words, section, field, one));
  if (typeof value === "object")
    return Object.entries(value).flatMap(([name, one]) =>
      fieldLines(words, section, field, one).map((line) => `${plain(name)}: ${line}`),
    );
  if (typeof value === "boolean") return [words(value ? "field.yes" : "field.no")];
  const text = plain(String(value));
  if (type.startsWith("codes:")) return [plain(label(words.language, type.slice(6) as Terms, text))];
  if (type === "place") return [plain(placeInFull(words, text))];
  if (type === "date") return [sayDate(words, text)];
  if (type === "iso639_2") return [languages.get(text)?.[words.language] ?? text];
  return [text];
};

/** Fields that name somebody: shown when they are asked for. */
const NAMING = new Set([
  "identity.family_name",
  "identity.given_name",
  "identity.patronymic",
  "identity.known_as",
  "identity.identity_number",
  "contact.trusted_person",
  "account.alleged_persons",
  "safety.who_must_not_know",
  "child.guardian_name",
  "child.accompanied_by",
]);

export const namesSomebody = (section: string, field: string): boolean => NAMING.has(`${section}.${field}`);
