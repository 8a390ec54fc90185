/** What becomes of a person's decisions later on: calls of the vault for the agency before which she decided. */

import type { Decided } from "../protocol/consent.ts";
import type { Scope } from "../protocol/schemas.ts";
import type { Decision, ReceiptKey, ReceiptMode, Returned, SendForm } from "./api.ts";

/** What stands on one addressee. version: of its decision; sha256: H. at: when it was signed. */
export interface Standing extends Decision {
  readonly said: Said;
  /** From closing: so long the keys stay. */
  readonly retainDays: number;
  readonly version: number;
  readonly at: string;
}

/** What is decided on one addressee from now on, in place of what stood. granted: null where it may read nothing. */
export interface Change {
  readonly to: string;
  readonly granted: {
    readonly sections: readonly string[];
    readonly purposes: readonly string[];
    readonly until: string;
  } | null;
  readonly refused: readonly string[];
}

/** How she said it; empty: nobody gave it. */
export interface Said {
  readonly by: string;
  readonly how: string;
  readonly language: string;
  readonly interpreter: boolean;
  readonly witness: boolean;
}

/** From these agencies (null: from all), these sections or these purposes (null: all). */
export interface TakenBack {
  readonly agencies: readonly string[] | null;
  readonly sections: readonly string[] | null;
  readonly purposes: readonly string[] | null;
}

/** evidence: of how she gave it, for the own agency alone; alone, too, where nothing is otherwise. */
export interface Anew {
  readonly do: "decide";
  readonly changes: readonly Change[];
  readonly said: Said;
  readonly evidence?: SendForm["evidence"];
}

/** What she decided anew, took back, or of her code. receipt: null where she takes none. */
export type Deed =
  | Anew
  | { readonly do: "take_back"; readonly scope: TakenBack }
  | { readonly do: "replace_code"; readonly receipt: ReceiptKey | null };

/**
 * All that stands under a consent. isOver: everything was taken back. isExceptional: without her consent. waits: what was
 * filled in here, or signed and not accepted yet; returned: why it was not.
 */
export interface Consented {
  readonly consent: string;
  readonly recorder: string;
  readonly basis: string;
  /** When something was last decided, or taken back with her code. */
  readonly changedAt: string;
  readonly isOver: boolean;
  readonly isExceptional: boolean;
  readonly receipt: ReceiptMode | null;
  readonly said: Said;
  readonly decisions: readonly Standing[];
  /** What she took back with her code. */
  readonly takenBack: readonly Scope[];
  readonly waits: { readonly deed: Deed; readonly isSigned: boolean; readonly returned: Returned | null } | null;
}

/** By addressee: what she decided, as it holds now, and when it last changed. */
export type Holds = Readonly<Record<string, { readonly is: Decided; readonly changedAt: string }>>;

export interface Consenting {
  /** The newest decisions under which this referral was sent. `not_found` for whoever has not recorded them. */
  consented(referral: string): Promise<Consented>;
  /**
   * Sign the next versions, and have them recorded together or not at all. shown: H of each decision as it stood on the
   * screen, by addressee; `head_moved` where it stands otherwise now. Without a line it waits here, sealed: null.
   */
  redecide(referral: string, deed: Deed, shown: Readonly<Record<string, string>>): Promise<Consented | null>;
  /**
   * What her decisions come to now, by addressee: `agreed`; `refused`, also with her code; `not_asked`, or not any more.
   */
  whatHolds(referral: string): Promise<Holds>;
  /** Of a code that she made on her own phone: what it shows, as it was typed. `malformed` for a slip. */
  ownReceipt(part: string, mode: ReceiptMode): Promise<ReceiptKey>;
  /** Keep what is filled in, sealed; null: nothing is any more. */
  saveDeed(referral: string, deed: Deed | null, shown: Readonly<Record<string, string>>): Promise<void>;
}
