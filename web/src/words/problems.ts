import { Failed, type Problem } from "../failed.ts";
import type { Key } from "./mn.ts";
import { plain, type Words } from "./words.ts";

const REFUSED = [
  "throttled",
  "signed_out",
  "not_found",
  "head_moved",
  "step_illegal",
  "role_not_allowed",
  "key_mismatch",
  "directory_fork",
  "checkpoint_rollback",
  "checkpoint_unwitnessed",
  "proof_invalid",
  "cannot_open",
  "consent_withdrawn",
  "grant_missing",
  "grant_refused",
  "grant_expired",
  "clock_skew",
  "recipient_unavailable",
  "recipient_suspended",
  "limit_exceeded",
  "basis_not_allowed",
] as const;

/** What went wrong, what became of the work, what to do now. */
export const problemText = (words: Words, problem: Problem): string => {
  switch (problem.kind) {
    case "line":
      return words("problem.line");
    case "hub": {
      const said = words("problem.hub");
      return problem.incident ? `${said} ${words("problem.incident", { incident: plain(problem.incident) })}` : said;
    }
    case "device":
      return words(device[problem.code]);
    case "refused": {
      const code = REFUSED.find((known) => known === problem.code);
      return code ? words(`problem.${code}`) : words("problem.other", { code: plain(problem.code) });
    }
  }
};

const device = {
  store_full: "problem.store_full",
  no_store: "problem.no_store",
  locked: "problem.locked",
  wrong_passphrase: "sign_in.wrong",
  unlock_expired: "sign_in.expired",
  another_tab: "problem.another_tab",
  still_open: "problem.still_open",
  stopped: "problem.stopped",
  no_agency_key: "problem.no_agency_key",
  passkey_opens_not: "problem.passkey_opens_not",
  passkey_none: "problem.passkey_none",
} as const satisfies Record<string, Key>;

/** What a call of the vault failed with. Anything else is a fault of ours, and is not swallowed. */
export const problemOf = (error: unknown): Problem => {
  if (error instanceof Failed) return error.problem;
  throw error;
};
