import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import type { OverviewPage } from "../../app/screens.ts";
import type { Problem } from "../../failed.ts";
import { Band } from "../../parts/Band.tsx";
import { Button } from "../../parts/Button.tsx";
import { Clock } from "../../parts/Clock.tsx";
import { Heading } from "../../parts/Heading.tsx";
import type { HubTime } from "../../parts/hub-time.ts";
import { Icon } from "../../parts/Icon.tsx";
import { Tabs } from "../../parts/Tabs.tsx";
import { Urgency } from "../../parts/Urgency.tsx";
import { Waiting } from "../../parts/Waiting.tsx";
import { words } from "../../words/current.ts";
import { label, labels, placeInFull } from "../../words/labels.ts";
import { overseeing } from "../../words/overseeing.ts";
import { problemOf, problemText } from "../../words/problems.ts";
import { plain } from "../../words/words.ts";
import type { Agency, Late, Me, ToReview, Vault, Overview as Whole } from "../../worker/api.ts";
import type { Overseeing } from "../../worker/overseeing-api.ts";
import type { OnwardProps } from "../referral/Onward.tsx";
import { Referral } from "../referral/Referral.tsx";
import type { ReferralState } from "../referral/state.ts";
import { Admissions } from "./Admissions.tsx";
import { Looks } from "./Looks.tsx";
import { Openings } from "./Openings.tsx";
import { Statistics } from "./Statistics.tsx";
import { Timeline } from "./Timeline.tsx";
import { Trail } from "./Trail.tsx";
import { trailState } from "./trail-state.ts";
import "../agency/agency.css";
import "../inbox/inbox.css";
import "./overview.css";

interface OverviewProps {
  readonly vault: Pick<Vault, "overview" | "agencies" | keyof Overseeing> & OnwardProps["vault"];
  readonly referral: ReferralState;
  readonly me: Me;
  readonly time: HubTime;
  readonly page: OverviewPage;
  /** Of whom a timeline or a review is; null: a list. */
  readonly id: string | null;
  readonly onGo: (page: OverviewPage, id: string) => void;
  readonly onReset: (page: OverviewPage) => void;
}

const TABS = ["due", "trail", "openings", "statistics", "admissions", "looks"] as const;

/** The coordinator's place: lists that are one touch from each other, a timeline, or what is open for review. */
export const Overview = ({ vault, referral, me, time, page, id, onGo, onReset }: OverviewProps) => {
  const trail = useMemo(() => trailState(vault, time.now), [vault, time]);
  const agencies = useSignal<readonly Agency[]>([]);
  useEffect(() => {
    // The directory lies here: this asks nobody.
    vault.agencies().then((all) => {
      agencies.value = all;
    }, problemOf);
  }, [vault, page]);
  if (page === "review" && id !== null) {
    return <Reviewed vault={vault} referral={referral} me={me} time={time} id={id} />;
  }
  const ours = overseeing.value;
  return (
    <div class="overview stack">
      {TABS.some((tab) => tab === page) && (
        <Tabs
          label={ours("overseeing.parts")}
          pages={TABS}
          at={page}
          nameOf={(tab) => ours(`overseeing.${tab}`)}
          onGo={onReset}
        />
      )}
      {/* A new key for each page: its heading takes the focus anew. */}
      <div class="stack wide" key={`${page} ${id}`}>
        {page === "due" && <Lists vault={vault} time={time} onOpen={(one) => onGo("review", one)} />}
        {page === "trail" && <Trail state={trail} agencies={agencies.value} onOpen={(one) => onGo("timeline", one)} />}
        {page === "openings" && (
          <Openings vault={vault} agencies={agencies.value} onOpen={(one) => onGo("timeline", one)} />
        )}
        {page === "timeline" && id !== null && <Timeline vault={vault} agencies={agencies.value} id={id} time={time} />}
        {page === "statistics" && <Statistics vault={vault} />}
        {page === "admissions" && <Admissions vault={vault} agencies={agencies.value} />}
        {page === "looks" && <Looks vault={vault} agencies={agencies.value} />}
      </div>
    </div>
  );
};

type ReviewedProps = Pick<OverviewProps, "vault" | "referral" | "me" | "time"> & { readonly id: string };

/** What is open for review. */
const Reviewed = ({ vault, referral, me, time, id }: ReviewedProps) => {
  useEffect(() => void referral.go(id), [id, referral]);
  return (
    <Referral
      key={id}
      state={referral}
      own={me.agency.id}
      time={time}
      vault={vault}
      onRetry={() => void referral.go(id)}
      onElsewhere={() => undefined}
    />
  );
};

interface ListsProps {
  readonly vault: Pick<Vault, "overview" | "agencies">;
  readonly time: HubTime;
  readonly onOpen: (id: string) => void;
}

const Lists = ({ vault, time, onOpen }: ListsProps) => {
  const said = words.value;
  const shown = useSignal<{ readonly whole: Whole; readonly agencies: readonly Agency[] } | null>(null);
  const problem = useSignal<Problem | null>(null);
  const load = async () => {
    problem.value = null;
    try {
      const [whole, agencies] = await Promise.all([vault.overview(), vault.agencies()]);
      shown.value = { whole, agencies };
    } catch (error) {
      problem.value = problemOf(error);
    }
  };
  useEffect(() => void load(), [vault]);
  const nameOf = (handle: string): string => {
    const found = shown.value?.agencies.find((one) => one.id === handle);
    return found === undefined ? handle : plain(found.names[said.language]);
  };
  return (
    <div class="stack wide">
      <Heading>{said("overview.title")}</Heading>
      <p class="hint">{said("overview.no_content")}</p>
      {problem.value && (
        <Band tone="late" action={<Button onPress={() => void load()}>{said("app.retry")}</Button>}>
          {problemText(said, problem.value)}
        </Band>
      )}
      {shown.value === null && problem.value === null && <Waiting />}
      {shown.value && (
        <>
          <section class="wide stack">
            <h2>{said("overview.reviews")}</h2>
            {shown.value.whole.reviews.length === 0 && <p>{said("overview.reviews.none")}</p>}
            <ul class="overview-rows overview-reviews">
              {shown.value.whole.reviews.map((one) => (
                <Review key={one.id} one={one} nameOf={nameOf} onOpen={() => onOpen(one.id)} />
              ))}
            </ul>
            {shown.value.whole.hasMore && <p class="hint">{said("overview.reviews.more")}</p>}
          </section>
          <section class="wide stack">
            <h2>{said("overview.overdue")}</h2>
            {shown.value.whole.overdue.length === 0 && <p>{said("overview.overdue.none")}</p>}
            <ul class="overview-rows overview-overdue">
              {shown.value.whole.overdue.map((one) => (
                <Overdue key={`${one.id}-${one.by}-${one.kind}`} one={one} nameOf={nameOf} time={time} />
              ))}
            </ul>
          </section>
        </>
      )}
    </div>
  );
};

interface RowProps<Row> {
  readonly one: Row;
  readonly nameOf: (handle: string) => string;
}

const Review = ({ one, nameOf, onOpen }: RowProps<ToReview> & { readonly onOpen: () => void }) => {
  const said = words.value;
  return (
    <li>
      <p>
        <Urgency code={one.urgency} /> · {labels(said.language, "services", one.services)} ·{" "}
        {placeInFull(said, one.place)}
      </p>
      <p>
        {nameOf(one.sender)} <Icon name="onward" /> {nameOf(one.recipient)}
      </p>
      <p>
        <strong>{label(said.language, "consent_bases", one.ground)}</strong>
        {one.toDo === "second" && ` · ${said("overview.to_second")}`}
      </p>
      <Button icon="onward" onPress={onOpen}>
        {said("verb.open")}
        <span class="unseen">
          : {nameOf(one.sender)}, {nameOf(one.recipient)}
        </span>
      </Button>
    </li>
  );
};

const Overdue = ({ one, nameOf, time }: RowProps<Late> & { readonly time: HubTime }) => {
  const said = words.value;
  return (
    <li>
      <p>
        <Clock due={{ kind: one.kind, at: Date.parse(one.dueAt), ours: false }} time={time} /> ·{" "}
        <Urgency code={one.urgency} />
      </p>
      <p>
        {nameOf(one.sender)} <Icon name="onward" /> {nameOf(one.recipient)}
      </p>
      <p>{said("overview.owes", { agency: nameOf(one.by) })}</p>
    </li>
  );
};
