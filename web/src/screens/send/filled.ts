import vocabulary from "../../../../ortoo/data/vocabulary.json" with { type: "json" };
import { endOfDay } from "../../days.ts";
import { dateOf, dateText, type TypedDate } from "../../words/dates.ts";
import type { Plan } from "../../words/sentences.ts";
import type { Again, Candidate, Deciding, Fields, FieldValue, Filled, Grant, SendForm } from "../../worker/api.ts";

/** What is filled in, and what it means: which fields there are, what goes to whom, what is missing. Asks for nothing. */

export const ALL = "*";
export const MOST_FILES = 10; // of one referral (protocol §14)
export const MOST_AGENCIES = 16; // accepted together (protocol §5)
export const DAYS: readonly number[] = [14, 30, 60, 90, 180];
const USUAL_DAYS = 90;
export const WITHOUT_DAYS: readonly number[] = [14, 30]; // at most 30 (protocol §7)
const ADULT: Basis = "informed_consent";

type Basis = "informed_consent" | "guardian_and_assent";

export const STEPS = ["need", "who", "tell", "decision", "check"] as const;
export type Step = (typeof STEPS)[number];

/** What of sending is on the screen: a step, her decision as it is read out to her, or what became of it. */
export type SendPage = Step | "aloud" | "sent";

export const emptyFilled = (place: string): Filled => ({
  urgency: "",
  services: [],
  place,
  language: "mn",
  minor: false,
  recipients: [],
  also: [],
  fields: {},
  unfolded: [],
  decided: {},
  nobody: [],
  partly: {},
  how: "",
  by: "person",
  consentLanguage: "",
  interpreter: false,
  witness: false,
  saidNo: false,
});

// --- sections ---------------------------------------------------------------------------------------------------------

/** The sections that a worker fills in, in the order in which they are asked. */
export const SECTIONS = [
  "needs",
  "identity",
  "contact",
  "safety",
  "child",
  "account",
  "medical",
  "legal",
  "livelihood",
] as const;

const ALWAYS: readonly string[] = ["needs", "identity", "contact"];
const FOR_THE_WAY: readonly string[] = ["safety"];

/** What each service needs beside that, to help at all. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  shelter: FOR_THE_WAY,
  housing: FOR_THE_WAY,
  transport: FOR_THE_WAY,
  emergency_aid: FOR_THE_WAY,
  return_home: FOR_THE_WAY,
  safety: FOR_THE_WAY,
  case_management: FOR_THE_WAY,
  alternative_care: ["safety", "child"],
  child_protection: ["safety", "child"],
  family_tracing: ["child"],
  education: ["child"],
  medical: ["medical"],
  post_assault_care: ["medical", "safety"],
  forensic_exam: ["medical"],
  mental_health: ["medical"],
  addiction_care: ["medical"],
  disability_support: ["medical"],
  identification: ["account"],
  criminal_complaint: ["account", "safety"],
  court_support: ["account", "legal"],
  compensation: ["account", "legal"],
  rights_complaint: ["account"],
  legal_aid: ["account", "legal"],
  wage_claim: ["account", "legal"],
  labour_inspection: ["account"],
  documents: ["legal"],
  residence: ["legal"],
  consular: ["legal"],
  livelihood: ["livelihood"],
  income_grant: ["livelihood"],
  employment: ["livelihood"],
  reintegration: ["livelihood"],
};

/** Of a child these go to nobody unless somebody chose it. */
const BY_CHOICE: readonly string[] = ["account", "medical", "legal"];

/** The sections that these services need, in order. */
export const neededFor = (services: readonly string[], minor: boolean): readonly string[] => {
  const needed = new Set([...ALWAYS, ...services.flatMap((one) => NEEDED[one] ?? []), ...(minor ? ["child"] : [])]);
  return SECTIONS.filter((one) => needed.has(one));
};

interface FieldTerm {
  readonly code: string;
  readonly type: string;
}

const fieldTypes = new Map((vocabulary.fields.terms as readonly FieldTerm[]).map(({ code, type }) => [code, type]));

export const typeOf = (section: string, field: string): string => fieldTypes.get(`${section}.${field}`) ?? "text";

const IN_ORDER: Readonly<Record<string, readonly string[]>> = {
  identity: ["family_name", "patronymic", "given_name", "known_as", "date_of_birth", "age_estimated", "gender"],
  account: ["summary", "own_words"],
};

/** The fields of a section that can be filled in here. What other clients filled in beside them stays as it is. */
export const fieldsOf = (section: string): readonly string[] => {
  const prefix = `${section}.`;
  const all = [...fieldTypes]
    .filter(([code, type]) => code.startsWith(prefix) && isAsked(code, type))
    .map(([code]) => code.slice(prefix.length));
  const first = IN_ORDER[section] ?? [];
  return [...first, ...all.filter((one) => !first.includes(one))];
};

const isAsked = (code: string, type: string): boolean =>
  code !== "needs.services" && (!type.startsWith("htcds:") || code === "identity.gender");

/** Those that stand at once; the others follow under “More”. */
const FIRST: Readonly<Record<string, readonly string[]>> = {
  needs: ["need_in_own_words", "when_needed", "dependants", "communication"],
  identity: ["family_name", "patronymic", "given_name", "known_as", "date_of_birth", "age_estimated", "gender"],
  contact: ["warnings", "phone", "phone_is_safe", "safe_times", "safe_words", "do_not"],
  safety: ["warnings", "threats", "who_must_not_know", "suspects_near", "plan"],
  account: ["summary", "own_words"],
  medical: ["urgent_needs", "allergies", "medication"],
  legal: ["documents_withheld_by", "wages_owed_mnt"],
  child: ["guardian_name", "guardian_relation", "guardian_is_safe"],
  livelihood: ["skills", "income_plan"],
};

export const isFirst = (section: string, field: string): boolean => FIRST[section]?.includes(field) ?? true;

// --- typed and meant --------------------------------------------------------------------------------------------------

export interface FieldFault {
  readonly field: string;
  readonly key: "date.not_a_date" | "date.needs_month" | "date.needs_year" | "date.future" | "send.not_a_number";
}

const isTypedDate = (value: FieldValue | undefined): value is { year: string; month: string; day: string } =>
  typeof value === "object" && value !== null && !Array.isArray(value) && "year" in value;

export const NO_DATE: TypedDate = { year: "", month: "", day: "" };

/** What was typed means this value; undefined: nothing. */
const meant = (
  type: string,
  typed: FieldValue | undefined,
  now: number,
): FieldValue | undefined | FieldFault["key"] => {
  if (typed === null) return null; // asked, and not known
  if (typed === undefined || typed === "") return undefined;
  if (Array.isArray(typed)) return typed.length > 0 ? typed : undefined;
  if (isTypedDate(typed)) {
    const date = dateOf(typed, now);
    if (date === null) return undefined;
    return typeof date === "string" ? `date.${date}` : dateText(date);
  }
  if (typeof typed !== "string") return typed;
  const text = typed.trim();
  if (text === "") return undefined;
  if (type === "number")
    return /^\d{1,15}$/.test(text.replace(/[\s,]/g, "")) ? Number(text.replace(/[\s,]/g, "")) : "send.not_a_number";
  if (type === "yes_no") return text === "yes";
  if (type === "list") {
    const lines = text.split("\n").map((line) => line.trim());
    return lines.filter((line) => line !== "");
  }
  return text;
};

const isFault = (type: string, value: FieldValue | undefined): value is FieldFault["key"] =>
  (type === "number" || type === "date") && typeof value === "string" && /^(date|send)\./.test(value);

/** The id of a field's input. */
export const idOf = (section: string, field: string): string => `send-${section}-${field}`;

/** What is otherwise once this is typed into a field. */
export const typed = (
  filled: Filled | null,
  section: string,
  field: string,
  value: FieldValue,
): Pick<Filled, "fields"> => {
  const fields = filled?.fields ?? {};
  return { fields: { ...fields, [section]: { ...fields[section], [field]: value } } };
};

export const filesIn = ({ files = {} }: Pick<Filled, "files">): number => Object.values(files).flat().length;

/** The sections that have anything in them, as they are sealed. */
export const sectionsOf = (filled: Filled, now: number): SendForm["sections"] => {
  const sections: Record<string, Fields> = {};
  for (const section of new Set<string>([...SECTIONS, ...Object.keys(filled.fields)])) {
    const fields = meantFields(filled, section, now);
    const hasFiles = (filled.files?.[section] ?? []).length > 0;
    if (Object.keys(fields).length > 0 || hasFiles) sections[section] = fields;
  }
  return sections;
};

const meantFields = (filled: Filled, section: string, now: number): Fields => {
  const fields: Record<string, FieldValue> = {};
  if (section === "needs" && filled.services.length > 0) fields.services = servicesOf(filled);
  for (const [field, typed] of Object.entries(filled.fields[section] ?? {})) {
    if (field === "services" && section === "needs") continue;
    const type = typeOf(section, field);
    const value = meant(type, typed, now);
    if (value !== undefined && !isFault(type, value)) fields[field] = value;
  }
  return fields;
};

/** In the order in which they were sent before, if it is still those. */
const servicesOf = ({ services, fields }: Filled): readonly string[] => {
  const sent = fields.needs?.services;
  const isThose = Array.isArray(sent) && [...sent].sort().join() === [...services].sort().join();
  return isThose ? (sent as readonly string[]) : services;
};

/** What is typed and cannot be meant. */
export const fieldFaults = (filled: Filled, now: number): readonly FieldFault[] =>
  SECTIONS.flatMap((section) =>
    fieldsOf(section).flatMap((field) => {
      const type = typeOf(section, field);
      const value = meant(type, filled.fields[section]?.[field], now);
      return isFault(type, value) ? [{ field: idOf(section, field), key: value }] : [];
    }),
  );

/** The other way: a form that was sent, as it would have been typed. */
export const typedAgain = (sections: SendForm["sections"]): Filled["fields"] =>
  Object.fromEntries(
    Object.entries(sections).map(([section, fields]) => [
      section,
      Object.fromEntries(
        Object.entries(fields).map(([field, value]) => [field, typedOf(typeOf(section, field), value)]),
      ),
    ]),
  );

const typedOf = (type: string, value: FieldValue): FieldValue => {
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number") return String(value);
  if (type === "list" && Array.isArray(value)) return value.join("\n");
  if (type === "date" && typeof value === "string") {
    const [year = "", month = "", day = ""] = value.split("-");
    return { year, month, day };
  }
  if (type.startsWith("codes:") && typeof value === "string") return [value];
  return value;
};

// --- her decision -----------------------------------------------------------------------------------------------------

/** Those on whom she is asked to decide: to whom it goes now, then those who might be next. */
export const columnsOf = ({ recipients, also }: Filled): readonly string[] => [
  ...recipients,
  ...also.filter((one) => !recipients.includes(one)),
];

/** Sections by name, also where all were meant. */
export const named = (sections: readonly string[]): readonly string[] => (sections.includes(ALL) ? SECTIONS : sections);

/** Whether she refused it, by name, by its kind, or everybody. */
export const isRefused = ({ nobody }: Pick<Filled, "nobody">, agency: string, kind: string): boolean =>
  nobody.some((to) => to === agency || to === `kind:${kind}` || to === ALL);

/** Whether this part is read by nobody of its kind, or by nobody at all. */
export const isPartRefused = ({ partly }: Pick<Filled, "partly">, kind: string, section: string): boolean =>
  [`kind:${kind}`, ALL].some((to) => partly[to]?.includes(section));

/** What is proposed to her: what the services that this agency gives need, for three months. */
export const proposed = (filled: Filled, agency: Candidate | null, there: readonly string[], now: number): Deciding => {
  const gives = agency?.gives.map((one) => one.service).filter((one) => filled.services.includes(one)) ?? [];
  const needed = neededFor(gives.length > 0 ? gives : filled.services, filled.minor);
  return {
    sections: there.filter((one) => needed.includes(one) && !(filled.minor && BY_CHOICE.includes(one))),
    refused: [],
    purposes: ["give_service"],
    until: new Date(endOfDay(now, filled.without ? WITHOUT_DAYS[0]! : USUAL_DAYS)).toISOString(),
  };
};

/** Each agency with what was decided on it, as far as there is anything to read. */
export const grantsOf = (
  filled: Filled,
  there: readonly string[],
  kindOf: (agency: string) => string,
): readonly Grant[] =>
  columnsOf(filled).flatMap((to) => {
    const decided = filled.decided[to];
    if (decided === undefined || isRefused(filled, to, kindOf(to))) return [];
    const sections = decided.sections.filter(
      (one) => there.includes(one) && !decided.refused.includes(one) && !isPartRefused(filled, kindOf(to), one),
    );
    return sections.length > 0 ? [{ to, sections, purposes: decided.purposes, until: decided.until }] : [];
  });

export const refusalsOf = (filled: Filled): SendForm["consent"]["refusals"] => {
  const whole = filled.nobody.map((to) => ({ to, sections: [ALL] }));
  const partly = columnsOf(filled).flatMap((to) => {
    const refused = filled.decided[to]?.refused ?? [];
    return refused.length > 0 && !filled.nobody.includes(to) ? [{ to, sections: refused }] : [];
  });
  return [...whole, ...partly, ...refusedPartly(filled)];
};

/** Of kinds and of everybody: what they may not read, where it is not all. */
export const refusedPartly = ({ nobody, partly }: Filled): SendForm["consent"]["refusals"] =>
  Object.entries(partly).flatMap(([to, sections]) =>
    sections.length > 0 && !nobody.includes(to) ? [{ to, sections }] : [],
  );

/** The same, as it is filled in. */
export const partlyIn = (
  refusals: readonly { readonly to: string; readonly sections: readonly string[] }[],
): Filled["partly"] =>
  Object.fromEntries(
    refusals
      .filter(({ to, sections }) => !isByName(to) && sections.length > 0 && !sections.includes(ALL))
      .map(({ to, sections }) => [to, sections]),
  );

export const isByName = (to: string): boolean => to !== ALL && !to.startsWith("kind:");

/** asked: sections that she decides on too, though nothing is filled in there. */
export const formOf = (
  filled: Filled,
  now: number,
  kindOf: (agency: string) => string,
  asked: readonly string[] = [],
): SendForm => {
  const { justification, evidence: _fields, ...told } = sectionsOf(filled, now);
  const { evidence: _files, ...files } = filled.files ?? {};
  const evidence = evidenceIn(filled, now);
  const without = filled.without ?? null;
  const sections = without !== null && justification !== undefined ? { ...told, justification } : told;
  const there = Object.keys(told);
  const { urgency, services, place, language, minor } = filled;
  const [by, how] = without === null ? [minor ? "guardian" : filled.by, filled.how] : ["", ""];
  return {
    routing: { urgency, services, place, language, minor },
    recipients: filled.recipients,
    consent: {
      basis: without?.ground ?? (minor ? "guardian_and_assent" : ADULT),
      givenBy: by,
      givenHow: how,
      language: filled.consentLanguage || language,
      interpreter: filled.interpreter || how === "by_interpreter",
      witness: filled.witness || how === "spoken_witnessed",
      grants: grantsOf(filled, [...there, ...asked], kindOf),
      refusals: refusalsOf(filled),
      ...(without === null ? {} : { exception: exceptionOf(without) }),
    },
    sections,
    files,
    ...(evidence === undefined ? {} : { evidence }),
  };
};

/** How she gives her decisions; undefined where nothing was added. */
export const evidenceIn = (filled: Filled, now: number): SendForm["evidence"] => {
  const { evidence: fields } = sectionsOf(filled, now);
  return fields && { fields, files: filled.files?.evidence ?? [] };
};

const exceptionOf = ({ reviewer, refused, tellAfterDays }: NonNullable<Filled["without"]>) => ({
  reviewer,
  refused,
  tellAfterDays,
});

/**
 * Without her consent: what she said no to is written down as that, for shorter, and the rest of what was filled in stays.
 * kindOf: of an agency.
 */
export const withoutConsent = (filled: Filled, now: number, kindOf: (agency: string) => string): Filled => {
  const refused = filled.recipients.filter((to) => isRefused(filled, to, kindOf(to)));
  const isKept = (to: string) => !filled.recipients.some((one) => isRefused({ nobody: [to] }, one, kindOf(one)));
  const until = new Date(endOfDay(now, WITHOUT_DAYS[0]!)).toISOString();
  const decided = Object.entries(filled.decided).map(([to, one]) => [to, { ...one, refused: [], until }] as const);
  return {
    ...filled,
    saidNo: true,
    also: [],
    nobody: filled.nobody.filter(isKept),
    partly: Object.fromEntries(Object.entries(filled.partly).filter(([to]) => isKept(to))),
    decided: Object.fromEntries(decided),
    without: { ground: "", reviewer: "", refused, tellAfterDays: 0 },
    ownPart: null,
  };
};

/** What will happen when it is sent. */
export const planOf = (form: SendForm): Plan => {
  const timed = form.consent.grants.map((grant) => ({ ...grant, until: Date.parse(grant.until) }));
  const isRecipient = (to: string) => form.recipients.includes(to);
  const read = new Set(form.consent.grants.filter(({ to }) => isRecipient(to)).flatMap((grant) => grant.sections));
  return {
    recipients: form.recipients.map(
      (to) => timed.find((grant) => grant.to === to) ?? { to, sections: [], purposes: [], until: 0 },
    ),
    agreed: timed.filter((grant) => !isRecipient(grant.to)),
    refusals: form.consent.refusals,
    stays: Object.keys(form.sections).filter(
      (section) => section !== "justification" && !read.has(section) && !read.has(ALL),
    ),
    basis: form.consent.basis,
  };
};

// --- to another agency ------------------------------------------------------------------------------------------------

/** What was sent, to be sent to somebody else: all as it was, but for whom. */
export const filledAgain = ({ filled, form }: Again): Filled => {
  const decided = Object.fromEntries(
    form.consent.grants.map(({ to, sections, purposes, until }) => {
      const refused = form.consent.refusals.find((one) => one.to === to)?.sections ?? [];
      return [to, { sections: named(sections), purposes, until, refused: refused.filter((one) => one !== ALL) }];
    }),
  );
  const nobody = form.consent.refusals.filter((one) => one.sections.includes(ALL)).map((one) => one.to);
  const { routing, consent } = form;
  const typed = filled ?? {
    ...emptyFilled(routing.place),
    ...routing,
    fields: typedAgain(form.sections),
    how: consent.givenHow,
    by: consent.givenBy,
    consentLanguage: consent.language,
    interpreter: consent.interpreter,
    witness: consent.witness,
  };
  const partly = partlyIn(form.consent.refusals);
  return { ...typed, recipients: [], also: [], decided, nobody, partly, saidNo: false, without: null, ownPart: null };
};

/** Whether her decision lets it go to this agency as it is: nothing was written since. */
export const isCovered = (form: SendForm, again: Again | null, grant: Grant | null): boolean =>
  again !== null &&
  grant !== null &&
  form.recipients.length === 1 &&
  form.evidence === undefined &&
  same(form.sections, again.form.sections) &&
  same(form.files ?? {}, again.form.files ?? {}) &&
  same(form.routing, again.form.routing);

const same = (one: unknown, other: unknown): boolean => ordered(one) === ordered(other);

/** JSON with the names of each object in order. */
const ordered = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) =>
    typeof one === "object" && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  );

/** The form that goes out under a decision that stands: with what it lets this agency read. kind: the agency's. */
export const coveredForm = (form: SendForm, again: Again, grant: Grant, kind: string): SendForm => {
  const onIt = [grant.to, `kind:${kind}`, ALL];
  const refused = again.form.consent.refusals.filter((one) => onIt.includes(one.to)).flatMap((one) => one.sections);
  const allowed = Object.keys(form.sections).filter(
    (one) => (grant.sections.includes(ALL) || grant.sections.includes(one)) && !refused.includes(one),
  );
  return {
    ...form,
    consent: { ...again.form.consent, grants: [{ ...grant, sections: allowed }] },
  };
};
