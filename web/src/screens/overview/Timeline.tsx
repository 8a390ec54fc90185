import { Band } from "../../parts/Band.tsx";
import { Button } from "../../parts/Button.tsx";
import { Heading } from "../../parts/Heading.tsx";
import { hand } from "../../parts/hand.ts";
import type { HubTime } from "../../parts/hub-time.ts";
import { Icon, type IconName } from "../../parts/Icon.tsx";
import { words } from "../../words/current.ts";
import { moment, time as timeOf } from "../../words/dates.ts";
import { label, type Terms } from "../../words/labels.ts";
import { count } from "../../words/numbers.ts";
import { overseeing } from "../../words/overseeing.ts";
import type { Agency, Vault } from "../../worker/api.ts";
import type { Mark, TimelineLine, Timeline as Whole } from "../../worker/overseeing-api.ts";
import { Asked, useAsked } from "./asked.tsx";
import { type NameOf, namesOf, shortId } from "./naming.ts";
import { About } from "./Trail.tsx";

const SIGNS: Readonly<Record<Mark, IconName>> = {
  logged: "check",
  promised: "clock",
  missing: "cross",
  false: "cross",
};
const REASONS: Readonly<Record<string, Terms>> = {
  declined: "decline_reasons",
  handed_back: "decline_reasons",
  recalled: "recall_reasons",
  closed: "outcomes",
};

interface TimelineProps {
  readonly vault: Pick<Vault, "timeline">;
  readonly agencies: readonly Agency[];
  readonly id: string;
  readonly time: HubTime;
}

/** One referral from its sending on: who did what and when, each line held against the log on this device. */
export const Timeline = ({ vault, agencies, id, time }: TimelineProps) => {
  const [said, ours] = [words.value, overseeing.value];
  const asked = useAsked(async () => ({ whole: await vault.timeline(id), at: time.now() }), vault, id);
  const nameOf = namesOf(agencies, said.language);
  return (
    <div class="stack wide">
      <Heading>{ours("timeline.title")}</Heading>
      <p class="hint">{ours("timeline.about")}</p>
      <Asked of={asked}>
        {({ whole, at }) =>
          whole === null ? (
            <p>{ours("timeline.gone")}</p>
          ) : (
            <>
              <Shown whole={whole} nameOf={nameOf} />
              <p class="hint" role="status">
                {ours("timeline.checked", { at: timeOf(at) })}
              </p>
              <div class="buttons no-print">
                <Button icon="again" onPress={() => void asked.load()}>
                  {ours("timeline.again")}
                </Button>
                <Save evidence={whole.evidence} />
                <Button icon="print" onPress={() => print()}>
                  {ours("overseeing.print")}
                </Button>
              </div>
            </>
          )
        }
      </Asked>
    </div>
  );
};

const Save = ({ evidence }: Pick<Whole, "evidence">) =>
  evidence && (
    <Button onPress={() => hand(new Blob([evidence.text], { type: "application/json" }), evidence.name)}>
      {overseeing.value("timeline.save")}
    </Button>
  );

interface ShownProps {
  readonly whole: Whole;
  readonly nameOf: NameOf;
}

const Shown = ({ whole, nameOf }: ShownProps) => {
  const ours = overseeing.value;
  const has = (mark: Mark) => whole.lines.some((one) => one.mark === mark);
  return (
    <>
      <div class="overview-about">
        <About one={whole.referral} nameOf={nameOf} />
      </div>
      <p class="overview-head">{headText(whole)}</p>
      <div class="stack wide" role="alert">
        {has("missing") && <Band tone="late">{ours("timeline.some_missing")}</Band>}
        {has("false") && <Band tone="late">{ours("timeline.some_false")}</Band>}
      </div>
      <ol class="overview-rows wide timeline">
        {whole.lines.map((one, place) => (
          <Line key={place} one={one} nameOf={nameOf} />
        ))}
      </ol>
    </>
  );
};

const headText = ({ head }: Whole): string => {
  const [said, ours] = [words.value, overseeing.value];
  if (head === null) return ours("timeline.head.none");
  const size = count(head.size);
  if (head.at === null) return ours("timeline.head.alone", { size });
  const at = moment(said, Date.parse(head.at));
  return ours("timeline.head", { size, witnesses: head.witnesses, of: head.of, at });
};

const Line = ({ one, nameOf }: { readonly one: TimelineLine; readonly nameOf: NameOf }) => {
  const [said, ours] = [words.value, overseeing.value];
  const terms = REASONS[one.type];
  const what = one.type === "referral_sent" ? ours("timeline.sent") : label(said.language, "steps", one.type);
  return (
    <li>
      <p>
        {moment(said, Date.parse(one.at))} · <strong>{what}</strong>
        {one.reason !== null && terms !== undefined && `: ${label(said.language, terms, one.reason)}`}
      </p>
      <p>
        {nameOf(one.agency)} · {ours("timeline.member", { id: shortId(one.member) })}
      </p>
      <p class={`mark mark-${one.mark}`}>
        <Icon name={SIGNS[one.mark]} /> {ours(`timeline.${one.mark}`, { place: count(one.place ?? 0) })}
      </p>
    </li>
  );
};
