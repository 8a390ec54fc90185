import type { Again, Filled, SendForm } from "../../worker/api.ts";
import { changesIn, meantBy, shownOf } from "../consent/deciding.ts";
import { ALL, columnsOf, formOf, named } from "./filled.ts";

/** She is asked again, since what she decided does not let it go there: it becomes the next version of that. */

type Stands = NonNullable<Again["stands"]>;

/**
 * What she decided, where that goes on. null: it is under a consent of its own, since hers was not asked, another agency
 * recorded it, she is no child any more, or what she took back with her code counts for good.
 */
export const continued = (filled: Filled, again: Again | null): Stands | null => {
  const stands = again?.stands ?? null;
  if (stands === null || stands.isOver || stands.isExceptional || filled.without) return null;
  if ((again?.form.routing.minor ?? false) !== filled.minor) return null;
  const isGone = (to: string) =>
    stands.takenBack.some(
      ({ agencies, sections }) =>
        covers(agencies, to) && (filled.decided[to]?.sections ?? []).some((one) => covers(sections, one)),
    );
  return columnsOf(filled).some(isGone) ? null : stands;
};

const covers = (names: readonly string[], name: string): boolean => names.includes(name) || names.includes(ALL);

/** What these agencies may read as it stands, beside what is filled in: it is hers to take away, and not lost unseen. */
export const heldOf = (filled: Filled, stands: Stands | null): readonly string[] => {
  const columns = columnsOf(filled);
  const held = stands?.decisions.filter(({ to }) => columns.includes(to)) ?? [];
  return [...new Set(held.flatMap(({ sections }) => named(sections)))];
};

/** The form, with what is otherwise from now on where her decision goes on. */
export const formAnew = (
  filled: Filled,
  again: Again | null,
  now: number,
  kindOf: (agency: string) => string,
): SendForm => {
  const stands = continued(filled, again);
  const held = heldOf(filled, stands);
  const form = formOf(filled, now, kindOf, held);
  if (stands === null) return form;
  const rows = [...Object.keys(form.sections), ...held];
  const decided = Object.entries(filled.decided).map(([to, one]) => {
    const sections = one.sections.filter((section) => rows.includes(section));
    return [to, { ...one, sections }] as const;
  });
  const meant = meantBy({ ...filled, decided: Object.fromEntries(decided) }, kindOf);
  const next = { changes: changesIn(stands, meant, kindOf), shown: shownOf(stands) };
  return { ...form, consent: { ...form.consent, next } };
};
