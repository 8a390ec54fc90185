import type { Signal } from "@preact/signals";

/** What is asked for, and what leaves with the page: what comes after `clear` is not taken. */
export interface Taking {
  readonly into: <T>(place: Signal<T>, asked: Promise<T>) => Promise<void>;
  readonly clear: () => void;
}

export const taking = (): Taking => {
  let turn = 0;
  return {
    into: async (place, asked) => {
      const mine = turn;
      const came = await asked;
      if (mine === turn) place.value = came;
    },
    clear: () => {
      turn += 1;
    },
  };
};
