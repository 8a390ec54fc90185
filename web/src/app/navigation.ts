import { computed, type ReadonlySignal, signal } from "@preact/signals";
import type { Screen } from "./screens.ts";

/** The way back, as a stack in memory. */
export interface Navigation {
  readonly screen: ReadonlySignal<Screen>;
  /** How many screens there are, the shown one among them: at 1 there is no way back. */
  readonly depth: ReadonlySignal<number>;
  readonly go: (to: Screen) => void;
  /** In place of the shown one. */
  readonly replace: (by: Screen) => void;
  /** Begin anew here: nothing before it can be gone back to. */
  readonly reset: (to: Screen) => void;
  /** One screen back; false where there is none. */
  readonly back: () => boolean;
}

export const navigation = (first: Screen): Navigation => {
  const stack = signal<readonly Screen[]>([first]);
  return {
    screen: computed(() => stack.value.at(-1)!),
    depth: computed(() => stack.value.length),
    go: (to) => {
      stack.value = [...stack.value, to];
    },
    replace: (by) => {
      stack.value = [...stack.value.slice(0, -1), by];
    },
    reset: (to) => {
      stack.value = [to];
    },
    back: () => {
      if (stack.value.length === 1) return false;
      stack.value = stack.value.slice(0, -1);
      return true;
    },
  };
};
