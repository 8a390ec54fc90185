import type { Signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { words } from "../words/current.ts";

/** What is to be put right. id: of the field; null where it is about the whole. */
export interface FieldError {
  readonly id: string | null;
  readonly text: string;
}

interface ErrorSummaryProps<Fault> {
  readonly errors: readonly FieldError[];
  /** What the errors are worded from, one for one: when others come, the focus is taken anew. A switch of language takes none. */
  readonly of: Signal<readonly Fault[]>;
}

/** On top of a form: takes the focus when errors come, and leads to each field. What is put right goes. */
export const ErrorSummary = <Fault,>({ errors, of }: ErrorSummaryProps<Fault>) => {
  const box = useRef<HTMLDivElement>(null);
  const isMending = useRef(false);
  useLayoutEffect(() => {
    if (!isMending.current) box.current?.focus();
    isMending.current = false;
  }, [of.value]);
  useLayoutEffect(() => {
    const form = box.current?.closest("form");
    if (!form) return;
    const mend = ({ type, target }: Event) => {
      const answer = (target as Element).closest<HTMLInputElement>(ANSWERED[type]!);
      if (answer === null) return;
      const left = of.value.filter((_, place) => !isAt(errors[place]?.id ?? null, answer));
      if (left.length === of.value.length) return;
      isMending.current = true;
      of.value = left;
    };
    for (const type of Object.keys(ANSWERED)) form.addEventListener(type, mend);
    return () => {
      for (const type of Object.keys(ANSWERED)) form.removeEventListener(type, mend);
    };
  }, [of, errors]);
  if (errors.length === 0) return null;
  return (
    <div class="errors" ref={box} tabIndex={-1} role="alert" aria-labelledby="errors-title">
      <h2 id="errors-title">{words.value("errors.title")}</h2>
      <ul>
        {errors.map(({ id, text }) => (
          <li key={`${id} ${text}`}>
            {id === null ? (
              text
            ) : (
              <button type="button" class="to-field" onClick={() => document.getElementById(id)?.focus()}>
                {text}
              </button>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
};

/** By which event what is answered. A box that is shown anew between its input and its change forgets that it was ticked. */
const ANSWERED: Readonly<Record<string, string>> = {
  input: "input:not([type=checkbox], [type=radio]), textarea",
  change: "input, select",
  click: "button[name]",
};

/** Whether this answers the field: a part of it, or of what it stands for. */
const isAt = (id: string | null, answer: HTMLInputElement): boolean => {
  const field = id === null ? null : document.getElementById(id);
  return field !== null && (answer.name === id || (field.closest(".field") ?? field).contains(answer));
};
