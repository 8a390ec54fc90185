import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Happening, ProofFile } from "../worker/api.ts";

/** The line to the hub. at: of the last contact, in milliseconds. */
export interface Line {
  readonly live: boolean;
  readonly at: number;
}

export interface Lines {
  /** null: not known yet. */
  readonly now: ReadonlySignal<Line | null>;
  /** The code of a finding that nothing may be sent against (another key, an older directory); null where all is well. */
  readonly alarm: ReadonlySignal<string | null>;
  /** What shows it to others, where something does. */
  readonly evidence: ReadonlySignal<ProofFile | null>;
  /** By how many milliseconds the hub's clock is ahead of the device's; zero within a minute. */
  readonly clockOff: Signal<number>;
  readonly heard: (happening: Happening) => void;
}

/** What the worker tells of the line. An alarm stays until the page is loaded anew: nobody can wave it away. */
export const lines = (): Lines => {
  const now = signal<Line | null>(null);
  const alarm = signal<string | null>(null);
  const evidence = signal<ProofFile | null>(null);
  return {
    now,
    alarm,
    evidence,
    clockOff: signal(0),
    heard: (happening) => {
      if (happening.type === "line") now.value = { live: happening.live, at: Date.parse(happening.at) };
      if (happening.type === "alarm") {
        alarm.value ??= happening.code;
        evidence.value ??= happening.evidence ?? null;
      }
    },
  };
};
