import { type ReadonlySignal, signal } from "@preact/signals";
import type { AgencyKey } from "../../worker/agency-api.ts";
import type { Vault } from "../../worker/api.ts";
import type { Doing } from "../doing.ts";
import { taking } from "../taking.ts";

export interface KeysState {
  readonly key: ReadonlySignal<AgencyKey | null>;
  readonly load: () => Promise<void>;
  readonly change: () => Promise<boolean>;
  readonly vouch: (entry: string) => Promise<boolean>;
  readonly clear: () => void;
}

export const keysState = (vault: Vault, doing: Doing): KeysState => {
  const key = signal<AgencyKey | null>(null);
  const taken = taking();
  const load = () => taken.into(key, vault.agencyKey());
  return {
    key,
    load: () => doing.look(load),
    change: () =>
      doing.attempt(async () => {
        const { version, number } = key.value ?? (await vault.agencyKey());
        await vault.changeKey(version, number);
        await load();
      }, load),
    vouch: (entry) =>
      doing.attempt(async () => {
        await vault.vouchFor(entry);
        await load();
      }),
    clear: () => {
      taken.clear();
      key.value = null;
    },
  };
};
