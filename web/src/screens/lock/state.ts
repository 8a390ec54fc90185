import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Sessions } from "../../app/session.ts";
import { problemOf } from "../../words/problems.ts";
import type { Vault } from "../../worker/api.ts";
import type { Fault } from "../fault.ts";

export interface UnlockState {
  /** Whose work it is; empty where several are known and none is chosen. */
  readonly login: Signal<string>;
  readonly passphrase: Signal<string>;
  readonly busy: ReadonlySignal<boolean>;
  readonly faults: ReadonlySignal<readonly Fault[]>;
  /** On the page that asks before all is removed. */
  readonly isForgetting: Signal<boolean>;
  readonly unlock: () => Promise<void>;
  readonly forget: () => Promise<void>;
}

export const unlockState = (vault: Vault, session: Sessions): UnlockState => {
  const login = signal("");
  const passphrase = signal("");
  const busy = signal(false);
  const isForgetting = signal(false);
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
      faults.value = [isWrong ? { field: "passphrase", key: "sign_in.wrong" } : { field: null, problem }];
    } finally {
      busy.value = false;
    }
  };

  /** The one who is known, where there is only one. */
  const who = (): string => {
    const now = session.now.value;
    return now.at === "locked" && now.known.length === 1 ? now.known[0]!.login : login.value;
  };

  return {
    login,
    passphrase,
    busy,
    faults,
    isForgetting,
    unlock: async () => {
      const faulty: Fault[] = [];
      if (who() === "") faulty.push({ field: "who", key: "sign_in.needs_login" });
      if (passphrase.value === "") faulty.push({ field: "passphrase", key: "sign_in.needs_passphrase" });
      if (faulty.length > 0) {
        faults.value = faulty;
        return;
      }
      await attempt(async () => {
        const me = await vault.unlock(who(), passphrase.value);
        passphrase.value = "";
        session.unlocked(me);
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
