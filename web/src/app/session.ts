import { type ReadonlySignal, signal } from "@preact/signals";
import type { Problem } from "../failed.ts";
import { problemOf } from "../words/problems.ts";
import type { Known, Me, Vault, Waiting } from "../worker/api.ts";
import type { Navigation } from "./navigation.ts";
import { homeOf } from "./screens.ts";

/** starting: the worker is asked who is known here. out: nobody is at work here. locked: somebody may unlock; what was on the screen waits behind. */
export type Session =
  | { readonly at: "starting" }
  | { readonly at: "out" }
  | {
      readonly at: "locked";
      readonly known: readonly Known[];
      readonly last: string | null;
      /** The hub has ended the session: it takes the second step, too. */
      readonly ended: boolean;
    }
  | { readonly at: "work"; readonly me: Me };

export interface Sessions {
  readonly now: ReadonlySignal<Session>;
  /** What went wrong while nobody waited for it; null where all is well. */
  readonly problem: ReadonlySignal<Problem | null>;
  /** Signed in: begin at home. */
  readonly signedIn: (me: Me) => void;
  /** Unlocked: the same member goes on where it was, another one begins at home. */
  readonly unlocked: (me: Me) => void;
  /** Unlocked, and not confirmed yet. */
  readonly waits: (waiting: Waiting) => void;
  /** Lock at once; the keys go while the page is already covered. */
  readonly lock: () => Promise<void>;
  readonly signOut: () => Promise<void>;
  /** The hub does not know the session any more (`code`): its member signs in again, over the work, which is still there. */
  readonly ended: (code: string) => void;
  /** Leave the lock for the sign-in of somebody else. */
  readonly other: () => void;
  /** On loading: whoever is known here may unlock. dead: rejects if nobody will ever answer. */
  readonly begin: (dead: Promise<never>) => Promise<void>;
  /** Nobody can be known here: what is shown need not wait for the worker. */
  readonly nobody: () => void;
  readonly forgotten: (login: string) => void;
  /** Whoever is at work had this device forget all of it. */
  readonly forgottenHere: () => void;
  /** The hub knows of the sign-out. */
  readonly closed: () => void;
  /** Something that nobody waited for came to nothing. */
  readonly failed: (found: Problem) => void;
}

/** broken: the worker did not lock. The page has to go, and the worker with it. */
export const sessions = (vault: Vault, navigation: Navigation, broken: () => void): Sessions => {
  const now = signal<Session>({ at: "starting" });
  const problem = signal<Problem | null>(null);
  let last: string | null = null;

  const out = () => {
    last = null;
    now.value = { at: "out" };
    navigation.reset({ at: "doors" });
  };

  /** Whoever is locked here may unlock by a passkey, too: the device knows by which. */
  const knowPasskeys = async () => {
    const all = await vault.known();
    const locked = now.value;
    if (locked.at !== "locked") return;
    now.value = { ...locked, known: locked.known.map((one) => all.find(({ login }) => login === one.login) ?? one) };
  };

  return {
    now,
    problem,
    signedIn: (me) => {
      problem.value = null;
      last = me.login;
      navigation.reset(homeOf(me));
      now.value = { at: "work", me };
    },
    unlocked: (me) => {
      problem.value = null;
      if (me.login !== last) navigation.reset(homeOf(me));
      last = me.login;
      now.value = { at: "work", me };
    },
    waits: (waiting) => {
      problem.value = null;
      out();
      navigation.reset({ at: "waiting", ...waiting });
    },
    lock: async () => {
      if (now.value.at !== "work") return;
      const { login } = now.value.me;
      now.value = { at: "locked", known: [knownAs(now.value.me)], last: login, ended: false };
      try {
        await vault.lock();
        await knowPasskeys();
      } catch {
        broken();
      }
    },
    signOut: async () => {
      out();
      try {
        await vault.signOut();
      } catch (error) {
        problem.value = problemOf(error);
      }
    },
    ended: (code) => {
      const was = now.value;
      if (was.at === "work") {
        // By another tab: the session goes on there.
        const ended = code !== "another_tab";
        now.value = { at: "locked", known: [knownAs(was.me)], last: was.me.login, ended };
        if (!ended) problem.value = { kind: "device", code: "another_tab" };
      } else if (was.at !== "locked") {
        out();
        problem.value = { kind: "refused", code, fields: {} };
      }
    },
    other: () => {
      out();
      navigation.go({ at: "sign-in" });
    },
    nobody: () => {
      now.value = { at: "out" };
    },
    begin: async (dead) => {
      try {
        const known = await Promise.race([vault.known(), dead]);
        if (now.value.at === "work") return;
        now.value = known.length > 0 ? { at: "locked", known, last: null, ended: false } : { at: "out" };
      } catch (error) {
        now.value = { at: "out" };
        problem.value = problemOf(error);
      }
    },
    closed: () => {
      if (problem.value?.kind === "device" && problem.value.code === "still_open") problem.value = null;
    },
    failed: (found) => {
      problem.value = found;
    },
    forgottenHere: out,
    forgotten: (login) => {
      if (now.value.at !== "locked") return;
      const known = now.value.known.filter((one) => one.login !== login);
      if (known.length === 0) out();
      else now.value = { ...now.value, known };
    },
  };
};

const knownAs = ({ login, agency, names }: Me): Known => ({ login, agency: agency.id, names, passkeys: [], prf: null });
