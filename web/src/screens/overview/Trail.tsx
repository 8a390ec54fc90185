import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Band } from "../../parts/Band.tsx";
import { Button } from "../../parts/Button.tsx";
import { Several } from "../../parts/Choice.tsx";
import { DateParts } from "../../parts/DateParts.tsx";
import { Heading } from "../../parts/Heading.tsx";
import { hand } from "../../parts/hand.ts";
import { Icon } from "../../parts/Icon.tsx";
import { Urgency } from "../../parts/Urgency.tsx";
import { Waiting } from "../../parts/Waiting.tsx";
import { words } from "../../words/current.ts";
import { moment } from "../../words/dates.ts";
import { allPlaces, codes, label, labels, placeInFull } from "../../words/labels.ts";
import { count } from "../../words/numbers.ts";
import { overseeing } from "../../words/overseeing.ts";
import type { Agency } from "../../worker/api.ts";
import { FORMATS, type Passed } from "../../worker/overseeing-api.ts";
import { SelectField } from "../send/Selects.tsx";
import { Failing } from "./asked.tsx";
import { type NameOf, namesOf } from "./naming.ts";
import { CHOICES, SWITCHES, type TrailState } from "./trail-state.ts";

interface TrailProps {
  readonly state: TrailState;
  readonly agencies: readonly Agency[];
  readonly onOpen: (id: string) => void;
}

/** What passes between agencies, a page at a time, under filters; and as a file. */
export const Trail = ({ state, agencies, onOpen }: TrailProps) => {
  const [said, ours] = [words.value, overseeing.value];
  const rows = state.rows.value;
  useEffect(() => {
    if (rows === null) void state.show();
  }, [state]);
  const nameOf = namesOf(agencies, said.language);
  return (
    <div class="stack wide">
      <Heading>{ours("overseeing.trail")}</Heading>
      <p class="hint">{ours("trail.about")}</p>
      <Filters state={state} agencies={agencies} />
      {state.problem.value && <Failing problem={state.problem.value} onAgain={() => void state.show()} />}
      {rows === null && state.problem.value === null && <Waiting />}
      {rows?.length === 0 && <p role="status">{ours("overseeing.none")}</p>}
      {rows !== null && rows.length > 0 && (
        <>
          <ul class="overview-rows wide">
            {rows.map((one) => (
              <Row key={one.referral} one={one} nameOf={nameOf} onOpen={() => onOpen(one.referral)} />
            ))}
          </ul>
          {state.hasMore.value && (
            <Button busy={state.isBusy.value} onPress={() => void state.more()}>
              {ours("overseeing.more")}
            </Button>
          )}
          <AsFile state={state} />
        </>
      )}
    </div>
  );
};

const Filters = ({ state, agencies }: Pick<TrailProps, "state" | "agencies">) => {
  const [said, ours] = [words.value, overseeing.value];
  const { language } = said;
  const terms = (name: "services" | "urgency" | "consent_bases" | "states") =>
    codes(name).map((code) => [code, label(language, name, code)] as const);
  const options = {
    agency: agencies.map((one) => [one.id, namesOf(agencies, language)(one.id)] as const),
    place: allPlaces(language).map((one) => [one.code, one[language]] as const),
    service: terms("services"),
    urgency: terms("urgency"),
    basis: terms("consent_bases"),
    state: terms("states"),
  };
  const switches = {
    overdue: "trail.overdue",
    unanswered: "trail.unanswered",
    withoutConsent: "trail.without_consent",
  } as const;
  const faultOf = (name: "since" | "until") => (state.faults.value.includes(name) ? ours("trail.date_wrong") : null);
  const on = state.on.value;
  return (
    <details class="filters wide">
      <summary>{on > 0 ? ours("trail.filters.on", { count: on }) : ours("trail.filters")}</summary>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void state.show();
        }}
      >
        <div class="filters-all">
          {CHOICES.map((name) => (
            <SelectField
              key={name}
              id={`trail-${name}`}
              label={ours(`trail.${name}`)}
              value={state.chosen.value[name] ?? ""}
              options={options[name]}
              none={ours("trail.any")}
              onChange={(value) => {
                const { [name]: _, ...left } = state.chosen.value;
                state.chosen.value = value === "" ? left : { ...left, [name]: value };
              }}
            />
          ))}
        </div>
        <Several
          id="trail-only"
          legend={ours("trail.only")}
          options={SWITCHES.map((value) => ({ value, label: ours(switches[value]) }))}
          value={state.switched}
        />
        <DateParts id="trail-since" legend={ours("trail.since")} value={state.since} error={faultOf("since")} />
        <DateParts id="trail-until" legend={ours("trail.until")} value={state.until} error={faultOf("until")} />
        <div class="buttons">
          <Button busy={state.isBusy.value}>{ours("trail.show")}</Button>
          {on > 0 && (
            <Button busy={state.isBusy.value} onPress={() => void state.clear()}>
              {ours("overseeing.clear")}
            </Button>
          )}
        </div>
      </form>
    </details>
  );
};

interface RowProps {
  readonly one: Passed;
  readonly nameOf: NameOf;
  readonly onOpen: () => void;
}

const Row = ({ one, nameOf, onOpen }: RowProps) => {
  const ours = overseeing.value;
  return (
    <li>
      <About one={one} nameOf={nameOf} />
      <Button icon="onward" onPress={onOpen}>
        {ours("trail.timeline")}
        <span class="unseen">
          : {nameOf(one.sender)}, {nameOf(one.recipient)}
        </span>
      </Button>
    </li>
  );
};

/** What is known of a referral without its content. */
export const About = ({ one, nameOf }: Pick<RowProps, "one" | "nameOf">) => {
  const [said, ours] = [words.value, overseeing.value];
  const isLate = one.owed.some(({ late }) => late);
  return (
    <>
      <p>
        {moment(said, Date.parse(one.cameAt ?? one.sentAt))} · <Urgency code={one.urgency} />
      </p>
      <p>
        {labels(said.language, "services", one.services)} · {placeInFull(said, one.place)}
      </p>
      <p>
        {nameOf(one.sender)} <Icon name="onward" /> {nameOf(one.recipient)}
      </p>
      <p>
        <strong>{label(said.language, "states", one.state)}</strong> ·{" "}
        {label(said.language, "consent_bases", one.basis)}
        {one.withoutConsent && ` · ${ours("trail.alone")}`}
        {isLate && (
          <>
            {" · "}
            <span class="overview-late">{ours("trail.late")}</span>
          </>
        )}
      </p>
    </>
  );
};

const AsFile = ({ state }: Pick<TrailProps, "state">) => {
  const ours = overseeing.value;
  const done = useSignal<{ readonly name: string; readonly rows: number } | null>(null);
  return (
    <section class="stack wide no-print">
      <h2>{ours("trail.file")}</h2>
      <p id="trail-file-about">{ours("trail.file.about")}</p>
      <div class="buttons">
        {FORMATS.map((format) => (
          <Button
            key={format}
            busy={state.isBusy.value}
            describedBy="trail-file-about"
            onPress={async () => {
              done.value = null;
              const made = await state.take(format);
              if (made === null) return;
              hand(made.content, made.name);
              done.value = made;
            }}
          >
            {ours("trail.file.take", { format: format.toUpperCase() })}
          </Button>
        ))}
      </div>
      <div class="wide" role="status">
        {done.value && (
          <Band tone="done">{ours("trail.file.done", { name: done.value.name, count: count(done.value.rows) })}</Band>
        )}
      </div>
    </section>
  );
};
