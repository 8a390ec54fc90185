/** A page about the own account. */
export type OwnPage =
  | "sessions"
  | "passphrase"
  | "kit"
  | "authenticator"
  | "passkeys"
  | "new-passkey"
  | "remove-passkey"
  | "notifications"
  | "device";

/** Those that stand in the list, in its order. */
export const LISTED = [
  "passphrase",
  "passkeys",
  "authenticator",
  "kit",
  "sessions",
  "notifications",
  "device",
] as const;
