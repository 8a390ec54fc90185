import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { endOfDay, lastDay } from "../../days.ts";
import { Choice, Several } from "../../parts/Choice.tsx";
import { DateParts } from "../../parts/DateParts.tsx";
import { words } from "../../words/current.ts";
import { dateOf, day, type TypedDate } from "../../words/dates.ts";
import { sectionName } from "../../words/sentences.ts";
import { DAYS, isPartRefused, isRefused, NO_DATE } from "./filled.ts";
import { faultAt, nameOf } from "./Step.tsx";
import { type DecidingState, lens } from "./state.ts";

const TEN_YEARS = 10 * 365 * 86_400_000;

interface WhoReadsProps extends GridProps {
  readonly now: number;
}

/** What each may read, and until when: a table where there is room, else a card for each. */
export const WhoReads = ({ now, ...grid }: WhoReadsProps) => {
  const { state, columns, there } = grid;
  return (
    <div id="send-decision" tabIndex={-1} class="wide stack">
      {useWide() && columns.length > 0 ? (
        <DecisionTable {...grid} />
      ) : (
        columns.map((agency) => <DecisionCard key={agency} state={state} agency={agency} there={there} />)
      )}
      {columns.map((agency) => (
        <Until key={agency} state={state} agency={agency} now={now} />
      ))}
    </div>
  );
};

/** From 700 px there is room for a table. */
const useWide = (): boolean => {
  const query = matchMedia("(min-width: 700px)");
  const isWide = useSignal(query.matches);
  useEffect(() => {
    const look = () => {
      isWide.value = query.matches;
    };
    query.addEventListener("change", look);
    return () => query.removeEventListener("change", look);
  }, []);
  return isWide.value;
};

export interface GridProps {
  readonly state: DecidingState;
  readonly columns: readonly string[];
  readonly there: readonly string[];
}

const isRead = (state: DecidingState, agency: string, section: string): boolean => {
  const filled = state.filled.value!;
  const decided = filled.decided[agency];
  return (
    !isRefused(filled, agency, state.kindOf(agency)) &&
    decided !== undefined &&
    decided.sections.includes(section) &&
    !decided.refused.includes(section) &&
    !isPartRefused(filled, state.kindOf(agency), section)
  );
};

const turn = (state: DecidingState, agency: string, section: string): void => {
  const decided = state.filled.value!.decided[agency];
  if (decided === undefined) return;
  const isIn = isRead(state, agency, section);
  state.decide(agency, {
    sections: isIn ? decided.sections.filter((one) => one !== section) : [...decided.sections, section],
    refused: decided.refused.filter((one) => one !== section),
  });
};

/** Rows are what there is to read, columns who reads; each cell is a word that is turned by a touch. */
const DecisionTable = ({ state, columns, there }: GridProps) => {
  const said = words.value;
  const filled = state.filled.value!;
  return (
    <div class="table-scroll">
      <table class="decisions">
        <caption>{said("send.who_may_read")}</caption>
        <thead>
          <tr>
            <td />
            {columns.map((agency) => (
              <th key={agency} scope="col" id={`send-decided-${agency}`} tabIndex={-1}>
                {nameOf(state, agency)}
                {filled.also.includes(agency) && <span class="hint">{said("send.not_sent_now")}</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {there.map((section) => (
            <tr key={section}>
              <th scope="row">{sectionName(said, "her", section)}</th>
              {columns.map((agency) => (
                <td key={agency}>
                  <Cell state={state} agency={agency} section={section} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
};

interface CellProps {
  readonly state: DecidingState;
  readonly agency: string;
  readonly section: string;
}

const Cell = ({ state, agency, section }: CellProps) => {
  const said = words.value;
  const isIn = isRead(state, agency, section);
  const [filled, kind] = [state.filled.value!, state.kindOf(agency)];
  const isNobody = isRefused(filled, agency, kind) || isPartRefused(filled, kind, section);
  return (
    <button
      type="button"
      name={`send-decided-${agency}`}
      class={isIn ? "cell reads" : "cell"}
      data-agency={agency}
      data-section={section}
      aria-pressed={isIn}
      aria-disabled={isNobody || undefined}
      aria-label={`${nameOf(state, agency)}: ${sectionName(said, "her", section)}: ${said(isIn ? "send.reads" : "send.reads_not")}`}
      onClick={() => isNobody || turn(state, agency, section)}
    >
      {isIn ? said("send.reads") : "–"}
    </button>
  );
};

interface AgencyProps {
  readonly state: DecidingState;
  readonly agency: string;
  readonly there: readonly string[];
}

/** On a phone each agency has a card. */
export const DecisionCard = ({ state, agency, there }: AgencyProps) => {
  const said = words.value;
  const filled = state.filled.value!;
  const isNobody = isRefused(filled, agency, state.kindOf(agency));
  const open = there.filter((section) => !isPartRefused(filled, state.kindOf(agency), section));
  const read = open.filter((section) => isRead(state, agency, section));
  const id = `send-decided-${agency}`;
  return (
    <section class="card wide stack">
      <h2>{nameOf(state, agency)}</h2>
      {filled.also.includes(agency) && <p class="hint">{said("send.not_sent_now")}</p>}
      {isNobody ? (
        <p id={id} tabIndex={-1} class="her">
          {said("send.nothing")}
        </p>
      ) : (
        <Several
          id={id}
          legend={said("send.may_read")}
          value={lens<readonly string[]>(
            () => read,
            (chosen) => {
              for (const section of open)
                if (chosen.includes(section) !== read.includes(section)) turn(state, agency, section);
            },
          )}
          options={open.map((section) => ({
            value: section,
            label: sectionName(said, "her", section),
          }))}
          error={faultAt(state, id)}
        />
      )}
    </section>
  );
};

interface UntilProps {
  readonly state: DecidingState;
  readonly agency: string;
  readonly now: number;
}

/** Until when, in days that she can count, or another day. */
const Until = ({ state, agency, now }: UntilProps) => {
  const said = words.value;
  const decided = state.filled.value!.decided[agency];
  const isOther = useSignal(false);
  const typed = useSignal<TypedDate>(NO_DATE);
  if (decided === undefined) return null;
  const until = Date.parse(decided.until);
  const days = DAYS.find((count) => endOfDay(now, count) === until);
  const id = `send-until-${agency}`;
  return (
    <>
      <Choice
        id={id}
        legend={`${nameOf(state, agency)}: ${said("her.until", { day: day(said, lastDay(until)) })}`}
        look="chips"
        value={lens(
          () => (isOther.value || days === undefined ? "other" : String(days)),
          (chosen) => {
            isOther.value = chosen === "other";
            if (chosen !== "other") {
              state.decide(agency, { until: new Date(endOfDay(now, Number(chosen))).toISOString() });
            }
          },
        )}
        options={[
          ...DAYS.map((count) => ({
            value: String(count),
            label: said(`send.days.${count as 14 | 30 | 60 | 90 | 180}`),
          })),
          { value: "other", label: said("send.days.other") },
        ]}
      />
      {isOther.value && (
        <DateParts
          id={`${id}-date`}
          legend={said("send.last_day")}
          value={lens(
            () => typed.value,
            (date) => {
              typed.value = date;
              const known = dateOf(date, now + TEN_YEARS);
              if (known === null || typeof known === "string" || known.month === null || known.day === null) return;
              const noon = Date.UTC(known.year, known.month - 1, known.day, 4);
              state.decide(agency, { until: new Date(endOfDay(noon, 0)).toISOString() });
            },
          )}
          error={until <= now ? said("send.day_over") : null}
        />
      )}
    </>
  );
};
