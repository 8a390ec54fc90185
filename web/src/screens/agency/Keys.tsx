import { useEffect } from "preact/hooks";
import { Button } from "../../parts/Button.tsx";
import { Heading } from "../../parts/Heading.tsx";
import { Waiting } from "../../parts/Waiting.tsx";
import { words } from "../../words/current.ts";
import { moment } from "../../words/dates.ts";
import type { Words } from "../../words/words.ts";
import type { AgencyEntry } from "../../worker/agency-api.ts";
import type { Names } from "../../worker/api.ts";
import { Cancel, Faults, nameIn, type PageProps } from "./parts.tsx";
import type { AgencyState } from "./state.ts";

const DAY = 86_400_000;

/** Across the whole place, until somebody here says that it was one of them. */
export const Strange = ({ state }: { readonly state: AgencyState }) => {
  const said = words.value;
  const strange = state.keys.key.value?.strange ?? [];
  if (strange.length === 0) return null;
  return (
    <div class="strange" role="alert">
      <h2>{said("agency.strange")}</h2>
      <p>{said("agency.strange.do")}</p>
      <ul>
        {strange.map((entry) => (
          <li key={entry.sha256}>
            <p>{entryText(said, entry)}</p>
            <Button busy={state.doing.busy.value} onPress={() => void state.keys.vouch(entry.sha256)}>
              {said("agency.strange.ours")}
            </Button>
          </li>
        ))}
      </ul>
    </div>
  );
};

export const Keys = ({ state, time, ways }: PageProps) => {
  const said = words.value;
  const { keys, doing } = state;
  const key = keys.key.value;
  useEffect(() => void keys.load(), [keys]);
  const days = key === null ? 0 : Math.floor((Date.parse(key.renewBy) - time.minute.value) / DAY);
  return (
    <>
      <Heading>{said("agency.keys")}</Heading>
      <Faults state={state} />
      {key === null && doing.looking.value && <Waiting />}
      {key !== null && (
        <section class="card" aria-label={said("agency.key.number", { number: key.number })}>
          <p class="key-name">{said("agency.key.number", { number: key.number })}</p>
          <p>
            {said("agency.key.current")} ·{" "}
            {days >= 0 ? said("agency.key.left", { count: days }) : said("agency.key.over")}
          </p>
          <p class="hint">{said("agency.key.holders", { count: key.holders })}</p>
          <Button look="main" icon="key" onPress={() => ways.go("change-key")}>
            {said("agency.key.change")}
          </Button>
        </section>
      )}
      {key !== null && (
        <section class="stack wide" aria-labelledby="entries">
          <h2 id="entries">{said("agency.entries")}</h2>
          <p class="hint">{said("agency.entries.hint")}</p>
          <ul class="entries">
            {key.entries.map((entry) => (
              <li key={entry.sha256}>{entryText(said, entry)}</li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
};

/** Not to be undone, so a page says it; and again where it broke off: it is there whole, or not at all. */
export const ChangeKey = ({ state, ways }: PageProps) => {
  const said = words.value;
  const { keys, doing } = state;
  useEffect(() => {
    if (keys.key.value === null) void keys.load();
  }, [keys]);
  const number = keys.key.value?.number;
  return (
    <>
      <Heading>{said("agency.key.change")}</Heading>
      <Faults state={state} />
      <ul class="told">
        <li>{said("agency.key.change.new")}</li>
        <li>{said("agency.key.change.old")}</li>
        <li>{said("agency.key.change.devices")}</li>
        <li>{said("agency.key.change.broken")}</li>
      </ul>
      <p>{said("agency.no_undo")}</p>
      <div class="buttons">
        <Button
          look="main"
          icon="key"
          busy={doing.busy.value || number === undefined}
          onPress={async () => {
            if (await keys.change()) ways.finish("keys", "agency.key.changed");
          }}
        >
          {said("agency.key.change")}
        </Button>
        <Cancel ways={ways} />
      </div>
      <div role="status">{doing.busy.value && said("agency.key.changing")}</div>
    </>
  );
};

/** When, by whom, what. */
const entryText = (said: Words, entry: AgencyEntry): string => {
  const list = (names: readonly (Names | null)[]) =>
    names.map((one) => (one === null ? said("agency.entry.somebody") : nameIn(one))).join(", ");
  const what = [
    ...(entry.joined.length > 0 ? [said("agency.entry.joined", { names: list(entry.joined) })] : []),
    ...(entry.left.length > 0 ? [said("agency.entry.left", { names: list(entry.left) })] : []),
    ...(entry.epoch !== null ? [said("agency.entry.key", { number: entry.epoch })] : []),
    ...(entry.suspended === null ? [] : [said(entry.suspended ? "agency.entry.suspended" : "agency.entry.admitted")]),
  ];
  const who =
    entry.by === null
      ? said("agency.entry.coordinators")
      : entry.by.names === null
        ? said("agency.entry.somebody")
        : nameIn(entry.by.names);
  const at = moment(said, Date.parse(entry.at));
  return [
    at,
    entry.by?.self ? `${who} (${said("agency.you")})` : who,
    what.join("; ") || said("agency.entry.other"),
  ].join(" · ");
};
