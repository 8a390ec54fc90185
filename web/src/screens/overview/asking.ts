import { type Signal, signal } from "@preact/signals";
import type { Problem } from "../../failed.ts";
import { problemOf } from "../../words/problems.ts";

export interface Asking<Value> {
  readonly value: Signal<Value | undefined>;
  readonly problem: Signal<Problem | null>;
  readonly load: (ask: () => Promise<Value>) => Promise<void>;
}

/** The answer to what was asked last, whichever comes last. */
export const asking = <Value>(): Asking<Value> => {
  const value = signal<Value | undefined>(undefined);
  const problem = signal<Problem | null>(null);
  let turn = 0;
  return {
    value,
    problem,
    load: async (ask) => {
      turn += 1;
      const mine = turn;
      problem.value = null;
      try {
        const answer = await ask();
        if (mine === turn) value.value = answer;
      } catch (error) {
        const failed = problemOf(error);
        if (mine !== turn) return;
        value.value = undefined; // what the hub showed before may be untrue
        problem.value = failed;
      }
    },
  };
};
