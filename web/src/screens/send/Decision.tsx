import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { endOfDay, lastDay } from "../../days.ts";
import { Band } from "../../parts/Band.tsx";
import { Button } from "../../parts/Button.tsx";
import { Chips, Choice, Several } from "../../parts/Choice.tsx";
import { DateParts } from "../../parts/DateParts.tsx";
import { Field, HintAndError } from "../../parts/Field.tsx";
import { Heading } from "../../parts/Heading.tsx";
import { Sentences } from "../../parts/Sentences.tsx";
import { words } from "../../words/current.ts";
import { dateOf, day, type TypedDate } from "../../words/dates.ts";
import { fieldLabel } from "../../words/fields.ts";
import { codes, label } from "../../words/labels.ts";
import { ofPlan, sectionName } from "../../words/sentences.ts";
import { capital, plain, type Words } from "../../words/words.ts";
import { continued, heldOf } from "./anew.ts";
import { Evidence } from "./Evidence.tsx";
import { ExceptionStep } from "./Exception.tsx";
import { ALL, columnsOf, DAYS, isByName, isPartRefused, isRefused, NO_DATE, planOf, SECTIONS } from "./filled.ts";
import { HerCode, type Mode } from "./HerCode.tsx";
import { namingOf } from "./naming.ts";
import { SelectField } from "./Selects.tsx";
import type { SendProps } from "./Send.tsx";
import { faultAt, nameOf, StepForm } from "./Step.tsx";
import { type DecidingState, lens, type SendState } from "./state.ts";

/** How it was given; with her own phone comes later. */
export const HOWS = codes("consent_given_how").filter((code) => code !== "own_device");

export const DecisionStep = ({ state, time }: SendProps) => {
  const said = words.value;
  const { language } = said;
  const filled = state.filled.value!;
  const form = state.form();
  const stands = continued(filled, state.again.value);
  const isUnknown = state.draft.value!.of !== null && state.again.value === null; // whether she has a code already
  const filledIn = Object.keys(form.sections).filter((section) => section !== "justification");
  const there = [...new Set([...filledIn, ...heldOf(filled, stands)])];
  const columns = columnsOf(filled);
  if (filled.without) return <ExceptionStep state={state} there={there} time={time} />;
  const sentences = ofPlan(said, "her", planOf(form), namingOf(state));
  return (
    <StepForm
      state={state}
      title={said("send.decision")}
      onNext={() => state.attaching.value === null && state.next("decision")}
    >
      {stands !== null && (
        <Band tone="note" icon="again">
          {said("send.next")}
        </Band>
      )}
      <p class="her">{said("her.before")}</p>
      <Button icon="show" onPress={() => state.readAloud(true)}>
        {said("send.read_aloud")}
      </Button>
      <WhoReads state={state} columns={columns} there={there} now={time.now()} />
      <Nobody state={state} />
      <section class="wide stack" aria-labelledby="send-said">
        <h2 id="send-said">{said("send.as_she_hears")}</h2>
        <Sentences voice="her" of={sentences} />
        <p class="hint">{said("her.limits")}</p>
      </section>
      {filled.minor && <Guardian state={state} />}
      <Choice
        id="send-how"
        legend={said("send.how")}
        look="chips"
        value={lens(
          () => filled.how,
          (how) => state.change({ how }),
        )}
        options={HOWS.map((value) => ({ value, label: label(language, "consent_given_how", value) }))}
        error={faultAt(state, "send-how")}
      />
      {stands === null && !isUnknown && (
        <HerCode
          id="send"
          mode={lens<Mode | "">(
            () => filled.receipt ?? "full",
            (receipt) => {
              if (receipt !== "") state.change({ receipt });
            },
          )}
          part={lens(
            () => filled.ownPart ?? null,
            (ownPart) => state.change({ ownPart }),
          )}
          error={faultAt(state, "send-part")}
        />
      )}
      <Evidence state={state} />
      <MoreOfDecision state={state} columns={columns} there={there} />
      <div class="buttons">
        <Button look="main">{said("send.she_agrees")}</Button>
        <Button onPress={() => void state.sayNo()} describedBy="send-no-about">
          {said("send.she_says_no")}
        </Button>
      </div>
      <p class="hint" id="send-no-about">
        {said("send.she_says_no.hint")}
      </p>
      <Button look="quiet" onPress={() => state.goWithout(true)}>
        {said("without.begin")}
      </Button>
    </StepForm>
  );
};

/** The sentences alone, large: a screen of its own, from which each way back leads to her decision. */
export const Aloud = ({ state }: { readonly state: SendState }) => {
  const said = words.value;
  return (
    <div class="read-aloud stack">
      <Heading>{said("send.read_aloud")}</Heading>
      <p class="her">{said("her.before")}</p>
      <Sentences voice="her" of={ofPlan(said, "her", planOf(state.form()), namingOf(state))} />
      <p class="her">{said("her.limits")}</p>
      <Button look="main" onPress={() => state.readAloud(false)}>
        {said("app.back")}
      </Button>
    </div>
  );
};

interface WhoReadsProps extends GridProps {
  readonly now: number;
}

/** What each may read, and until when: a table where there is room, else a card for each. */
export const WhoReads = ({ now, ...grid }: WhoReadsProps) => {
  const { state, columns, there } = grid;
  return (
    <div id="send-decision" tabIndex={-1} class="wide stack">
      {useWide() && columns.length > 0 ? (
        <DecisionTable {...grid} />
      ) : (
        columns.map((agency) => <DecisionCard key={agency} state={state} agency={agency} there={there} />)
      )}
      {columns.map((agency) => (
        <Until key={agency} state={state} agency={agency} now={now} />
      ))}
    </div>
  );
};

/** From 700 px there is room for a table. */
const useWide = (): boolean => {
  const query = matchMedia("(min-width: 700px)");
  const isWide = useSignal(query.matches);
  useEffect(() => {
    const look = () => {
      isWide.value = query.matches;
    };
    query.addEventListener("change", look);
    return () => query.removeEventListener("change", look);
  }, []);
  return isWide.value;
};

interface GridProps {
  readonly state: DecidingState;
  readonly columns: readonly string[];
  readonly there: readonly string[];
}

const isRead = (state: DecidingState, agency: string, section: string): boolean => {
  const filled = state.filled.value!;
  const decided = filled.decided[agency];
  return (
    !isRefused(filled, agency, state.kindOf(agency)) &&
    decided !== undefined &&
    decided.sections.includes(section) &&
    !decided.refused.includes(section) &&
    !isPartRefused(filled, state.kindOf(agency), section)
  );
};

const turn = (state: DecidingState, agency: string, section: string): void => {
  const decided = state.filled.value!.decided[agency];
  if (decided === undefined) return;
  const isIn = isRead(state, agency, section);
  state.decide(agency, {
    sections: isIn ? decided.sections.filter((one) => one !== section) : [...decided.sections, section],
    refused: decided.refused.filter((one) => one !== section),
  });
};

/** Rows are what there is to read, columns who reads; each cell is a word that is turned by a touch. */
const DecisionTable = ({ state, columns, there }: GridProps) => {
  const said = words.value;
  const filled = state.filled.value!;
  return (
    <div class="table-scroll">
      <table class="decisions">
        <caption>{said("send.who_may_read")}</caption>
        <thead>
          <tr>
            <td />
            {columns.map((agency) => (
              <th key={agency} scope="col" id={`send-decided-${agency}`} tabIndex={-1}>
                {nameOf(state, agency)}
                {filled.also.includes(agency) && <span class="hint">{said("send.not_sent_now")}</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {there.map((section) => (
            <tr key={section}>
              <th scope="row">{sectionName(said, "her", section)}</th>
              {columns.map((agency) => (
                <td key={agency}>
                  <Cell state={state} agency={agency} section={section} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
};

interface CellProps {
  readonly state: DecidingState;
  readonly agency: string;
  readonly section: string;
}

const Cell = ({ state, agency, section }: CellProps) => {
  const said = words.value;
  const isIn = isRead(state, agency, section);
  const [filled, kind] = [state.filled.value!, state.kindOf(agency)];
  const isNobody = isRefused(filled, agency, kind) || isPartRefused(filled, kind, section);
  return (
    <button
      type="button"
      name={`send-decided-${agency}`}
      class={isIn ? "cell reads" : "cell"}
      data-agency={agency}
      data-section={section}
      aria-pressed={isIn}
      aria-disabled={isNobody || undefined}
      aria-label={`${nameOf(state, agency)}: ${sectionName(said, "her", section)}: ${said(isIn ? "send.reads" : "send.reads_not")}`}
      onClick={() => isNobody || turn(state, agency, section)}
    >
      {isIn ? said("send.reads") : "–"}
    </button>
  );
};

interface AgencyProps {
  readonly state: DecidingState;
  readonly agency: string;
  readonly there: readonly string[];
}

/** On a phone each agency has a card. */
export const DecisionCard = ({ state, agency, there }: AgencyProps) => {
  const said = words.value;
  const filled = state.filled.value!;
  const isNobody = isRefused(filled, agency, state.kindOf(agency));
  const open = there.filter((section) => !isPartRefused(filled, state.kindOf(agency), section));
  const read = open.filter((section) => isRead(state, agency, section));
  const id = `send-decided-${agency}`;
  return (
    <section class="card wide stack">
      <h2>{nameOf(state, agency)}</h2>
      {filled.also.includes(agency) && <p class="hint">{said("send.not_sent_now")}</p>}
      {isNobody ? (
        <p id={id} tabIndex={-1} class="her">
          {said("send.nothing")}
        </p>
      ) : (
        <Several
          id={id}
          legend={said("send.may_read")}
          value={lens<readonly string[]>(
            () => read,
            (chosen) => {
              for (const section of open)
                if (chosen.includes(section) !== read.includes(section)) turn(state, agency, section);
            },
          )}
          options={open.map((section) => ({
            value: section,
            label: sectionName(said, "her", section),
          }))}
          error={faultAt(state, id)}
        />
      )}
    </section>
  );
};

interface UntilProps {
  readonly state: DecidingState;
  readonly agency: string;
  readonly now: number;
}

/** Until when, in days that she can count, or another day. */
const Until = ({ state, agency, now }: UntilProps) => {
  const said = words.value;
  const decided = state.filled.value!.decided[agency];
  const isOther = useSignal(false);
  const typed = useSignal<TypedDate>(NO_DATE);
  if (decided === undefined) return null;
  const until = Date.parse(decided.until);
  const days = DAYS.find((count) => endOfDay(now, count) === until);
  const id = `send-until-${agency}`;
  return (
    <>
      <Choice
        id={id}
        legend={`${nameOf(state, agency)}: ${said("her.until", { day: day(said, lastDay(until)) })}`}
        look="chips"
        value={lens(
          () => (isOther.value || days === undefined ? "other" : String(days)),
          (chosen) => {
            isOther.value = chosen === "other";
            if (chosen !== "other") {
              state.decide(agency, { until: new Date(endOfDay(now, Number(chosen))).toISOString() });
            }
          },
        )}
        options={[
          ...DAYS.map((count) => ({
            value: String(count),
            label: said(`send.days.${count as 14 | 30 | 60 | 90 | 180}`),
          })),
          { value: "other", label: said("send.days.other") },
        ]}
      />
      {isOther.value && (
        <DateParts
          id={`${id}-date`}
          legend={said("send.last_day")}
          value={lens(
            () => typed.value,
            (date) => {
              typed.value = date;
              const known = dateOf(date, now + TEN_YEARS);
              if (known === null || typeof known === "string" || known.month === null || known.day === null) return;
              const noon = Date.UTC(known.year, known.month - 1, known.day, 4);
              state.decide(agency, { until: new Date(endOfDay(noon, 0)).toISOString() });
            },
          )}
          error={until <= now ? said("send.day_over") : null}
        />
      )}
    </>
  );
};

const TEN_YEARS = 10 * 365 * 86_400_000;

const NOBODY_FIRST = ["kind:police", "kind:immigration", "kind:mining_company"];

/** Who shall read nothing, whoever asks: kinds, agencies, everybody. */
export const Nobody = ({ state }: { readonly state: DecidingState }) => {
  const said = words.value;
  const filled = state.filled.value!;
  const text = (to: string): string => (isByName(to) ? nameOf(state, to) : severalName(said, to));
  // What was added stays in its place when it is unticked.
  const added = useSignal<readonly string[]>(filled.nobody);
  const shown = [...new Set([...NOBODY_FIRST, ...added.value, ...filled.nobody])];
  const all = [...SEVERAL, ...state.agencies.value.map((agency) => agency.id)];
  return (
    <div class="wide stack">
      <Chips
        id="send-nobody"
        legend={said("send.nobody_at")}
        value={lens(
          () => filled.nobody,
          (nobody: readonly string[]) => state.change({ nobody }),
        )}
        options={shown.map((to) => ({ value: to, label: text(to) }))}
        error={faultAt(state, "send-nobody")}
      />
      <SelectField
        id="send-nobody-more"
        label={said("send.nobody_more")}
        value=""
        none={said("send.choose")}
        options={all.filter((to) => !shown.includes(to)).map((to) => [to, text(to)])}
        onChange={(to) => {
          if (to === "") return;
          added.value = [...added.value, to];
          state.change({ nobody: [...filled.nobody, to] });
        }}
      />
    </div>
  );
};

/** Everybody, and each kind. */
const SEVERAL: readonly string[] = [ALL, ...codes("agency_kinds").map((kind) => `kind:${kind}`)];

const severalName = (said: Words, to: string): string =>
  to === ALL ? capital(said("her.everybody")) : label(said.language, "agency_kinds", to.slice("kind:".length));

/** Parts that nobody of a kind reads, or nobody at all. */
const NobodyOfAKind = ({ state }: { readonly state: DecidingState }) => {
  const said = words.value;
  const filled = state.filled.value!;
  const shown = SEVERAL.filter((to) => filled.partly[to] !== undefined && !filled.nobody.includes(to));
  const others = SEVERAL.filter((to) => !shown.includes(to) && !filled.nobody.includes(to));
  const refuse = (to: string, sections: readonly string[]) =>
    state.change({ partly: { ...filled.partly, [to]: sections } });
  return (
    <>
      {shown.map((to) => (
        <Chips
          key={to}
          id={`send-partly-${to}`}
          legend={said("send.partly", { kind: severalName(said, to) })}
          value={lens(
            () => filled.partly[to] ?? [],
            (sections: readonly string[]) => refuse(to, sections),
          )}
          options={SECTIONS.map((value) => ({ value, label: sectionName(said, "her", value) }))}
        />
      ))}
      <SelectField
        id="send-partly-more"
        label={said("send.partly_more")}
        value=""
        none={said("send.choose")}
        options={others.map((to) => [to, severalName(said, to)])}
        onChange={(to) => to !== "" && refuse(to, [])}
      />
    </>
  );
};

/** Under 18: the guardian decides, and the child's own view counts. */
const Guardian = ({ state }: { readonly state: SendState }) => {
  const said = words.value;
  const fields = state.filled.value!.fields.child ?? {};
  const text = (field: string) =>
    lens(
      () => (typeof fields[field] === "string" ? (fields[field] as string) : ""),
      (value) => state.type("child", field, value),
    );
  return (
    <fieldset class="section wide stack">
      <legend>
        <h2>{said("send.guardian")}</h2>
      </legend>
      <p>{said("send.guardian.hint")}</p>
      <Field id="send-guardian" label={fieldLabel(said, "child", "guardian_name")} value={text("guardian_name")} />
      <Field
        id="send-relation"
        label={fieldLabel(said, "child", "guardian_relation")}
        value={text("guardian_relation")}
      />
      <Choice
        id="send-guardian-safe"
        legend={fieldLabel(said, "child", "guardian_is_safe")}
        look="chips"
        value={text("guardian_is_safe")}
        options={(["yes", "no"] as const).map((value) => ({ value, label: said(`field.${value}`) }))}
      />
      {fields.guardian_is_safe === "no" && <p class="error">{said("send.guardian_unsafe")}</p>}
      <Field
        id="send-assent"
        label={fieldLabel(said, "child", "assent")}
        kind="lines"
        value={text("assent")}
        error={faultAt(state, "send-assent")}
      />
    </fieldset>
  );
};

/** What is seldom otherwise: purposes, parts that she refuses for good, others to ask about, who was there. */
export const MoreOfDecision = ({ state, columns, there }: GridProps) => {
  const said = words.value;
  const { language } = said;
  const filled = state.filled.value!;
  const others = state.agencies.value
    .filter((agency) => agency.id !== state.own && !columns.includes(agency.id) && !agency.suspended)
    .map((agency) => [agency.id, plain(agency.names[language])] as const)
    .sort(([, one], [, other]) => one.localeCompare(other, "und"));
  return (
    <details class="wide more">
      <summary>{said("send.more")}</summary>
      <div class="stack">
        {columns.map((agency) => {
          const decided = filled.decided[agency];
          if (decided === undefined) return null;
          const unread = there.filter((section) => !decided.sections.includes(section));
          return (
            <fieldset class="section wide stack" key={agency}>
              <legend>
                <h2>{nameOf(state, agency)}</h2>
              </legend>
              <Chips
                id={`send-purposes-${agency}`}
                legend={said("send.purposes")}
                value={lens(
                  () => decided.purposes,
                  (purposes: readonly string[]) => purposes.length > 0 && state.decide(agency, { purposes }),
                )}
                options={codes("purposes").map((value) => ({ value, label: label(language, "purposes", value) }))}
              />
              {unread.length > 0 && (
                <Chips
                  id={`send-refused-${agency}`}
                  legend={said("send.refuses_parts")}
                  hint={said("send.refuses_parts.hint")}
                  value={lens(
                    () => decided.refused,
                    (refused: readonly string[]) => state.decide(agency, { refused }),
                  )}
                  options={unread.map((value) => ({ value, label: sectionName(said, "her", value) }))}
                />
              )}
            </fieldset>
          );
        })}
        <NobodyOfAKind state={state} />
        <SelectField
          id="send-also"
          label={said("send.also")}
          value=""
          none={said("send.choose")}
          options={others}
          onChange={(agency) => agency !== "" && state.ask(agency)}
        />
        {filled.also.length > 0 && (
          <Chips
            id="send-also-chosen"
            legend={said("send.also.chosen")}
            value={lens(
              () => filled.also,
              (also: readonly string[]) => state.change({ also }),
            )}
            options={filled.also.map((value) => ({ value, label: nameOf(state, value) }))}
          />
        )}
        {!filled.minor && (
          <Choice
            id="send-by"
            legend={said("send.by")}
            look="chips"
            value={lens(
              () => filled.by,
              (by) => state.change({ by }),
            )}
            options={codes("consent_given_by").map((value) => ({
              value,
              label: label(language, "consent_given_by", value),
            }))}
          />
        )}
        <SelectField
          id="send-consent-language"
          label={said("send.consent_language")}
          value={filled.consentLanguage || filled.language}
          options={codes("languages").map((code) => [code, label(language, "languages", code)])}
          onChange={(consentLanguage) => state.change({ consentLanguage })}
        />
        <fieldset class="field">
          <legend>{said("send.who_was_there")}</legend>
          <HintAndError id="send-there" />
          {(["interpreter", "witness"] as const).map((who) => (
            <label class="option" key={who} htmlFor={`send-${who}`}>
              <input
                id={`send-${who}`}
                type="checkbox"
                checked={filled[who]}
                onChange={({ currentTarget }) => state.change({ [who]: currentTarget.checked })}
              />
              <span>{said(`send.${who}`)}</span>
            </label>
          ))}
        </fieldset>
      </div>
    </details>
  );
};
