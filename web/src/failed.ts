/** What goes wrong, told alike by the hub, by this device and by the worker that holds the keys. */

/**
 * Why something was not done. refused: a rule of the protocol or of the hub, with its stable code; hub: the hub could not
 * (`incident`: the number under which its operator finds it); line: no answer, what was sent may have arrived, and is
 * sent again by itself; device: this device could not (`store_full`, `no_store`, `locked`, `wrong_passphrase`,
 * `unlock_expired`, `another_tab`, `still_open`, `stopped`, `passkey_opens_not`, `passkey_none`).
 */
export type Problem =
  | { readonly kind: "refused"; readonly code: string; readonly fields: Readonly<Record<string, string | number>> }
  | { readonly kind: "hub"; readonly code: string; readonly incident: string | null }
  | { readonly kind: "line" }
  | { readonly kind: "device"; readonly code: DeviceCode };

export type DeviceCode =
  | "store_full"
  | "no_store"
  | "locked"
  | "wrong_passphrase"
  | "unlock_expired"
  | "another_tab"
  | "still_open"
  | "stopped"
  | "no_agency_key"
  | "passkey_opens_not"
  | "passkey_none";

/** The rejection of every call of the vault. */
export class Failed extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.kind === "line" ? "line" : problem.code);
    this.problem = problem;
  }
}
