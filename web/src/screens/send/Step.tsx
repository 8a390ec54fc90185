import type { ComponentChildren } from "preact";
import { ErrorSummary, type FieldError } from "../../parts/ErrorSummary.tsx";
import { Heading } from "../../parts/Heading.tsx";
import { words } from "../../words/current.ts";
import { plain } from "../../words/words.ts";
import { agencyName } from "../inbox/order.ts";
import type { SendFault, SendState } from "./state.ts";

type Worded = Pick<SendState, "faults" | "agencies">;

interface StepProps {
  readonly state: Worded;
  readonly title: string;
  readonly children: ComponentChildren;
  readonly onNext: () => void;
}

/** One question: its heading, what is to be put right, its fields. Enter continues. */
export const StepForm = ({ state, title, children, onNext }: StepProps) => (
  <form
    class="stack"
    noValidate
    onSubmit={(event) => {
      event.preventDefault();
      onNext();
    }}
  >
    <Heading>{title}</Heading>
    <ErrorSummary of={state.faults} errors={worded(state)} />
    {children}
  </form>
);

const wordedOne = (state: Worded, fault: SendFault): string => {
  const said = words.value;
  if (!("agency" in fault)) return said(fault.key);
  return said(fault.key, { agency: nameOf(state, fault.agency) });
};

const worded = (state: Worded): readonly FieldError[] =>
  state.faults.value.map((fault) => ({ id: fault.field, text: wordedOne(state, fault) }));

/** The words at one field; null where it is in order. */
export const faultAt = (state: Worded, field: string): string | null => {
  const fault = state.faults.value.find((one) => one.field === field);
  return fault === undefined ? null : wordedOne(state, fault);
};

export const nameOf = (state: Pick<SendState, "agencies">, agency: string): string =>
  plain(agencyName(state.agencies.value, agency, words.value.language));
