import { useLayoutEffect } from "preact/hooks";
import { Band } from "../../parts/Band.tsx";
import { Button } from "../../parts/Button.tsx";
import { Sentences } from "../../parts/Sentences.tsx";
import { Urgency } from "../../parts/Urgency.tsx";
import { Without } from "../../parts/Without.tsx";
import { words } from "../../words/current.ts";
import { fieldLabel, fieldLines } from "../../words/fields.ts";
import { label, labels, placeInFull } from "../../words/labels.ts";
import type { PlainKey } from "../../words/mn.ts";
import { problemText } from "../../words/problems.ts";
import { ofPlan, sectionName } from "../../words/sentences.ts";
import { sizeText } from "../../words/sizes.ts";
import { plain } from "../../words/words.ts";
import { neededFor, planOf, type Step } from "./filled.ts";
import { namingOf } from "./naming.ts";
import type { SendProps } from "./parts.ts";
import { nameOf, StepForm } from "./Step.tsx";

export const CheckStep = ({ state }: SendProps) => {
  const said = words.value;
  const { language } = said;
  const filled = state.filled.value!;
  const form = state.covered.value ?? state.form();
  const plan = planOf(form);
  const areShown = state.areNamesShown.value;
  const returned = state.draft.value?.returned ?? null;
  const problem = state.problem.value ?? (returned && { kind: "refused" as const, ...returned });
  const missing = neededFor(filled.services, filled.minor).filter((section) => form.sections[section] === undefined);
  const [only, ...more] = filled.recipients;
  const busy = state.busy.value;
  // Before it is drawn: whoever is quick presses the key as soon as the page stands.
  useLayoutEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.key !== "Enter" || !event.ctrlKey || event.repeat) return;
      event.preventDefault();
      void state.send();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, [state]);
  const change = (to: Step, what: PlainKey) => (
    <Button look="quiet" onPress={() => state.mend(to)}>
      {said("send.change")}
      <span class="unseen">: {said(what)}</span>
    </Button>
  );
  return (
    <StepForm state={state} title={said("send.check")} onNext={() => void state.send()}>
      <div role="alert" class="wide">
        {problem && (
          <Band tone="late">
            {returned && state.problem.value === null && `${said("send.returned")} `}
            {problemText(said, problem)}
          </Band>
        )}
      </div>
      {filled.without && (
        <Without>
          <p>{said(filled.without.ground === "danger_to_life" ? "without.leaves_now" : "without.waits")}</p>
          {filled.without.refused.map((agency) => (
            <p key={agency}>
              {nameOf(state, agency)}: {said("without.said_no")}
            </p>
          ))}
          <p>{said("without.reviewed_by", { agency: nameOf(state, filled.without.reviewer) })}</p>
        </Without>
      )}
      <section class="wide stack">
        <h2>{said("referral.who_reads")}</h2>
        <Sentences voice="worker" of={ofPlan(said, "worker", plan, namingOf(state))} />
        {state.covered.value !== null && <p>{said("send.under_decision")}</p>}
        {change("decision", "send.decision")}
      </section>
      <dl class="facts">
        <dt>{said("send.services")}</dt>
        <dd>
          <Urgency code={filled.urgency} /> · {labels(language, "services", filled.services)}{" "}
          {change("need", "send.need")}
        </dd>
        <dt>{said("referral.to")}</dt>
        <dd>
          {filled.recipients.map((agency) => nameOf(state, agency)).join(" · ")} {change("who", "send.who")}
        </dd>
        <dt>{said("referral.place")}</dt>
        <dd>{placeInFull(said, filled.place)}</dd>
        <dt>{said("send.language")}</dt>
        <dd>{label(language, "languages", filled.language)}</dd>
        {state.covered.value === null && !filled.without && (
          <>
            <dt>{said("send.how")}</dt>
            <dd>{label(language, "consent_given_how", filled.how)}</dd>
          </>
        )}
      </dl>
      <section class="wide stack">
        <div class="buttons">
          <Button
            icon={areShown ? "hide" : "show"}
            onPress={() => {
              state.areNamesShown.value = !areShown;
            }}
          >
            {said(areShown ? "send.words.hide" : "send.words.show")}
          </Button>
          {change("tell", "send.tell")}
        </div>
        {Object.entries(form.sections).map(([section, fields]) => (
          <section class="part" key={section}>
            <h3>
              {sectionName(said, "worker", section)}
              {plan.stays.includes(section) && ` (${said("send.stays")})`}
            </h3>
            {areShown ? (
              <dl class="fields">
                {Object.entries(fields).map(([field, value]) => (
                  <div key={field}>
                    <dt>{fieldLabel(said, section, field)}</dt>
                    {fieldLines(said, section, field, value).map((line, place) => (
                      <dd key={place}>{line}</dd>
                    ))}
                  </div>
                ))}
              </dl>
            ) : (
              <p class="hint">{said("send.words.hidden")}</p>
            )}
            {(form.files?.[section] ?? []).map((one) => (
              <p key={one.id}>
                {areShown ? plain(one.name) : said("file.one")} · {sizeText(language, one.size)}
              </p>
            ))}
          </section>
        ))}
        {form.evidence !== undefined && <p>{said("evidence.kept")}</p>}
        {missing.length > 0 && (
          <p>
            {said("send.missing", {
              sections: missing.map((section) => sectionName(said, "worker", section)).join(" · "),
            })}
          </p>
        )}
      </section>
      {(state.again.value?.filesLeft ?? 0) > 0 && (
        <Band tone="wait">{said("file.left", { count: state.again.value!.filesLeft })}</Band>
      )}
      <div class="buttons">
        <Button look="main" busy={busy} icon="onward">
          {busy
            ? said("send.sending")
            : only !== undefined && more.length === 0
              ? said("send.send_to", { agency: nameOf(state, only) })
              : said("send.send_to_several", { count: filled.recipients.length })}
        </Button>
        <Button onPress={() => void state.keep()}>{said("send.keep_draft")}</Button>
      </div>
      <p class="hint">{said("send.send_key")}</p>
    </StepForm>
  );
};
