import type { Signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Problem } from "../../failed.ts";
import { Band } from "../../parts/Band.tsx";
import { Button } from "../../parts/Button.tsx";
import { Clock } from "../../parts/Clock.tsx";
import type { HubTime } from "../../parts/hub-time.ts";
import { Icon } from "../../parts/Icon.tsx";
import { List } from "../../parts/List.tsx";
import { StateWord } from "../../parts/StateWord.tsx";
import { Urgency } from "../../parts/Urgency.tsx";
import { Waiting } from "../../parts/Waiting.tsx";
import { words } from "../../words/current.ts";
import { momentSeenFrom } from "../../words/dates.ts";
import { allPlaces, codes, label, labels, placeInFull } from "../../words/labels.ts";
import type { PlainKey } from "../../words/mn.ts";
import { count } from "../../words/numbers.ts";
import { problemText } from "../../words/problems.ts";
import { plain } from "../../words/words.ts";
import type { Agency, Filter } from "../../worker/api.ts";
import {
  agencyName,
  type Boxes,
  counted,
  groups,
  isDamaged,
  keyOf,
  type Line,
  lastChange,
  owedFirst,
  verbOf,
} from "./order.ts";

interface InboxProps {
  readonly boxes: Boxes | null;
  readonly lines: readonly Line[];
  readonly agencies: readonly Agency[];
  readonly filter: Filter;
  /** How many rows are new or otherwise, and not shown yet. */
  readonly news: number;
  readonly hasMore: boolean;
  readonly busy: boolean;
  readonly problem: Problem | null;
  readonly isOffline: boolean;
  readonly isOthersOpen: Signal<boolean>;
  /** No referral is open: the focus belongs here. */
  readonly isShown: boolean;
  readonly own: string;
  readonly time: HubTime;
  /** What is not sent yet, if there is any. */
  readonly drafts: ComponentChildren;
  /** What was decided, and nothing was sent under it. */
  readonly unsent: ComponentChildren;
  readonly onSend: () => void;
  readonly onFind: () => void;
  readonly onOpen: (id: string) => void;
  readonly onShow: () => void;
  readonly onMore: () => void;
  readonly onFilter: (filter: Filter) => void;
  readonly onRetry: () => void;
}

/** What needs us, what waits for others, the rest: both boxes in one list, since one question is asked of both. */
export const Inbox = (props: InboxProps) => {
  const { boxes, lines, agencies, filter, news, problem, isOthersOpen, own, time } = props;
  const said = words.value;
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (props.isShown) heading.current?.focus();
  }, [props.isShown]);
  const { needs, others, rest } = groups(lines);
  const counts = boxes === null ? null : counted(boxes);
  const newest = lastChange(lines);
  const rows = (name: string, of: readonly Line[]) => (
    <List
      label={name}
      items={of}
      keyOf={keyOf}
      onOpen={({ row }) => props.onOpen(row.id)}
      rowHeight={4.5}
      row={(line) => <RowWords line={line} agencies={agencies} own={own} time={time} />}
    />
  );
  return (
    <div class="inbox stack">
      <h1 ref={heading} tabIndex={-1}>
        {said("inbox.needs")}
        {counts && ` · ${count(counts.needs)}`}
      </h1>
      {problem && (
        <div role="alert" class="wide">
          <Band tone="late" action={<Button onPress={props.onRetry}>{said("app.retry")}</Button>}>
            {problemText(said, problem)}
          </Band>
        </div>
      )}
      {boxes === null && !problem && <Waiting />}
      {boxes !== null && (
        <>
          <div>
            <Button look="quiet" icon="find" onPress={props.onFind}>
              {said("find.title")}
            </Button>
          </div>
          <Filters filter={filter} agencies={agencies} own={own} onFilter={props.onFilter} />
          {news > 0 && (
            <Button icon="again" wide onPress={props.onShow}>
              {said("inbox.new", { count: news })}
            </Button>
          )}
          {boxes.inbox.seenAt !== undefined ? (
            <p class="hint">
              {said("inbox.seen_at", { at: momentSeenFrom(said, Date.parse(boxes.inbox.seenAt), time.now()) })}
            </p>
          ) : (
            props.isOffline &&
            newest !== null && (
              <p class="hint">
                {said("inbox.as_seen")} {said("inbox.last_change", { at: momentSeenFrom(said, newest, time.now()) })}
              </p>
            )
          )}
          {props.drafts}
          {needs.length > 0 && rows(said("inbox.needs"), needs)}
          {needs.length === 0 && (
            <Nothing filter={filter} newest={newest} time={time} onFilter={props.onFilter} onSend={props.onSend} />
          )}
          {others.length > 0 && (
            <section class="wide stack">
              <h2>
                <button
                  type="button"
                  class="fold"
                  aria-expanded={isOthersOpen.value}
                  onClick={() => {
                    isOthersOpen.value = !isOthersOpen.value;
                  }}
                >
                  <Icon name={isOthersOpen.value ? "down" : "onward"} />
                  <span>
                    {said("inbox.others")} · {count(Math.max(counts?.others ?? 0, others.length))}
                  </span>
                </button>
              </h2>
              {isOthersOpen.value && rows(said("inbox.others"), others)}
            </section>
          )}
          {rest.length > 0 && (
            <section class="wide stack">
              <h2>{said("inbox.rest")}</h2>
              {rows(said("inbox.rest"), rest)}
            </section>
          )}
          {props.hasMore && (
            <Button busy={props.busy} onPress={props.onMore}>
              {said("inbox.more")}
            </Button>
          )}
          {props.unsent}
        </>
      )}
    </div>
  );
};

interface RowProps {
  readonly line: Line;
  readonly agencies: readonly Agency[];
  readonly own: string;
  readonly time: HubTime;
}

export const RowWords = ({ line: { row }, agencies, own, time }: RowProps) => {
  const said = words.value;
  const { language } = said;
  if (isDamaged(row))
    return (
      <span class="line">
        <span class="line-words">{said("inbox.damaged", { code: plain(row.damaged) })}</span>
      </span>
    );
  const owed = owedFirst(row, own);
  const ours = owed?.agency === own;
  const verb = verbOf(row, time.minute.value);
  const [name, ...more] = plain(agencyName(agencies, row.counterpart, language)).split(" ");
  return (
    <span class={row.tier === "late" ? "line is-late" : "line"}>
      <span class="line-words">
        <span class="line-clock">
          {owed ? (
            <Clock due={{ kind: owed.kind, at: Date.parse(owed.dueAt), ours }} time={time} />
          ) : (
            <span class="soft">{momentSeenFrom(said, Date.parse(row.changedAt), time.now())}</span>
          )}
        </span>
        <span>
          <Urgency code={row.urgency} />
          {row.without && (
            <>
              {" · "}
              <strong>{said("referral.without")}</strong>
            </>
          )}
          {row.minor && ` · ${said("referral.minor")}`} · {labels(language, "services", row.services)}
        </span>
        <span>
          {placeInFull(said, row.place)} · <span class="unseen">{said(`referral.${TOWARDS[row.as]}`)}: </span>
          <span class="together">
            <Icon name={row.as === "sender" ? "to" : "back"} />
            {name}
          </span>{" "}
          {more.join(" ")} · <StateWord code={row.state} />
        </span>
      </span>
      <span class={verb === "open" ? "verb" : "verb is-ours"}>
        <span>{said(`verb.${verb}`)}</span>
        <Icon name="onward" />
      </span>
    </span>
  );
};

const TOWARDS = { sender: "to", recipient: "from", reviewer: "from" } as const;

interface NothingProps {
  readonly filter: Filter;
  readonly newest: number | null;
  readonly time: HubTime;
  readonly onFilter: (filter: Filter) => void;
  readonly onSend: () => void;
}

const Nothing = ({ filter, newest, time, onFilter, onSend }: NothingProps) => {
  const said = words.value;
  if (Object.keys(filter).length > 0)
    return (
      <div class="stack">
        <p>{said("inbox.none_match")}</p>
        <Button onPress={() => onFilter({})}>{said("app.clear")}</Button>
      </div>
    );
  return (
    <div class="stack">
      <p>
        {said("inbox.nothing")}{" "}
        {newest !== null && said("inbox.last_change", { at: momentSeenFrom(said, newest, time.now()) })}
      </p>
      <Button icon="plus" onPress={onSend}>
        {said("send.new")}
      </Button>
    </div>
  );
};

interface FiltersProps {
  readonly filter: Filter;
  readonly agencies: readonly Agency[];
  readonly own: string;
  readonly onFilter: (filter: Filter) => void;
}

const Filters = ({ filter, agencies, own, onFilter }: FiltersProps) => {
  const said = words.value;
  const { language } = said;
  const on = Object.keys(filter).length;
  const by = (terms: "states" | "urgency" | "services") =>
    codes(terms).map((code) => [code, label(language, terms, code)] as const);
  const places = allPlaces(language).map((place) => [place.code, place[language]] as const);
  const others = agencies
    .filter(({ id }) => id !== own)
    .map(({ id, names }) => [id, plain(names[language])] as const)
    .sort(([, one], [, other]) => one.localeCompare(other, "und"));
  const select = (name: "state" | "urgency" | "need" | "place" | "counterpart", word: PlainKey, options: Options) => (
    <Select name={name} label={said(word)} value={filter[name] ?? ""} options={options}>
      {(value) => {
        const { [name]: _, ...left } = filter;
        onFilter(value === "" ? left : { ...left, [name]: value });
      }}
    </Select>
  );
  return (
    <details class="filters wide">
      <summary>{on > 0 ? said("inbox.filters.on", { count: on }) : said("inbox.filters")}</summary>
      <div class="filters-all">
        {select("state", "inbox.filter.state", by("states"))}
        {select("urgency", "inbox.filter.urgency", by("urgency"))}
        {select("need", "inbox.filter.service", by("services"))}
        {select("place", "inbox.filter.place", places)}
        {select("counterpart", "inbox.filter.agency", others)}
        <label class="option" htmlFor="filter-overdue">
          <input
            id="filter-overdue"
            type="checkbox"
            checked={filter.overdue === true}
            onChange={({ currentTarget }) => {
              const { overdue: _, ...left } = filter;
              onFilter(currentTarget.checked ? { ...left, overdue: true } : left);
            }}
          />
          <span>{said("inbox.filter.overdue")}</span>
        </label>
        {on > 0 && <Button onPress={() => onFilter({})}>{said("app.clear")}</Button>}
      </div>
    </details>
  );
};

type Options = readonly (readonly [value: string, text: ComponentChildren])[];

interface SelectProps {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  readonly options: Options;
  readonly children: (value: string) => void;
}

const Select = ({ name, label: text, value, options, children: onChoose }: SelectProps) => (
  <div class="field">
    <label htmlFor={`filter-${name}`}>{text}</label>
    <select
      class="input"
      id={`filter-${name}`}
      value={value}
      onChange={({ currentTarget }) => onChoose(currentTarget.value)}
    >
      <option value="">{words.value("inbox.filter.any")}</option>
      {options.map(([code, option]) => (
        <option key={code} value={code} selected={code === value}>
          {option}
        </option>
      ))}
    </select>
  </div>
);
