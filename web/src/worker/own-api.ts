/** What a member may ask of the worker about the own account: how it is signed in to, and what it is told. */

/** A place where the member is signed in. name: what the device called itself. Instants. */
export interface OwnSession {
  readonly id: string;
  readonly name: string;
  readonly createdAt: string;
  readonly usedAt: string;
  readonly current: boolean;
}

/** opens: it opens what is locked by itself; else it is a second step. */
export interface OwnPasskey {
  readonly id: string;
  readonly name: string;
  readonly createdAt: string;
  readonly usedAt: string | null;
  readonly opens: boolean;
}

/** What an authenticator is asked for: WebAuthn options as JSON, and the input of its PRF (protocol §4). */
export interface PasskeyAsked {
  readonly options: string;
  readonly prf: Uint8Array<ArrayBuffer>;
}

/** By e-mail; without a word of what it is. digestHour: of Ulaanbaatar; null: at once. */
export interface OwnNotifications {
  readonly address: string;
  readonly language: string;
  readonly urgencies: readonly string[];
  readonly workingHours: boolean;
  readonly digestHour: number | null;
}

/** available: this hub sends e-mail. refused: there is no such mailbox. */
export interface ToldNotifications extends OwnNotifications {
  readonly available: boolean;
  readonly confirmed: boolean;
  readonly refused: boolean;
}

/** Ten codes in place of the second step, and the network's fingerprint, as they stand on paper. */
export interface RecoveryKit {
  readonly fingerprint: string;
  readonly codes: readonly string[];
}

/** How many of each this device keeps, sealed. */
export interface KeptHere {
  readonly seen: number;
  readonly drafts: number;
  readonly waiting: number;
}

/** Whatever changes how an account is signed in to takes its passphrase once more: `wrong_passphrase`. */
export interface Own {
  ownSessions(): Promise<readonly OwnSession[]>;
  endOwnSession(id: string): Promise<void>;

  /** Another passphrase, and new keys for all that is sealed. All other sessions end, and no passkey opens any more. */
  changePassphrase(passphrase: string, next: string): Promise<void>;
  /** A new recovery kit, told once. The codes before are void. */
  newRecoveryCodes(passphrase: string): Promise<RecoveryKit>;
  /** A secret for another authenticator: in base32, and as it is scanned. */
  newAuthenticator(): Promise<{ readonly secret: string; readonly uri: string }>;
  /** Take the new authenticator, which shows these digits. The one before is void. */
  changeAuthenticator(passphrase: string, digits: string): Promise<void>;

  ownPasskeys(): Promise<readonly OwnPasskey[]>;
  beginPasskey(passphrase: string): Promise<PasskeyAsked>;
  /** response: of the authenticator, as JSON. secret: 32 bytes of its PRF, where it has one. */
  addPasskey(response: string, name: string, secret: Uint8Array<ArrayBuffer> | null): Promise<void>;
  /** Where it opened what is locked, all is sealed anew: as with another passphrase. */
  removePasskey(id: string, passphrase: string): Promise<void>;

  notifications(): Promise<ToldNotifications>;
  saveNotifications(wanted: OwnNotifications): Promise<ToldNotifications>;
  /** The code that was sent to the address. */
  confirmAddress(digits: string): Promise<ToldNotifications>;

  keptHere(): Promise<KeptHere>;
}
