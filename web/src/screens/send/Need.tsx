import { Button } from "../../parts/Button.tsx";
import { Choice } from "../../parts/Choice.tsx";
import { Urgency } from "../../parts/Urgency.tsx";
import { words } from "../../words/current.ts";
import { allPlaces, codes, label } from "../../words/labels.ts";
import { Drafts } from "./Drafts.tsx";
import { MoreChips } from "./MoreChips.tsx";
import type { SendProps } from "./parts.ts";
import { PlaceField, SelectField } from "./Selects.tsx";
import { faultAt, StepForm } from "./Step.tsx";
import { lens } from "./state.ts";

/** The eight that are asked for most. */
const USUAL = [
  "shelter",
  "psychosocial",
  "medical",
  "legal_aid",
  "emergency_aid",
  "safety",
  "case_management",
  "transport",
] as const;

export const NeedStep = ({ state, drafts, onDraft }: SendProps) => {
  const said = words.value;
  const { language } = said;
  const filled = state.filled.value!;
  const others = drafts.filter((row) => row.id !== state.draft.value?.id);
  const services = [...USUAL, ...codes("services").filter((code) => !(USUAL as readonly string[]).includes(code))];
  return (
    <>
      <StepForm state={state} title={said("send.need")} onNext={() => state.next("need")}>
        <MoreChips
          id="send-services"
          legend={said("send.services")}
          hideLegend
          first={USUAL.length}
          options={services.map((value) => ({ value, label: label(language, "services", value) }))}
          value={lens(
            () => filled.services,
            (chosen) => state.change({ services: chosen }),
          )}
          error={faultAt(state, "send-services")}
        />
        <PlaceField
          id="send-place"
          label={said("send.where")}
          places={allPlaces(language)}
          value={filled.place}
          error={faultAt(state, "send-place")}
          onChange={(place) => state.change({ place })}
        />
        <Choice
          id="send-urgency"
          legend={said("send.how_soon")}
          value={lens(
            () => filled.urgency,
            (urgency) => state.change({ urgency }),
          )}
          options={(["immediate", "urgent", "standard"] as const).map((value) => ({
            value,
            label: (
              <>
                <Urgency code={value} />: {said(`send.urgency.${value}`)}
              </>
            ),
          }))}
          error={faultAt(state, "send-urgency")}
        />
        <SelectField
          id="send-language"
          label={said("send.language")}
          value={filled.language}
          options={codes("languages").map((code) => [code, label(language, "languages", code)])}
          onChange={(chosen) => state.change({ language: chosen })}
        />
        <Choice
          id="send-minor"
          legend={said("send.minor")}
          look="chips"
          value={lens(
            () => (filled.minor ? "yes" : "no"),
            (chosen) => state.change({ minor: chosen === "yes" }),
          )}
          options={(["no", "yes"] as const).map((value) => ({ value, label: said(`field.${value}`) }))}
        />
        <Button look="main">{said("send.continue")}</Button>
      </StepForm>
      {others.length > 0 && <Drafts rows={others} onOpen={onDraft} />}
    </>
  );
};
