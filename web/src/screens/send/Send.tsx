import { useEffect } from "preact/hooks";
import { Band } from "../../parts/Band.tsx";
import { Waiting } from "../../parts/Waiting.tsx";
import { words } from "../../words/current.ts";
import { problemText } from "../../words/problems.ts";
import { CheckStep } from "./Check.tsx";
import { Aloud, DecisionStep } from "./Decision.tsx";
import { STEPS } from "./filled.ts";
import { NeedStep } from "./Need.tsx";
import type { SendProps } from "./parts.ts";
import { SentStep } from "./Sent.tsx";
import { TellStep } from "./Tell.tsx";
import { WhoStep } from "./Who.tsx";
import "./send.css";

export { sendState } from "./state.ts";

/** The six screens of sending: one question each. */
export const Send = (props: SendProps) => {
  const { state, step } = props;
  const said = words.value;
  // The page is left by whatever way: what was typed is sealed before.
  useEffect(() => {
    const hidden = () => document.visibilityState === "hidden" && void state.save();
    document.addEventListener("visibilitychange", hidden);
    return () => {
      document.removeEventListener("visibilitychange", hidden);
      if (props.hasLeft()) state.close();
    };
  }, [state, props.hasLeft]);
  const isSent = step === "sent";
  const outcome = state.outcome.value;
  // Back here after a lock, or from another place: the list knows what became of it.
  useEffect(() => {
    if (isSent && outcome === null) props.onDone();
  }, [isSent, outcome]);
  if (outcome !== null) return <SentStep {...props} outcome={outcome} />;
  if (isSent) return null;
  const problem = state.problem.value;
  if (state.filled.value === null)
    return problem === null ? (
      <Waiting />
    ) : (
      <div role="alert">
        <Band tone="late">{problemText(said, problem)}</Band>
      </div>
    );
  if (step === "aloud")
    return (
      <div class="send stack" key={step}>
        <Aloud state={state} />
      </div>
    );
  return (
    <div class="send stack" key={step}>
      <p class="send-place soft">
        {said("send.step", { step: STEPS.indexOf(step) + 1, of: STEPS.length })}
        {state.isSaved.value && <span> · {said("app.saved")}</span>}
      </p>
      {state.unsaved.value && (
        <div role="alert" class="wide">
          <Band tone="late">{problemText(said, state.unsaved.value)}</Band>
        </div>
      )}
      {step === "need" && <NeedStep {...props} />}
      {step === "who" && <WhoStep {...props} />}
      {step === "tell" && <TellStep {...props} />}
      {step === "decision" && <DecisionStep {...props} />}
      {step === "check" && <CheckStep {...props} />}
    </div>
  );
};
