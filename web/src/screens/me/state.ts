import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { makePasskey } from "../../device/passkey.ts";
import type { Problem } from "../../failed.ts";
import type { Language } from "../../words/words.ts";
import type { Vault } from "../../worker/api.ts";
import type { KeptHere, OwnPasskey, OwnSession, RecoveryKit, ToldNotifications } from "../../worker/own-api.ts";
import { type Doing, doing } from "../doing.ts";
import type { Fault } from "../fault.ts";
import { isWeak, newPassphrase } from "../first-day/passphrase.ts";
import { taking } from "../taking.ts";

export interface OwnState {
  readonly doing: Doing;
  readonly login: string;
  /** The present one: whatever changes how one signs in takes it. */
  readonly passphrase: Signal<string>;

  readonly sessions: ReadonlySignal<readonly OwnSession[] | null>;
  readonly loadSessions: () => Promise<void>;
  readonly endSession: (id: string) => Promise<boolean>;
  readonly endOthers: () => Promise<boolean>;

  readonly next: {
    readonly offered: ReadonlySignal<string>;
    readonly isOwn: Signal<boolean>;
    readonly passphrase: Signal<string>;
    readonly another: () => void;
  };
  readonly changePassphrase: () => Promise<boolean>;

  readonly kit: ReadonlySignal<RecoveryKit | null>;
  readonly newKit: () => Promise<boolean>;
  readonly forgetKit: () => void;

  readonly authenticator: ReadonlySignal<{ readonly secret: string; readonly uri: string } | null>;
  readonly digits: Signal<string>;
  readonly beginAuthenticator: () => Promise<void>;
  readonly changeAuthenticator: () => Promise<boolean>;

  readonly passkeys: ReadonlySignal<readonly OwnPasskey[] | null>;
  readonly loadPasskeys: () => Promise<void>;
  readonly name: Signal<string>;
  readonly addPasskey: () => Promise<boolean>;
  readonly removePasskey: (id: string) => Promise<boolean>;

  readonly told: ReadonlySignal<ToldNotifications | null>;
  readonly loadTold: () => Promise<void>;
  readonly address: Signal<string>;
  readonly language: Signal<string>;
  readonly urgencies: Signal<readonly string[]>;
  readonly hours: Signal<string>;
  readonly digest: Signal<string>;
  readonly code: Signal<string>;
  readonly saveTold: () => Promise<boolean>;
  readonly confirmAddress: () => Promise<boolean>;

  readonly kept: ReadonlySignal<KeptHere | null>;
  readonly loadKept: () => Promise<void>;
  /** What was typed or shown on a page goes with it. */
  readonly wipe: () => void;
}

const faultOf = (problem: Problem): Fault => {
  if (problem.kind === "device" && problem.code === "wrong_passphrase") return wrongPassphrase;
  if (problem.kind === "line") return { field: null, key: "own.unsure" };
  if (problem.kind !== "refused") return { field: null, problem };
  const { field } = problem.fields;
  if (problem.code === "key_refused") return wrongPassphrase;
  if (field === "code") return { field: "digits", key: "own.wrong_digits" };
  if (field === "digits") return { field: "code", key: "own.wrong_code" };
  if (field === "address") return { field: "address", key: "own.not_an_address" };
  if (field === "passkey") return { field: null, key: "own.passkey_refused" };
  return { field: null, problem };
};

const wrongPassphrase: Fault = { field: "passphrase", key: "own.wrong_passphrase" };

const AT_ONCE = "";

/** said: the language of the passphrases that are offered. */
export const ownState = (vault: Vault, login: string, said: () => Language): OwnState => {
  const one = doing(faultOf);
  const [passphrase, nextPassphrase, digits, name, code] = [signal(""), signal(""), signal(""), signal(""), signal("")];
  const [offered, isOwn] = [signal(newPassphrase(said())), signal(false)];
  const [address, language, hours, digest] = [signal(""), signal<string>(said()), signal("any"), signal(AT_ONCE)];
  const urgencies = signal<readonly string[]>([]);
  const sessions = signal<readonly OwnSession[] | null>(null);
  const kit = signal<RecoveryKit | null>(null);
  const authenticator = signal<{ readonly secret: string; readonly uri: string } | null>(null);
  const passkeys = signal<readonly OwnPasskey[] | null>(null);
  const told = signal<ToldNotifications | null>(null);
  const kept = signal<KeptHere | null>(null);

  const another = () => {
    offered.value = newPassphrase(said());
    nextPassphrase.value = "";
    one.fail([]);
  };

  const taken = taking();

  const wipe = () => {
    taken.clear();
    for (const typed of [passphrase, digits, name, code]) typed.value = "";
    [kit.value, authenticator.value] = [null, null];
    another();
  };

  const loadSessions = async () => {
    sessions.value = await vault.ownSessions();
  };

  const loadPasskeys = async () => {
    passkeys.value = await vault.ownPasskeys();
  };

  const show = (found: ToldNotifications) => {
    told.value = found;
    [address.value, language.value, urgencies.value] = [found.address, found.language, found.urgencies];
    hours.value = found.workingHours ? "working" : "any";
    digest.value = found.digestHour === null ? AT_ONCE : String(found.digestHour);
  };

  /** Whether all is there; else it is told what is missing. */
  const has = (...faults: readonly (Fault | false)[]): boolean => {
    const found = faults.filter((fault) => fault !== false);
    one.fail(found);
    return found.length === 0;
  };

  const needsPassphrase = (): Fault | false =>
    passphrase.value === "" && { field: "passphrase", key: "sign_in.needs_passphrase" };

  const needsDigits = (): Fault | false =>
    !/^\d{6}$/.test(bare(digits.value)) && { field: "digits", key: "sign_in.needs_digits" };

  return {
    doing: one,
    login,
    passphrase,

    sessions,
    loadSessions: () => one.look(loadSessions),
    endSession: (id) =>
      one.attempt(async () => {
        await vault.endOwnSession(id);
        await loadSessions();
      }),
    endOthers: () =>
      one.attempt(async () => {
        for (const { id, current } of sessions.value ?? []) if (!current) await vault.endOwnSession(id);
        await loadSessions();
      }),

    next: { offered, isOwn, passphrase: nextPassphrase, another },
    changePassphrase: async () => {
      const chosen = isOwn.value ? nextPassphrase.value : offered.value;
      const isRight = isOwn.value ? !isWeak(chosen, login) : nextPassphrase.value.trim() === offered.value;
      const wrong = isOwn.value ? "join.weak" : "join.not_the_same";
      if (!has(needsPassphrase(), !isRight && { field: "new-passphrase", key: wrong })) return false;
      return one.attempt(() => vault.changePassphrase(passphrase.value, chosen));
    },

    kit,
    newKit: async () => {
      if (!has(needsPassphrase())) return false;
      return one.attempt(async () => {
        await taken.into(kit, vault.newRecoveryCodes(passphrase.value));
        passphrase.value = "";
      });
    },
    forgetKit: () => {
      kit.value = null;
    },

    authenticator,
    digits,
    beginAuthenticator: () => one.look(() => taken.into(authenticator, vault.newAuthenticator())),
    changeAuthenticator: async () => {
      if (!has(needsPassphrase(), needsDigits())) return false;
      return one.attempt(() => vault.changeAuthenticator(passphrase.value, bare(digits.value)));
    },

    passkeys,
    loadPasskeys: () => one.look(loadPasskeys),
    name,
    addPasskey: async () => {
      const isNamed = name.value.trim() !== "" && name.value.trim().length <= 80;
      if (!has(needsPassphrase(), !isNamed && { field: "name", key: "own.needs_name" })) return false;
      return one.attempt(async () => {
        const { options, prf } = await vault.beginPasskey(passphrase.value);
        const { response, secret } = await makePasskey(options, prf);
        await vault.addPasskey(response, name.value.trim(), secret);
        await loadPasskeys();
      });
    },
    removePasskey: async (id) => {
      if (!has(needsPassphrase())) return false;
      return one.attempt(async () => {
        await vault.removePasskey(id, passphrase.value);
        await loadPasskeys();
      });
    },

    told,
    loadTold: () => one.look(async () => show(await vault.notifications())),
    ...{ address, language, urgencies, hours, digest, code },
    saveTold: () =>
      one.attempt(async () => {
        const digestHour = digest.value === AT_ONCE ? null : Number(digest.value);
        const wanted = { address: address.value.trim(), language: language.value, urgencies: urgencies.value };
        show(await vault.saveNotifications({ ...wanted, workingHours: hours.value === "working", digestHour }));
      }),
    confirmAddress: async () => {
      if (!has(!/^\d{8}$/.test(bare(code.value)) && { field: "code", key: "own.needs_code" })) return false;
      return one.attempt(async () => {
        show(await vault.confirmAddress(bare(code.value)));
        code.value = "";
      });
    },

    kept,
    loadKept: () =>
      one.look(async () => {
        kept.value = await vault.keptHere();
      }),
    wipe,
  };
};

/** Digits as they are typed: in groups, too. */
const bare = (typed: string): string => typed.replace(/[\s-]/g, "");
