import { useEffect } from "preact/hooks";
import { later } from "../../app/later.tsx";
import type { Lines } from "../../app/line.ts";
import { Fold } from "../../parts/Fold.tsx";
import type { HubTime } from "../../parts/hub-time.ts";
import { words } from "../../words/current.ts";
import type { Me } from "../../worker/api.ts";
import type { OnwardProps } from "../referral/Onward.tsx";
import type { ReferralState } from "../referral/state.ts";
import { Drafts } from "../send/Drafts.tsx";
import type { SendEntry } from "../send/entry.ts";
import { Inbox } from "./Inbox.tsx";
import type { InboxState } from "./state.ts";
import "./inbox.css";

interface DeskProps {
  readonly vault: OnwardProps["vault"];
  readonly inbox: InboxState;
  readonly referral: ReferralState;
  readonly me: Me;
  readonly time: HubTime;
  readonly line: Lines;
  readonly drafts: Pick<SendEntry, "rows" | "look" | "begin" | "open" | "discard" | "elsewhere">;
  /** The referral that is on the screen; null: none. */
  readonly id: string | null;
  readonly onOpen: (id: string) => void;
  readonly onFind: () => void;
  /** What was decided, under which this referral was sent. */
  readonly onConsent: (id: string) => void;
}

const fetchReferral = async () => (await import("../referral/Referral.tsx")).Referral;
const Referral = later(fetchReferral);
const Unsent = later(async () => (await import("../referral/Evidence.tsx")).Unsent);

/** The list and what is open of it: side by side where there is room, else one of them. */
export const Desk = ({ vault, inbox, referral, me, time, line, drafts, id, onOpen, onFind, onConsent }: DeskProps) => {
  useEffect(() => {
    void inbox.load();
    void drafts.look();
    fetchReferral().catch(() => undefined); // whoever opens one asks again
  }, [inbox, drafts]);
  useEffect(() => {
    if (id !== null) void referral.go(id);
  }, [id, referral]);
  return (
    <div class={id === null ? "desk" : "desk with-referral"}>
      <div class="desk-list">
        <Inbox
          boxes={inbox.boxes.value}
          lines={inbox.lines.value}
          agencies={inbox.agencies.value}
          filter={inbox.filter.value}
          news={inbox.gathered.value?.lines.length ?? 0}
          hasMore={inbox.hasMore.value}
          busy={inbox.busy.value}
          problem={inbox.problem.value}
          isOffline={line.now.value?.live === false}
          isOthersOpen={inbox.isOthersOpen}
          isShown={id === null}
          own={me.agency.id}
          time={time}
          drafts={
            drafts.rows.value.length > 0 && (
              <Drafts rows={drafts.rows.value} onOpen={drafts.open} onDiscard={(one) => void drafts.discard(one)} />
            )
          }
          unsent={
            <Fold title={words.value("evidence.unsent")}>{() => <Unsent files={referral.files} time={time} />}</Fold>
          }
          onSend={drafts.begin}
          onOpen={onOpen}
          onFind={onFind}
          onShow={inbox.show}
          onMore={() => void inbox.more()}
          onFilter={(filter) => void inbox.narrow(filter)}
          onRetry={() => void inbox.load()}
        />
      </div>
      <div class="desk-referral">
        {id === null ? (
          <p class="hint">{words.value("inbox.choose")}</p>
        ) : (
          <Referral
            key={id}
            state={referral}
            own={me.agency.id}
            time={time}
            vault={vault}
            onRetry={() => void referral.go(id)}
            onElsewhere={() => drafts.elsewhere(id)}
            onConsent={() => onConsent(id)}
          />
        )}
      </div>
    </div>
  );
};
