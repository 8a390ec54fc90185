import type { Problem } from "../../failed.ts";
import type { PlainKey } from "../../words/mn.ts";

interface Fault {
  readonly field: string;
  readonly key: PlainKey;
}

/** What is wrong with what her phone shows of the code that it made; null: something else is. */
export const partFault = (problem: Problem, field: string): Fault | null => {
  if (problem.kind !== "refused") return null;
  if (problem.code === "malformed") return { field, key: "later.code.slip" };
  return problem.code === "key_refused" ? { field, key: "later.code.used" } : null;
};
