import { useEffect, useState } from "preact/hooks";
import { lastDay } from "../../days.ts";
import { Band } from "../../parts/Band.tsx";
import { Button } from "../../parts/Button.tsx";
import { Heading } from "../../parts/Heading.tsx";
import type { HubTime } from "../../parts/hub-time.ts";
import { Sentences } from "../../parts/Sentences.tsx";
import { Waiting } from "../../parts/Waiting.tsx";
import { words } from "../../words/current.ts";
import { day, momentSeenFrom } from "../../words/dates.ts";
import { label } from "../../words/labels.ts";
import { problemText } from "../../words/problems.ts";
import { ofBasis, ofDecision, ofTakenBack } from "../../words/sentences.ts";
import type { Standing } from "../../worker/consent-api.ts";
import { namingOf } from "../send/naming.ts";
import { nameOf } from "../send/Step.tsx";
import { Decide } from "./Decide.tsx";
import { saysSomething } from "./deciding.ts";
import { NewCode } from "./NewCode.tsx";
import { type ConsentProps, EvidenceGoes, type PageProps, Trouble } from "./parts.tsx";
import { Record } from "./Record.tsx";
import { type ConsentState, consentState } from "./state.ts";
import { TakeBack } from "./TakeBack.tsx";
import "../send/send.css";
import "./consent.css";

/** What a person decided before the own agency, and what becomes of it: decided anew, taken back, her code, her record. */
export const Consent = (props: ConsentProps) => {
  const { vault, me, time, referral, page, onDone } = props;
  const [state] = useState(() => consentState(vault, referral, me.agency.id, time.now, onDone));
  useEffect(() => {
    void state.load();
    const unwatch = vault.watch(state.heard);
    return () => {
      unwatch();
      state.close();
    };
  }, [state, vault]);
  const said = words.value;
  const problem = state.problem.value;
  if (state.stands.value === null)
    return problem === null ? (
      <Waiting />
    ) : (
      <div role="alert">
        <Band tone="late" action={<Button onPress={() => void state.load()}>{said("app.retry")}</Button>}>
          {problemText(said, problem)}
        </Band>
      </div>
    );
  return (
    <div class="send consent stack" key={page}>
      {page === "shown" && <Shown {...props} state={state} />}
      {page === "decide" && <Decide {...props} state={state} />}
      {page === "take_back" && <TakeBack {...props} state={state} />}
      {page === "record" && <Record {...props} state={state} />}
      {page === "code" && <NewCode {...props} state={state} />}
    </div>
  );
};

const Shown = ({ state, time, onGo, onElsewhere }: PageProps) => {
  const said = words.value;
  const stands = state.stands.value!;
  const waits = stands.waits;
  const isSigned = waits?.isSigned === true && waits.returned === null;
  const ended = stands.decisions.filter(({ until }) => until !== null && Date.parse(until) <= time.minute.value);
  return (
    <>
      <Heading>{said(stands.isExceptional ? "without.mark" : "send.decision")}</Heading>
      {stands.isExceptional && <p>{ofBasis(said, stands.basis).text}</p>}
      <div role="status" class="wide stack">
        {state.outcome.value === "recorded" && <Band tone="done">{said("later.recorded")}</Band>}
        {isSigned && (
          <Band tone="wait" icon="offline">
            {said(waits.deed.do === "take_back" ? "later.waits.take_back" : "later.waits")}
          </Band>
        )}
        {isSigned && <EvidenceGoes state={state} />}
        {waits?.returned && <Band tone="late">{said("later.returned", { why: whyOf(waits.returned.code) })}</Band>}
        {waits && !waits.isSigned && (
          <Band
            tone="note"
            action={
              <div class="buttons">
                <Button onPress={() => onGo("decide")}>{said("verb.continue")}</Button>
                <Button look="quiet" onPress={() => void state.discard()}>
                  {said("later.discard")}
                </Button>
              </div>
            }
          >
            {said("later.filled_in")}
          </Band>
        )}
      </div>
      <Trouble state={state} />
      {stands.isOver && <Band tone="late">{said("later.over")}</Band>}
      <ol class="consent-stands wide">
        {stands.decisions.filter(saysSomething).map((one) => (
          <One key={one.to} state={state} of={one} time={time} />
        ))}
      </ol>
      {stands.takenBack.length > 0 && (
        <Sentences voice="worker" of={stands.takenBack.flatMap((one) => ofTakenBack(said, one, namingOf(state)))} />
      )}
      <p class="hint">{said("later.versions")}</p>
      {!stands.isOver && ended.length > 0 && (
        <Band tone="wait" action={<Button onPress={onElsewhere}>{said("later.anew")}</Button>}>
          {said("later.ended", { agencies: ended.map(({ to }) => nameOf(state, to)).join(" · ") })}
        </Band>
      )}
      <Button onPress={() => onGo("record")}>{said("later.record")}</Button>
      {!stands.isOver && !isSigned && (
        <div class="buttons">
          {!stands.isExceptional && (
            <Button look="main" onPress={() => onGo("decide")}>
              {said("later.decide")}
            </Button>
          )}
          <Button onPress={() => onGo("take_back")}>{said("later.take_back")}</Button>
          <Button onPress={() => onGo("code")}>{said("later.code")}</Button>
        </div>
      )}
    </>
  );
};

const whyOf = (code: string): string =>
  code === "head_moved"
    ? words.value("later.overtaken")
    : problemText(words.value, { kind: "refused", code, fields: {} });

interface OneProps {
  readonly state: ConsentState;
  readonly of: Standing;
  readonly time: HubTime;
}

/** One decision, in sentences; its version and when it was signed. */
const One = ({ state, of, time }: OneProps) => {
  const said = words.value;
  const sentences = ofDecision(said, "worker", of, namingOf(state));
  return (
    <li class="stack">
      {sentences.length > 0 ? (
        <Sentences voice="worker" of={sentences} />
      ) : (
        <p>{said("later.nothing_said", { agency: addressee(state, of.to) })}</p>
      )}
      <p class="hint">
        {said("later.version", {
          version: of.version,
          at: momentSeenFrom(said, Date.parse(of.at), time.now()),
        })}
        {of.until !== null &&
          Date.parse(of.until) <= time.minute.value &&
          ` · ${said("later.run_out", { day: day(said, lastDay(Date.parse(of.until))) })}`}
      </p>
    </li>
  );
};

/** An agency, a kind or everybody, as workers say it. */
const addressee = (state: ConsentState, to: string): string => {
  const said = words.value;
  if (to === "*") return said("consent.everybody");
  return to.startsWith("kind:") ? label(said.language, "agency_kinds", to.slice("kind:".length)) : nameOf(state, to);
};
