import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { words } from "../words/current.ts";
import { rowAfter, rowsShown, scrolledTo } from "./list-window.ts";

interface ListProps<Item> {
  readonly label: string;
  readonly items: readonly Item[];
  readonly keyOf: (item: Item) => string;
  /** What a row shows. The whole row is one button: nothing in it may be touched on its own. */
  readonly row: (item: Item) => ComponentChildren;
  readonly onOpen: (item: Item) => void;
  /** At least so high, in rem, so that rows grow with large text. Where words wrap further, all rows grow together. */
  readonly rowHeight: number;
}

/**
 * A list of any length: the visible rows and a few beyond are in the document. Arrows, Page and Home/End move, Enter opens;
 * how many there are is told. The focus follows its item, not its place, when the list changes.
 */
export const List = <Item,>({ label, items, keyOf, row, onOpen, rowHeight }: ListProps<Item>) => {
  const box = useRef<HTMLDivElement>(null);
  const seen = useSignal({ top: 0, height: 800 });
  const current = useSignal<string | null>(null);
  const wanted = useRef(false);

  const tallest = useSignal(0);
  const width = useRef(0);
  const { language } = words.value;

  const pixels = Math.max(rowHeight * rem(), tallest.value);
  const found = current.value === null ? -1 : items.findIndex((item) => keyOf(item) === current.value);
  const focused = found === -1 ? null : found;

  const look = () => {
    const element = box.current;
    if (!element) return;
    const next = { top: element.scrollTop, height: element.clientHeight };
    if (next.top !== seen.value.top || next.height !== seen.value.height) seen.value = next;
  };

  useLayoutEffect(() => {
    look();
    const observer = new ResizeObserver(() => {
      if (box.current && box.current.clientWidth !== width.current) {
        width.current = box.current.clientWidth;
        tallest.value = 0; // words wrap otherwise now
      }
      look();
    });
    if (box.current) observer.observe(box.current);
    return () => observer.disconnect();
  }, []);

  useLayoutEffect(() => {
    tallest.value = 0;
  }, [language, tallest]);

  // No word is cut: the highest row that was seen is the height of all. What is on top stays on top.
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const highest = Math.max(0, ...Array.from(element.querySelectorAll(".row"), (one) => one.scrollHeight + 1));
    if (highest <= pixels) return;
    element.scrollTop *= highest / pixels;
    tallest.value = highest;
  });

  useLayoutEffect(() => {
    if (!wanted.current) return;
    wanted.current = false;
    box.current?.querySelector<HTMLElement>('.row[tabindex="0"]')?.focus({ preventScroll: true });
  });

  const move = (event: KeyboardEvent, from: number) => {
    const to = rowAfter(event.key, from, items.length, Math.floor(seen.value.height / pixels));
    const item = to === null ? undefined : items[to];
    if (to === null || item === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    if (box.current) box.current.scrollTop = scrolledTo(to, pixels, seen.value);
    wanted.current = true;
    current.value = keyOf(item);
    look();
  };

  return (
    <div class="list" ref={box} onScroll={look}>
      <ul aria-label={label} style={{ blockSize: `${items.length * pixels}px` }}>
        {rowsShown(items.length, pixels, seen.value, focused).map((place) => {
          const item = items[place]!;
          const key = keyOf(item);
          return (
            <li
              key={key}
              aria-setsize={items.length}
              aria-posinset={place + 1}
              style={{ top: `${place * pixels}px`, blockSize: `${pixels}px` }}
            >
              <button
                type="button"
                class="row"
                tabIndex={place === (focused ?? 0) ? 0 : -1}
                onFocus={() => {
                  current.value = key;
                }}
                onKeyDown={(event) => move(event, place)}
                onClick={() => onOpen(item)}
              >
                {row(item)}
              </button>
            </li>
          );
        })}
      </ul>
    </div>
  );
};

const rem = (): number => Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
