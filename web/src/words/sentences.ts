import { lastDay } from "../days.ts";
import { day } from "./dates.ts";
import { label, labels } from "./labels.ts";
import type { Key } from "./mn.ts";
import { capital, plain, small, type Words } from "./words.ts";

/**
 * Consent in sentences: who will read what, for what, until when, and what is refused. The only place that makes them, so
 * that the same words stand on decision, check, referral and the person's own page; the texts for workers are those of
 * `ortoo/sentences.py`.
 */

const ALL = "*";

/** worker: as agencies speak among themselves. her: as it is read out to the person. */
export type Voice = "worker" | "her";

export type SentenceKind = "may_read" | "reads_nothing" | "refused" | "stays" | "basis";

/** agency: the addressee that it is about (an id, `kind:…`, `*`); empty where it is about none. */
export interface Sentence {
  readonly kind: SentenceKind;
  readonly agency: string;
  readonly text: string;
}

/** An agency as it is named. what: the service asked of it, or its kind, in the words of the vocabulary. */
export interface Named {
  readonly name: string;
  readonly what: string;
}

/** An agency's name in the directory; undefined where it is not there. */
export type Naming = (agency: string) => Named | undefined;

/** What one addressee may read. until: an instant in milliseconds. */
export interface Grant {
  readonly to: string;
  readonly sections: readonly string[];
  readonly purposes: readonly string[];
  readonly until: number;
}

export interface Refusal {
  readonly to: string;
  readonly sections: readonly string[];
}

/**
 * A form as it will be sent. recipients: what each gets (no sections: nothing, since nothing was agreed). agreed: granted
 * to others, not sent now. stays: filled in and sent to nobody.
 */
export interface Plan {
  readonly recipients: readonly Grant[];
  readonly agreed: readonly Grant[];
  readonly refusals: readonly Refusal[];
  readonly stays: readonly string[];
  readonly basis: string;
}

/** What will happen when it is sent. */
export const ofPlan = (words: Words, voice: Voice, plan: Plan, naming: Naming): readonly Sentence[] => {
  const say = speaker(words, voice, naming);
  return [
    ...plan.recipients.map((grant) => (grant.sections.length > 0 ? say.mayRead(grant) : say.readsNothing(grant.to))),
    ...sorted(plan.agreed).map((grant) => say.agreedToo(grant)),
    ...sorted(plan.refusals).map((refusal) => say.refused(refusal)),
    ...(plan.stays.length > 0 ? [say.stays(plan.stays)] : []),
    ...(voice === "worker" ? [ofBasis(words, plan.basis)] : []),
  ];
};

/** What one recorded decision says. until: null where nothing is granted. */
export const ofDecision = (
  words: Words,
  voice: Voice,
  decision: {
    readonly to: string;
    readonly sections: readonly string[];
    readonly purposes: readonly string[];
    readonly until: string | null;
    readonly refused: readonly string[];
  },
  naming: Naming,
): readonly Sentence[] => {
  const say = speaker(words, voice, naming);
  const { to, sections, purposes, until, refused } = decision;
  return [
    ...(until !== null && sections.length > 0
      ? [say.mayRead({ to, sections, purposes, until: Date.parse(until) })]
      : []),
    ...(refused.length > 0 ? [say.refused({ to, sections: refused })] : []),
  ];
};

/** What she took back by herself, with her code. */
export const ofTakenBack = (
  words: Words,
  { agencies, sections, purposes }: { readonly [what in "agencies" | "sections" | "purposes"]: readonly string[] },
  naming: Naming,
): readonly Sentence[] => {
  const what = sections.includes(ALL) ? words("later.everything") : labels(words.language, "sections", sections);
  const why = purposes.includes(ALL)
    ? ""
    : ` ${words("later.by_her_code.for", { purposes: labels(words.language, "purposes", purposes) })}`;
  return agencies.map((to) => ({
    kind: "refused",
    agency: to,
    text: words("later.by_her_code", { agency: addressee(words, "worker", to, naming), sections: what }) + why,
  }));
};

/** On what ground: said to her where it went without her consent, and to workers always. */
export const ofBasis = (words: Words, basis: string): Sentence => ({
  kind: "basis",
  agency: "",
  text: words("consent.basis", { basis: label(words.language, "consent_bases", basis) }),
});

/** A section as the voice calls it. */
export const sectionName = (words: Words, voice: Voice, section: string): string => {
  const key = `her.section.${section}`;
  return voice === "her" && isHers(key) ? words(key) : label(words.language, "sections", section);
};

/** «2027 оны 2 сарын 23 хүртэл.» The last day on which it may be read. */
export const untilText = (words: Words, until: number): string =>
  words("her.until", { day: day(words, lastDay(until)) });

const speaker = (words: Words, voice: Voice, naming: Naming) => {
  const hers = voice === "her";
  const agency = (to: string): string => addressee(words, voice, to, naming);
  const begun = (to: string): string => capital(agency(to));
  const sections = (codes: readonly string[]): string => {
    if (isAll(codes)) return words(hers ? "her.all_sections" : "consent.all_sections");
    return inOrder(voice, codes)
      .map((code) => sectionName(words, voice, code))
      .join(" · ");
  };

  const mayRead = (grant: Grant): string => {
    const said = { sections: sections(grant.sections), day: day(words, lastDay(grant.until)) };
    if (!hers) {
      const purposes = labels(words.language, "purposes", grant.purposes);
      return words("consent.may_read", { agency: agency(grant.to), purposes, ...said });
    }
    const purposes = grant.purposes.map((code) => purpose(words, code)).join(" · ");
    return purposes === ""
      ? words("her.may_read_plain", { agency: begun(grant.to), ...said })
      : words("her.may_read", { agency: agency(grant.to), purposes: capital(purposes), ...said });
  };

  const refused = ({ to, sections: codes }: Refusal): string => {
    if (to === ALL && !isAll(codes))
      return words(hers ? "her.nobody_reads" : "consent.nobody_reads", { sections: sections(codes) });
    if (!hers)
      return isAll(codes)
        ? words("consent.refused_all", { agency: agency(to) })
        : words("consent.refused", { agency: agency(to), sections: sections(codes) });
    return isAll(codes)
      ? capital(words("her.refused_all", { agency: agency(to) }))
      : words("her.may_not", { agency: begun(to), sections: sections(codes) });
  };

  return {
    mayRead: (grant: Grant): Sentence => ({ kind: "may_read", agency: grant.to, text: mayRead(grant) }),
    readsNothing: (to: string): Sentence => ({
      kind: "reads_nothing",
      agency: to,
      text: words(hers ? "her.reads_nothing" : "consent.reads_nothing", { agency: begun(to) }),
    }),
    agreedToo: (grant: Grant): Sentence => ({
      kind: "may_read",
      agency: grant.to,
      text: words(hers ? "her.agreed" : "consent.agreed", { decision: mayRead(grant) }),
    }),
    refused: (refusal: Refusal): Sentence => ({ kind: "refused", agency: refusal.to, text: refused(refusal) }),
    stays: (codes: readonly string[]): Sentence => ({
      kind: "stays",
      agency: "",
      text: words(hers ? "her.stays" : "consent.stays", { sections: sections(codes) }),
    }),
  };
};

/** An agency's name, the label of a kind, or everybody. */
const addressee = (words: Words, voice: Voice, to: string, naming: Naming): string => {
  if (to === ALL) return words(voice === "her" ? "her.everybody" : "consent.everybody");
  if (to.startsWith("kind:")) {
    const kind = label(words.language, "agency_kinds", to.slice("kind:".length));
    return voice === "her" ? small(kind) : kind;
  }
  const named = naming(to);
  if (!named) return plain(to);
  const name = plain(named.name);
  if (voice === "worker") return name;
  // Mongolian puts the kind first, where the sentence may begin; English puts it behind, in brackets.
  const kind = words.language === "en" ? small(named.what) : named.what;
  return words("her.agency", { name, kind });
};

// The order in which the sections are read out to her.
const READ_OUT = ["needs", "identity", "contact", "safety", "account", "medical", "legal", "child", "livelihood"];

const inOrder = (voice: Voice, codes: readonly string[]): readonly string[] => {
  if (voice === "worker") return codes;
  const at = (code: string) => (READ_OUT.includes(code) ? READ_OUT.indexOf(code) : READ_OUT.length);
  return [...codes].sort((one, other) => at(one) - at(other));
};

const HERS = [
  "her.section.needs",
  "her.section.identity",
  "her.section.contact",
  "her.section.safety",
  "her.section.account",
  "her.section.medical",
  "her.section.legal",
  "her.section.child",
  "her.section.livelihood",
  "her.purpose.give_service",
  "her.purpose.assess",
  "her.purpose.investigate",
  "her.purpose.legal_representation",
  "her.purpose.coordinate",
] as const satisfies readonly Key[];

const isHers = (key: string): key is (typeof HERS)[number] => (HERS as readonly string[]).includes(key);

const purpose = (words: Words, code: string): string => {
  const key = `her.purpose.${code}`;
  return isHers(key) ? words(key) : label(words.language, "purposes", code);
};

const isAll = (codes: readonly string[]): boolean => codes.length === 1 && codes[0] === ALL;

const sorted = <T extends { readonly to: string }>(of: readonly T[]): readonly T[] =>
  [...of].sort((one, other) => (one.to < other.to ? -1 : one.to > other.to ? 1 : 0));
