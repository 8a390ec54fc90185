import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Sessions } from "../../app/session.ts";
import { answerPasskey, secretOf } from "../../device/passkey.ts";
import { problemOf } from "../../words/problems.ts";
import type { Known, SignedIn, Vault } from "../../worker/api.ts";
import type { Fault } from "../fault.ts";

export interface UnlockState {
  /** Whose work it is; empty where several are known and none is chosen. */
  readonly login: Signal<string>;
  readonly passphrase: Signal<string>;
  readonly busy: ReadonlySignal<boolean>;
  readonly faults: Signal<readonly Fault[]>;
  /** On the page that asks before all is removed. */
  readonly isForgetting: Signal<boolean>;
  /** The session has ended, and the passphrase was given: the second step is asked for. */
  readonly isSecond: Signal<boolean>;
  /** Six digits, or a code of the kit. */
  readonly second: Signal<string>;
  readonly unlock: () => Promise<void>;
  readonly unlockByPasskey: () => Promise<void>;
  readonly signIn: () => Promise<void>;
  readonly signInByPasskey: () => Promise<void>;
  readonly forget: () => Promise<void>;
}

export const unlockState = (vault: Vault, session: Sessions): UnlockState => {
  const login = signal("");
  const passphrase = signal("");
  const busy = signal(false);
  const isForgetting = signal(false);
  const isSecond = signal(false);
  const second = signal("");
  const faults = signal<readonly Fault[]>([]);

  const attempt = async (call: () => Promise<void>): Promise<void> => {
    if (busy.value) return;
    busy.value = true;
    faults.value = [];
    try {
      await call();
    } catch (error) {
      const problem = problemOf(error);
      const isWrong = problem.kind === "device" && problem.code === "wrong_passphrase";
      const isRefused = problem.kind === "refused" && problem.code === "sign_in_refused";
      const isLate = problem.kind === "device" && problem.code === "unlock_expired";
      // Which of them was wrong nobody is told: both are asked for again.
      if (isWrong || isRefused || isLate) [isSecond.value, second.value] = [false, ""];
      faults.value = [isWrong || isRefused ? { field: "passphrase", key: "sign_in.wrong" } : { field: null, problem }];
    } finally {
      busy.value = false;
    }
  };

  /** The one who is known, where there is only one, or who is chosen. */
  const whoIs = (): Known | undefined => {
    const now = session.now.value;
    if (now.at !== "locked") return undefined;
    return now.known.length === 1 ? now.known[0] : now.known.find((one) => one.login === login.value);
  };
  const who = (): string => whoIs()?.login ?? "";

  const isEnded = (): boolean => {
    const now = session.now.value;
    return now.at === "locked" && now.ended;
  };

  const enter = (came: SignedIn) => {
    for (const field of [passphrase, second]) field.value = "";
    isSecond.value = false;
    if (came.at === "work") session.unlocked(came.me);
    else if (came.at === "waiting") session.waits({ number: came.number, administrators: came.administrators });
    else session.other();
  };

  return {
    login,
    passphrase,
    busy,
    faults,
    isForgetting,
    isSecond,
    second,
    signIn: async () => {
      const typed = second.value.replace(/[\s-]/g, "");
      faults.value = typed === "" ? [{ field: "second", key: "sign_in.needs_digits" }] : [];
      if (faults.value.length > 0) return;
      await attempt(async () =>
        enter(await vault.signIn(/^\d{6}$/.test(typed) ? { totp: typed } : { recovery: second.value.trim() })),
      );
    },
    signInByPasskey: () =>
      attempt(async () => enter(await vault.signIn({ passkey: await answerPasskey(await vault.askPasskey()) }))),
    unlockByPasskey: async () => {
      const known = whoIs();
      if (known === undefined || known.prf === null) {
        faults.value = [{ field: "who", key: "sign_in.needs_login" }];
        return;
      }
      const { passkeys, prf } = known;
      await attempt(async () => {
        const { id, secret } = await secretOf(passkeys, prf);
        enter(await vault.unlockByPasskey(known.login, id, secret));
      });
    },
    unlock: async () => {
      const faulty: Fault[] = [];
      if (who() === "") faulty.push({ field: "who", key: "sign_in.needs_login" });
      if (passphrase.value === "") faulty.push({ field: "passphrase", key: "sign_in.needs_passphrase" });
      if (faulty.length > 0) {
        faults.value = faulty;
        return;
      }
      await attempt(async () => {
        if (isEnded()) {
          await vault.begin(who(), passphrase.value);
          passphrase.value = ""; // the worker has it now
          isSecond.value = true;
          return;
        }
        enter(await vault.unlock(who(), passphrase.value));
      });
    },
    forget: async () => {
      if (who() === "") {
        faults.value = [{ field: "who", key: "sign_in.needs_login" }];
        isForgetting.value = false;
        return;
      }
      await attempt(async () => {
        const login = who();
        await vault.forget(login);
        isForgetting.value = false;
        session.forgotten(login);
      });
    },
  };
};
