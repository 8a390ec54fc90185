import type { Signal } from "@preact/signals";
import { Choice } from "../../parts/Choice.tsx";
import { Field } from "../../parts/Field.tsx";
import { words } from "../../words/current.ts";
import { lens } from "./state.ts";

const RECEIPTS = ["full", "withdraw", "none"] as const;
export type Mode = (typeof RECEIPTS)[number];

interface HerCodeProps {
  /** What the ids of its fields begin with. */
  readonly id: string;
  readonly mode: Signal<Mode | "">;
  /** What her own phone shows of the code that it made; null: it is made here. */
  readonly part: Signal<string | null>;
  /** What is wrong with that. */
  readonly error: string | null;
}

/** Which code she takes, and where it is made. */
export const HerCode = ({ id, mode, part, error }: HerCodeProps) => {
  const said = words.value;
  return (
    <>
      <Choice
        id={`${id}-receipt`}
        legend={said("send.receipt")}
        hint={said("send.receipt.hint")}
        look="chips"
        value={mode}
        options={RECEIPTS.map((value) => ({ value, label: said(`send.receipt.${value}`) }))}
      />
      {mode.value !== "none" && (
        <Choice
          id={`${id}-made`}
          legend={said("later.code.made")}
          value={lens<"here" | "own" | "">(
            () => (part.value === null ? "here" : "own"),
            (made) => {
              part.value = made === "own" ? "" : null;
            },
          )}
          options={[
            { value: "here", label: said("later.code.here"), hint: said("later.code.here.hint") },
            { value: "own", label: said("later.code.own"), hint: said("later.code.own.hint") },
          ]}
        />
      )}
      {mode.value !== "none" && part.value !== null && (
        <Field id={`${id}-part`} label={said("later.code.part")} value={part as Signal<string>} error={error} />
      )}
    </>
  );
};
