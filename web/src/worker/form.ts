/** What a worker filled in, of which decisions and referrals are made; as ortoo/form.py has it. */

import { endOfDay } from "../days.ts";
import type { SealedFile } from "../protocol/attachments.ts";
import { ALL, isException, MOST_DAYS } from "../protocol/consent.ts";
import type { Instant } from "../protocol/documents.ts";
import { NEVER_SENT } from "../protocol/referral.ts";
import type { Consent, Json, ReceiptKey, Routing } from "../protocol/schemas.ts";
import * as vocabulary from "../protocol/vocabulary.ts";

/** What one agency is granted; until the end of the day, so many days from now. */
export interface Grant {
  readonly sections: readonly string[];
  readonly purposes: readonly string[];
  readonly days: number;
}

/** An exception: passing on without the person's consent. tellAfterDays: 0 for never. */
export interface Without {
  readonly reviewer: string;
  readonly tellAfterDays: number;
  /** By agency: the decision by which she refused it. */
  readonly overrides?: ReadonlyMap<string, NonNullable<NonNullable<Consent["exception"]>["overrides"]>>;
}

/** The person's decisions: at most one grant for each agency, refusals by addressee (`kind:…` and `*` too). */
export interface Consented {
  readonly basis: string;
  readonly givenBy: string | null;
  readonly givenHow: string | null;
  readonly language: string | null;
  readonly interpreter: boolean;
  readonly witness: boolean;
  readonly retainDays: number;
  readonly grants: ReadonlyMap<string, Grant>;
  readonly refusals: ReadonlyMap<string, readonly string[]>;
  readonly exception: Without | null;
  /** Of the code that she gets; null where she takes none. */
  readonly receipt: ReceiptKey | null;
}

export type Fields = Readonly<Record<string, Json>>;

export interface Form {
  readonly routing: Routing;
  readonly recipients: readonly string[];
  readonly consent: Consented;
  readonly sections: ReadonlyMap<string, Fields>;
}

/** The files of a referral, which were sealed before for it, and its id. */
export interface Attached {
  readonly id: string;
  readonly files: readonly SealedFile[];
}

/** Seals the files of these parts for a recipient; null where there are none. */
export type Attaching = (to: string, parts: readonly string[]) => Promise<Attached | null>;

export const noFiles: Attaching = async () => null;

/** A form that cannot be sent as it is. field: where; problem: a key of the catalogue; never a value. */
export class FormError extends Error {
  override readonly name = "FormError";
  readonly field: string;
  readonly problem: string;

  constructor(field: string, problem: string) {
    super(`${field}: ${problem}`);
    this.field = field;
    this.problem = problem;
  }
}

export function addresseesOf({ grants, refusals }: Consented): readonly string[] {
  return [...new Set([...grants.keys(), ...refusals.keys()])].sort();
}

/** The sections that go to an agency: those that its grant names and the form has; `evidence` stays. */
export function partsFor(form: Form, agency: string, kind: string): readonly string[] {
  const { grants, refusals, exception } = form.consent;
  const grant = grants.get(agency);
  if (grant === undefined) return [];
  const there = [...vocabulary.codes("sections")].filter((one) => form.sections.has(one) && !NEVER_SENT.includes(one));
  const isWanted = grant.sections[0] === ALL ? isLeft : (one: string) => grant.sections.includes(one);
  const refused = new Set([agency, `kind:${kind}`, ALL].flatMap((to) => refusals.get(to) ?? []));
  function isLeft(one: string): boolean {
    return !refused.has(ALL) && !refused.has(one);
  }
  const chosen = there.filter((one) => one !== "justification" && isWanted(one));
  return exception !== null && there.includes("justification") ? [...chosen, "justification"] : chosen;
}

/** The end of a grant's last day; without consent at most 30 times 24 hours (protocol §7). */
export function untilOf(grant: Grant, at: Instant, basis: string): Instant {
  const end = endOfDay(at, grant.days);
  return isException(basis) ? Math.min(end, at + MOST_DAYS) : end;
}
