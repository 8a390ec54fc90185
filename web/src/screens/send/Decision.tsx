import { Band } from "../../parts/Band.tsx";
import { Button } from "../../parts/Button.tsx";
import { Chips, Choice } from "../../parts/Choice.tsx";
import { Field, HintAndError } from "../../parts/Field.tsx";
import { Heading } from "../../parts/Heading.tsx";
import { Sentences } from "../../parts/Sentences.tsx";
import { words } from "../../words/current.ts";
import { fieldLabel } from "../../words/fields.ts";
import { codes, label } from "../../words/labels.ts";
import { ofPlan, sectionName } from "../../words/sentences.ts";
import { plain } from "../../words/words.ts";
import { continued, heldOf } from "./anew.ts";
import { Evidence } from "./Evidence.tsx";
import { ExceptionStep } from "./Exception.tsx";
import { columnsOf, planOf } from "./filled.ts";
import { HerCode, type Mode } from "./HerCode.tsx";
import { Nobody, NobodyOfAKind } from "./Nobody.tsx";
import { namingOf } from "./naming.ts";
import type { SendProps } from "./parts.ts";
import { SelectField } from "./Selects.tsx";
import { faultAt, nameOf, StepForm } from "./Step.tsx";
import { lens, type SendState } from "./state.ts";
import { type GridProps, WhoReads } from "./WhoReads.tsx";
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
