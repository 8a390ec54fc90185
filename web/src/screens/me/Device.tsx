import { useEffect, useState } from "preact/hooks";
import { Button } from "../../parts/Button.tsx";
import { Waiting } from "../../parts/Waiting.tsx";
import { words } from "../../words/current.ts";
import { day } from "../../words/dates.ts";
import { plain } from "../../words/words.ts";
import { type OwnProps, Top } from "./parts.tsx";

/** Where one is signed in, by day. */
export const Sessions = ({ state }: OwnProps) => {
  const said = words.value;
  const found = state.sessions.value;
  const isBusy = state.doing.busy.value;
  useEffect(() => void state.loadSessions(), [state]);
  return (
    <>
      <Top state={state} title={said("own.sessions")} />
      <p>{said("own.sessions.about")}</p>
      {found === null && state.doing.looking.value && <Waiting />}
      {found !== null && (
        <ul class="own-list" aria-label={said("own.sessions")}>
          {found.map((one) => (
            <li key={one.id}>
              <p>
                <strong>{plain(one.name) || said("own.session.unnamed")}</strong>
                {one.current && ` · ${said("own.session.this")}`}
              </p>
              <p class="hint">
                {said("own.since", { day: day(said, Date.parse(one.createdAt)) })} ·{" "}
                {said("own.used", { day: day(said, Date.parse(one.usedAt)) })}
              </p>
              {!one.current && (
                <Button busy={isBusy} onPress={() => void state.endSession(one.id)}>
                  {said("own.session.end")}
                  <span class="unseen"> {plain(one.name)}</span>
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
      {found !== null && found.length > 2 && (
        <Button busy={isBusy} onPress={() => void state.endOthers()}>
          {said("own.sessions.end_others")}
        </Button>
      )}
    </>
  );
};

/** What this device keeps, and the way to have it keep nothing. */
export const Device = ({ state, back, forget }: OwnProps) => {
  const said = words.value;
  const [isSure, ask] = useState(false);
  const kept = state.kept.value;
  useEffect(() => void state.loadKept(), [state]);
  return (
    <>
      <Top state={state} title={said("own.device")} />
      <p>{said("own.device.about")}</p>
      {kept !== null && (
        <ul class="own-list" aria-label={said("own.device")}>
          <li>{said("own.device.seen", { count: kept.seen })}</li>
          <li>{said("own.device.drafts", { count: kept.drafts })}</li>
          <li>{said("own.device.waiting", { count: kept.waiting })}</li>
        </ul>
      )}
      {isSure && <p>{said("unlock.forget.sure")}</p>}
      <div class="buttons">
        <Button
          look={isSure ? "grave" : "plain"}
          busy={state.doing.busy.value}
          onPress={() => (isSure ? void state.doing.attempt(forget) : ask(true))}
        >
          {said("unlock.forget")}
        </Button>
        {isSure && <Button onPress={back}>{said("app.cancel")}</Button>}
      </div>
    </>
  );
};
