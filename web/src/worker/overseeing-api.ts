/** What a coordinator may ask of the worker beyond what is due: no content, and the hub keeps each look. */

import type { ProofFile } from "./api.ts";

/** Which referrals are wanted; what is not named is not asked for. Instants: when they came to their recipients. */
export interface Wanted {
  readonly agency?: string;
  readonly place?: string;
  readonly service?: string;
  readonly urgency?: string;
  readonly basis?: string;
  readonly state?: string;
  readonly overdue?: boolean;
  readonly unanswered?: boolean;
  readonly withoutConsent?: boolean;
  readonly since?: string;
  readonly until?: string;
}

export interface Passed {
  readonly referral: string;
  readonly sender: string;
  readonly recipient: string;
  readonly sentAt: string;
  readonly cameAt: string | null;
  readonly state: string;
  readonly urgency: string;
  readonly services: readonly string[];
  readonly place: string;
  readonly basis: string;
  readonly withoutConsent: boolean;
  readonly owed: readonly {
    readonly agency: string;
    readonly kind: string;
    readonly dueAt: string;
    readonly late: boolean;
  }[];
}

/** after: the cursor of the next page; null: this was the last. */
export interface Paged<Row> {
  readonly rows: readonly Row[];
  readonly after: string | null;
}

export const FORMATS = ["csv", "json", "xlsx"] as const;
export type Format = (typeof FORMATS)[number];

export interface ExportedFile {
  readonly name: string;
  readonly content: Blob;
  readonly rows: number;
}

/**
 * What this device found of a line: `logged`: proven to be in the log. `promised`: accepted too recently to be missed.
 * `missing`: long ago, and unproven. `false`: the hub showed a proof, and it does not hold.
 */
export type Mark = "logged" | "promised" | "missing" | "false";

export interface TimelineLine {
  readonly type: string;
  readonly reason: string | null;
  readonly agency: string;
  readonly member: string;
  readonly at: string;
  readonly mark: Mark;
  /** The place in the log that was proven. */
  readonly place: number | null;
}

/** The head of the log against which lines were proven. at: of its newest cosignature; null: no witness has signed. */
export interface Head {
  readonly size: number;
  readonly at: string | null;
  readonly witnesses: number;
  readonly of: number;
}

/** evidence: what was shown, for somebody else to judge; null: the network has no log. */
export interface Timeline {
  readonly referral: Passed;
  readonly lines: readonly TimelineLine[];
  readonly head: Head | null;
  readonly evidence: ProofFile | null;
}

/** That somebody opened a referral between two agencies. */
export interface Opening {
  readonly referral: string;
  readonly sender: string;
  readonly recipient: string;
  readonly agency: string;
  readonly member: string;
  readonly at: string;
}

/** A look of a coordinator. wanted: the filter, by name. */
export interface Look {
  readonly agency: string;
  readonly member: string;
  readonly what: string;
  readonly referral: string | null;
  readonly wanted: Readonly<Record<string, string>>;
  readonly count: number;
  readonly at: string;
}

export interface Cell {
  readonly code: string;
  readonly value: number | null;
  readonly why: string;
}

/** A closed period. Minutes. */
export interface Statistics {
  readonly period: string;
  readonly total: Cell;
  readonly leftOut: readonly string[];
  readonly tables: readonly { readonly name: string; readonly cells: readonly Cell[] }[];
  readonly times: readonly {
    readonly urgency: string;
    readonly until: string;
    readonly median: number | null;
    readonly p90: number | null;
  }[];
  /** Of a year: what agencies have. places: at once; null: nobody counts them. */
  readonly rooms: readonly { readonly service: string; readonly services: number; readonly places: number | null }[];
}

/** An agency that applies. number: of its first administrator, made here from the keys, to be compared by voice. */
export interface Applicant {
  readonly handle: string;
  readonly kind: string;
  readonly names: { readonly mn: string; readonly en: string };
  readonly administrator: { readonly mn: string; readonly en: string };
  readonly number: string;
}

/** What waits for signatures. about: the agency's handle; null: the network itself. `what` is what changes. */
export interface Proposed {
  readonly id: string;
  readonly about: string | null;
  readonly what: "admits" | "readmits" | "suspends" | "reinstates" | "changes" | "network";
  /** Which of the network's coordinators signed, each verified here. */
  readonly signatures: number;
  readonly threshold: number;
  readonly taken: boolean;
}

export interface Admissions {
  readonly applicants: readonly Applicant[];
  readonly proposed: readonly Proposed[];
}

export interface Overseeing {
  trail(wanted: Wanted, after: string | null): Promise<Paged<Passed>>;
  /** The trail as a file, once the hub's signature was found to be on it. The hub logs each. */
  exportTrail(format: Format, wanted: Wanted): Promise<ExportedFile>;
  /** One referral from its sending on, each line proven on this device. null: there is none. */
  timeline(id: string): Promise<Timeline | null>;
  /** agency: that opened; null: any. */
  openings(agency: string | null, after: string | null): Promise<Paged<Opening>>;
  looks(after: string | null): Promise<Paged<Look>>;
  /** null: the last quarter that is closed. */
  statistics(period: string | null): Promise<Statistics>;
  admissions(): Promise<Admissions>;
}
