import { useSignal } from "@preact/signals";
import { Field } from "../../parts/Field.tsx";
import { words } from "../../words/current.ts";
import { fieldLabel } from "../../words/fields.ts";
import { faultAt } from "./Step.tsx";
import { lens, type SendState } from "./state.ts";
import { hasFiles, PickedFiles, takes } from "./TellFiles.tsx";

/** What evidence is added with, the first time and later on. */
export type ProvingState = Pick<
  SendState,
  "filled" | "agencies" | "faults" | "type" | "attaching" | "unattached" | "attach" | "detach"
>;

/** How she gave it: a note, a photo of the signed form, a recording, as they are. For the own agency alone. */
export const Evidence = ({ state }: { readonly state: ProvingState }) => {
  const said = words.value;
  const note = state.filled.value?.fields.evidence?.note;
  const wasGiven = useSignal(hasFiles(state, "evidence") || (typeof note === "string" && note !== ""));
  return (
    <details
      class="wide more files"
      open={wasGiven.value || hasFiles(state, "evidence")}
      {...takes("evidence", state, true)}
    >
      <summary>{said("evidence.add")}</summary>
      <div class="stack">
        <p class="hint" id="send-files-evidence-hint">
          {said("evidence.about")}
        </p>
        <Field
          id="send-evidence"
          label={fieldLabel(said, "evidence", "note")}
          kind="lines"
          value={lens(
            () => (typeof note === "string" ? note : ""),
            (text) => state.type("evidence", "note", text),
          )}
          error={faultAt(state, "send-evidence")}
        />
        <div class="field stack">
          <PickedFiles section="evidence" state={state} keepMetadata />
        </div>
      </div>
    </details>
  );
};
