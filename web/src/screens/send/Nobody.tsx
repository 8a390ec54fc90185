import { useSignal } from "@preact/signals";
import { Chips } from "../../parts/Choice.tsx";
import { words } from "../../words/current.ts";
import { codes, label } from "../../words/labels.ts";
import { sectionName } from "../../words/sentences.ts";
import { capital, type Words } from "../../words/words.ts";
import { ALL, isByName, SECTIONS } from "./filled.ts";
import { SelectField } from "./Selects.tsx";
import { faultAt, nameOf } from "./Step.tsx";
import { type DecidingState, lens } from "./state.ts";

const NOBODY_FIRST = ["kind:police", "kind:immigration", "kind:mining_company"];

/** Who shall read nothing, whoever asks: kinds, agencies, everybody. */
export const Nobody = ({ state }: { readonly state: DecidingState }) => {
  const said = words.value;
  const filled = state.filled.value!;
  const text = (to: string): string => (isByName(to) ? nameOf(state, to) : severalName(said, to));
  // What was added stays in its place when it is unticked.
  const added = useSignal<readonly string[]>(filled.nobody);
  const shown = [...new Set([...NOBODY_FIRST, ...added.value, ...filled.nobody])];
  const all = [...SEVERAL, ...state.agencies.value.map((agency) => agency.id)];
  return (
    <div class="wide stack">
      <Chips
        id="send-nobody"
        legend={said("send.nobody_at")}
        value={lens(
          () => filled.nobody,
          (nobody: readonly string[]) => state.change({ nobody }),
        )}
        options={shown.map((to) => ({ value: to, label: text(to) }))}
        error={faultAt(state, "send-nobody")}
      />
      <SelectField
        id="send-nobody-more"
        label={said("send.nobody_more")}
        value=""
        none={said("send.choose")}
        options={all.filter((to) => !shown.includes(to)).map((to) => [to, text(to)])}
        onChange={(to) => {
          if (to === "") return;
          added.value = [...added.value, to];
          state.change({ nobody: [...filled.nobody, to] });
        }}
      />
    </div>
  );
};

/** Everybody, and each kind. */
const SEVERAL: readonly string[] = [ALL, ...codes("agency_kinds").map((kind) => `kind:${kind}`)];

const severalName = (said: Words, to: string): string =>
  to === ALL ? capital(said("her.everybody")) : label(said.language, "agency_kinds", to.slice("kind:".length));

/** Parts that nobody of a kind reads, or nobody at all. */
export const NobodyOfAKind = ({ state }: { readonly state: DecidingState }) => {
  const said = words.value;
  const filled = state.filled.value!;
  const shown = SEVERAL.filter((to) => filled.partly[to] !== undefined && !filled.nobody.includes(to));
  const others = SEVERAL.filter((to) => !shown.includes(to) && !filled.nobody.includes(to));
  const refuse = (to: string, sections: readonly string[]) =>
    state.change({ partly: { ...filled.partly, [to]: sections } });
  return (
    <>
      {shown.map((to) => (
        <Chips
          key={to}
          id={`send-partly-${to}`}
          legend={said("send.partly", { kind: severalName(said, to) })}
          value={lens(
            () => filled.partly[to] ?? [],
            (sections: readonly string[]) => refuse(to, sections),
          )}
          options={SECTIONS.map((value) => ({ value, label: sectionName(said, "her", value) }))}
        />
      ))}
      <SelectField
        id="send-partly-more"
        label={said("send.partly_more")}
        value=""
        none={said("send.choose")}
        options={others.map((to) => [to, severalName(said, to)])}
        onChange={(to) => to !== "" && refuse(to, [])}
      />
    </>
  );
};
