import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { ApiClient, ApiClients } from "../../worker/agency-api.ts";
import type { Vault } from "../../worker/api.ts";
import type { Doing } from "../doing.ts";
import type { Fault } from "../fault.ts";
import { taking } from "../taking.ts";

export interface ClientsState {
  readonly clients: ReadonlySignal<ApiClients | null>;
  readonly handle: Signal<string>;
  readonly nameMn: Signal<string>;
  readonly nameEn: Signal<string>;
  readonly tokenName: Signal<string>;
  readonly scopes: Signal<readonly string[]>;
  readonly days: Signal<string>;
  /** Just made, and shown once. */
  readonly token: ReadonlySignal<string | null>;
  /** The file with a client's keys, while it is looked at. */
  readonly keys: ReadonlySignal<string | null>;
  readonly load: () => Promise<void>;
  readonly client: (id: string | null) => ApiClient | null;
  readonly beginAdding: (agency: string) => void;
  /** Gives the client's id; null where it was not added. */
  readonly add: () => Promise<string | null>;
  readonly showKeys: (id: string) => Promise<boolean>;
  readonly dropKeys: (id: string) => Promise<boolean>;
  readonly beginToken: () => void;
  readonly issue: (id: string) => Promise<boolean>;
  readonly revoke: (token: string) => Promise<boolean>;
  readonly hideSecrets: () => void;
  readonly clear: () => void;
}

const HANDLE = /^[a-z0-9][a-z0-9.-]{1,78}[a-z0-9]$/;
export const SCOPES = ["read", "send", "answer"] as const;
const LONGEST = 366; // days

export const clientsState = (vault: Vault, doing: Doing): ClientsState => {
  const clients = signal<ApiClients | null>(null);
  const [handle, nameMn, nameEn] = [signal(""), signal(""), signal("")];
  const [tokenName, days] = [signal(""), signal("")];
  const scopes = signal<readonly string[]>([]);
  const [token, keys] = [signal<string | null>(null), signal<string | null>(null)];

  const taken = taking();

  const load = () => taken.into(clients, vault.apiClients());
  const change = (call: () => Promise<void>) =>
    doing.attempt(async () => {
      await call();
      await load();
    }, load);
  const hideSecrets = () => {
    token.value = null;
    keys.value = null;
  };

  return {
    clients,
    handle,
    nameMn,
    nameEn,
    tokenName,
    scopes,
    days,
    token,
    keys,
    load: () => doing.look(load),
    client: (id) => clients.value?.clients.find((one) => one.id === id) ?? null,
    beginAdding: (agency) => {
      handle.value = `${agency}.`;
      nameMn.value = "";
      nameEn.value = "";
    },
    add: async () => {
      const faults: Fault[] = [];
      if (!HANDLE.test(handle.value.trim())) faults.push({ field: "agency-handle", key: "agency.needs_handle" });
      if (nameMn.value.trim() === "") faults.push({ field: "agency-name", key: "agency.needs_name" });
      if (nameEn.value.trim() === "") faults.push({ field: "agency-name-en", key: "agency.needs_name" });
      doing.fail(faults);
      if (faults.length > 0) return null;
      const named = { handle: handle.value.trim(), names: { mn: nameMn.value.trim(), en: nameEn.value.trim() } };
      const isAdded = await change(() => vault.addApiClient(clients.value?.version ?? 0, named));
      return isAdded ? (clients.value?.clients.find((one) => one.handle === named.handle)?.id ?? null) : null;
    },
    showKeys: (id) => doing.attempt(() => taken.into(keys, vault.clientKeys(id))),
    dropKeys: (id) =>
      change(async () => {
        await vault.dropClientKeys(id);
        hideSecrets();
      }),
    beginToken: () => {
      tokenName.value = "";
      scopes.value = ["read"];
      days.value = "90";
    },
    issue: async (id) => {
      const faults: Fault[] = [];
      const count = /^\d{1,3}$/.test(days.value.trim()) ? Number(days.value) : 0;
      if (tokenName.value.trim() === "") faults.push({ field: "token-name", key: "agency.needs_name" });
      if (scopes.value.length === 0) faults.push({ field: "token-scopes", key: "agency.needs_scopes" });
      if (count < 1 || count > LONGEST) faults.push({ field: "token-days", key: "agency.needs_days" });
      doing.fail(faults);
      if (faults.length > 0) return false;
      return change(() => taken.into(token, vault.issueToken(id, tokenName.value.trim(), scopes.value, count)));
    },
    revoke: (id) => change(() => vault.revokeToken(id)),
    hideSecrets,
    clear: () => {
      taken.clear();
      clients.value = null;
      hideSecrets();
    },
  };
};
