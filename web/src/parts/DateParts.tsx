import type { Signal } from "@preact/signals";
import { words } from "../words/current.ts";
import { type TypedDate, takeApart } from "../words/dates.ts";
import { describedBy, HintAndError } from "./Field.tsx";

interface DatePartsProps {
  /** Also the id of the year's field. */
  readonly id: string;
  readonly legend: string;
  readonly value: Signal<TypedDate>;
  readonly error?: string | null | undefined;
}

/** Year, month, day, each of which may stay empty. A whole date typed or pasted into the year goes to its places. */
export const DateParts = ({ id, legend, value, error }: DatePartsProps) => {
  const said = words.value;
  const hint = said("date.hint");
  const set = (part: keyof TypedDate) => (event: { readonly currentTarget: { readonly value: string } }) => {
    value.value = { ...value.value, [part]: event.currentTarget.value };
  };
  const takenApart = () => {
    const { year, month, day } = value.value;
    const whole = month === "" && day === "" ? takeApart(year) : null;
    if (whole) value.value = whole;
  };
  const common = {
    type: "text",
    inputMode: "numeric",
    autocomplete: "off",
    spellcheck: false,
    "aria-invalid": error ? (true as const) : undefined,
  } as const;
  return (
    <fieldset class="field" aria-describedby={describedBy(id, hint, error)}>
      <legend>{legend}</legend>
      <HintAndError id={id} hint={hint} error={error} />
      <div class="dates">
        <div>
          <label htmlFor={id}>{said("date.year")}</label>
          {/* Long enough for a whole date: a keypad without "-" would not let it be typed. */}
          <input
            {...common}
            id={id}
            class="input year"
            inputMode="text"
            value={value.value.year}
            onInput={set("year")}
            onBlur={takenApart}
          />
        </div>
        <div>
          <label htmlFor={`${id}-month`}>{said("date.month")}</label>
          <input {...common} id={`${id}-month`} class="input" value={value.value.month} onInput={set("month")} />
        </div>
        <div>
          <label htmlFor={`${id}-day`}>{said("date.day")}</label>
          <input {...common} id={`${id}-day`} class="input" value={value.value.day} onInput={set("day")} />
        </div>
      </div>
    </fieldset>
  );
};
