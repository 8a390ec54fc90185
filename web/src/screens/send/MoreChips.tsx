import { type Signal, useSignal } from "@preact/signals";
import { Button } from "../../parts/Button.tsx";
import { Chips, type Option } from "../../parts/Choice.tsx";
import { words } from "../../words/current.ts";

interface MoreChipsProps {
  readonly id: string;
  readonly legend: string;
  /** The heading of the screen says it. */
  readonly hideLegend?: boolean;
  readonly options: readonly Option[];
  /** How many of them stand at once; what is chosen always does. */
  readonly first: number;
  readonly value: Signal<readonly string[]>;
  readonly error?: string | null | undefined;
}

/** Chips of a long list: the usual ones, and the rest when it is asked for. */
export const MoreChips = ({ id, legend, hideLegend = false, options, first, value, error }: MoreChipsProps) => {
  const isOpen = useSignal(false);
  const shown = isOpen.value
    ? options
    : options.filter((option, place) => place < first || value.value.includes(option.value));
  return (
    <div class={hideLegend ? "more-chips legend-unseen wide" : "more-chips wide"}>
      <Chips id={id} legend={legend} options={shown} value={whole(value, options)} error={error} />
      {options.length > first && !isOpen.value && (
        <Button
          look="quiet"
          icon="plus"
          onPress={() => {
            isOpen.value = true;
          }}
        >
          {words.value("send.more_of", { name: legend })}
        </Button>
      )}
    </div>
  );
};

/** Chips keep the order of what is shown: what is chosen keeps the order of the whole list. */
const whole = (value: Signal<readonly string[]>, options: readonly Option[]): Signal<readonly string[]> =>
  ({
    get value() {
      return value.value;
    },
    set value(chosen: readonly string[]) {
      value.value = options.map((option) => option.value).filter((one) => chosen.includes(one));
    },
  }) as Signal<readonly string[]>;
