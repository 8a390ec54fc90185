import { plain } from "../words/words.ts";
import type { Key } from "./receipt-mn.ts";
import type { Said } from "./said.ts";

/** The sections that she can name, as she is told of them. */
export const SECTIONS = [
  "needs",
  "identity",
  "contact",
  "safety",
  "account",
  "medical",
  "legal",
  "child",
  "livelihood",
] as const satisfies readonly string[];
const PURPOSES = ["give_service", "assess", "investigate", "legal_representation", "coordinate"] as const;

/** The sections of these parts, each once; a file belongs to its section. What she cannot name is left out. */
export const sectionsIn = (parts: readonly string[]): readonly (typeof SECTIONS)[number][] => {
  const named = new Set(parts.map((one) => one.split("/")[0]));
  return SECTIONS.filter((one) => named.has(one));
};

const listed = (said: Said, keys: readonly Key[]): string => keys.map((key) => said(key)).join(" · ");

export const sectionNames = (said: Said, parts: readonly string[]): string =>
  listed(
    said,
    sectionsIn(parts).map((one) => `section.${one}` as const),
  );

export const purposeNames = (said: Said, codes: readonly string[]): string =>
  listed(
    said,
    PURPOSES.filter((one) => codes.includes(one)).map((one) => `purpose.${one}` as const),
  );

const BASES = ["danger_to_life", "child_at_risk", "legal_duty"] as const;

/** On what ground something went without her consent. */
export const basisName = (said: Said, code: string | null): string =>
  listed(
    said,
    BASES.filter((one) => one === code).map((one) => `basis.${one}` as const),
  );

export const agencyName = (said: Said, agency: { readonly name: string; readonly nameEn: string }): string =>
  plain(said.language === "mn" ? agency.name : agency.nameEn);

const KINDS = [
  "ministry",
  "police",
  "immigration",
  "human_rights",
  "prosecution",
  "health",
  "social_service",
  "labour_service",
  "local_government",
  "legal_service",
  "school",
  "ngo",
  "international",
  "resource_centre",
  "mining_company",
  "consulate",
] as const;

/** Of agencies that were refused as a kind (`kind:police`), or everybody. */
export const severalName = (said: Said, to: string): string => {
  const kind = KINDS.find((one) => to === `kind:${one}`);
  return kind === undefined ? said("shown.everybody") : said(`kind.${kind}`);
};
