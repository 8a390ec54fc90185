import { type Signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Band } from "../../parts/Band.tsx";
import { Button } from "../../parts/Button.tsx";
import { Choice } from "../../parts/Choice.tsx";
import { Field } from "../../parts/Field.tsx";
import { Heading } from "../../parts/Heading.tsx";
import { words } from "../../words/current.ts";
import { problemOf } from "../../words/problems.ts";
import { ReceiptCard } from "../send/ReceiptCard.tsx";
import { faultAt, StepForm } from "../send/Step.tsx";
import { type PageProps, Trouble } from "./Consent.tsx";

const RECEIPTS = ["full", "withdraw", "none"] as const;
type Mode = (typeof RECEIPTS)[number];

/** In place of a code that was lost another one, shown once; or none. */
export const NewCode = ({ state, vault, onBack }: PageProps) => {
  const said = words.value;
  const mode = useSignal<Mode | "">(state.stands.value!.receipt ?? "full");
  const [made, part] = [useSignal<"here" | "own">("here"), useSignal("")];
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
      const isOwn = made.value === "own" && mode.value !== "none";
      const own = isOwn ? await vault.ownReceipt(part.value, mode.value as "full" | "withdraw") : null;
      const given = isOwn || mode.value === "none" ? null : await vault.newReceipt(mode.value as "full" | "withdraw");
      const deed = { do: "replace_code", receipt: own ?? given?.receipt ?? null } as const;
      if ((await state.carryOut(deed, given?.code)) && given === null) onBack();
    } catch (error) {
      const problem = problemOf(error);
      const isSlip = problem.kind === "refused" && ["malformed", "key_refused"].includes(problem.code);
      if (isSlip) state.fail([{ field: "later-part", key: "later.code.slip" }]);
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
      <Choice
        id="later-code"
        legend={said("send.receipt")}
        hint={said("send.receipt.hint")}
        value={mode}
        options={RECEIPTS.map((value) => ({ value, label: said(`send.receipt.${value}`) }))}
      />
      {mode.value !== "none" && (
        <Choice
          id="later-made"
          legend={said("later.code.made")}
          value={made as Signal<"here" | "own" | "">}
          options={[
            { value: "here", label: said("later.code.here"), hint: said("later.code.here.hint") },
            { value: "own", label: said("later.code.own"), hint: said("later.code.own.hint") },
          ]}
        />
      )}
      {mode.value !== "none" && made.value === "own" && (
        <Field id="later-part" label={said("later.code.part")} value={part} error={faultAt(state, "later-part")} />
      )}
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
