import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Problem } from "../failed.ts";
import type { PlainKey } from "../words/mn.ts";
import { problemOf } from "../words/problems.ts";
import type { Fault } from "./fault.ts";

/** What is being done in a place: one thing at a time, and what went wrong with it. */
export interface Doing {
  readonly busy: ReadonlySignal<boolean>;
  readonly faults: Signal<readonly Fault[]>;
  /** What was done last; null: nothing, or that is told elsewhere. */
  readonly done: ReadonlySignal<PlainKey | null>;
  /** Something is being fetched, which hinders nothing. */
  readonly looking: ReadonlySignal<boolean>;
  readonly look: (call: () => Promise<void>) => Promise<void>;
  readonly say: (done: PlainKey | null) => void;
  readonly fail: (faults: readonly Fault[]) => void;
  /** Whether it was done. again: look at what is there now, where somebody else was first. */
  readonly attempt: (call: () => Promise<void>, again?: () => Promise<void>) => Promise<boolean>;
}

/** faultOf: what is told of a problem there. */
export const doing = (faultOf: (problem: Problem) => Fault): Doing => {
  const busy = signal(false);
  const lookers = signal(0);
  const done = signal<PlainKey | null>(null);
  const faults = signal<readonly Fault[]>([]);
  return {
    busy,
    done,
    faults,
    looking: computed(() => lookers.value > 0),
    look: async (call) => {
      lookers.value += 1;
      try {
        await call();
      } catch (error) {
        const problem = problemOf(error);
        faults.value = [problem.kind === "line" ? { field: null, problem } : faultOf(problem)];
      } finally {
        lookers.value -= 1;
      }
    },
    say: (key) => {
      done.value = key;
    },
    fail: (found) => {
      faults.value = found;
    },
    attempt: async (call, again) => {
      if (busy.value) return false;
      busy.value = true;
      faults.value = [];
      done.value = null;
      try {
        await call();
        return true;
      } catch (error) {
        const problem = problemOf(error);
        const wasFirst = problem.kind === "refused" && problem.code === "head_moved";
        if (wasFirst && again) await again().catch(() => undefined); // what is shown stays, and says that it is old
        faults.value = [faultOf(problem)];
        return false;
      } finally {
        busy.value = false;
      }
    },
  };
};
