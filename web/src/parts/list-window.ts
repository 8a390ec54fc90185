/** Which rows of a long list are in the document, and where the arrows lead. Pixels; rows are of one height. */

export interface Seen {
  readonly top: number;
  readonly height: number;
}

/** How many rows beyond the visible ones are kept ready. */
const BEYOND = 4;

/** The rows to show, in order; the one with the focus is among them wherever it is, or the focus would be lost. */
export const rowsShown = (count: number, rowHeight: number, seen: Seen, focused: number | null): readonly number[] => {
  const first = Math.max(0, Math.floor(seen.top / rowHeight) - BEYOND);
  const last = Math.min(count - 1, Math.ceil((seen.top + seen.height) / rowHeight) - 1 + BEYOND);
  const shown = Array.from({ length: Math.max(0, last - first + 1) }, (_, place) => first + place);
  if (focused === null || focused < 0 || focused >= count || (focused >= first && focused <= last)) return shown;
  return focused < first ? [focused, ...shown] : [...shown, focused];
};

/** Where a key leads from a row; null where it is not for the list. */
export const rowAfter = (key: string, from: number, count: number, rowsAPage: number): number | null => {
  const within = (row: number) => Math.min(Math.max(row, 0), count - 1);
  switch (key) {
    case "ArrowDown":
      return within(from + 1);
    case "ArrowUp":
      return within(from - 1);
    case "PageDown":
      return within(from + Math.max(1, rowsAPage - 1));
    case "PageUp":
      return within(from - Math.max(1, rowsAPage - 1));
    case "Home":
      return within(0);
    case "End":
      return within(count - 1);
    default:
      return null;
  }
};

/** How far to scroll so that the row is seen whole; as it is, where it is. */
export const scrolledTo = (row: number, rowHeight: number, seen: Seen): number => {
  const top = row * rowHeight;
  if (top < seen.top) return top;
  return top + rowHeight > seen.top + seen.height ? top + rowHeight - seen.height : seen.top;
};
