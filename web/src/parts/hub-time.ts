import { computed, type ReadonlySignal, signal } from "@preact/signals";

/**
 * The hub's time, in milliseconds, for all clocks on the page: one timer, which runs only while a clock is seen. Clocks
 * never follow the device, which may be minutes or years off.
 */
export interface HubTime {
  readonly second: ReadonlySignal<number>;
  /** Changes once a minute. */
  readonly minute: ReadonlySignal<number>;
  /** By how many milliseconds the hub's clock is ahead of the device's. */
  readonly isAheadBy: (milliseconds: number) => void;
  readonly now: () => number;
}

export const hubTime = (device: () => number = Date.now): HubTime => {
  let ahead = 0;
  let timer: ReturnType<typeof setInterval> | undefined;
  const now = () => device() + ahead;
  const second = signal(now(), {
    watched() {
      this.value = now();
      timer = setInterval(() => {
        this.value = now();
      }, 1000);
    },
    unwatched() {
      clearInterval(timer);
    },
  });
  return {
    second,
    minute: computed(() => Math.floor(second.value / 60_000) * 60_000),
    isAheadBy: (milliseconds) => {
      ahead = milliseconds;
      second.value = now();
    },
    now,
  };
};
