import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Problem } from "../../failed.ts";
import { dateOf, type KnownDate, type TypedDate } from "../../words/dates.ts";
import { problemOf } from "../../words/problems.ts";
import type { Vault } from "../../worker/api.ts";
import type { ExportedFile, Format, Passed, Wanted } from "../../worker/overseeing-api.ts";

const OFFSET = 8 * 3_600_000; // of Ulaanbaatar
const NO_DATE: TypedDate = { year: "", month: "", day: "" };

export const CHOICES = ["agency", "place", "service", "urgency", "basis", "state"] as const;
export const SWITCHES = ["overdue", "unanswered", "withoutConsent"] as const;
const ENDS = ["since", "until"] as const;
type Choice = (typeof CHOICES)[number];
type Switch = (typeof SWITCHES)[number];

/** The trail as it stands, kept while one looks at a timeline. */
export interface TrailState {
  readonly rows: ReadonlySignal<readonly Passed[] | null>;
  readonly hasMore: ReadonlySignal<boolean>;
  readonly problem: ReadonlySignal<Problem | null>;
  readonly isBusy: ReadonlySignal<boolean>;
  readonly chosen: Signal<Readonly<Partial<Record<Choice, string>>>>;
  readonly switched: Signal<readonly Switch[]>;
  readonly since: Signal<TypedDate>;
  readonly until: Signal<TypedDate>;
  /** Of the two dates, those that are none. */
  readonly faults: ReadonlySignal<readonly ("since" | "until")[]>;
  /** How many filters the shown rows went through. */
  readonly on: ReadonlySignal<number>;
  /** Show what the filters find, from the beginning. */
  readonly show: () => Promise<void>;
  readonly more: () => Promise<void>;
  readonly clear: () => Promise<void>;
  /** What is shown, as a file; null: it could not be had. */
  readonly take: (format: Format) => Promise<ExportedFile | null>;
}

/** The first instant of a day, month or year, and the first behind it. */
export const boundsOf = ({ year, month, day }: KnownDate): readonly [from: number, to: number] => {
  const at = (y: number, m: number, d: number) => Date.UTC(y, m, d) - OFFSET;
  if (month === null) return [at(year, 0, 1), at(year + 1, 0, 1)];
  if (day === null) return [at(year, month - 1, 1), at(year, month, 1)];
  return [at(year, month - 1, day), at(year, month - 1, day + 1)];
};

export const trailState = (vault: Pick<Vault, "trail" | "exportTrail">, now: () => number): TrailState => {
  const rows = signal<readonly Passed[] | null>(null);
  const after = signal<string | null>(null);
  const hasMore = signal(false);
  const problem = signal<Problem | null>(null);
  const isBusy = signal(false);
  const chosen = signal<TrailState["chosen"]["value"]>({});
  const switched = signal<readonly Switch[]>([]);
  const [since, until] = [signal(NO_DATE), signal(NO_DATE)];
  const typed = { since, until };
  const refused = signal<readonly TypedDate[]>([]);
  const faults = computed(() => ENDS.filter((one) => refused.value.includes(typed[one].value)));
  const on = signal(0);
  let wanted: Wanted = {};

  /** What the form asks for; null where a date in it is none. */
  const read = (): Wanted | null => {
    const dates = { since: dateOf(since.value, now()), until: dateOf(until.value, now()) };
    refused.value = ENDS.filter((one) => typeof dates[one] === "string").map((one) => typed[one].value);
    if (faults.value.length > 0) return null;
    const bound = (which: "since" | "until") => {
      const date = dates[which];
      if (date === null || typeof date === "string") return {};
      return { [which]: new Date(boundsOf(date)[which === "since" ? 0 : 1]).toISOString() };
    };
    const switches = Object.fromEntries(switched.value.map((one) => [one, true]));
    return { ...chosen.value, ...switches, ...bound("since"), ...bound("until") };
  };

  const doing = async <Result>(what: () => Promise<Result>): Promise<Result | null> => {
    if (isBusy.value) return null;
    isBusy.value = true;
    problem.value = null;
    try {
      return await what();
    } catch (error) {
      problem.value = problemOf(error);
      return null;
    } finally {
      isBusy.value = false;
    }
  };

  const fetch = (from: string | null) =>
    doing(async () => {
      const page = await vault.trail(wanted, from);
      rows.value = from === null ? page.rows : [...(rows.value ?? []), ...page.rows];
      after.value = page.after;
      hasMore.value = page.after !== null;
    });

  const show = async () => {
    const asked = isBusy.value ? null : read();
    if (asked === null) return;
    wanted = asked;
    on.value = Object.keys(wanted).length;
    await fetch(null);
  };

  return {
    ...{ rows, hasMore, problem, isBusy, chosen, switched, since, until, faults, on, show },
    more: async () => void (await fetch(after.value)),
    clear: async () => {
      if (isBusy.value) return; // what is shown went through them
      chosen.value = {};
      switched.value = [];
      since.value = NO_DATE;
      until.value = NO_DATE;
      await show();
    },
    take: (format) => doing(() => vault.exportTrail(format, wanted)),
  };
};
