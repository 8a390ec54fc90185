import { useSignal } from "@preact/signals";
import { Button } from "../../parts/Button.tsx";
import { Field } from "../../parts/Field.tsx";
import { Heading } from "../../parts/Heading.tsx";
import { hand } from "../../parts/hand.ts";
import { words } from "../../words/current.ts";
import { sayDate } from "../../words/dates.ts";
import { label, placeName } from "../../words/labels.ts";
import { count } from "../../words/numbers.ts";
import { overseeing } from "../../words/overseeing.ts";
import { plain } from "../../words/words.ts";
import type { Vault } from "../../worker/api.ts";
import type { Cell, Statistics as Whole } from "../../worker/overseeing-api.ts";
import { Asked, useAsked } from "./asked.tsx";
import { Bars, TileMap } from "./charts.tsx";

const PERIOD = /^20\d\d(-Q[1-4])?$/;
const TERMS = {
  urgency: "urgency",
  sender_kind: "agency_kinds",
  recipient_kind: "agency_kinds",
  service: "services",
  taken_on: "services",
  not_taken_on: "services",
} as const;

const BY_SERVICE = {
  service: "statistics.rooms.asked",
  taken_on: "statistics.rooms.taken_on",
  not_taken_on: "statistics.rooms.not_taken_on",
} as const;
const isByService = (name: string): name is keyof typeof BY_SERVICE => Object.hasOwn(BY_SERVICE, name);

interface StatisticsProps {
  readonly vault: Pick<Vault, "statistics">;
}

/** The numbers of a closed period: pictures for the eye, and under each the table that says the same. */
export const Statistics = ({ vault }: StatisticsProps) => {
  const ours = overseeing.value;
  const [typed, refused] = [useSignal(""), useSignal<string | null>(null)];
  const period = useSignal<string | null>(null);
  const asked = useAsked(() => vault.statistics(period.value), vault, period.value);
  const isOpen = asked.problem.value?.kind === "refused" && asked.problem.value.code === "malformed";
  return (
    <div class="stack wide">
      <Heading>{ours("overseeing.statistics")}</Heading>
      <form
        class="stack no-print"
        onSubmit={(event) => {
          event.preventDefault();
          const wanted = typed.value.trim().toUpperCase();
          if (wanted === "" || PERIOD.test(wanted)) period.value = wanted === "" ? null : wanted;
          else refused.value = typed.value;
        }}
      >
        <Field
          id="statistics-period"
          label={ours("statistics.period")}
          hint={ours("statistics.period.hint")}
          value={typed}
          maxLength={7}
          error={refused.value === typed.value || isOpen ? ours("statistics.period.wrong") : null}
        />
        <Button>{ours("statistics.show")}</Button>
      </form>
      {!isOpen && <Asked of={asked}>{(whole) => <Tables whole={whole} />}</Asked>}
    </div>
  );
};

const Tables = ({ whole }: { readonly whole: Whole }) => {
  const ours = overseeing.value;
  return (
    <>
      <p class="overview-total" role="status">
        {ours("statistics.total", { period: plain(whole.period), number: numberOf(whole.total) })}
      </p>
      <p class="hint">{ours("statistics.means")}</p>
      {whole.leftOut.length > 0 && (
        <p>{ours("statistics.left_out", { periods: whole.leftOut.map(plain).join(", ") })}</p>
      )}
      {whole.tables.map(({ name, cells }) => (
        <Table key={name} name={name} cells={cells} total={whole.total} />
      ))}
      {whole.rooms.length > 0 && <Rooms whole={whole} />}
      {whole.times.length > 0 && <Times whole={whole} />}
      <div class="buttons no-print">
        <Button onPress={() => hand(new Blob([csvOf(whole)], { type: "text/csv" }), `ortoo-${whole.period}.csv`)}>
          {ours("statistics.file")}
        </Button>
        <Button icon="print" onPress={() => print()}>
          {ours("overseeing.print")}
        </Button>
      </div>
    </>
  );
};

interface TableProps {
  readonly name: string;
  readonly cells: readonly Cell[];
  readonly total: Cell;
}

const Table = ({ name, cells, total }: TableProps) => {
  const ours = overseeing.value;
  const key = `statistics.${name}`;
  const title = ours.has(key) ? ours(key) : plain(name);
  const shown = cells.map((cell) => ({ cell, name: nameOf(name, cell.code), number: numberOf(cell) }));
  return (
    <section class="stack wide statistics">
      <h2 id={`statistics-${name}`}>{title}</h2>
      {name === "aimag" ? <TileMap cells={shown} /> : <Bars cells={shown} />}
      <table aria-labelledby={`statistics-${name}`}>
        <thead>
          <tr>
            <th scope="col">{ours("statistics.counted")}</th>
            <th scope="col">{ours("statistics.referrals")}</th>
            <th scope="col">%</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((one) => (
            <tr key={one.cell.code}>
              <th scope="row">{one.name}</th>
              <td>{one.number}</td>
              <td>{shareOf(one.cell, total)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
};

const Times = ({ whole }: { readonly whole: Whole }) => {
  const [said, ours] = [words.value, overseeing.value];
  return (
    <section class="stack wide statistics">
      <h2 id="statistics-times">{ours("statistics.times")}</h2>
      <table aria-labelledby="statistics-times">
        <thead>
          <tr>
            <th scope="col">{ours("trail.urgency")}</th>
            <th scope="col">{ours("statistics.step")}</th>
            <th scope="col">{ours("statistics.half")}</th>
            <th scope="col">{ours("statistics.nine")}</th>
          </tr>
        </thead>
        <tbody>
          {whole.times.map(({ urgency, until, median, p90 }) => (
            <tr key={`${urgency} ${until}`}>
              <th scope="row">{label(said.language, "urgency", urgency)}</th>
              <td>{ours(until === "answer" ? "statistics.until.answer" : "statistics.until.service")}</td>
              <td>{withinText(median)}</td>
              <td>{withinText(p90)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
};

/** What there is beside what was asked for: of each outcome, or of both where they are not told apart. */
const Rooms = ({ whole }: { readonly whole: Whole }) => {
  const [said, ours] = [words.value, overseeing.value];
  const asked = whole.tables.flatMap(({ name, cells }) =>
    isByService(name) ? [{ name, cells: new Map(cells.map((cell) => [cell.code, cell])) }] : [],
  );
  return (
    <section class="stack wide statistics">
      <h2 id="statistics-rooms">{ours("statistics.rooms")}</h2>
      <p class="hint">{ours("statistics.rooms.means")}</p>
      <table aria-labelledby="statistics-rooms">
        <thead>
          <tr>
            <th scope="col">{ours("trail.service")}</th>
            <th scope="col">{ours("statistics.rooms.services")}</th>
            <th scope="col">{ours("statistics.rooms.places")}</th>
            {asked.map(({ name }) => (
              <th key={name} scope="col">
                {ours(BY_SERVICE[name])}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {whole.rooms.map(({ service, services, places }) => (
            <tr key={service}>
              <th scope="row">{label(said.language, "services", service)}</th>
              <td>{count(services)}</td>
              <td>
                {places === null ? (
                  <>
                    <span aria-hidden="true">–</span>
                    <span class="unseen">{ours("statistics.rooms.not_counted")}</span>
                  </>
                ) : (
                  count(places)
                )}
              </td>
              {asked.map(({ name, cells }) => {
                const cell = cells.get(service);
                return <td key={name}>{cell === undefined ? "–" : numberOf(cell)}</td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
};

/** Never 0 and never a gap where a number is not shown. */
const numberOf = ({ value, why }: Cell): string =>
  value !== null ? count(value) : overseeing.value(why === "few" ? "statistics.few" : "statistics.withheld");

/** As `ortoo coordinators statistics --format csv` writes it: words of ours alone, none of which is a formula. */
const csvOf = ({ tables, rooms }: Whole): string => {
  const [said, ours] = [words.value, overseeing.value];
  const rows = tables.flatMap(({ name, cells }) =>
    cells.map((cell) => [name, cell.code, nameOf(name, cell.code), cell.value ?? numberOf(cell), cell.why]),
  );
  const given = rooms.flatMap(({ service, services, places }) => {
    const named = [service, label(said.language, "services", service)];
    const room = places === null ? [ours("statistics.rooms.not_counted"), "not_counted"] : [places, "value"];
    return [
      ["services", ...named, services, "value"],
      ["places", ...named, ...room],
    ];
  });
  const all = [["table", "code", "label", "number", "why"], ...rows, ...given];
  return all.map((row) => `${row.map((one) => `"${String(one).replaceAll('"', '""')}"`).join(",")}\r\n`).join("");
};

/** In whole per cent, where both parts of it are shown. */
const shareOf = ({ value }: Cell, total: Cell): string =>
  value !== null && total.value ? `${Math.round((100 * value) / total.value)}` : "–";

const withinText = (minutes: number | null): string => {
  const ours = overseeing.value;
  if (minutes === null) return ours("statistics.too_few");
  if (minutes >= 1440) return ours("statistics.days", { count: Math.floor(minutes / 1440) });
  if (minutes >= 60) return ours("statistics.hours", { count: minutes / 60 });
  return ours("statistics.minutes", { count: minutes });
};

const nameOf = (table: string, code: string): string => {
  const [said, ours] = [words.value, overseeing.value];
  if (table === "aimag") return placeName(said, code);
  if (table === "month") return sayDate(said, code);
  if (table === "outcome") {
    const key = `statistics.outcome.${code}`;
    return ours.has(key) ? ours(key) : plain(code);
  }
  if (table === "answer") {
    const [kind, reason = ""] = code.split(".");
    const key = `statistics.${kind}`;
    return ours.has(key) ? ours(key, { reason: label(said.language, "decline_reasons", reason) }) : plain(code);
  }
  return Object.hasOwn(TERMS, table) ? label(said.language, TERMS[table as keyof typeof TERMS], code) : plain(code);
};
