import { type Signal, useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { words } from "../words/current.ts";
import { Icon } from "./Icon.tsx";

interface FieldProps {
  readonly id: string;
  readonly label: string;
  readonly value: Signal<string>;
  readonly kind?: "text" | "lines" | "digits" | "groups" | "phone" | "passphrase";
  readonly hint?: string | undefined;
  readonly error?: string | null | undefined;
  /** What the browser may fill in. Nothing, unless it is said: what is typed is sealed. */
  readonly fills?: "username" | "current-password" | "new-password" | "one-time-code";
  readonly maxLength?: number;
}

/** A field with its label, hint and error tied to it. Text in it is never sent to a spell-checker. */
export const Field = ({ id, label, value, kind = "text", hint, error, fills, maxLength }: FieldProps) => {
  const shown = useSignal(false);
  const common = {
    id,
    value: value.value,
    onInput: (event: { readonly currentTarget: { readonly value: string } }) => {
      value.value = event.currentTarget.value;
    },
    "aria-describedby": describedBy(id, hint, error),
    "aria-invalid": error ? (true as const) : undefined,
    autocomplete: fills ?? "off",
    autocapitalize: fills || kind === "passphrase" ? ("off" as const) : ("sentences" as const),
    autocorrect: "off" as const,
    spellcheck: false,
    maxLength,
  };
  return (
    <div class="field">
      <label htmlFor={id}>{label}</label>
      <HintAndError id={id} hint={hint} error={error} />
      {kind === "lines" && <textarea class="input" rows={4} {...common} />}
      {kind === "text" && <input class="input" type="text" {...common} />}
      {kind === "phone" && <input class="input" type="tel" {...common} />}
      {kind === "digits" && <input class="input digits" type="text" inputMode="numeric" {...common} />}
      {kind === "groups" && <input class="input groups" type="text" inputMode="numeric" {...common} />}
      {kind === "passphrase" && (
        <div class="with-button">
          {shown.value ? (
            <input class="input" type="text" {...common} />
          ) : (
            <input class="input" type="password" {...common} />
          )}
          <button
            type="button"
            class="button"
            aria-controls={id}
            onClick={() => {
              shown.value = !shown.value;
            }}
          >
            <Icon name={shown.value ? "hide" : "show"} />
            <span>{words.value(shown.value ? "sign_in.hide" : "sign_in.show")}</span>
          </button>
        </div>
      )}
    </div>
  );
};

/** The ids that a field names as its description; undefined where it has none. */
export const describedBy = (
  id: string,
  hint: string | null | undefined,
  error: string | null | undefined,
): string | undefined => [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ") || undefined;

interface HintAndErrorProps {
  readonly id: string;
  readonly hint?: ComponentChildren;
  readonly error?: string | null | undefined;
}

export const HintAndError = ({ id, hint, error }: HintAndErrorProps) => (
  <>
    {hint && (
      <p class="hint" id={`${id}-hint`}>
        {hint}
      </p>
    )}
    {error && (
      <p class="error" id={`${id}-error`}>
        <Icon name="warning" />
        <span>
          <span class="unseen">{words.value("errors.prefix")} </span>
          {error}
        </span>
      </p>
    )}
  </>
);
