import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Navigation } from "../../app/navigation.ts";
import { answerPasskey } from "../../device/passkey.ts";
import { problemOf } from "../../words/problems.ts";
import type { Me, SecondFactor, Vault } from "../../worker/api.ts";
import type { Fault } from "../fault.ts";

export interface SignInState {
  readonly login: Signal<string>;
  readonly passphrase: Signal<string>;
  readonly digits: Signal<string>;
  readonly recovery: Signal<string>;
  readonly fingerprint: Signal<string>;
  readonly byRecovery: Signal<boolean>;
  readonly busy: ReadonlySignal<boolean>;
  readonly faults: Signal<readonly Fault[]>;
  /** Login and passphrase: opened in the worker, which takes seconds. Leads to the second step. */
  readonly begin: () => Promise<void>;
  /** The second step. Leads to work, to the fingerprint, or to waiting. */
  readonly finish: () => Promise<void>;
  /** The second step by a passkey. */
  readonly finishByPasskey: () => Promise<void>;
  /** The fingerprint from the paper, where the device does not know the network. */
  readonly vouch: () => Promise<void>;
  /** From waiting: whether it is confirmed. Leads to work. */
  readonly check: () => Promise<void>;
  /** It was asked, and is not confirmed yet. */
  readonly isStill: ReadonlySignal<boolean>;
  /** Check by itself, again and again, until the returned function is called. */
  readonly watch: () => () => void;
  /** Forget what was typed. */
  readonly clear: () => void;
}

const EACH = 4000; // milliseconds between two looks while waiting

const nothing: readonly Fault[] = [];

/** By which the hub says that login, passphrase or second step is wrong, never which: to people too it is one sentence. */
const WRONG = "sign_in_refused";

export const signInState = (vault: Vault, navigation: Navigation, signedIn: (me: Me) => void): SignInState => {
  const [login, passphrase, digits, recovery, fingerprint] = [
    signal(""),
    signal(""),
    signal(""),
    signal(""),
    signal(""),
  ];
  const byRecovery = signal(false);
  const busy = signal(false);
  const isStill = signal(false);
  const faults = signal(nothing);

  const clear = () => {
    for (const field of [login, passphrase, digits, recovery, fingerprint]) field.value = "";
    byRecovery.value = false;
    faults.value = nothing;
  };

  /** One call at a time; its problem becomes a fault. */
  const attempt = async (call: () => Promise<void>): Promise<void> => {
    busy.value = true;
    faults.value = nothing;
    try {
      await call();
    } catch (error) {
      const problem = problemOf(error);
      if (problem.kind === "device" && problem.code === "unlock_expired") {
        navigation.reset({ at: "sign-in" });
        faults.value = [{ field: "passphrase", key: "sign_in.expired" }];
      } else if (problem.kind !== "line" && (problem.code === WRONG || problem.code === "wrong_passphrase")) {
        digits.value = "";
        faults.value = [{ field: null, key: "sign_in.wrong" }];
      } else if (problem.kind === "refused" && problem.fields.field === "waiting") {
        faults.value = [{ field: null, key: "join.turned_away" }];
      } else {
        faults.value = [{ field: null, problem }];
      }
    } finally {
      busy.value = false;
    }
  };

  const second = (): SecondFactor =>
    byRecovery.value ? { recovery: recovery.value.trim() } : { totp: digitsOf(digits.value) };

  const signIn = async (given: SecondFactor, paper?: string): Promise<void> => {
    const came = await (paper === undefined ? vault.signIn(given) : vault.signIn(given, paper));
    if (came.at === "work") {
      clear();
      signedIn(came.me);
    } else if (came.at === "waiting") {
      digits.value = "";
      navigation.reset({ at: "waiting", number: came.number, administrators: came.administrators });
    } else {
      navigation.go({ at: "fingerprint" });
    }
  };

  /** By itself: what hinders it is told when it is asked for. */
  const look = async () => {
    if (busy.value) return;
    try {
      const me = await vault.confirmed();
      if (me !== null) confirmed(me);
    } catch (error) {
      problemOf(error);
    }
  };

  const confirmed = (me: Me) => {
    isStill.value = false;
    clear();
    signedIn(me);
  };

  const check = async () => {
    if (busy.value) return;
    isStill.value = false;
    await attempt(async () => {
      const me = await vault.confirmed();
      if (me === null) isStill.value = true;
      else confirmed(me);
    });
  };

  return {
    login,
    passphrase,
    digits,
    recovery,
    fingerprint,
    byRecovery,
    busy,
    faults,
    clear,
    begin: async () => {
      if (busy.value) return;
      faults.value = missing([
        ["login", login.value.trim() !== "", "sign_in.needs_login"],
        ["passphrase", passphrase.value !== "", "sign_in.needs_passphrase"],
      ]);
      if (faults.value.length > 0) return;
      await attempt(async () => {
        await vault.begin(login.value.trim(), passphrase.value);
        passphrase.value = ""; // the worker has it now
        navigation.go({ at: "second-step" });
      });
    },
    finish: async () => {
      if (busy.value) return;
      faults.value = byRecovery.value
        ? missing([["recovery", recovery.value.trim() !== "", "sign_in.needs_recovery"]])
        : missing([["digits", digitsOf(digits.value).length === 6, "sign_in.needs_digits"]]);
      if (faults.value.length === 0) await attempt(() => signIn(second()));
    },
    finishByPasskey: async () => {
      if (!busy.value) await attempt(async () => signIn({ passkey: await answerPasskey(await vault.askPasskey()) }));
    },
    vouch: async () => {
      if (busy.value) return;
      const paper = fingerprint.value.replace(/[\s-]/g, "");
      faults.value = missing([["fingerprint", /^[A-Za-z0-9]{52}$/.test(paper), "sign_in.needs_fingerprint"]]);
      if (faults.value.length === 0) await attempt(() => signIn(second(), paper)); // the hub has the second step already
    },
    check,
    isStill,
    watch: () => {
      const timer = setInterval(() => void look(), EACH);
      return () => clearInterval(timer);
    },
  };
};

/** «123 456» as it is typed; empty where anything else stands among the digits. */
const digitsOf = (typed: string): string => {
  const digits = typed.replace(/[\s-]/g, "");
  return /^\d*$/.test(digits) ? digits : "";
};

type FieldKey = Extract<Fault, { readonly key: unknown }>["key"];

const missing = (fields: readonly (readonly [field: string, isThere: boolean, key: FieldKey])[]): readonly Fault[] =>
  fields.filter(([, isThere]) => !isThere).map(([field, , key]) => ({ field, key }));
