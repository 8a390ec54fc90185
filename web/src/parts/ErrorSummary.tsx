import { useLayoutEffect, useRef } from "preact/hooks";
import { words } from "../words/current.ts";

/** What is to be put right. id: of the field; null where it is about the whole. */
export interface FieldError {
  readonly id: string | null;
  readonly text: string;
}

interface ErrorSummaryProps {
  readonly errors: readonly FieldError[];
  /** What the errors are worded from: when it is another one, the focus is taken anew. A switch of language takes none. */
  readonly of: unknown;
}

/** On top of a form: takes the focus when errors come, and leads to each field. */
export const ErrorSummary = ({ errors, of }: ErrorSummaryProps) => {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => box.current?.focus(), [of]);
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
