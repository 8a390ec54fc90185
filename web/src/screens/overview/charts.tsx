import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import { overseeing } from "../../words/overseeing.ts";
import type { Cell } from "../../worker/overseeing-api.ts";

/** A cell as it is said: what it counts, and its number in words. */
export interface Said {
  readonly cell: Cell;
  readonly name: string;
  readonly number: string;
}

interface ChartProps {
  readonly cells: readonly Said[];
}

const [WIDTH, BAR, STEP] = [320, 20, 28];
const HIDDEN = 5; // as long as a bar of five at most: what is not shown has no length of its own

/** How a cell is filled. Five is the least that is told. */
const fillOf = ({ value, why }: Cell): "few" | "withheld" | "least" | "most" => {
  if (value === null) return why === "few" ? "few" : "withheld";
  return value < 20 ? "least" : "most";
};

/**
 * Bars, for the eye alone: the table under them says the same. What is not shown is hatched or dotted, in one length
 * whatever it hides.
 */
export const Bars = ({ cells }: ChartProps) => {
  const id = useId();
  const most = Math.max(HIDDEN, ...cells.map(({ cell }) => cell.value ?? 0));
  return (
    <svg
      class="bars"
      role="img"
      aria-label={overseeing.value("statistics.chart")}
      viewBox={`0 0 ${WIDTH} ${cells.length * STEP}`}
    >
      <Patterns id={id} />
      {cells.map(({ cell }, row) => {
        const width = Math.max(2, ((cell.value ?? HIDDEN) / most) * (WIDTH - 2));
        const fill = fillOf(cell);
        const isHidden = fill === "few" || fill === "withheld";
        return (
          <rect
            key={cell.code}
            class={`bar bar-${fill}`}
            x={1}
            y={row * STEP + (STEP - BAR) / 2}
            width={isHidden ? Math.min(width, WIDTH / 4) : width}
            height={BAR}
            fill={isHidden ? `url(#${id}-${fill})` : undefined}
          />
        );
      })}
    </svg>
  );
};

const Patterns = ({ id }: { readonly id: string }) => (
  <defs>
    <pattern id={`${id}-few`} width="8" height="8" patternUnits="userSpaceOnUse">
      <path d="M0 8 8 0" class="hatch" />
    </pattern>
    <pattern id={`${id}-withheld`} width="6" height="6" patternUnits="userSpaceOnUse">
      <circle cx="3" cy="3" r="1.2" class="dot" />
    </pattern>
  </defs>
);

/** 7 × 4 squares, as the aimags lie; no outline of a country, and the capital is as large as any. */
const TILES: readonly (readonly (string | null)[])[] = [
  [null, "MN-046", "MN-041", "MN-035", "MN-049", "MN-037", null],
  ["MN-071", "MN-057", "MN-073", "MN-067", "MN-1", "MN-039", "MN-061"],
  ["MN-043", "MN-065", "MN-069", "MN-055", "MN-047", "MN-064", "MN-051"],
  [null, null, null, "MN-053", "MN-059", "MN-063", null],
];

/** Each tile is a button that tells its aimag and number; its code stands on it, its name from 700 px on. */
export const TileMap = ({ cells }: ChartProps) => {
  const ours = overseeing.value;
  const touched = useSignal<string | null>(null);
  const known = new Map(cells.map((one) => [one.cell.code, one]));
  const shown = touched.value === null ? null : known.get(touched.value);
  return (
    <div class="stack wide">
      <p class="hint no-print">{ours("statistics.map.hint")}</p>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for fields */}
      <div class="tiles" role="group" aria-label={ours("statistics.map")}>
        {TILES.flatMap((row, y) =>
          row.map((code, x) => {
            const one = code === null ? undefined : known.get(code);
            if (one === undefined) return <span key={`${y} ${x}`} class="tile-none" />;
            return (
              <button
                key={one.cell.code}
                type="button"
                class={`tile tile-${fillOf(one.cell)}`}
                aria-pressed={touched.value === one.cell.code}
                onClick={() => {
                  touched.value = one.cell.code;
                }}
              >
                <span class="tile-code" aria-hidden="true">
                  {one.cell.code.slice(3)}
                </span>
                <span class="tile-name">{one.name}</span>
                <span class="unseen">: {one.number}</span>
              </button>
            );
          }),
        )}
      </div>
      <p class="tiles-said" role="status">
        {shown && ours("statistics.cell", { name: shown.name, number: shown.number })}
      </p>
      <ul class="tiles-key">
        {(["few", "withheld", "least", "most"] as const).map((fill) => (
          <li key={fill}>
            <span class={`tile tile-${fill}`} aria-hidden="true" /> {ours(keyOf(fill))}
          </li>
        ))}
      </ul>
    </div>
  );
};

const keyOf = (fill: ReturnType<typeof fillOf>) =>
  fill === "least" || fill === "most" ? (`statistics.key.${fill}` as const) : (`statistics.${fill}` as const);
