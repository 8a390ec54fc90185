import { effect } from "@preact/signals";
import type { Navigation } from "./navigation.ts";

/** What the guard needs of the browser's history. */
export interface History {
  readonly state: unknown;
  pushState(state: unknown, unused: string): void;
  back(): void;
}

/**
 * One entry of the history, with the same address, stands behind the page's own whenever there is a screen to go back to:
 * the phone's Back takes that entry away and goes one screen back, then it is put there again. Nothing else is ever
 * written to the history. On the first screen Back leaves.
 */
export const guard = (navigation: Navigation, history: History, onBack: (heard: () => void) => void) => {
  let stands = history.state === GUARD; // after a reload it may be there already
  effect(() => {
    if (navigation.depth.value > 1 && !stands) {
      history.pushState(GUARD, "");
      stands = true;
    }
  });
  onBack(() => {
    if (!stands) return;
    stands = false; // the effect puts it there again, where there is still a way back
    if (!navigation.back()) history.back();
  });
  /** Back by a button of the page: the same way as the phone's. */
  return { back: () => (stands ? history.back() : void navigation.back()) };
};

const GUARD = "guard";
