/**
 * What the screens may ask of the worker that holds the keys: typed calls in, plaintext and plain data out. No key, seed,
 * passphrase or token ever comes back through it. Everything here survives `postMessage`.
 *
 * Times are ISO 8601 instants (UTC). Codes are those of the vocabulary. Each call may fail with a `Problem`.
 */

import type { Problem } from "../failed.ts";
import type { Administering } from "./agency-api.ts";
import type { Change, Consented, Consenting } from "./consent-api.ts";
import type { Overseeing } from "./overseeing-api.ts";
import type { Own } from "./own-api.ts";

// --- who --------------------------------------------------------------------------------------------------------------

export interface Names {
  readonly mn: string;
  readonly en: string;
}

/** Somebody who signed in on this device before and may unlock it. passkeys: those that open it, with the input of their PRF. */
export interface Known {
  readonly login: string;
  readonly agency: string;
  readonly names: Names;
  readonly passkeys: readonly string[];
  readonly prf: Uint8Array<ArrayBuffer> | null;
}

export interface Agency {
  readonly id: string;
  readonly kind: string;
  readonly names: Names;
  readonly suspended: boolean;
  /** It may review what goes without consent; absent: it may not. */
  readonly reviews?: true;
}

/** The member at work. practice: the network is one for practice, which is said on every page. */
export interface Me {
  readonly login: string;
  readonly member: string;
  readonly handle: string;
  readonly names: Names;
  readonly agency: Agency;
  readonly roles: readonly string[];
  readonly practice: boolean;
}

/** passkey: what the authenticator answered to `askPasskey`, as JSON. */
export type SecondFactor = { readonly totp: string } | { readonly recovery: string } | { readonly passkey: string };

/** Who enrolled and waits: the number to read out, and to whom. */
export interface Waiting {
  readonly number: string;
  readonly administrators: readonly Names[];
}

/** What signing in came to. fingerprint: this device does not know the network yet and the keyring cannot vouch for it. */
export type SignedIn =
  | { readonly at: "work"; readonly me: Me }
  | ({ readonly at: "waiting" } & Waiting)
  | { readonly at: "fingerprint" };

// --- referrals --------------------------------------------------------------------------------------------------------

export type Tier = "late" | "clock" | "ours" | "waiting" | "rest";

export interface Owed {
  readonly agency: string;
  readonly kind: string;
  readonly dueAt: string;
  readonly late: boolean;
}

/**
 * It goes without the person's consent (protocol §7). ground: a code of the bases. saidNo: she had refused this agency.
 * isToSign: the second signature is this member's to give.
 */
export interface Exceptional {
  readonly ground: string;
  readonly reviewer: string;
  readonly saidNo: boolean;
  readonly tellAfter: string | null;
  readonly secondedAt: string | null;
  readonly isToSign: boolean;
}

export interface Row {
  readonly id: string;
  readonly tier: Tier;
  readonly as: "sender" | "recipient" | "reviewer";
  readonly state: string;
  readonly urgency: string;
  readonly services: readonly string[];
  readonly place: string;
  readonly counterpart: string;
  readonly sentAt: string;
  readonly changedAt: string;
  readonly until: string | null;
  /** Whether she decided before the own agency; absent in what an earlier release kept. */
  readonly isRecorder?: boolean;
  readonly owed: readonly Owed[];
  readonly deletionOwedSince: string | null;
  /** Absent in what an earlier release kept. */
  readonly minor?: boolean;
  /** Absent where it stands on her consent. */
  readonly without?: Exceptional;
}

/** A row that did not verify, and why. The others stand. */
export interface DamagedRow {
  readonly id: string;
  readonly tier: Tier;
  readonly damaged: string;
}

export interface Counts {
  readonly late: number;
  readonly clock: number;
  readonly ours: number;
  readonly waiting: number;
}

/** seenAt: there is no line, and it is shown as it was seen then. */
export interface Page {
  readonly rows: readonly (Row | DamagedRow)[];
  readonly after: string | null;
  readonly counts: Counts;
  readonly seenAt?: string;
}

export interface Filter {
  readonly state?: string;
  readonly urgency?: string;
  readonly need?: string;
  readonly place?: string;
  readonly counterpart?: string;
  readonly overdue?: boolean;
  readonly since?: string;
}

export type Box = "inbox" | "outbox";

export type PartStatus = "readable" | "not_granted" | "not_yet" | "gone" | "damaged";

/** A field of a section as it was sealed: text, number, choice or list of these. */
export type FieldValue =
  | string
  | number
  | boolean
  | null
  | readonly FieldValue[]
  | { readonly [name: string]: FieldValue };

/** A file as its section or note describes it; all of it is its sender's word. name: made one file's. size: bytes. */
export interface DescribedFile {
  readonly part: string;
  readonly name: string;
  readonly type: string;
  readonly size: number;
}

export interface Part {
  readonly name: string;
  readonly status: PartStatus;
  readonly fields: readonly (readonly [name: string, value: FieldValue])[];
  readonly text: string | null;
  readonly files?: readonly DescribedFile[];
}

/** H of a document that the hub has accepted, and when. */
export interface Dated {
  readonly document: string;
  readonly at: string;
}

/** How a document stands in the log: proven to be in it; accepted too recently to be missed; or missing. */
export type Mark = "logged" | "promised" | "missing";

/** A file that shows what a hub has contradicted itself in. */
export interface ProofFile {
  readonly name: string;
  readonly text: string;
}

/** document: H of what was signed. */
export interface Step {
  readonly id: string;
  readonly document: string;
  readonly agency: string;
  readonly member: string;
  readonly type: string;
  readonly reason: string | null;
  readonly at: string;
  readonly note: Part | null;
}

/** What one agency may read, as the person decided. */
export interface Decision {
  readonly document: string;
  readonly to: string;
  readonly sections: readonly string[];
  readonly purposes: readonly string[];
  readonly until: string | null;
  readonly refused: readonly string[];
}

/** A step that waits for the line. */
export interface WaitingStep {
  readonly type: string;
  readonly reason: string | null;
  readonly note: string | null;
}

/** seenAt: there is no line, and it is shown as it was seen then. */
/** How a version of a decision was given. decision: its H. at: when it was signed. */
export interface Evidence {
  readonly decision: string;
  readonly at: string;
  readonly part: Part;
}

export interface Referral extends Row {
  readonly seenAt?: string;
  readonly waits?: WaitingStep;
  readonly document: string;
  /** To whom something of it is on its way. */
  readonly passing?: readonly string[];
  readonly language: string;
  readonly minor: boolean;
  readonly partNames: readonly string[];
  readonly parts: readonly Part[];
  readonly steps: readonly Step[];
  readonly decision: Decision;
  readonly opened: boolean;
  /** Until when what is over is kept, by whomever; null while it is not. */
  readonly keptUntil: string | null;
  /** The steps that are legal now for this member, the most usual first. */
  readonly next: readonly string[];
}

// --- searching ----------------------------------------------------------------------------------------------------------

/** One word of what is looked for: as typed, and the codes whose labels hold it. */
export interface Sought {
  readonly text: string;
  readonly codes: readonly string[];
}

/** where: the sections and "note" in which it was found; empty where the facts of the referral were enough. */
export interface Hit {
  readonly row: Row;
  readonly where: readonly string[];
  /** What the person is called, where that can be read here. */
  readonly name: string | null;
}

// --- sending ----------------------------------------------------------------------------------------------------------

/** Who is looked for. What is sealed is not among it: the hub must not learn it. */
export interface Wanted {
  readonly services: readonly string[];
  readonly place: string;
  readonly language: string;
  readonly minor: boolean;
}

/** Why a service cannot take the person: a code, and its values. */
export interface WhyNot {
  readonly code: string;
  readonly until: string | null;
  readonly least: number | null;
  readonly most: number | null;
  readonly codes: readonly string[];
}

/** One service of what is asked for. openUntil: null where it never closes. */
export interface Given {
  readonly service: string;
  readonly names: Names;
  readonly takesNow: boolean;
  readonly whyNot: readonly WhyNot[];
  readonly openNow: boolean;
  readonly openUntil: string | null;
  readonly free: number | null;
  readonly capacity: number | null;
  readonly languages: readonly string[];
}

/** What she agreed to. until: an instant. */
export interface Grant {
  readonly to: string;
  readonly sections: readonly string[];
  readonly purposes: readonly string[];
  readonly until: string;
}

/** To an agency, to a kind (`kind:…`), or to everybody (`*`). */
export interface Refusal {
  readonly to: string;
  readonly sections: readonly string[];
}

/** An agency that could take her. grant: what she agreed to before, where it goes out once more. */
export interface Candidate {
  readonly agency: string;
  readonly kind: string;
  readonly names: Names;
  readonly place: string;
  readonly phone: string;
  readonly gives: readonly Given[];
  readonly grant: Grant | null;
}

/** from: the hub as it is now; what this device saw last (at `at`); or only the directory, which knows no services. */
export interface Found {
  readonly from: "hub" | "kept" | "directory";
  readonly at: string;
  readonly candidates: readonly Candidate[];
}

export type Fields = Readonly<Record<string, FieldValue>>;

/** A form that can be sent. */
export interface SendForm {
  readonly routing: {
    readonly urgency: string;
    readonly services: readonly string[];
    readonly place: string;
    readonly language: string;
    readonly minor: boolean;
  };
  readonly recipients: readonly string[];
  readonly consent: {
    readonly basis: string;
    /** Empty where nobody gave it. */
    readonly givenBy: string;
    readonly givenHow: string;
    readonly language: string;
    readonly interpreter: boolean;
    readonly witness: boolean;
    readonly grants: readonly Grant[];
    readonly refusals: readonly Refusal[];
    /** Of the code that she gets; absent where she takes none. */
    readonly receipt?: ReceiptKey;
    /** Where it goes without her consent; absent where it stands on it. */
    readonly exception?: Without;
    /** What becomes the next version of the decisions under which it was sent before; absent under a consent of its own. */
    readonly next?: NextDecision;
  };
  readonly sections: Readonly<Record<string, Fields>>;
  /** By section. */
  readonly files?: FilesBySection;
  /** How she gave her decisions, for the own agency alone; absent where nothing was added. */
  readonly evidence?: { readonly fields: Fields; readonly files: readonly KeptFile[] } | undefined;
}

/** What is otherwise from now on. shown: H of each decision as it stood on the screen, by addressee. */
export interface NextDecision {
  readonly changes: readonly Change[];
  readonly shown: Readonly<Record<string, string>>;
}

/** A file that lies sealed on this device to be sent. cleaned: what its photo says beside the picture was taken out. */
export interface KeptFile {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly size: number;
  readonly sha256: string;
  readonly cleaned: boolean;
}

export type FilesBySection = Readonly<Record<string, readonly KeptFile[]>>;

/** Why a file is not taken: larger than 50 MiB; a photo or film that cannot be cleaned; it cannot be read. */
export type FileFault = "too_large" | "not_clean" | "unreadable";

/** full: it shows and takes back; withdraw: it shows nothing, and takes back. */
export type ReceiptMode = "full" | "withdraw";

export interface ReceiptKey {
  readonly key: string;
  readonly mode: ReceiptMode;
}

/** refused: the agencies of which it is known that she said no to them. tellAfterDays: 0 for at once. */
export interface Without {
  readonly reviewer: string;
  readonly refused: readonly string[];
  readonly tellAfterDays: number;
}

/** What is decided on one agency, as far as it is filled in. until: an instant. */
export interface Deciding {
  readonly sections: readonly string[];
  readonly refused: readonly string[];
  readonly purposes: readonly string[];
  readonly until: string;
}

/**
 * A form as it stands while it is filled in: all that was typed, as it was typed, so that nothing is lost.
 * fields: by section and field. nobody: agencies, kinds and `*` that shall read nothing.
 * partly: parts that no agency of a kind, or none at all, shall read, by `kind:…` and `*`.
 */
export interface Filled {
  readonly urgency: string;
  readonly services: readonly string[];
  readonly place: string;
  readonly language: string;
  readonly minor: boolean;
  readonly recipients: readonly string[];
  /** On whom she decides too, without anything being sent there now. */
  readonly also: readonly string[];
  readonly fields: Readonly<Record<string, Fields>>;
  readonly unfolded: readonly string[];
  readonly decided: Readonly<Record<string, Deciding>>;
  readonly nobody: readonly string[];
  readonly partly: Readonly<Record<string, readonly string[]>>;
  readonly how: string;
  readonly by: string;
  readonly consentLanguage: string;
  readonly interpreter: boolean;
  readonly witness: boolean;
  readonly saidNo: boolean;
  /** By section; in the order in which they were added. */
  readonly files?: FilesBySection;
  /** Which code she takes; absent in what an earlier release kept: `full`. */
  readonly receipt?: ReceiptMode | "none";
  /** What her own phone shows of the code that it made, as it was typed; else it is made here. */
  readonly ownPart?: string | null;
  /** Without her consent, and on what ground (empty: not chosen yet); absent: she is asked. */
  readonly without?: (Without & { readonly ground: string }) | null;
}

/** Why the hub did not take it. */
export interface Returned {
  readonly code: string;
  readonly fields: Readonly<Record<string, string | number>>;
}

/** step: where it was left. isOpen: it is on a screen, or was when that went away. of: the referral in whose place it goes to another agency. */
export interface Draft {
  readonly id: string;
  readonly savedAt: string;
  readonly step: string;
  readonly isOpen: boolean;
  readonly filled: Filled;
  readonly of: string | null;
  /** H of each decision as it stood when she was asked again. */
  readonly shown?: Readonly<Record<string, string>>;
  readonly returned: Returned | null;
}

/** A draft in a list. waits: it is out of the writer's hands, and goes out by itself when there is a line. */
export interface DraftRow {
  readonly id: string;
  readonly savedAt: string;
  readonly urgency: string;
  readonly services: readonly string[];
  readonly place: string;
  readonly recipients: readonly string[];
  readonly waits: boolean;
  readonly isOpen: boolean;
  readonly returned: Returned | null;
}

/**
 * What goes to another agency. filled: as it was typed, where this device sent it; else null, and the rest is what the
 * first recipient was given. stands: what she has decided, where the own agency recorded it. reason: why it came back.
 */
export interface Again {
  readonly of: string;
  readonly stands: Omit<Consented, "waits"> | null;
  readonly filled: Filled | null;
  readonly form: SendForm;
  readonly found: Found;
  readonly counterpart: string;
  readonly state: string;
  /** Files that went with it and are not on this device. */
  readonly filesLeft: number;
}

export interface Sending {
  /** Keep a file, sealed, for what is filled in. keepMetadata: it is evidence, and stays as it is, byte for byte. */
  keepFile(file: File, keepMetadata: boolean): Promise<{ readonly file: KeptFile } | { readonly fault: FileFault }>;
  /** They are not wanted after all, and nothing names them. */
  dropFiles(files: readonly KeptFile[]): Promise<void>;
  /** Who could take the person: those who can first. Works without a line as far as this device knows. */
  find(wanted: Wanted): Promise<Found>;
  /** Where the own agency is; empty where it does not say. */
  ownPlace(): Promise<string>;
  drafts(): Promise<readonly DraftRow[]>;
  draft(id: string): Promise<Draft | null>;
  /** Keep it, sealed, in place of what was kept under this id. */
  saveDraft(draft: Draft): Promise<void>;
  dropDraft(id: string): Promise<void>;
  /**
   * Record the decisions and send to each recipient, or to none. Without a line it waits sealed on this device, and is
   * sent once: null. covered: her decisions are there already, and it goes out under them in place of `draft.of`; with
   * `consent.next` it does under their next versions. `head_moved` where what was shown is not what stands.
   */
  send(draft: Draft, form: SendForm, covered: boolean): Promise<readonly Row[] | null>;
  /** What was sent and can go to another agency. */
  again(id: string): Promise<Again>;
  /** A new code for her. Nothing of it is kept: whoever asks shows it once, and sends its key along. */
  newReceipt(mode: ReceiptMode): Promise<{ readonly code: string; readonly receipt: ReceiptKey }>;
}

// --- passing on -------------------------------------------------------------------------------------------------------

/** The header of a referral under a consent. parent: of which it was made; null where nothing was passed on. */
export interface Link {
  readonly id: string;
  readonly sender: string;
  readonly recipient: string;
  readonly state: string;
  readonly sentAt: string;
  readonly parent: string | null;
}

/** What she decides on a third agency. how: she said it, a code of `consent_given_how`. until: an instant. */
export interface Agreed {
  readonly sections: readonly string[];
  readonly purposes: readonly string[];
  readonly until: string;
  readonly how: string;
}

export interface PassingOn {
  /**
   * Send these sections of what the own agency was sent to a third one, with these of their files (`needs/file-1`); first
   * record what she agreed to. Without a line it waits sealed on this device, and is sent once: null.
   */
  forward(
    id: string,
    to: string,
    sections: readonly string[],
    files: readonly string[],
    agreed?: Agreed,
  ): Promise<Row | null>;
  /** On whom the own agency may add her decision, since she has decided nothing; empty where it does not coordinate. */
  undecided(id: string): Promise<readonly string[]>;
  /** All that was sent under the consent of this referral, by whomever; for whoever recorded it. */
  chain(id: string): Promise<readonly Link[]>;
}

// --- what happens without being asked -----------------------------------------------------------------------------------

export type Happening =
  | { readonly type: "line"; readonly live: boolean; readonly at: string }
  | {
      readonly type: "arrived";
      readonly kind: string;
      readonly referral: string | null;
    }
  /** What waited was accepted, or came back as a draft. */
  | { readonly type: "sent"; readonly draft: string; readonly rows: readonly Row[] }
  | { readonly type: "returned"; readonly draft: string }
  /** Of files that go to the hub with a draft, a step (its referral) or a later decision (its consent), or of a file that
   * comes (`REFERRAL PART`): bytes that are over, of how many. */
  | { readonly type: "carried"; readonly of: string; readonly over: number; readonly all: number }
  /** What waited to be passed on to an agency was, or came to nothing. */
  | { readonly type: "passed"; readonly of: string; readonly to: string; readonly problem: Problem | null }
  /** A step that had waited was taken, or came to nothing. */
  | { readonly type: "stepped"; readonly referral: string; readonly problem: Problem | null }
  /** A later decision that had waited was recorded, or came to nothing. */
  | { readonly type: "redecided"; readonly referral: string; readonly problem: Problem | null }
  | { readonly type: "ended"; readonly code: string }
  /** The hub has heard of a sign-out that was made without a line. */
  | { readonly type: "signed_out" }
  | { readonly type: "alarm"; readonly code: string; readonly evidence?: ProofFile };

// --- the first day ----------------------------------------------------------------------------------------------------

/** Whom a paper invites, and as what. fingerprint: of the network, as it stands on paper. */
export interface Invited {
  readonly handle: string;
  readonly names: Names;
  readonly agency: string;
  readonly roles: readonly string[];
  readonly fingerprint: string;
}

export interface Joining {
  /** What the paper invites to. `directory_fork` where the hub serves another network than the paper names. */
  invited(code: string, fingerprint: string): Promise<Invited>;
  /** The secret for the authenticator of whoever was invited: in base32, and as it is scanned. */
  authenticator(login: string): Promise<{ readonly secret: string; readonly uri: string }>;
  /** Make the keys and hand all of it in at once. codes: in place of the second step, each good once, told once. */
  enrol(login: string, passphrase: string, digits: string): Promise<Waiting & { readonly codes: readonly string[] }>;
}

// --- the vault ----------------------------------------------------------------------------------------------------------

/** What is owed for too long. by: the agency that owes it; kind: what. dueAt: an instant. */
export interface Late {
  readonly id: string;
  readonly sender: string;
  readonly recipient: string;
  readonly urgency: string;
  readonly by: string;
  readonly kind: string;
  readonly dueAt: string;
}

/** What went without consent and waits for a review of the own agency, or for its second signature (`second`). */
export interface ToReview {
  readonly id: string;
  readonly sender: string;
  readonly recipient: string;
  readonly urgency: string;
  readonly services: readonly string[];
  readonly place: string;
  readonly ground: string;
  readonly toDo: string | null;
}

/** A coordinator's. hasMore: of the reviews. */
export interface Overview {
  readonly overdue: readonly Late[];
  readonly reviews: readonly ToReview[];
  readonly hasMore: boolean;
}

export interface Vault extends Joining, Sending, PassingOn, Consenting, Administering, Own, Overseeing {
  /** By how many milliseconds the hub's clock is ahead of the device's; zero within a minute. */
  clockOff(): Promise<number>;
  /** Who may unlock this device. */
  known(): Promise<readonly Known[]>;

  /** Stretch the passphrase (a few seconds), and hold what comes of it in the worker for five minutes. */
  begin(login: string, passphrase: string): Promise<void>;
  /** Sign in with what `begin` holds. fingerprint: of the network, from paper, where it was asked for. */
  signIn(second: SecondFactor, fingerprint?: string): Promise<SignedIn>;
  /** Open the keys that this device keeps. `wrong_passphrase` where they do not open. */
  unlock(login: string, passphrase: string): Promise<SignedIn>;
  /** The same by a passkey: 32 bytes of its PRF. `passkey_opens_not` where they do not open. */
  unlockByPasskey(login: string, passkey: string, secret: Uint8Array<ArrayBuffer>): Promise<SignedIn>;
  /** What an authenticator is asked for as the second step: WebAuthn request options, as JSON. */
  askPasskey(): Promise<string>;
  /** Whether whoever waits is confirmed by now: then at work. `not_found` where nobody expects them any more. */
  confirmed(): Promise<Me | null>;
  /** Forget the keys; what is kept stays sealed. */
  lock(): Promise<void>;
  /** End the session at the hub, and lock. */
  signOut(): Promise<void>;
  /** Remove all that this device keeps of a member. */
  forget(login: string): Promise<void>;

  agencies(): Promise<readonly Agency[]>;
  /** For coordinators. The hub keeps that they looked. */
  overview(): Promise<Overview>;
  page(box: Box, first: number, after: string | null, filter: Filter): Promise<Page>;
  /** Among what this device has seen: each word has to be somewhere. Nothing of it goes to the hub. */
  search(words: readonly Sought[]): Promise<readonly Hit[]>;
  show(id: string): Promise<Referral>;
  /** Sign that it was opened, and read it. */
  open(id: string): Promise<Referral>;
  /** Take a step on it. note, files: sealed to the other side. Repeated after a lost answer, it is one step. */
  step(
    id: string,
    type: string,
    reason: string | null,
    note: string | null,
    files?: readonly KeptFile[],
  ): Promise<Referral>;

  /**
   * A file of what was opened here; nothing of it before all of it is authentic. event: of whose note it is; null: of a
   * section. Told as `carried` while it comes.
   */
  fetchFile(id: string, event: string | null, part: string): Promise<Blob>;
  /** A file that comes is not wanted any more (`of` as `carried` tells it): it ends before its next piece, with nothing. */
  stopFetching(of: string): Promise<void>;
  /** How the decisions under which a referral was sent were given, in the order of signing. `not_found` for all but their recorder. */
  evidence(id: string): Promise<readonly Evidence[]>;
  /** The same of all decisions under which nothing was sent, the newest first, as long as that is kept. */
  unsentEvidence(): Promise<readonly Evidence[]>;
  /** The same of a file of it. decision: H. */
  fetchEvidence(decision: string, part: string): Promise<Blob>;

  /** How these stand in the log, proven here. Without a line, those alone that were proven before. */
  marks(documents: readonly Dated[]): Promise<ReadonlyMap<string, Mark>>;

  /** Hand in the step that waits on it, if one still does. */
  resend(id: string): Promise<Referral>;

  /** Told of what happens, until the returned function is called. */
  watch(told: (happening: Happening) => void): () => void;
}
