import { Band } from "../../parts/Band.tsx";
import { Button } from "../../parts/Button.tsx";
import { Carried } from "../../parts/Carried.tsx";
import { Clock } from "../../parts/Clock.tsx";
import { Heading } from "../../parts/Heading.tsx";
import { words } from "../../words/current.ts";
import { time as timeText } from "../../words/dates.ts";
import { problemText } from "../../words/problems.ts";
import { owedFirst } from "../inbox/order.ts";
import type { SendProps } from "./parts.ts";
import { ReceiptCard } from "./ReceiptCard.tsx";
import { nameOf } from "./Step.tsx";
import type { Outcome } from "./state.ts";

interface SentProps extends SendProps {
  readonly outcome: Outcome;
}

/** It is being sent, and what became of it: sent is what the hub has accepted. */
export const SentStep = ({ state, outcome, me, time, onDraft, onDone }: SentProps) => {
  const said = words.value;
  const [problem, carried] = [state.problem.value, state.carried.value];
  if (outcome.returned)
    return (
      <div class="send stack">
        <Heading>{said("send.not_sent")}</Heading>
        <Band tone="late">{said("send.returned")}</Band>
        <Button look="main" onPress={() => onDraft(outcome.draft)}>
          {said("verb.continue")}
        </Button>
      </div>
    );
  if (outcome.rows === null && state.busy.value)
    return (
      <div class="send stack" key="goes">
        <Heading>{said("send.sending")}</Heading>
        <div role="status" class="wide">
          {carried && <Carried way="file.carried" over={carried.over} all={carried.all} />}
        </div>
        {outcome.code !== null && <ReceiptCard code={outcome.code} isSent={false} />}
      </div>
    );
  if (outcome.rows === null)
    return (
      <div class="send stack" key="waits">
        <Heading>{said(problem ? "send.not_sent" : "send.waits")}</Heading>
        <div role="status" class="wide">
          {problem ? (
            <Band tone="late">{`${problemText(said, problem)} ${said("send.waits_here")}`}</Band>
          ) : (
            <Band tone="wait" icon="offline">
              {said("app.offline")}
            </Band>
          )}
        </div>
        <p>{said("app.saved")}.</p>
        {outcome.code !== null && <ReceiptCard code={outcome.code} isSent={false} />}
        <Button look="main" onPress={onDone}>
          {said("send.done")}
        </Button>
      </div>
    );
  const waits = outcome.rows.some((row) => row.state === "waiting");
  const isOwed = outcome.rows.some((row) => row.without !== undefined && row.state !== "waiting");
  return (
    <div class="send stack" key="sent">
      <Heading>{waits ? said("without.not_sent") : said("send.sent", { at: timeText(outcome.at) })}</Heading>
      {waits && <Band tone="wait">{said("without.not_sent.about")}</Band>}
      {isOwed && <Band tone="wait">{said("without.sent.about")}</Band>}
      <ul class="sent-rows">
        {outcome.rows.map((row) => {
          const owed = owedFirst(row, me.agency.id);
          return (
            <li key={row.id}>
              <strong>{nameOf(state, row.counterpart)}</strong>
              {owed && (
                <>
                  {" · "}
                  <Clock due={{ kind: owed.kind, at: Date.parse(owed.dueAt), ours: false }} time={time} />
                </>
              )}
            </li>
          );
        })}
      </ul>
      {outcome.code !== null && <ReceiptCard code={outcome.code} isSent />}
      <Button look="main" onPress={onDone}>
        {said("send.done")}
      </Button>
    </div>
  );
};
