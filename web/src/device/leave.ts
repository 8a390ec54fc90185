/**
 * Leaving in one touch: the page is blank before anything else, then the worker with the keys ends, then another page
 * stands in this one's place. On Back there is only Unlock.
 */

const PRESSES = 3;
const WITHIN = 5000;

/** Presses of Shift alone, one after the other. */
export interface Presses {
  readonly times: readonly number[];
}

export const noPresses: Presses = { times: [] };

/** A key went down, or something was touched (key: null). at: milliseconds. Any key but Shift begins anew: «Ц» is no sign. */
export const afterKey = (presses: Presses, key: string | null, at: number): Presses =>
  key === "Shift" ? { times: [...presses.times.filter((time) => at - time < WITHIN), at] } : noPresses;

export const meansLeave = (presses: Presses): boolean => presses.times.length >= PRESSES;

export interface Leaving {
  /** End the worker, and with it every key. */
  readonly end: () => void;
  /** The network's neutral site. */
  readonly site: string;
  /** A plain clock of our own, where there is no line. */
  readonly clock: string;
}

/** Leave now. Nothing here may fail or wait: each part is done whatever became of the one before. */
export const leave = ({ end, site, clock }: Leaving): void => {
  blank();
  try {
    end();
  } finally {
    location.replace(navigator.onLine ? site : clock);
  }
};

/** Nothing of the page is left, neither to the eye nor in the document. */
const blank = (): void => {
  document.title = "";
  document.documentElement.replaceChildren();
};

/**
 * Watch for what takes the page out of sight: three times Shift leaves; a hidden tab shows nothing; a page that is gone is
 * blank, also in the cache of the Back button, and comes back only by loading anew.
 */
export const watchLeaving = (leaving: Leaving): void => {
  let presses = noPresses;
  const heard = (key: string | null) => {
    presses = afterKey(presses, key, performance.now());
    if (meansLeave(presses)) leave(leaving);
  };
  window.addEventListener("keydown", (event) => event.repeat || heard(event.key), { capture: true });
  window.addEventListener("pointerdown", () => heard(null), { capture: true });

  const cover = () => document.documentElement.toggleAttribute("data-away", document.visibilityState === "hidden");
  document.addEventListener("visibilitychange", cover);
  cover();
  window.addEventListener("pagehide", () => {
    blank();
    leaving.end();
  });
  window.addEventListener("pageshow", (event) => event.persisted && location.reload());
};
