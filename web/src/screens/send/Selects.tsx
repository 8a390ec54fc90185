import { HintAndError } from "../../parts/Field.tsx";
import { words } from "../../words/current.ts";
import type { allPlaces } from "../../words/labels.ts";

interface Common {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly error?: string | null;
  readonly onChange: (value: string) => void;
}

interface SelectProps extends Common {
  readonly options: readonly (readonly [value: string, text: string])[];
  /** What stands first, for nothing chosen. */
  readonly none?: string;
}

export const SelectField = ({ id, label, value, options, none, error, onChange }: SelectProps) => (
  <div class="field">
    <label htmlFor={id}>{label}</label>
    <HintAndError id={id} error={error} />
    <select
      class="input"
      id={id}
      value={value}
      aria-invalid={error ? true : undefined}
      aria-describedby={error ? `${id}-error` : undefined}
      onChange={({ currentTarget }) => onChange(currentTarget.value)}
    >
      {none !== undefined && <option value="">{none}</option>}
      {options.map(([code, text]) => (
        <option key={code} value={code} selected={code === value}>
          {text}
        </option>
      ))}
    </select>
  </div>
);

interface PlaceProps extends Common {
  readonly places: ReturnType<typeof allPlaces>;
}

/** An aimag, or a soum or district of it. */
export const PlaceField = ({ id, label, value, places, error, onChange }: PlaceProps) => {
  const { language } = words.value;
  return (
    <div class="field">
      <label htmlFor={id}>{label}</label>
      <HintAndError id={id} error={error} />
      <select
        class="input"
        id={id}
        value={value}
        aria-invalid={error ? true : undefined}
        aria-describedby={error ? `${id}-error` : undefined}
        onChange={({ currentTarget }) => onChange(currentTarget.value)}
      >
        <option value="">{words.value("send.choose")}</option>
        {places.map((place) => (
          <optgroup key={place.code} label={place[language]}>
            <option value={place.code} selected={place.code === value}>
              {place[language]}
            </option>
            {place.parts.map((part) => (
              <option key={part.code} value={part.code} selected={part.code === value}>
                {place[language]} · {part[language]}
              </option>
            ))}
          </optgroup>
        ))}
      </select>
    </div>
  );
};
