import { type ReadonlySignal, signal } from "@preact/signals";
import type { Known, Me, Vault } from "../worker/api.ts";
import type { Navigation } from "./navigation.ts";
import { HOME } from "./screens.ts";

/** out: nobody is at work here. locked: somebody may unlock; what was on the screen waits behind. */
export type Session =
  | { readonly at: "out" }
  | { readonly at: "locked"; readonly known: readonly Known[]; readonly last: string | null }
  | { readonly at: "work"; readonly me: Me };

export interface Sessions {
  readonly now: ReadonlySignal<Session>;
  /** Signed in: begin at home. */
  readonly signedIn: (me: Me) => void;
  /** Unlocked: the same member goes on where it was, another one begins at home. */
  readonly unlocked: (me: Me) => void;
  /** Lock at once; the keys go while the page is already covered. */
  readonly lock: () => Promise<void>;
  readonly signOut: () => Promise<void>;
  /** Leave the lock for the sign-in of somebody else. */
  readonly other: () => void;
  /** On loading: whoever is known here may unlock. */
  readonly begin: () => Promise<void>;
  readonly forgotten: (login: string) => void;
}

export const sessions = (vault: Vault, navigation: Navigation): Sessions => {
  const now = signal<Session>({ at: "out" });
  let last: string | null = null;

  const out = () => {
    last = null;
    now.value = { at: "out" };
    navigation.reset({ at: "doors" });
  };

  return {
    now,
    signedIn: (me) => {
      last = me.login;
      navigation.reset(HOME);
      now.value = { at: "work", me };
    },
    unlocked: (me) => {
      if (me.login !== last) navigation.reset(HOME);
      last = me.login;
      now.value = { at: "work", me };
    },
    lock: async () => {
      if (now.value.at !== "work") return;
      const { login, agency, names } = now.value.me;
      now.value = { at: "locked", known: [{ login, agency: agency.id, names }], last: login };
      await vault.lock();
    },
    signOut: async () => {
      out();
      await vault.signOut();
    },
    other: () => {
      out();
      navigation.go({ at: "sign-in" });
    },
    begin: async () => {
      const known = await vault.known();
      if (known.length > 0 && now.value.at === "out") now.value = { at: "locked", known, last: null };
    },
    forgotten: (login) => {
      if (now.value.at !== "locked") return;
      const known = now.value.known.filter((one) => one.login !== login);
      if (known.length === 0) out();
      else now.value = { ...now.value, known };
    },
  };
};
