/** What is shown of a referral that goes without her consent (protocol §7). */

import { instant } from "../protocol/documents.ts";
import type * as api from "./api.ts";
import type { VerifiedReferral } from "./reading.ts";
import type { Who } from "./work.ts";

/** What everybody who sees the referral is shown of it; nothing where it stands on her consent. */
export function withoutOf(referral: VerifiedReferral, who: Who): Pick<api.Row, "without"> {
  const { basis, exception } = referral.decision.body;
  if (exception === null) return {};
  const second = referral.steps.find((step) => step.type === "seconded");
  const isAnother = referral.document.body.author.member !== who.member;
  const isAsked = referral.as === "sender" ? isAnother : referral.as === "reviewer" && referral.state === "waiting";
  return {
    without: {
      ground: basis,
      reviewer: exception.reviewer,
      saidNo: exception.overrides !== null,
      tellAfter: exception.tell_after === null ? null : iso(instant(exception.tell_after)),
      secondedAt: second === undefined ? null : iso(second.at),
      isToSign: second === undefined && isAsked && !OVER.includes(referral.state),
    },
  };
}

/** What has ended before it was signed needs no second signature any more. */
const OVER: readonly string[] = ["recalled", "withdrawn", "expired"];

function iso(at: number): string {
  return new Date(at).toISOString();
}
