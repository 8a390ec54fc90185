import { codes, label, type Terms } from "../../words/labels.ts";
import { ofDecision } from "../../words/sentences.ts";
import { plain, type Words } from "../../words/words.ts";
import type { Agency } from "../../worker/api.ts";
import type { Consented, Said, Standing } from "../../worker/consent-api.ts";
import { ALL } from "../send/filled.ts";

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

/** Both languages, Mongolian first. */
export type Both = readonly [mn: Words, en: Words];

/** now: milliseconds, by which what has run out is told. */
export const recordOf = (consented: Consented, agencies: readonly Agency[], both: Both, now: number): string =>
  `${JSON.stringify(record(consented, agencies, both, now), null, 1)}\n`;

const record = (
  { consent, recorder, basis, decisions }: Consented,
  agencies: readonly Agency[],
  both: Both,
  now: number,
) => {
  const times = decisions.map(({ at }) => stamp(at)).sort();
  const named = (to: string) => agencyOf(to, agencies, both);
  return {
    "@context": CONTEXT,
    "@id": `urn:uuid:${consent}`,
    "@type": "dpv:ConsentRecord",
    "dct:identifier": consent,
    "dct:conformsTo": CONFORMS_TO,
    "dct:created": times[0],
    "dct:modified": times.at(-1),
    "dpv:hasDataSubject": { "@id": `urn:uuid:${consent}#person`, "@type": "dpv:DataSubject" },
    "dpv:hasDataController": named(recorder),
    "dpv:hasJurisdiction": "MN",
    "dpv:hasLegalBasis": term(both, "consent_bases", basis, "dpv:LegalBasis"),
    "dpv:hasNotice": { "@type": "dpv:ConsentNotice", "dct:description": readToHer(decisions, basis, agencies, both) },
    "dpv:hasProcess": decisions
      .filter(({ to, refused }) => to !== ALL || refused.length > 0)
      .map((one) => processOf(consent, one, named(one.to), both, now)),
  };
};

const processOf = (consent: string, one: Standing, recipient: object, both: Both, now: number) => ({
  "@type": "dpv:Process",
  "dct:identifier": `${consent}/${one.to}/${one.version}`,
  "dpv:hasRecipient": recipient,
  "dpv:hasConsentStatus": statusOf(one, now),
  "dpv:hasIndicationMethod": givenOf(one.said, both),
  "ortoo:sha256": one.document,
  ...(one.until === null
    ? {}
    : {
        "dpv:hasPurpose": one.purposes.map((code) => term(both, "purposes", code, "dpv:Purpose")),
        "dpv:hasPersonalData": sectionsOf(one.sections, both),
        "dpv:hasStorageCondition": [
          { "@type": "dpv:StorageDuration", "dct:valid": stamp(one.until) },
          { "@type": "dpv:StorageDeletion", "dpv:hasDuration": `P${one.retainDays}D` },
        ],
      }),
  ...(one.refused.length === 0
    ? {}
    : { "dpv:hasProhibition": { "@type": "dpv:Prohibition", "dpv:hasPersonalData": sectionsOf(one.refused, both) } }),
});

/** The state, since when, and until when. */
const statusOf = ({ until, version, at }: Standing, now: number) => {
  if (until === null)
    return { "@type": version > 1 ? "dpv:ConsentWithdrawn" : "dpv:ConsentRefused", "dct:date": stamp(at) };
  const state = now < Date.parse(until) ? "dpv:ConsentGiven" : "dpv:ConsentExpired";
  return { "@type": state, "dct:date": stamp(at), "dct:valid": stamp(until) };
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
  "rdfs:label": inBoth(both, (words) => addresseeIn(words, to, agencies)),
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
