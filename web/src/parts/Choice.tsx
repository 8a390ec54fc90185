import type { Signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { describedBy, HintAndError } from "./Field.tsx";

export interface Option<Value extends string = string> {
  readonly value: Value;
  readonly label: ComponentChildren;
  readonly hint?: ComponentChildren;
}

interface Common<Value extends string> {
  /** Also the id of the first option, where a link from the summary of errors leads. */
  readonly id: string;
  readonly legend: string;
  readonly options: readonly Option<Value>[];
  readonly hint?: string;
  readonly error?: string | null | undefined;
}

/** One of several. An empty value: nothing is chosen yet. */
export const Choice = <Value extends string>(
  props: Common<Value> & { readonly value: Signal<Value | "">; readonly look?: "rows" | "chips" },
) => (
  <Options
    {...props}
    type="radio"
    look={props.look ?? "rows"}
    has={(value) => props.value.value === value}
    choose={(value) => {
      props.value.value = value;
    }}
  />
);

type SeveralProps<Value extends string> = Common<Value> & { readonly value: Signal<readonly Value[]> };

/** Any number of several; they are kept in the order of the options. */
export const Several = <Value extends string>(props: SeveralProps<Value>) => <Checkboxes {...props} look="rows" />;

/** The same as large areas side by side, for what is said often. */
export const Chips = <Value extends string>(props: SeveralProps<Value>) => <Checkboxes {...props} look="chips" />;

const Checkboxes = <Value extends string>(props: SeveralProps<Value> & { readonly look: "rows" | "chips" }) => (
  <Options
    {...props}
    type="checkbox"
    has={(value) => props.value.value.includes(value)}
    choose={(value, isChosen) => {
      const chosen = new Set(props.value.value);
      if (isChosen) chosen.add(value);
      else chosen.delete(value);
      props.value.value = props.options.map((option) => option.value).filter((one) => chosen.has(one));
    }}
  />
);

interface OptionsProps<Value extends string> extends Common<Value> {
  readonly type: "radio" | "checkbox";
  readonly look: "rows" | "chips";
  readonly has: (value: Value) => boolean;
  readonly choose: (value: Value, isChosen: boolean) => void;
}

const Options = <Value extends string>(props: OptionsProps<Value>) => {
  const { id, legend, options, hint, error, type, look, has, choose } = props;
  return (
    <fieldset class="field" aria-describedby={describedBy(id, hint, error)}>
      <legend>{legend}</legend>
      <HintAndError id={id} hint={hint} error={error} />
      <div class={`options ${look}`}>
        {options.map((option, place) => {
          const own = place === 0 ? id : `${id}-${option.value}`;
          return (
            <label class="option" key={option.value} htmlFor={own}>
              <input
                id={own}
                type={type}
                name={id}
                value={option.value}
                checked={has(option.value)}
                aria-describedby={option.hint ? `${own}-about` : undefined}
                onChange={(event) => choose(option.value, event.currentTarget.checked)}
              />
              <span>
                {option.label}
                {option.hint && (
                  <span class="hint" id={`${own}-about`}>
                    {option.hint}
                  </span>
                )}
              </span>
            </label>
          );
        })}
      </div>
    </fieldset>
  );
};
