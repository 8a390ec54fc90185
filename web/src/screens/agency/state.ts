import type { Vault } from "../../worker/api.ts";
import { type Doing, doing } from "../doing.ts";
import { type ClientsState, clientsState } from "./clients-state.ts";
import { faultOf } from "./faults.ts";
import { type KeysState, keysState } from "./keys-state.ts";
import { type MembersState, membersState } from "./members-state.ts";
import { type ServicesState, servicesState } from "./services-state.ts";

export interface AgencyState {
  readonly doing: Doing;
  readonly members: MembersState;
  readonly keys: KeysState;
  readonly services: ServicesState;
  readonly clients: ClientsState;
  /** What was read and what is shown once goes; what was typed stays. */
  readonly clear: () => void;
}

export const agencyState = (vault: Vault): AgencyState => {
  const one = doing(faultOf);
  const [members, keys] = [membersState(vault, one), keysState(vault, one)];
  const [services, clients] = [servicesState(vault, one), clientsState(vault, one)];
  return {
    doing: one,
    members,
    keys,
    services,
    clients,
    clear: () => {
      for (const part of [members, keys, services, clients]) part.clear();
      one.fail([]);
      one.say(null);
    },
  };
};

/** The state, which outlives a lock; made when the place is first gone to. */
export interface HeldAgency {
  readonly vault: Vault;
  now: { readonly of: string; readonly state: AgencyState } | null;
}
