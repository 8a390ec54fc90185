import { words } from "../words/current.ts";
import { clockText, type Due } from "../words/dates.ts";
import type { HubTime } from "./hub-time.ts";

/** What is owed and how long there is. Seconds run for the eye only: what is read out stands still. */
export const Clock = ({ due, time }: { readonly due: Due; readonly time: HubTime }) => {
  const said = words.value;
  // Looked at by the minute; by the second only while that shows.
  const runs = due.at - time.minute.value <= 61 * 60_000 && due.at > time.minute.value;
  const clock = clockText(said, due, runs ? time.second.value : Math.max(time.minute.value, time.now()));
  return (
    <span class={clock.isLate ? "clock is-late" : "clock"}>
      {clock.shown === clock.said ? (
        clock.shown
      ) : (
        <>
          <span aria-hidden="true">{clock.shown}</span>
          <span class="unseen">{clock.said}</span>
        </>
      )}
    </span>
  );
};
