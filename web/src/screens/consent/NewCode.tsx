import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Band } from "../../parts/Band.tsx";
import { Button } from "../../parts/Button.tsx";
import { Heading } from "../../parts/Heading.tsx";
import { words } from "../../words/current.ts";
import { problemOf } from "../../words/problems.ts";
import { HerCode, type Mode } from "../send/HerCode.tsx";
import { partFault } from "../send/own-part.ts";
import { ReceiptCard } from "../send/ReceiptCard.tsx";
import { faultAt, StepForm } from "../send/Step.tsx";
import { type PageProps, Trouble } from "./parts.tsx";

/** In place of a code that was lost another one, shown once; or none. */
export const NewCode = ({ state, vault, onBack }: PageProps) => {
  const said = words.value;
  const mode = useSignal<Mode | "">(state.stands.value!.receipt ?? "full");
  const part = useSignal<string | null>(null);
  const isDrawing = useSignal(false);
  useEffect(() => state.forgetCode, [state]);
  const code = state.code.value;
  if (code !== null)
    return (
      <>
        <Heading>{said("later.code")}</Heading>
        <ReceiptCard code={code} isSent={state.outcome.value === "recorded"} />
        <Button look="main" onPress={onBack}>
          {said("send.done")}
        </Button>
      </>
    );
  const replace = async () => {
    if (isDrawing.value || state.busy.value || mode.value === "") return;
    isDrawing.value = true;
    try {
      const [wanted, shown] = [mode.value, part.value];
      const own = wanted === "none" || shown === null ? null : await vault.ownReceipt(shown, wanted);
      const given = wanted === "none" || own !== null ? null : await vault.newReceipt(wanted);
      const deed = { do: "replace_code", receipt: own ?? given?.receipt ?? null } as const;
      if ((await state.carryOut(deed, given?.code)) && given === null) onBack();
    } catch (error) {
      const problem = problemOf(error);
      const fault = partFault(problem, "later-part");
      if (fault !== null) state.fail([fault]);
      else state.trouble(problem);
    } finally {
      isDrawing.value = false;
    }
  };
  return (
    <StepForm state={state} title={said("later.code")} onNext={() => void replace()}>
      <span id="consent-stands" tabIndex={-1} />
      <Trouble state={state} />
      <p>{said("later.code.about")}</p>
      <HerCode id="later" mode={mode} part={part} error={faultAt(state, "later-part")} />
      <Band tone="wait">{said("later.code.dead")}</Band>
      <div class="buttons">
        <Button look="main" busy={state.busy.value}>
          {said("later.code.replace")}
        </Button>
        <Button onPress={onBack}>{said("later.as_before")}</Button>
      </div>
    </StepForm>
  );
};
