import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Problem } from "../../failed.ts";
import { problemOf } from "../../words/problems.ts";
import type { Language } from "../../words/words.ts";
import type { Invited, Vault, Waiting } from "../../worker/api.ts";
import type { Fault } from "../fault.ts";
import { drawn, isWeak, newPassphrase } from "./passphrase.ts";

export type JoinStep = "paper" | "passphrase" | "authenticator" | "kit";

/** Where the first day leads. kit: nothing before it can be gone back to. */
export interface Ways {
  readonly go: (step: JoinStep) => void;
  readonly back: () => void;
  readonly kit: () => void;
  readonly wait: (waiting: Waiting) => void;
}

/** A group of one code, typed back from the paper: that it is on paper. Both count from 0. */
export interface Asked {
  readonly code: number;
  readonly group: number;
}

export interface FirstDayState {
  readonly code: Signal<string>;
  readonly fingerprint: Signal<string>;
  readonly login: Signal<string>;
  readonly offered: ReadonlySignal<string>;
  readonly isOwn: Signal<boolean>;
  readonly passphrase: Signal<string>;
  readonly digits: Signal<string>;
  readonly typed: readonly [Signal<string>, Signal<string>];
  readonly invited: ReadonlySignal<Invited | null>;
  readonly authenticator: ReadonlySignal<{ readonly secret: string; readonly uri: string } | null>;
  readonly codes: ReadonlySignal<readonly string[]>;
  readonly asked: ReadonlySignal<readonly [Asked, Asked]>;
  readonly busy: ReadonlySignal<boolean>;
  readonly faults: Signal<readonly Fault[]>;
  /** What is on the paper. Leads to the passphrase. */
  readonly take: () => Promise<void>;
  readonly another: () => void;
  /** Leads to the authenticator. */
  readonly choose: () => Promise<void>;
  /** Hand all of it in, at once. Leads to the kit. */
  readonly enrol: () => Promise<void>;
  /** The kit is on paper. Leads to waiting. */
  readonly printed: () => void;
}

/** language: of the passphrases that are offered. paper: from a link. */
export const firstDayState = (
  vault: Pick<Vault, "invited" | "authenticator" | "enrol">,
  ways: Ways,
  language: () => Language,
  paper: { readonly code: string; readonly fingerprint: string } | null,
): FirstDayState => {
  const [code, fingerprint] = [signal(paper?.code ?? ""), signal(paper?.fingerprint ?? "")];
  const [login, passphrase, digits] = [signal(""), signal(""), signal("")];
  const typed = [signal(""), signal("")] as const;
  const offered = signal(newPassphrase(language()));
  const isOwn = signal(false);
  const invited = signal<Invited | null>(null);
  const authenticator = signal<{ readonly secret: string; readonly uri: string } | null>(null);
  const codes = signal<readonly string[]>([]);
  const asked = signal<readonly [Asked, Asked]>([
    { code: 0, group: 0 },
    { code: 1, group: 0 },
  ]);
  const busy = signal(false);
  const faults = signal<readonly Fault[]>([]);
  let waiting: Waiting | null = null;
  let isUnsure = false; // an answer was lost after all of it was handed in

  const attempt = async (call: () => Promise<void>, told: (problem: Problem) => Fault): Promise<void> => {
    busy.value = true;
    faults.value = [];
    try {
      await call();
    } catch (error) {
      faults.value = [told(problemOf(error))];
    } finally {
      busy.value = false;
    }
  };

  const enrolFault = (problem: Problem): Fault => {
    if (problem.kind === "line") isUnsure = true;
    const isGone = problem.kind === "refused" && problem.code === "not_found";
    if (isUnsure && (problem.kind === "line" || isGone)) return { field: null, key: "join.unsure" };
    if (isGone) return { field: null, key: "join.code_used" };
    if (problem.kind === "device" && problem.code === "unlock_expired") return { field: null, key: "join.expired" };
    const field = problem.kind === "refused" ? problem.fields.field : null;
    if (field === "code") return { field: "digits", key: "join.wrong_digits" };
    if (field !== "login") return { field: null, problem };
    ways.back();
    const isTaken = problem.kind === "refused" && problem.code === "id_reused";
    return { field: "login", key: isTaken ? "join.login_taken" : "join.login_form" };
  };

  return {
    code,
    fingerprint,
    login,
    offered,
    isOwn,
    passphrase,
    digits,
    typed,
    invited,
    authenticator,
    codes,
    asked,
    busy,
    faults,
    take: async () => {
      if (busy.value) return;
      const faulty: Fault[] = [];
      if (bare(code.value).length !== 26) faulty.push({ field: "code", key: "join.needs_code" });
      if (bare(fingerprint.value).length !== 52)
        faulty.push({ field: "fingerprint", key: "sign_in.needs_fingerprint" });
      faults.value = faulty;
      if (faulty.length > 0) return;
      await attempt(async () => {
        invited.value = await vault.invited(code.value, fingerprint.value);
        if (login.value === "") login.value = invited.value.handle;
        ways.go("passphrase");
      }, paperFault);
    },
    another: () => {
      offered.value = newPassphrase(language());
      passphrase.value = "";
      faults.value = [];
    },
    choose: async () => {
      if (busy.value) return;
      const faulty: Fault[] = [];
      if (!/^\S{3,80}$/u.test(login.value.trim())) faulty.push({ field: "login", key: "join.login_form" });
      if (isOwn.value && isWeak(passphrase.value, login.value))
        faulty.push({ field: "new-passphrase", key: "join.weak" });
      if (!isOwn.value && passphrase.value.trim() !== offered.value)
        faulty.push({ field: "new-passphrase", key: "join.not_the_same" });
      faults.value = faulty;
      if (faulty.length > 0) return;
      await attempt(async () => {
        authenticator.value = await vault.authenticator(login.value);
        ways.go("authenticator");
      }, enrolFault);
    },
    enrol: async () => {
      if (busy.value) return;
      const six = digits.value.replace(/[\s-]/g, "");
      faults.value = /^\d{6}$/.test(six) ? [] : [{ field: "digits", key: "sign_in.needs_digits" }];
      if (faults.value.length > 0) return;
      await attempt(async () => {
        const chosen = isOwn.value ? passphrase.value : offered.value;
        const done = await vault.enrol(login.value, chosen, six);
        waiting = { number: done.number, administrators: done.administrators };
        codes.value = done.codes;
        asked.value = twoOf(done.codes);
        for (const secret of [passphrase, digits, code]) secret.value = "";
        offered.value = "";
        authenticator.value = null;
        ways.kit();
      }, enrolFault);
    },
    printed: () => {
      faults.value = asked.value.flatMap((one, place) => {
        const right = codes.value[one.code]?.split("-")[one.group];
        const isRight = bare(typed[place]!.value) === right;
        return isRight ? [] : [{ field: `typed-${place}`, key: "join.kit.differs" } as const];
      });
      if (faults.value.length > 0 || waiting === null) return;
      codes.value = [];
      ways.wait(waiting);
    },
  };
};

/** Letters and digits of what stands in groups on paper. */
const bare = (typed: string): string => typed.toLowerCase().replace(/[\s-]/g, "");

const paperFault = (problem: Problem): Fault => {
  if (problem.kind !== "refused") return { field: null, problem };
  if (problem.code === "directory_fork") return { field: "fingerprint", key: "join.other_network" };
  if (problem.code === "not_found") return { field: "code", key: "join.code_used" };
  if (problem.code !== "malformed") return { field: null, problem };
  return problem.fields.field === "code"
    ? { field: "code", key: "join.needs_code" }
    : { field: "fingerprint", key: "sign_in.needs_fingerprint" };
};

/** Two groups of two different codes. */
const twoOf = (codes: readonly string[]): readonly [Asked, Asked] => {
  const places = codes.map((_, place) => place);
  const first = drawn(places);
  const second = drawn(places.filter((place) => place !== first));
  return [
    { code: first, group: drawn([0, 1, 2, 3]) },
    { code: second, group: drawn([0, 1, 2, 3]) },
  ];
};
