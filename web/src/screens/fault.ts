import type { Problem } from "../failed.ts";
import type { FieldError } from "../parts/ErrorSummary.tsx";
import type { PlainKey } from "../words/mn.ts";
import { problemText } from "../words/problems.ts";
import type { Words } from "../words/words.ts";

/** What is to be put right, as data: it is worded when it is shown, in the language of that moment. */
export type Fault =
  | { readonly field: string | null; readonly key: PlainKey }
  | { readonly field: null; readonly problem: Problem };

export const worded = (words: Words, faults: readonly Fault[]): readonly FieldError[] =>
  faults.map((fault) => ({
    id: fault.field,
    text: "key" in fault ? words(fault.key) : problemText(words, fault.problem),
  }));

/** The words at one field; null where it is in order. */
export const faultAt = (words: Words, faults: readonly Fault[], field: string): string | null =>
  worded(words, faults).find((error) => error.id === field)?.text ?? null;
