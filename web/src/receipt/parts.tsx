/** What several screens of her page show. */

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Button } from "../parts/Button.tsx";
import { Icon } from "../parts/Icon.tsx";
import { plain } from "../words/words.ts";
import { agencyName } from "./naming.ts";
import { said } from "./said.ts";
import type { Log, ReceiptState } from "./state.ts";

/** What went wrong beyond the field, and whom to call. */
export const Trouble = ({ state }: { readonly state: ReceiptState }) => {
  const fault = state.fault.value?.fault;
  const isTold = fault === "code" || fault === "basis" || fault === "line";
  return (
    <div role="alert">
      {isTold && (
        <div class="band tone-wait">
          <p class="band-words">
            <Icon name="warning" />
            <span>
              {said.value(`fault.${fault}`)}
              {state.phone.value !== "" && ` ${said.value("fault.phone", { phone: plain(state.phone.value) })}`}
            </span>
          </p>
        </div>
      )}
    </div>
  );
};

interface InTheLogProps {
  readonly state: ReceiptState;
  readonly logged: "log.logged" | "log.logged.done";
}

/** What nobody but a hub that lies, or has lost something, can show. */
export const isWrong = (log: Log | null): log is "missing" | "broken" => log === "missing" || log === "broken";

/** Whether what she decided is in the log: this device has looked for itself. */
export const InTheLog = ({ state, logged }: InTheLogProps) => {
  const log = state.log.value;
  const recorder = state.shown.value?.recorder;
  return (
    <div class="stack" role={isWrong(log) ? "alert" : "status"}>
      {log === "looking" && <p class="hint">{said.value("log.looking")}</p>}
      {log === "logged" && (
        <div class="band tone-done">
          <p class="band-words">
            <Icon name="check" />
            <span>{said.value(logged)}</span>
          </p>
        </div>
      )}
      {(log === "promised" || log === "doubtful" || log === "unseen") && (
        <>
          <p>
            {said.value(`log.${log}`, { agency: recorder ? agencyName(said.value, recorder) : "" })}
            {log === "doubtful" && recorder?.phone && ` ${said.value("fault.phone", { phone: plain(recorder.phone) })}`}
          </p>
          <Button wide onPress={() => void state.prove()}>
            {said.value("log.again")}
          </Button>
        </>
      )}
      {isWrong(log) && recorder !== undefined && (
        <div class="band tone-wait">
          <p class="band-words">
            <Icon name="warning" />
            <span>
              {said.value(`log.${log}`, { agency: agencyName(said.value, recorder) })}
              {recorder.phone !== "" && ` ${said.value("fault.phone", { phone: plain(recorder.phone) })}`}
            </span>
          </p>
        </div>
      )}
    </div>
  );
};

/** Read out by a voice of this device alone: other voices send the text away. Not offered where there is none. */
export const Aloud = ({ text }: { readonly text: string }) => {
  const voice = useSignal<SpeechSynthesisVoice | null>(null);
  const speaks = useSignal(false);
  const { language } = said.value;
  useEffect(() => {
    const speech = window.speechSynthesis as SpeechSynthesis | undefined;
    if (speech === undefined) return;
    const look = () => {
      voice.value = speech.getVoices().find((one) => one.localService && one.lang.startsWith(language)) ?? null;
    };
    look();
    speech.addEventListener("voiceschanged", look);
    return () => {
      speech.removeEventListener("voiceschanged", look);
      speech.cancel();
      speaks.value = false;
    };
  }, [language]);
  if (voice.value === null) return null;
  const press = () => {
    speechSynthesis.cancel();
    speaks.value = !speaks.value;
    if (!speaks.value) return;
    const utterance = new SpeechSynthesisUtterance(text);
    utterance.voice = voice.value;
    utterance.onend = () => {
      speaks.value = false;
    };
    speechSynthesis.speak(utterance);
  };
  return <Button onPress={press}>{said.value(speaks.value ? "shown.quiet" : "shown.aloud")}</Button>;
};
