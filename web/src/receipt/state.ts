import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { Failed } from "../failed.ts";
import { Refused } from "../protocol/errors.ts";
import { DIGITS, grouped, parseCode } from "../protocol/receipt.ts";
import type { Scope } from "../protocol/schemas.ts";
import type { Calls, Made, Shown } from "./calls.ts";
import type { Mark, Seen } from "./receipt-proofs.ts";

/** What is taken back: as it is said, and as it is signed. */
export type Taken =
  | { readonly what: "all" }
  | { readonly what: "agency"; readonly agency: string }
  | { readonly what: "parts"; readonly parts: readonly string[] };

export type Screen =
  | { readonly at: "about" }
  | { readonly at: "code" }
  | { readonly at: "made"; readonly made: Made }
  | { readonly at: "shown" }
  | { readonly at: "choose" }
  | { readonly at: "sure"; readonly taken: Taken }
  | { readonly at: "done"; readonly when: number; readonly told: readonly string[] };

/** short: digits are missing (`count`); slip: the check digit is wrong; code: whatever the hub did not open. */
export type Fault =
  | { readonly fault: "short"; readonly count: number }
  | { readonly fault: "slip" | "code" | "basis" | "line" };

/** How what she decided stands in the log. broken: what is shown of it does not hold; unseen: it is not shown now. */
export type Log = Mark | "looking" | "broken" | "unseen";

const PAUSES = [0, 1_500, 4_000]; // milliseconds: a leaf gets its place within a second, and its witnesses soon after

const digitsOf = (text: string): string => text.replace(/\D/g, "");

/** The code in groups, as it is typed or pasted. */
export const inGroups = (text: string): string => grouped(digitsOf(text).slice(0, DIGITS + 1));

/** Of an address's end, which a QR code brings: the digits, or nothing. */
export const codeIn = (fragment: string): string =>
  digitsOf(fragment).length === DIGITS + 1 ? inGroups(fragment) : "";

export const everything: Scope = { agencies: ["*"], sections: ["*"], purposes: ["*"] };

type Holder = NonNullable<Shown["holders"]>[number];

/** Those who can read something, now or of what was sent. */
export const holdersOf = (shown: Shown): readonly Holder[] =>
  (shown.holders ?? []).filter(
    (one) => one.agency !== null && (one.sections.length > 0 || one.referrals.some((sent) => sent.parts.length > 0)),
  );

/** What the law had passed on is not taken back here. */
export const isLaw = (shown: Shown): boolean =>
  (shown.holders ?? []).some((one) => one.reviewer !== null && one.basis !== "danger_to_life");

/** The parts that anybody reads now, each once, in the order in which they come. */
export const partsOf = (shown: Shown): readonly string[] => [
  ...new Set(holdersOf(shown).flatMap((one) => [...one.sections, ...one.referrals.flatMap((sent) => sent.parts)])),
];

/** Parts are taken back from those who read now: whoever wrote it down for her keeps it. */
export const scopeOf = (taken: Taken, shown: Shown): Scope => {
  if (taken.what === "agency") return { ...everything, agencies: [taken.agency] };
  if (taken.what === "parts")
    return { ...everything, agencies: holdersOf(shown).map((one) => one.to), sections: [...taken.parts].sort() };
  return everything;
};

export interface ReceiptState {
  readonly screen: ReadonlySignal<Screen>;
  readonly code: { value: string };
  readonly shown: ReadonlySignal<Shown | null>;
  readonly fault: Signal<Fault | null>;
  readonly busy: ReadonlySignal<boolean>;
  /** null: there is nothing to look for. */
  readonly log: ReadonlySignal<Log | null>;
  /** Whom to call; empty as long as nobody is known. */
  readonly phone: ReadonlySignal<string>;
  go(to: Screen): void;
  back(): void;
  look(): Promise<void>;
  /** A code of her own, made on this device. */
  make(): Promise<void>;
  withdraw(taken: Taken): Promise<void>;
  /** Look again for it in the log. */
  prove(): Promise<void>;
  clear(): void;
}

const BEFORE: Readonly<Record<Screen["at"], Screen | null>> = {
  about: null,
  code: { at: "about" },
  made: { at: "about" },
  shown: { at: "code" },
  choose: { at: "shown" },
  sure: { at: "choose" },
  done: { at: "shown" },
};

const passed = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** The person's page. code: from the address, where it brought one. now: milliseconds. */
export const receiptState = (
  calls: Calls,
  code: string,
  now: () => number = Date.now,
  wait: (milliseconds: number) => Promise<void> = passed,
): ReceiptState => {
  const screen = signal<Screen>({ at: "about" });
  const typed = signal(code);
  const shown = signal<Shown | null>(null);
  const fault = signal<Fault | null>(null);
  const busy = signal(false);
  const phone = signal("");
  const log = signal<Log | null>(null);
  let seen: Seen | null = null; // of the log, as long as this page is open
  const heard = (one: string) => {
    phone.value = one;
  };
  const go = (to: Screen) => {
    fault.value = null;
    screen.value = to;
    if (to.at === "about" || to.at === "code") shown.value = null;
  };
  const during = async (work: () => Promise<void>) => {
    if (busy.value) return;
    busy.value = true;
    fault.value = null;
    try {
      await work();
    } catch (error) {
      fault.value = faultOf(error);
    } finally {
      busy.value = false;
    }
  };

  const prove = async () => {
    const of = shown.value;
    log.value = null;
    if (of === null || of.documents.length === 0) return;
    log.value = "looking";
    const isLeft = () => shown.value !== of;
    for (const pause of PAUSES) {
      if (pause > 0) await wait(pause);
      if (isLeft()) return;
      const found = await provenOf(of);
      if (isLeft()) return;
      const isYet = found === "promised" || found === "doubtful";
      if (!isYet || pause === PAUSES.at(-1)) log.value = found;
      if (!isYet) return;
    }
  };
  const provenOf = async (of: Shown): Promise<Log | null> => {
    try {
      const found = await calls.prove(typed.value, of, seen);
      if (shown.value === of) seen = found.seen;
      return found.mark;
    } catch (error) {
      return error instanceof Refused ? "broken" : "unseen";
    }
  };

  return {
    screen,
    code: typed,
    shown,
    log,
    fault,
    busy,
    phone,
    go,
    back() {
      const before = BEFORE[screen.value.at];
      if (before !== null && !busy.value) go(before);
    },
    look: () =>
      during(async () => {
        const count = digitsOf(typed.value).length;
        if (count !== DIGITS + 1) {
          fault.value = { fault: "short", count };
          return;
        }
        const found = await calls.look(checked(typed.value), heard);
        go({ at: "shown" });
        shown.value = found;
        void prove();
      }),
    make: () => during(async () => go({ at: "made", made: await calls.make(heard) })),
    withdraw: (taken) =>
      during(async () => {
        const before = shown.value;
        if (before === null) return;
        const told = holdersOf(before).filter((one) => taken.what !== "agency" || one.to === taken.agency);
        const found = await calls.withdraw(checked(typed.value), [scopeOf(taken, before)], heard);
        go({ at: "done", when: now(), told: told.map((one) => one.to) });
        shown.value = found;
        void prove();
      }),
    prove,
    clear() {
      typed.value = "";
      shown.value = null;
      log.value = null;
      seen = null;
      fault.value = null;
      screen.value = { at: "about" };
    },
  };
};

const checked = (text: string): string => {
  parseCode(text);
  return text;
};

/** A wrong code, a dead one, too many tries, a fault of the hub: one calm sentence for all of them. */
const faultOf = (error: unknown): Fault => {
  if (error instanceof Refused) return { fault: "slip" };
  if (!(error instanceof Failed)) throw error;
  if (error.problem.kind === "line") return { fault: "line" };
  return { fault: error.problem.kind === "refused" && error.problem.code === "basis_not_allowed" ? "basis" : "code" };
};
