import { useSignal } from "@preact/signals";
import { Band } from "../../parts/Band.tsx";
import { Button } from "../../parts/Button.tsx";
import { Choice, Several } from "../../parts/Choice.tsx";
import { words } from "../../words/current.ts";
import { label } from "../../words/labels.ts";
import { sectionName } from "../../words/sentences.ts";
import type { TakenBack } from "../../worker/consent-api.ts";
import { SECTIONS } from "../send/filled.ts";
import { faultAt, nameOf, StepForm } from "../send/Step.tsx";
import { lens } from "../send/state.ts";
import { type PageProps, Trouble } from "./parts.tsx";

const WHATS = ["all", "sections", "purposes"] as const;
type What = (typeof WHATS)[number];
const EVERYBODY = "*";

/** She takes it back before the own agency: from whom, what, and first what happens then. */
export const TakeBack = ({ state, onBack }: PageProps) => {
  const said = words.value;
  const { language } = said;
  const granted = state.stands.value!.decisions.filter(({ until }) => until !== null);
  const [from, what] = [useSignal<string>(""), useSignal<What | "">("all")];
  const [sections, purposes] = [useSignal<readonly string[]>([]), useSignal<readonly string[]>([])];
  const meant = granted.filter(({ to }) => from.value === EVERYBODY || to === from.value);
  const isOf = (list: readonly string[], one: string) => list.includes("*") || list.includes(one);
  const there = SECTIONS.filter((one) => meant.some((of) => isOf(of.sections, one) && !of.refused.includes(one)));
  const why = [...new Set(meant.flatMap((of) => of.purposes))];
  const isWhole = from.value === EVERYBODY && what.value === "all";
  const scope: TakenBack = {
    agencies: from.value === EVERYBODY ? null : [from.value],
    sections: what.value === "sections" ? sections.value : null,
    purposes: what.value === "purposes" ? purposes.value : null,
  };
  const isNothing =
    (what.value === "sections" && sections.value.length === 0) ||
    (what.value === "purposes" && purposes.value.length === 0);
  const take = async () => {
    if (from.value === "") return state.fail([{ field: "later-from", key: "later.needs_from" }]);
    if (isNothing) return state.fail([{ field: "later-which", key: "later.needs_which" }]);
    if (await state.carryOut({ do: "take_back", scope })) onBack();
  };
  return (
    <StepForm state={state} title={said("later.take_back")} onNext={() => void take()}>
      <span id="consent-stands" tabIndex={-1} />
      <Trouble state={state} />
      <Choice
        id="later-from"
        legend={said("later.from")}
        value={from}
        options={[
          { value: EVERYBODY, label: said("later.from.all") },
          ...granted.map(({ to }) => ({ value: to, label: nameOf(state, to) })),
        ]}
        error={faultAt(state, "later-from")}
      />
      {from.value !== "" && (
        <Choice
          id="later-what"
          legend={said("later.what")}
          value={lens(
            () => what.value,
            (chosen) => {
              what.value = chosen;
              state.fail([]);
            },
          )}
          options={WHATS.map((value) => ({ value, label: said(`later.what.${value}`) }))}
        />
      )}
      {from.value !== "" && what.value === "sections" && (
        <Several
          id="later-which"
          legend={said("later.what.sections")}
          value={sections}
          options={there.map((value) => ({ value, label: sectionName(said, "worker", value) }))}
          error={faultAt(state, "later-which")}
        />
      )}
      {from.value !== "" && what.value === "purposes" && (
        <Several
          id="later-which"
          legend={said("later.what.purposes")}
          value={purposes}
          options={why.map((value) => ({ value, label: label(language, "purposes", value) }))}
          error={faultAt(state, "later-which")}
        />
      )}
      {from.value !== "" && (
        <Band tone="late">
          {said("later.then.goes")} {said("later.then.owes")} {said(isWhole ? "later.then.ours" : "later.then.closing")}
        </Band>
      )}
      <div class="buttons">
        <Button look="grave" busy={state.busy.value}>
          {said("later.take_back")}
        </Button>
        <Button onPress={onBack}>{said("later.as_before")}</Button>
      </div>
    </StepForm>
  );
};
