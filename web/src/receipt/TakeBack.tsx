import { useSignal } from "@preact/signals";
import { useLayoutEffect } from "preact/hooks";
import { Button } from "../parts/Button.tsx";
import { Heading } from "../parts/Heading.tsx";
import { Icon } from "../parts/Icon.tsx";
import { agencyName, sectionsIn } from "./naming.ts";
import { said } from "./said.ts";
import { holdersOf, partsOf, type ReceiptState, type Taken } from "./state.ts";

/** Everything, one agency, or some parts. */
export const ChooseScreen = ({ state }: { readonly state: ReceiptState }) => {
  const chosen = useSignal("");
  const parts = useSignal<readonly string[]>([]);
  const fault = useSignal<"take.needs" | "take.needs_parts" | null>(null);
  useLayoutEffect(() => {
    if (fault.value !== null) document.getElementById("take-all")?.focus();
  }, [fault.value]);
  const shown = state.shown.value;
  if (shown === null) return null;
  const holders = holdersOf(shown);
  const sections = sectionsIn(partsOf(shown));
  const next = () => {
    const taken = takenOf(chosen.value, parts.value);
    if (taken === null) fault.value = chosen.value === "" ? "take.needs" : "take.needs_parts";
    else state.go({ at: "sure", taken });
  };
  const ways = [
    { value: "all", label: said.value("take.all"), hint: said.value("take.all.hint") },
    ...holders.map((one) => ({
      value: `agency:${one.to}`,
      label: said.value("take.agency", { agency: one.agency ? agencyName(said.value, one.agency) : one.to }),
      hint: "",
    })),
    ...(sections.length > 1
      ? [{ value: "parts", label: said.value("take.parts"), hint: said.value("take.parts.hint") }]
      : []),
  ];
  return (
    <form
      class="stack"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        next();
      }}
    >
      <Heading>{said.value("take.title")}</Heading>
      <fieldset class="field" aria-labelledby="take-legend" aria-describedby={fault.value ? "take-error" : undefined}>
        <legend class="unseen" id="take-legend">
          {said.value("take.title")}
        </legend>
        {fault.value && (
          <p class="error" id="take-error">
            <Icon name="warning" />
            <span>
              <span class="unseen">{said.value("fault.prefix")} </span>
              {said.value(fault.value)}
            </span>
          </p>
        )}
        <div class="options rows">
          {ways.map((way) => (
            <label class="option" key={way.value} htmlFor={`take-${way.value}`}>
              <input
                id={`take-${way.value}`}
                type="radio"
                name="take"
                checked={chosen.value === way.value}
                onChange={() => {
                  chosen.value = way.value;
                  fault.value = null;
                }}
              />
              <span>
                {way.label}
                {way.hint !== "" && <span class="hint">{way.hint}</span>}
              </span>
            </label>
          ))}
        </div>
      </fieldset>
      {chosen.value === "parts" && (
        <fieldset class="field">
          <legend>{said.value("take.which")}</legend>
          <div class="options rows">
            {sections.map((one) => (
              <label class="option" key={one} htmlFor={`part-${one}`}>
                <input
                  id={`part-${one}`}
                  type="checkbox"
                  checked={parts.value.includes(one)}
                  onChange={(event) => {
                    const rest = parts.value.filter((other) => other !== one);
                    parts.value = event.currentTarget.checked ? [...rest, one] : rest;
                    fault.value = null;
                  }}
                />
                <span>{said.value(`section.${one}`)}</span>
              </label>
            ))}
          </div>
        </fieldset>
      )}
      <Button look="main" wide>
        {said.value("next")}
      </Button>
    </form>
  );
};

const takenOf = (chosen: string, parts: readonly string[]): Taken | null => {
  if (chosen === "all") return { what: "all" };
  if (chosen === "parts") return parts.length > 0 ? { what: "parts", parts } : null;
  return chosen.startsWith("agency:") ? { what: "agency", agency: chosen.slice("agency:".length) } : null;
};
