import { endOfDay } from "../../days.ts";
import { Button } from "../../parts/Button.tsx";
import { Chips, Choice } from "../../parts/Choice.tsx";
import { Field } from "../../parts/Field.tsx";
import type { HubTime } from "../../parts/hub-time.ts";
import { Without } from "../../parts/Without.tsx";
import { words } from "../../words/current.ts";
import { fieldLabel } from "../../words/fields.ts";
import { label } from "../../words/labels.ts";
import { plain } from "../../words/words.ts";
import type { Filled } from "../../worker/api.ts";
import { WITHOUT_DAYS } from "./filled.ts";
import { SelectField } from "./Selects.tsx";
import { faultAt, nameOf, StepForm } from "./Step.tsx";
import { lens, type SendState } from "./state.ts";
import { DecisionCard } from "./WhoReads.tsx";

interface ExceptionProps {
  readonly state: SendState;
  /** The sections that are filled in. */
  readonly there: readonly string[];
  readonly time: HubTime;
}

const TELL_DAYS: readonly number[] = [0, 7, 14, 30];

/** Without her consent: on what ground, why, who reviews it, what each may read. It takes two signatures. */
export const ExceptionStep = ({ state, there, time }: ExceptionProps) => {
  const said = words.value;
  const filled = state.filled.value!;
  const without = filled.without!;
  const put = (patch: Partial<NonNullable<Filled["without"]>>) => state.change({ without: { ...without, ...patch } });
  return (
    <StepForm state={state} title={said("without.title")} onNext={() => state.next("decision")}>
      <Without>
        <p>{said("without.about")}</p>
        <p>{said(without.ground === "danger_to_life" ? "without.leaves_now" : "without.waits")}</p>
      </Without>
      <Choice
        id="without-ground"
        legend={said("without.ground")}
        value={lens(
          () => without.ground,
          (ground) => put({ ground }),
        )}
        options={grounds(filled).map((value) => ({ value, label: label(said.language, "consent_bases", value) }))}
        error={faultAt(state, "without-ground")}
      />
      <Justification state={state} />
      <SelectField
        id="without-reviewer"
        label={said("without.reviewer")}
        value={without.reviewer}
        none={said("send.choose")}
        options={reviewers(state)}
        error={faultAt(state, "without-reviewer")}
        onChange={(reviewer) => put({ reviewer })}
      />
      <Chips
        id="without-refused"
        legend={said("without.refused")}
        hint={said("without.refused.hint")}
        value={lens(
          () => without.refused,
          (refused: readonly string[]) => put({ refused }),
        )}
        options={filled.recipients.map((value) => ({ value, label: nameOf(state, value) }))}
      />
      <div id="send-decision" tabIndex={-1} class="wide stack">
        {filled.recipients.map((agency) => (
          <DecisionCard key={agency} state={state} agency={agency} there={there} />
        ))}
        {filled.recipients.map((agency) => (
          <Until key={agency} state={state} agency={agency} now={time.now()} />
        ))}
      </div>
      <Choice
        id="without-tell"
        legend={said("without.tell_after")}
        hint={said("without.tell_after.hint")}
        look="chips"
        value={lens(
          () => String(without.tellAfterDays),
          (days) => put({ tellAfterDays: Number(days) }),
        )}
        options={TELL_DAYS.map((days) => ({
          value: String(days),
          label: days === 0 ? said("without.tell_now") : said("clock.days", { count: days }),
        }))}
      />
      <div class="buttons">
        <Button look="main">{said("sign_in.continue")}</Button>
        <Button onPress={() => state.goWithout(false)}>{said("without.ask_her")}</Button>
      </div>
    </StepForm>
  );
};

const GROUNDS = ["danger_to_life", "legal_duty"] as const;

/** A child at risk is a ground for a child alone. */
const grounds = ({ minor }: Filled): readonly string[] => (minor ? ["child_at_risk", ...GROUNDS] : GROUNDS);

const reviewers = (state: SendState): readonly (readonly [string, string])[] =>
  state.agencies.value
    .filter(({ id, suspended, reviews }) => reviews && !suspended && id !== state.own)
    .map(({ id, names }) => [id, plain(names[words.value.language])] as const);

/** Sealed to the recipients and the reviewer. */
const Justification = ({ state }: { readonly state: SendState }) => {
  const said = words.value;
  const fields = state.filled.value!.fields.justification ?? {};
  const text = (field: string) =>
    lens(
      () => (typeof fields[field] === "string" ? (fields[field] as string) : ""),
      (value) => state.type("justification", field, value),
    );
  return (
    <>
      <Field
        id="without-reason"
        kind="lines"
        label={fieldLabel(said, "justification", "reason")}
        hint={said("without.reason.hint")}
        value={text("reason")}
        error={faultAt(state, "without-reason")}
      />
      <Field
        id="without-tried"
        kind="lines"
        label={fieldLabel(said, "justification", "alternatives_tried")}
        value={text("alternatives_tried")}
        error={faultAt(state, "without-tried")}
      />
      <Field id="without-law" label={fieldLabel(said, "justification", "legal_ground")} value={text("legal_ground")} />
      <Choice
        id="without-told"
        legend={fieldLabel(said, "justification", "person_told")}
        look="chips"
        value={text("person_told")}
        options={(["yes", "no"] as const).map((value) => ({ value, label: said(`field.${value}`) }))}
      />
    </>
  );
};

interface UntilProps {
  readonly state: SendState;
  readonly agency: string;
  readonly now: number;
}

/** At most 30 days: whoever needs it for longer asks her. */
const Until = ({ state, agency, now }: UntilProps) => {
  const said = words.value;
  const until = Date.parse(state.filled.value!.decided[agency]?.until ?? "");
  const days = WITHOUT_DAYS.find((count) => endOfDay(now, count) === until);
  return (
    <Choice
      id={`send-until-${agency}`}
      legend={said("without.until", { agency: nameOf(state, agency) })}
      look="chips"
      value={lens(
        () => (days === undefined ? "" : String(days)),
        (count) => state.decide(agency, { until: new Date(endOfDay(now, Number(count))).toISOString() }),
      )}
      options={WITHOUT_DAYS.map((count) => ({ value: String(count), label: said(`send.days.${count as 14 | 30}`) }))}
    />
  );
};
