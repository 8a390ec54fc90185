import { type Signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Button } from "../../parts/Button.tsx";
import { Chips, Choice } from "../../parts/Choice.tsx";
import { describedBy, Field, HintAndError } from "../../parts/Field.tsx";
import { Heading } from "../../parts/Heading.tsx";
import { Waiting } from "../../parts/Waiting.tsx";
import { words } from "../../words/current.ts";
import { allPlaces, codes, label, placeInFull } from "../../words/labels.ts";
import { faultAt } from "../fault.ts";
import { Cancel, Faults, nameIn, type PageProps } from "./parts.tsx";

const GENDERS = [
  "Feminine",
  "Masculine",
  "TransgenderFeminine",
  "TransgenderMasculine",
  "NonConforming",
  "NonSpecifiedUnknown",
] as const; // of HTCDS

/** All that is said of one service. */
export const ServiceForm = ({ state, ways, id }: PageProps) => {
  const said = words.value;
  const { services, doing } = state;
  const { typed } = services;
  const error = (field: string) => faultAt(said, doing.faults.value, field);
  return (
    <form
      class="stack"
      noValidate
      onSubmit={async (event) => {
        event.preventDefault();
        if (await services.save(id)) ways.finish("services", id === null ? "agency.service.added" : undefined);
      }}
    >
      <Heading>{said(id === null ? "agency.service.add" : "agency.service.change")}</Heading>
      <Faults state={state} />
      <div class="field">
        <label htmlFor="service-code">{said("agency.service.code")}</label>
        <HintAndError id="service-code" error={error("service-code")} />
        <select
          class="input"
          id="service-code"
          value={typed.code.value}
          aria-describedby={describedBy("service-code", null, error("service-code"))}
          onChange={(event) => {
            typed.code.value = event.currentTarget.value;
          }}
        >
          <option value="">{said("agency.choose")}</option>
          {codes("services").map((code) => (
            <option key={code} value={code}>
              {label(said.language, "services", code)}
            </option>
          ))}
        </select>
      </div>
      <Field id="service-name" label={said("agency.name")} value={typed.nameMn} error={error("service-name")} />
      <Field
        id="service-name-en"
        label={said("agency.name_en")}
        value={typed.nameEn}
        error={error("service-name-en")}
      />
      <Places id="service-places" value={typed.places} error={error("service-places")} />
      <Chips
        id="service-languages"
        legend={said("agency.service.languages")}
        value={typed.languages}
        options={codes("languages").map((value) => ({ value, label: label(said.language, "languages", value) }))}
        error={error("service-languages")}
      />
      <Field
        id="service-hours"
        kind="lines"
        label={said("agency.service.hours")}
        hint={said("agency.service.hours.hint")}
        value={typed.hours}
        error={error("service-hours")}
      />
      <Field
        id="service-exceptions"
        kind="lines"
        label={said("agency.service.exceptions")}
        hint={said("agency.service.exceptions.hint")}
        value={typed.exceptions}
        error={error("service-exceptions")}
      />
      <Choice
        id="service-holidays"
        legend={said("agency.service.holidays")}
        value={typed.holidays}
        options={(["auto", "open", "closed"] as const).map((value) => ({
          value,
          label: said(`agency.holidays.${value}`),
        }))}
      />
      <h2>{said("agency.service.whom")}</h2>
      <Field
        id="service-min-age"
        kind="digits"
        label={said("agency.service.min_age")}
        value={typed.minAge}
        error={error("service-min-age")}
      />
      <Field id="service-max-age" kind="digits" label={said("agency.service.max_age")} value={typed.maxAge} />
      <Chips
        id="service-genders"
        legend={said("agency.service.genders")}
        hint={said("agency.service.genders.hint")}
        value={typed.genders}
        options={GENDERS.map((value) => ({ value: value as string, label: said(`agency.gender.${value}`) }))}
      />
      <Choice
        id="service-dependants"
        legend={said("agency.service.dependants")}
        value={typed.dependants}
        options={(["yes", "no"] as const).map((value) => ({ value, label: said(`agency.${value}`) }))}
      />
      <Field
        id="service-capacity"
        kind="digits"
        label={said("agency.service.capacity")}
        hint={said("agency.service.capacity.hint")}
        value={typed.capacity}
        error={error("service-capacity")}
      />
      <Field id="service-taken" kind="digits" label={said("agency.service.taken")} value={typed.taken} />
      <div class="buttons">
        <Button look="main" busy={doing.busy.value}>
          {said("agency.save")}
        </Button>
        <Cancel ways={ways} />
      </div>
    </form>
  );
};

/** Chosen one by one: the country, an aimag, a soum or district. */
const PlaceSelect = ({
  id,
  value,
  onChange,
  described,
}: {
  readonly id: string;
  readonly value: string;
  readonly onChange: (code: string) => void;
  readonly described?: string | undefined;
}) => {
  const said = words.value;
  return (
    <select
      class="input"
      id={id}
      value={value}
      aria-describedby={described}
      onChange={(event) => onChange(event.currentTarget.value)}
    >
      <option value="">{said("agency.choose")}</option>
      <option value="MN">{said("place.country")}</option>
      {allPlaces(said.language).map((aimag) => (
        <optgroup key={aimag.code} label={aimag[said.language]}>
          <option value={aimag.code}>{aimag[said.language]}</option>
          {aimag.parts.map((part) => (
            <option key={part.code} value={part.code}>
              {part[said.language]}
            </option>
          ))}
        </optgroup>
      ))}
    </select>
  );
};

interface PlacesProps {
  readonly id: string;
  readonly value: Signal<readonly string[]>;
  readonly error: string | null;
}

const Places = ({ id, value, error }: PlacesProps) => {
  const said = words.value;
  const chosen = useSignal("");
  return (
    <div class="field">
      <label htmlFor={id}>{said("agency.service.places")}</label>
      <HintAndError id={id} error={error} />
      <ul class="chosen">
        {value.value.map((code) => (
          <li key={code}>
            <Button
              icon="cross"
              onPress={() => {
                value.value = value.value.filter((one) => one !== code);
              }}
            >
              <span class="unseen">{said("agency.remove")} </span>
              {placeInFull(said, code)}
            </Button>
          </li>
        ))}
      </ul>
      <div class="with-button">
        <PlaceSelect
          id={id}
          value={chosen.value}
          described={describedBy(id, null, error)}
          onChange={(code) => {
            chosen.value = code;
          }}
        />
        <Button
          icon="plus"
          onPress={() => {
            if (chosen.value !== "") value.value = [...new Set([...value.value, chosen.value])];
            chosen.value = "";
          }}
        >
          {said("agency.add")}
        </Button>
      </div>
    </div>
  );
};

export const ContactForm = ({ state, ways }: PageProps) => {
  const said = words.value;
  const { services, doing } = state;
  const { contact } = services;
  return (
    <form
      class="stack"
      noValidate
      onSubmit={async (event) => {
        event.preventDefault();
        if (await services.saveContact()) ways.finish("services");
      }}
    >
      <Heading>{said("agency.contact.change")}</Heading>
      <Faults state={state} />
      <div class="field">
        <label htmlFor="contact-place">{said("agency.contact.place")}</label>
        <PlaceSelect
          id="contact-place"
          value={contact.place.value}
          onChange={(code) => {
            contact.place.value = code;
          }}
        />
      </div>
      <Field
        id="contact-phone"
        kind="phone"
        label={said("agency.contact.phone")}
        value={contact.phone}
        maxLength={40}
      />
      <Field
        id="contact-duty"
        kind="phone"
        label={said("agency.contact.duty")}
        value={contact.dutyPhone}
        maxLength={40}
      />
      <Field
        id="contact-email"
        label={said("agency.contact.email")}
        hint={said("agency.contact.email.hint")}
        value={contact.email}
        maxLength={254}
      />
      <div class="buttons">
        <Button look="main" busy={doing.busy.value}>
          {said("agency.save")}
        </Button>
        <Cancel ways={ways} />
      </div>
    </form>
  );
};

export const EndService = ({ state, ways, id }: PageProps) => {
  const said = words.value;
  const { services, doing } = state;
  const one = services.service(id);
  useEffect(() => {
    if (services.services.value === null) void services.load();
  }, [services]);
  if (one === null) {
    return (
      <>
        <Heading>{said("agency.service.end")}</Heading>
        <Faults state={state} />
        {doing.looking.value ? <Waiting /> : <p>{said("agency.no_service")}</p>}
      </>
    );
  }
  const name = nameIn(one.offer.names);
  return (
    <>
      <Heading>{said("agency.service.end.of", { name })}</Heading>
      <Faults state={state} />
      <p>{said("agency.service.end.what")}</p>
      <p>{said("agency.no_undo")}</p>
      <div class="buttons">
        <Button
          look="grave"
          busy={doing.busy.value}
          onPress={async () => {
            if (await services.end(one.id)) ways.finish("services", "agency.service.ended");
          }}
        >
          {said("agency.service.end")}
        </Button>
        <Cancel ways={ways} />
      </div>
    </>
  );
};
