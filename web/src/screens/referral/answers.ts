import vocabulary from "../../../../ortoo/data/vocabulary.json" with { type: "json" };
import { fieldLabel, fieldLines } from "../../words/fields.ts";
import type { Terms } from "../../words/labels.ts";
import type { PlainKey } from "../../words/mn.ts";
import type { Words } from "../../words/words.ts";
import type { Part, Referral } from "../../worker/api.ts";

/** What can be answered, and what is said first. Nothing here asks for anything. */

/** The steps that are offered, in the order of the buttons. */
export const ANSWERS = [
  "seconded",
  "upheld",
  "overturned",
  "deleted",
  "acknowledged",
  "accepted",
  "under_way",
  "closed",
  "declined",
  "more_asked",
  "handed_back",
  "recalled",
  "message",
] as const;

export type Answer = (typeof ANSWERS)[number];

/** Where the reason of a step comes from. */
export const REASONS: Readonly<Partial<Record<Answer, Terms>>> = {
  declined: "decline_reasons",
  handed_back: "decline_reasons",
  closed: "outcomes",
  recalled: "recall_reasons",
};

export type NoteRule = "none" | "may" | "must";

const NOTES: Readonly<Record<Answer, NoteRule>> = {
  seconded: "none",
  upheld: "none",
  overturned: "none",
  deleted: "none",
  acknowledged: "none",
  accepted: "none",
  under_way: "none",
  closed: "may",
  message: "must",
  more_asked: "must",
  handed_back: "may",
  declined: "may",
  recalled: "may",
};

/** Whether a note goes with it. Once the consent has ended nothing can be sealed to the other side any more. */
export const noteRule = (answer: Answer, state: string, reason: string): NoteRule => {
  if (state === "withdrawn" || state === "expired") return "none";
  const list = REASONS[answer];
  const terms: readonly { readonly code: string; readonly note?: string }[] = list ? vocabulary[list].terms : [];
  return terms.some((term) => term.code === reason && term.note === "required") ? "must" : NOTES[answer];
};

/** What may be done now. A deletion is confirmed where one is owed. */
export const answersOf = (referral: Pick<Referral, "next" | "deletionOwedSince">): readonly Answer[] =>
  ANSWERS.filter(
    (answer) => referral.next.includes(answer) && (answer !== "deleted" || referral.deletionOwedSince !== null),
  );

/** The agency gave it up, or it was taken from it: whoever has it open knows. */
const GIVEN_UP: readonly string[] = ["declined", "handed_back", "recalled", "closed"];

/** Why what was there is gone, and whether copies are to be deleted, in words. A sender may have kept its own. */
export const lostOf = (
  of: Pick<Referral, "as" | "state" | "parts" | "next" | "deletionOwedSince"> & {
    readonly steps: readonly Pick<Referral["steps"][number], "type">[];
  },
): readonly PlainKey[] => {
  const isOwed = answersOf(of).includes("deleted");
  const isKept = of.as === "sender" && of.parts.some((part) => part.status === "readable");
  const why = (): PlainKey | null => {
    if (isOverturned(of.steps)) return "referral.overturned";
    if (of.state === "withdrawn") return isKept ? "referral.withdrawn_there" : "state.withdrawn";
    if (of.state === "expired") return isKept ? "referral.expired_there" : "referral.expired";
    return isOwed && !GIVEN_UP.includes(of.state) ? "referral.narrowed" : null;
  };
  const [found, owed] = [why(), "referral.owe_deletion" as const];
  return [...(found === null ? [] : [found]), ...(isOwed ? [owed] : [])];
};

/** The reviewer found no ground. */
const isOverturned = (steps: readonly { readonly type: string }[]): boolean =>
  steps.some(({ type }) => type === "overturned");

const USUAL: readonly Answer[] = ["acknowledged", "accepted", "under_way", "closed"];

/** The next usual one, which alone is filled; null where nothing is waited for. */
export const usualOf = (
  referral: Pick<Referral, "next" | "deletionOwedSince" | "as" | "state">,
  mustOpen: boolean,
): Answer | null => {
  if (mustOpen) return null;
  const answers = answersOf(referral);
  if (answers.includes("seconded")) return "seconded";
  if (answers.includes("deleted")) return "deleted";
  if (referral.as === "sender")
    return referral.state === "more_asked" && answers.includes("message") ? "message" : null;
  return USUAL.find((answer) => answers.includes(answer)) ?? null;
};

/** It is for us to read, and it is opened by whoever reads it. */
export const mustOpen = (referral: Pick<Referral, "as" | "next" | "parts">): boolean =>
  referral.as !== "sender" &&
  referral.next.includes("opened") &&
  referral.parts.some((part) => part.status === "not_yet");

interface StepTerm {
  readonly code: string;
  readonly by: string;
  readonly to?: string;
}

/** What the own agency could still do after it: all that undoes it. Null: it leaves the state as it is. */
export const undoneBy = (answer: Answer, as: Referral["as"]): readonly Answer[] | null => {
  const steps: readonly StepTerm[] = vocabulary.steps.terms;
  const to = steps.find((step) => step.code === answer)?.to;
  if (to === undefined) return null;
  const next: readonly string[] = vocabulary.states.terms.find((state) => state.code === to)?.next ?? [];
  return ANSWERS.filter((one) =>
    steps.some((step) => step.code === one && step.by === as && step.to !== undefined && next.includes(step.to)),
  );
};

/** What has to be known before anybody calls or goes: of contact and danger, in this order. */
export const warningsOf = (words: Words, parts: readonly Part[]): readonly string[] => {
  const value = (section: string, field: string) =>
    parts
      .find((part) => part.name === section && part.status === "readable")
      ?.fields.find(([name]) => name === field)?.[1] ?? null;
  const codes = (section: string) => {
    const found = value(section, "warnings");
    return found === null ? [] : fieldLines(words, section, "warnings", found);
  };
  const told = (section: string, field: string) => {
    const found = value(section, field);
    if (found === null || found === "" || (Array.isArray(found) && found.length === 0)) return [];
    const asked = fieldLabel(words, section, field);
    const said = fieldLines(words, section, field, found).join(" · ");
    return [asked.endsWith("?") ? `${asked} ${said}` : `${asked}: ${said}`];
  };
  return [
    ...new Set([
      ...codes("contact"),
      ...told("contact", "do_not"),
      ...(value("contact", "phone_is_safe") === false ? told("contact", "phone_is_safe") : []),
      ...told("contact", "safe_times"),
      ...told("contact", "safe_words"),
      ...codes("safety"),
      ...(value("safety", "suspects_near") === true ? told("safety", "suspects_near") : []),
      ...told("safety", "weapons"),
    ]),
  ];
};
