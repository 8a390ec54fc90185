import type { HubTime } from "../../parts/hub-time.ts";
import { Without } from "../../parts/Without.tsx";
import { words } from "../../words/current.ts";
import { momentSeenFrom } from "../../words/dates.ts";
import { label } from "../../words/labels.ts";
import { plain } from "../../words/words.ts";
import type { Agency, Exceptional } from "../../worker/api.ts";
import { agencyName } from "../inbox/order.ts";
import type { Answer } from "./answers.ts";

const STEPS = ["seconded", "upheld", "overturned"] as const;

/** The steps that say first what they mean for whoever can read it. */
export const isOfException = (answer: Answer): answer is (typeof STEPS)[number] =>
  (STEPS as readonly Answer[]).includes(answer);

interface WithoutProps {
  readonly of: Exceptional;
  readonly agencies: readonly Agency[];
  readonly time: HubTime;
}

/** What everybody who sees the referral is told of it: the ground, who reviews, who has signed, what she had refused. */
export const WithoutConsent = ({ of, agencies, time }: WithoutProps) => {
  const said = words.value;
  const moment = (at: string) => momentSeenFrom(said, Date.parse(at), time.now());
  return (
    <Without>
      <p>{label(said.language, "consent_bases", of.ground)}</p>
      {of.saidNo && <p>{said("without.said_no")}</p>}
      <p>{said("without.reviewed_by", { agency: plain(agencyName(agencies, of.reviewer, said.language)) })}</p>
      <p>
        {of.secondedAt === null ? said("without.unsigned") : said("without.seconded", { at: moment(of.secondedAt) })}
      </p>
      {of.tellAfter !== null && <p>{said("without.told", { at: moment(of.tellAfter) })}</p>}
      {of.isToSign && <p>{said("without.sign")}</p>}
    </Without>
  );
};
