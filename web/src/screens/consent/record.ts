import { codes, label, type Terms } from "../../words/labels.ts";
import { ofDecision } from "../../words/sentences.ts";
import { plain, type Words } from "../../words/words.ts";
import type { Agency } from "../../worker/api.ts";
import type { Consented, Holds, Said, Standing } from "../../worker/consent-api.ts";
import { ALL, isByName } from "../send/filled.ts";
import { saysSomething } from "./deciding.ts";

/**
 * A consent as a record that others can read, as `ortoo consent export` writes it, byte for byte (ortoo/consent_record.py): the
 * W3C Data Privacy Vocabulary's guide to ISO/IEC TS 27560:2023. It holds no name of hers and nothing of what a referral says.
 */

const CONFORMS_TO = "https://w3id.org/dpv/schema/dpv-27560#record";
const CONTEXT = {
  dpv: "https://w3id.org/dpv#",
  dct: "http://purl.org/dc/terms/",
  rdfs: "http://www.w3.org/2000/01/rdf-schema#",
  ortoo: "urn:ortoo:", // codes of the vocabulary, handles of agencies
} as const;

/** When a UUIDv7 was made, by its maker's clock: milliseconds. */
const madeAt = (id: string): number => Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16);

/** Both languages, Mongolian first. */
export type Both = readonly [mn: Words, en: Words];

export const recordOf = (consented: Consented, holds: Holds, agencies: readonly Agency[], both: Both): string =>
  `${JSON.stringify(record(consented, holds, agencies, both), null, 1)}\n`;

const record = (
  { consent, recorder, basis, decisions, changedAt }: Consented,
  holds: Holds,
  agencies: readonly Agency[],
  both: Both,
) => {
  const first = decisions.reduce((one, other) => (Date.parse(other.at) < Date.parse(one.at) ? other : one));
  const named = (to: string) => agencyOf(to, agencies, both);
  return {
    "@context": CONTEXT,
    "@id": `urn:uuid:${consent}`,
    "@type": "dpv:ConsentRecord",
    "dct:identifier": consent,
    "dct:conformsTo": CONFORMS_TO,
    "dct:created": stamp(new Date(madeAt(consent)).toISOString()), // no newest version may be a first one
    "dct:modified": changedAt,
    "dpv:hasDataSubject": personOf(consent),
    "dpv:hasDataController": named(recorder),
    "dpv:hasJurisdiction": "MN",
    "dpv:hasLegalBasis": term(both, "consent_bases", basis, "dpv:LegalBasis"),
    "dpv:hasNotice": {
      "@type": "dpv:ConsentNotice",
      "dct:language": first.said.language || both.map(({ language }) => language),
      "dct:description": readToHer(decisions, basis, agencies, both),
    },
    "dpv:hasConsentControl": {
      "@type": "dpv:WithdrawConsent",
      "dct:description": inBoth(both, (words) => words("decisions.how_to_withdraw")),
    },
    "dpv:hasProcess": decisions
      .filter(saysSomething)
      .map((one) => processOf(consent, one, holds[one.to]!, named(one.to), both)),
  };
};

const personOf = (consent: string) => ({
  "@id": `urn:uuid:${consent}#person`,
  "@type": "dpv:DataSubject",
  "dct:identifier": consent,
});

const processOf = (consent: string, one: Standing, holds: Holds[string], recipient: object, both: Both) => ({
  "@type": "dpv:Process",
  "dct:identifier": `${consent}/${one.to}/${one.version}`,
  "dpv:hasRecipient": recipient,
  "dpv:hasConsentStatus": statusOf(consent, one, holds),
  "dpv:hasIndicationMethod": givenOf(one.said, both),
  "ortoo:sha256": one.document,
  ...(one.until === null
    ? {}
    : {
        "dpv:hasPurpose": one.purposes.map((code) => term(both, "purposes", code, "dpv:Purpose")),
        "dpv:hasPersonalData": sectionsOf(one.sections, both),
        "dpv:hasStorageCondition": [
          { "@type": "dpv:StorageLocation", "dpv:hasJurisdiction": "MN" },
          { "@type": "dpv:StorageDuration", "dct:valid": stamp(one.until) },
          { "@type": "dpv:StorageDeletion", "dpv:hasDuration": `P${one.retainDays}D` },
        ],
      }),
  ...(one.refused.length === 0
    ? {}
    : { "dpv:hasProhibition": { "@type": "dpv:Prohibition", "dpv:hasPersonalData": sectionsOf(one.refused, both) } }),
});

/** The state by the rule; since when, until when, and who said so. */
const statusOf = (consent: string, { to, until, version, at }: Standing, holds: Holds[string]) => {
  const by = { "dpv:isImplementedByEntity": personOf(consent)["@id"] };
  if (until === null) {
    // A kind, or everybody, is never granted anything that could be withdrawn.
    const state = version > 1 && isByName(to) ? "dpv:ConsentWithdrawn" : "dpv:ConsentRefused";
    return { "@type": state, "dct:date": stamp(at), ...by };
  }
  const [state, since] = {
    agreed: ["dpv:ConsentGiven", stamp(at)],
    refused: ["dpv:ConsentWithdrawn", holds.changedAt],
    not_asked: ["dpv:ConsentExpired", stamp(until)],
  }[holds.is];
  return { "@type": state, "dct:date": since, ...by, "dct:valid": stamp(until) };
};

/** How she said it: by whom, in which way and language, with whose help. */
const givenOf = ({ by, how, language, interpreter, witness }: Said, both: Both) => ({
  "ortoo:interpreter": interpreter,
  "ortoo:witness": witness,
  ...(by === "" ? {} : { "dpv:isIndicatedBy": term(both, "consent_given_by", by) }),
  ...(how === "" ? {} : { "dct:type": term(both, "consent_given_how", how) }),
  ...(language === "" ? {} : { "dct:language": term(both, "languages", language) }),
});

const agencyOf = (to: string, agencies: readonly Agency[], both: Both) => ({
  "@id": `ortoo:${to}`,
  "@type": "dpv:Organisation",
  "dct:identifier": to,
  "dpv:hasName": inBoth(both, (words) => addresseeIn(words, to, agencies)),
});

const addresseeIn = (words: Words, to: string, agencies: readonly Agency[]): string => {
  if (to === ALL) return words("consent.everybody");
  if (to.startsWith("kind:")) return label(words.language, "agency_kinds", to.slice("kind:".length));
  return plain(agencies.find(({ id }) => id === to)?.names[words.language] ?? to);
};

const sectionsOf = (sections: readonly string[], both: Both) =>
  (sections.length === 1 && sections[0] === ALL ? codes("sections") : sections).map((code) =>
    term(both, "sections", code, "dpv:PersonalData"),
  );

const term = (both: Both, terms: Terms, code: string, type?: string) => ({
  ...(type === undefined ? {} : { "@type": type }),
  "@id": `ortoo:${code}`,
  "rdfs:label": inBoth(both, ({ language }) => label(language, terms, code)),
});

const readToHer = (decisions: readonly Standing[], basis: string, agencies: readonly Agency[], both: Both) =>
  inBoth(both, (words) => {
    const said = decisions.flatMap((one) =>
      ofDecision(words, "worker", one, (id) => {
        const agency = agencies.find((known) => known.id === id);
        return agency && { name: agency.names[words.language], what: "" };
      }).map(({ text }) => text),
    );
    return [...said, words("consent.basis", { basis: label(words.language, "consent_bases", basis) })];
  });

const inBoth = <T>([mn, en]: Both, said: (words: Words) => T) => ({ mn: said(mn), en: said(en) });

/** To the second, as it was signed. */
const stamp = (at: string): string => `${at.slice(0, 19)}Z`;
