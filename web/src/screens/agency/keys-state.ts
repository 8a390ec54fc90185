import { type ReadonlySignal, signal } from "@preact/signals";
import type { AgencyKey } from "../../worker/agency-api.ts";
import type { Vault } from "../../worker/api.ts";
import type { Doing } from "../doing.ts";

export interface KeysState {
  readonly key: ReadonlySignal<AgencyKey | null>;
  readonly load: () => Promise<void>;
  readonly change: () => Promise<boolean>;
  readonly vouch: (entry: string) => Promise<boolean>;
  readonly clear: () => void;
}

export const keysState = (vault: Vault, doing: Doing): KeysState => {
  const key = signal<AgencyKey | null>(null);
  const load = async () => {
    key.value = await vault.agencyKey();
  };
  return {
    key,
    load: () => doing.look(load),
    change: () =>
      doing.attempt(async () => {
        if (key.value === null) await load();
        const { version, number } = key.value!;
        await vault.changeKey(version, number);
        await load();
      }, load),
    vouch: (entry) =>
      doing.attempt(async () => {
        await vault.vouchFor(entry);
        await load();
      }),
    clear: () => {
      key.value = null;
    },
  };
};
