import { momentSeenFrom } from "../../words/dates.ts";
import { labels, placeInFull } from "../../words/labels.ts";
import { plain, type Words } from "../../words/words.ts";
import type { WhyNot } from "../../worker/api.ts";

const GENDERS = [
  "Feminine",
  "Masculine",
  "TransgenderFeminine",
  "TransgenderMasculine",
  "NonConforming",
  "NonSpecifiedUnknown",
] as const;

/** Why a service cannot take the person, as the command line says it. now: of the reader. */
export const whyNotText = (words: Words, reason: WhyNot, now: number): string => {
  const { code, until, least, most, codes } = reason;
  switch (code) {
    case "closed_until":
    case "full":
      return until === null
        ? words(`reason.${code}`)
        : words(`reason.${code}.until`, { until: momentSeenFrom(words, Date.parse(until), now) });
    case "other_area":
      return words("reason.other_area", { places: codes.map((one) => placeInFull(words, one)).join(" · ") });
    case "language":
      return words("reason.language", { languages: labels(words.language, "languages", codes) });
    case "gender":
      return words("reason.gender", { genders: codes.map((one) => genderText(words, one)).join(" · ") });
    case "age":
      return words("reason.age", { ages: agesText(words, least, most) });
    case "dependants":
    case "not_accepting":
    case "receiving_off":
    case "suspended":
      return words(`reason.${code}`);
    default:
      return plain(code);
  }
};

export const genderText = (words: Words, code: string): string => {
  const known = GENDERS.find((one) => one === code);
  return known ? words(`gender.${known}`) : plain(code);
};

export const genders: readonly string[] = GENDERS;

const agesText = (words: Words, least: number | null, most: number | null): string => {
  if (least === null) return words("ages.to", { most: most ?? 0 });
  return most === null ? words("ages.from", { least }) : `${least}–${most}`;
};
