import { useSignal } from "@preact/signals";
import { Band } from "../../parts/Band.tsx";
import { Button } from "../../parts/Button.tsx";
import { Choice } from "../../parts/Choice.tsx";
import { DateParts } from "../../parts/DateParts.tsx";
import { Field } from "../../parts/Field.tsx";
import { words } from "../../words/current.ts";
import type { TypedDate } from "../../words/dates.ts";
import { fieldLabel, namesSomebody } from "../../words/fields.ts";
import { allPlaces, codes, label, type Terms } from "../../words/labels.ts";
import { problemText } from "../../words/problems.ts";
import { sectionName } from "../../words/sentences.ts";
import { capital } from "../../words/words.ts";
import type { FieldValue } from "../../worker/api.ts";
import { fieldsOf, idOf, isFirst, NO_DATE, neededFor, SECTIONS, typeOf } from "./filled.ts";
import { MoreChips } from "./MoreChips.tsx";
import type { SendProps } from "./parts.ts";
import { PlaceField, SelectField } from "./Selects.tsx";
import { faultAt, StepForm } from "./Step.tsx";
import { lens, type SendState } from "./state.ts";
import { TellFiles } from "./TellFiles.tsx";
import { languageOptions, usualFirst } from "./usual.ts";
import { genders, genderText } from "./why-not.ts";

export const TellStep = ({ state }: SendProps) => {
  const said = words.value;
  const filled = state.filled.value!;
  const needed = neededFor(filled.services, filled.minor);
  const isOpen = (section: string) => needed.includes(section) || filled.unfolded.includes(section);
  const folded = SECTIONS.filter((section) => !isOpen(section));
  return (
    <StepForm
      state={state}
      title={said("send.tell")}
      onNext={() => {
        if (state.attaching.value === null) state.next("tell");
      }}
    >
      <Trouble state={state} />
      <p class="hint">{said("send.tell.hint")}</p>
      {SECTIONS.filter(isOpen).map((section) => (
        <SectionFields key={section} section={section} state={state} isNeeded={needed.includes(section)} />
      ))}
      {folded.length > 0 && (
        <fieldset class="field wide">
          <legend>{said("send.more_to_tell")}</legend>
          <p class="hint">{said("send.more_to_tell.hint")}</p>
          <div class="buttons">
            {folded.map((section) => (
              <Button
                key={section}
                icon="plus"
                onPress={() => state.change({ unfolded: [...filled.unfolded, section] })}
              >
                {capital(sectionName(said, "worker", section))}
              </Button>
            ))}
          </div>
        </fieldset>
      )}
      <Button look="main">{said("send.continue")}</Button>
    </StepForm>
  );
};

/** What hindered a file from being kept. */
const Trouble = ({ state }: { readonly state: SendState }) => (
  <div role="alert" class="wide">
    {state.problem.value && <Band tone="late">{problemText(words.value, state.problem.value)}</Band>}
  </div>
);

interface SectionProps {
  readonly section: string;
  readonly state: SendState;
  readonly isNeeded: boolean;
}

const SectionFields = ({ section, state, isNeeded }: SectionProps) => {
  const said = words.value;
  const isMore = useSignal(false);
  const filled = state.filled.value!.fields[section] ?? {};
  const isFilled = (field: string) => filled[field] !== undefined && filled[field] !== "";
  const fields = fieldsOf(section);
  const shown = fields.filter((field) => isMore.value || isFirst(section, field) || isFilled(field));
  const hasNames = shown.some((field) => namesSomebody(section, field));
  const areHidden = hasNames && !state.areNamesShown.value;
  return (
    <fieldset class="section wide stack">
      <legend>
        <h2>{sectionName(said, "worker", section)}</h2>
      </legend>
      {!isNeeded && <p class="hint">{said("send.stays_unless")}</p>}
      {hasNames && (
        <Button
          icon={areHidden ? "show" : "hide"}
          onPress={() => {
            state.areNamesShown.value = areHidden;
          }}
        >
          {said(areHidden ? "referral.names.show" : "referral.names.hide")}
        </Button>
      )}
      {shown.map((field) =>
        areHidden && namesSomebody(section, field) ? (
          <p class="hint" key={field}>
            {fieldLabel(said, section, field)}: {said("name.hidden")}
          </p>
        ) : (
          <OneField key={field} section={section} field={field} state={state} />
        ),
      )}
      {shown.length < fields.length && (
        <Button
          look="quiet"
          icon="plus"
          onPress={() => {
            isMore.value = true;
          }}
        >
          {said("send.more_of", { name: sectionName(said, "worker", section) })}
        </Button>
      )}
      <TellFiles
        section={section}
        title={said("file.add_to", { name: sectionName(said, "worker", section) })}
        state={state}
      />
    </fieldset>
  );
};

interface FieldProps {
  readonly section: string;
  readonly field: string;
  readonly state: SendState;
}

/** The countries that most people come from. */
const COUNTRIES = ["MN", "CN", "KZ", "RU", "KR", "VN", "PH"] as const;

const OneField = ({ section, field, state }: FieldProps) => {
  const said = words.value;
  const { language } = said;
  const id = idOf(section, field);
  const type = typeOf(section, field);
  const text = fieldLabel(said, section, field);
  const error = faultAt(state, id);
  const raw = (): FieldValue | undefined => state.filled.value?.fields[section]?.[field];
  const set = (value: FieldValue) => state.type(section, field, value);
  const asText = lens(() => (typeof raw() === "string" ? (raw() as string) : ""), set);
  const asCodes = lens<readonly string[]>(() => (Array.isArray(raw()) ? (raw() as string[]) : []), set);
  switch (type) {
    case "long":
      return <Field id={id} label={text} value={asText} kind="lines" error={error} />;
    case "list":
      return <Field id={id} label={text} value={asText} kind="lines" hint={said("send.one_a_line")} error={error} />;
    case "number":
      return <Field id={id} label={text} value={asText} kind="digits" error={error} />;
    case "yes_no":
      return (
        <Choice
          id={id}
          legend={text}
          look="chips"
          value={asText}
          options={(["yes", "no"] as const).map((value) => ({ value, label: said(`field.${value}`) }))}
        />
      );
    case "date":
      return (
        <DateParts
          id={id}
          legend={text}
          value={lens(
            () => (typeof raw() === "object" ? (raw() as unknown as TypedDate) : NO_DATE),
            (typed) => set({ ...typed }),
          )}
          error={error}
        />
      );
    case "place":
      return (
        <PlaceField
          id={id}
          label={text}
          places={allPlaces(language)}
          value={asText.value}
          onChange={set}
          error={error}
        />
      );
    case "iso639_2":
      return (
        <SelectField
          id={id}
          label={text}
          value={asText.value}
          none={said("send.choose")}
          options={languageOptions(language)}
          onChange={set}
        />
      );
    case "iso3166":
      return (
        <MoreChips
          id={id}
          legend={text}
          first={3}
          value={asCodes}
          options={COUNTRIES.map((value) => ({ value, label: said(`country.${value}`) }))}
        />
      );
    case "htcds:prs_Gender":
      return (
        <SelectField
          id={id}
          label={text}
          value={asText.value}
          none={said("send.choose")}
          options={genders.map((code) => [code, genderText(said, code)])}
          onChange={set}
        />
      );
    default:
      if (type.startsWith("codes:"))
        return <CodesField {...{ id, text, section, field, asCodes }} terms={type.slice(6) as Terms} />;
      return (
        <>
          <Field id={id} label={text} value={asText} kind={field === "phone" ? "phone" : "text"} error={error} />
          {field === "when_needed" && <WhenChips set={set} />}
        </>
      );
  }
};

interface CodesProps {
  readonly id: string;
  readonly text: string;
  readonly section: string;
  readonly field: string;
  readonly terms: Terms;
  readonly asCodes: { value: readonly string[] };
}

const CodesField = ({ id, text, section, field, terms, asCodes }: CodesProps) => {
  const { language } = words.value;
  const { ordered, first } = usualFirst(`${section}.${field}`, codes(terms));
  const options = ordered.map((value) => ({ value, label: label(language, terms, value) }));
  if (field === "person_kind" || field === "risk_level") {
    const one = lens(
      () => asCodes.value[0] ?? "",
      (value: string) => {
        asCodes.value = value === "" ? [] : [value];
      },
    );
    return <Choice id={id} legend={text} look="chips" value={one} options={options} />;
  }
  return <MoreChips id={id} legend={text} first={first} value={asCodes as never} options={options} />;
};

/** What is said often, in one touch. */
const WhenChips = ({ set }: { readonly set: (text: string) => void }) => {
  const said = words.value;
  return (
    <div class="buttons">
      {(["tonight", "week", "month"] as const).map((when) => (
        <Button key={when} onPress={() => set(said(`send.when.${when}`))}>
          {said(`send.when.${when}`)}
        </Button>
      ))}
    </div>
  );
};
