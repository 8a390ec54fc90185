import { useEffect } from "preact/hooks";
import { Band } from "../../parts/Band.tsx";
import { Button } from "../../parts/Button.tsx";
import { Field } from "../../parts/Field.tsx";
import { Heading } from "../../parts/Heading.tsx";
import type { HubTime } from "../../parts/hub-time.ts";
import { List } from "../../parts/List.tsx";
import { words } from "../../words/current.ts";
import { label } from "../../words/labels.ts";
import { problemText } from "../../words/problems.ts";
import { plain } from "../../words/words.ts";
import type { Hit } from "../../worker/api.ts";
import { RowWords } from "../inbox/Inbox.tsx";
import type { FindState } from "./state.ts";

interface FindProps {
  readonly state: FindState;
  readonly own: string;
  readonly time: HubTime;
  readonly onOpen: (id: string) => void;
}

/** Among what this device has seen and may still show. */
export const Find = ({ state, own, time, onOpen }: FindProps) => {
  const said = words.value;
  const { language } = said;
  const [typed, hits, problem] = [state.typed.value, state.hits.value, state.problem.value];
  useEffect(() => {
    if (typed === state.typed.peek()) void state.look(language);
  }, [state, typed, language]);
  const hasNames = hits?.some(({ name }) => name !== null) ?? false;
  return (
    <div class="inbox stack">
      <Heading>{said("find.title")}</Heading>
      <Field id="find" label={said("find.what")} hint={said("find.hint")} value={state.typed} />
      {problem && (
        <div role="alert" class="wide">
          <Band tone="late">{problemText(said, problem)}</Band>
        </div>
      )}
      <p role="status">{hits !== null && said("find.count", { count: hits.length })}</p>
      {hasNames && (
        <Button
          icon={state.areNamesShown.value ? "hide" : "show"}
          onPress={() => {
            state.areNamesShown.value = !state.areNamesShown.value;
          }}
        >
          {said(state.areNamesShown.value ? "referral.names.hide" : "referral.names.show")}
        </Button>
      )}
      {hits !== null && hits.length > 0 && (
        <List
          label={said("find.found")}
          items={hits}
          keyOf={({ row }) => row.id}
          onOpen={({ row }) => onOpen(row.id)}
          rowHeight={6}
          row={(hit) => <HitWords hit={hit} state={state} own={own} time={time} />}
        />
      )}
    </div>
  );
};

interface HitProps extends Omit<FindProps, "onOpen"> {
  readonly hit: Hit;
}

const HitWords = ({ hit: { row, where, name }, state, own, time }: HitProps) => {
  const said = words.value;
  const line = { box: row.as === "sender" ? "outbox" : "inbox", row } as const;
  const places = where.map((one) => (one === "note" ? said("find.note") : label(said.language, "sections", one)));
  return (
    <span class="hit">
      <RowWords line={line} agencies={state.agencies.value} own={own} time={time} />
      <span class="soft">
        {state.areNamesShown.value && name !== null && <strong>{plain(name)} </strong>}
        {places.length > 0 && said("find.where", { where: places.join(" · ") })}
      </span>
    </span>
  );
};
