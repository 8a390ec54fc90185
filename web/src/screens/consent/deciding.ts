import { endOfDay } from "../../days.ts";
import type { Deciding, Filled } from "../../worker/api.ts";
import type { Anew, Change, Consented, Said, Standing } from "../../worker/consent-api.ts";
import {
  ALL,
  columnsOf,
  emptyFilled,
  isByName,
  isPartRefused,
  isRefused,
  named,
  partlyIn,
  refusedPartly,
  typedAgain,
} from "../send/filled.ts";

/** What stands, as it would be filled in; and what was filled in, as the decisions that it changes. Asks for nothing. */

const USUAL_DAYS = 90;

/** On everybody nothing may be said: then it carries evidence. */
export const saysSomething = ({ to, refused }: Pick<Standing, "to" | "refused">): boolean =>
  to !== ALL || refused.length > 0;

const isNothing = ({ refused }: Pick<Standing, "refused">): boolean => refused.includes(ALL);

/** now: milliseconds. minor: whether it is a child, for whom the guardian decides. */
export const filledFrom = ({ decisions, said }: Consented, minor: boolean, now: number): Filled => {
  const usual = new Date(endOfDay(now, USUAL_DAYS)).toISOString();
  const agencies = decisions.filter(({ to }) => isByName(to));
  return {
    ...emptyFilled(""),
    minor,
    recipients: agencies.map(({ to }) => to),
    decided: Object.fromEntries(agencies.map((one) => [one.to, decidingOf(one, usual)])),
    nobody: decisions.filter(isNothing).map(({ to }) => to),
    partly: partlyOf(decisions),
    by: minor ? "guardian" : said.by || "person",
    consentLanguage: said.language,
    interpreter: said.interpreter,
    witness: said.witness,
  };
};

const partlyOf = (decisions: readonly Pick<Standing, "to" | "refused">[]): Filled["partly"] =>
  partlyIn(decisions.map(({ to, refused }) => ({ to, sections: refused })));

const decidingOf = ({ sections, purposes, until, refused }: Standing, usual: string): Deciding => ({
  sections: named(sections),
  purposes: purposes.length > 0 ? purposes : ["give_service"],
  until: until ?? usual,
  refused: refused.filter((one) => one !== ALL),
});

/** On an agency that she was not asked about before: nothing yet. */
export const nothingYet = (now: number): Deciding => ({
  sections: [],
  purposes: ["give_service"],
  until: new Date(endOfDay(now, USUAL_DAYS)).toISOString(),
  refused: [],
});

/** Each addressee as it stands from now on, if she agrees. kindOf: of an agency. */
export const meantBy = (filled: Filled, kindOf: (agency: string) => string): readonly Change[] => {
  const agencies = columnsOf(filled).flatMap((to): readonly Change[] => {
    const decided = filled.decided[to];
    if (filled.nobody.includes(to)) return [{ to, granted: null, refused: [ALL] }];
    // Of whom she refuses as a kind, nothing is said by name.
    if (decided === undefined || isRefused(filled, to, kindOf(to))) return [];
    const { purposes, until, refused } = decided;
    const isLeft = (one: string) => !refused.includes(one) && !isPartRefused(filled, kindOf(to), one);
    const sections = decided.sections.filter(isLeft);
    return [{ to, granted: sections.length > 0 ? { sections, purposes, until } : null, refused }];
  });
  const others = filled.nobody.filter((to) => !columnsOf(filled).includes(to));
  return [
    ...agencies,
    ...others.map((to) => ({ to, granted: null, refused: [ALL] })),
    ...refusedPartly(filled).map(({ to, sections }) => ({ to, granted: null, refused: sections })),
  ];
};

/** Of these what is otherwise than it stands; and what she refused and does not any more. */
export const changesIn = (
  { decisions }: Pick<Consented, "decisions">,
  meant: readonly Change[],
  kindOf: (agency: string) => string,
): readonly Change[] => {
  const partly = partlyOf(decisions);
  const stood = new Map(
    decisions.map((one) => {
      const isLeft = (section: string) =>
        !one.refused.includes(section) && !isPartRefused({ partly }, kindOf(one.to), section);
      return [one.to, { ...one, sections: named(one.sections).filter(isLeft) }];
    }),
  );
  const changed = meant.filter((one) => !isSame(one, stood.get(one.to)));
  const isNo = (one: Standing) => isNothing(one) || (!isByName(one.to) && one.refused.length > 0);
  const lifted = decisions.filter((one) => isNo(one) && !meant.some(({ to }) => to === one.to));
  return [...changed, ...lifted.map(({ to }) => ({ to, granted: null, refused: [] }))];
};

const isSame = ({ granted, refused }: Change, stood: Standing | undefined): boolean => {
  if (stood === undefined) return granted === null && refused.length === 0;
  const isAsGranted =
    granted === null
      ? stood.until === null
      : areSame(granted.sections, stood.sections) &&
        areSame(granted.purposes, stood.purposes) &&
        Date.parse(granted.until) === Date.parse(stood.until ?? "");
  return isAsGranted && areSame(refused, stood.refused);
};

const areSame = (some: readonly string[], others: readonly string[]): boolean =>
  [...new Set(some)].sort().join() === [...new Set(others)].sort().join();

/** Whether it is the word of the child itself, which alone ends what it refused. */
export const isChilds = ({ minor, by }: Filled): boolean => minor && by === "person";

/**
 * By a child's own word it refuses less, or more. Nobody but its guardian agrees to anything, so that what was agreed to
 * there ends, and the guardian is asked anew.
 */
export const childsWord = (
  stands: Pick<Consented, "decisions" | "said">,
  filled: Filled,
  kindOf: (agency: string) => string,
): readonly Change[] => {
  const stood = new Map(stands.decisions.map((one) => [one.to, one]));
  const decided = Object.entries(filled.decided).map(([to, one]) => {
    const { sections = [], purposes = [], until = null } = stood.get(to) ?? {};
    return [to, { ...one, sections: named(sections), purposes, until: until ?? one.until }] as const;
  });
  const meant = meantBy({ ...filled, decided: Object.fromEntries(decided) }, kindOf);
  return changesIn(stands, meant, kindOf).map((one) => ({ ...one, granted: null }));
};

/** Whether a guardian would end what the child refused. */
export const opensAgain = ({ decisions }: Pick<Consented, "decisions">, changes: readonly Change[]): boolean =>
  changes.some(({ to, refused }) => {
    const before = decisions.find((one) => one.to === to)?.refused ?? [];
    return !refused.includes(ALL) && before.some((one) => !refused.includes(one));
  });

/** How she said it this time. */
export const saidIn = ({ by, how, consentLanguage, interpreter, witness }: Filled): Said => ({
  by,
  how,
  language: consentLanguage,
  interpreter: interpreter || how === "by_interpreter",
  witness: witness || how === "spoken_witnessed",
});

/** What was kept of a form that was not recorded, over what stands now. */
export const withAnew = (filled: Filled, { changes, said, evidence }: Anew, now: number): Filled => {
  const byName = changes.filter(({ to }) => isByName(to));
  const added = byName.map(({ to }) => to).filter((to) => !filled.recipients.includes(to));
  const decided = byName.map(({ to, granted, refused }): readonly [string, Deciding] => {
    const base = filled.decided[to] ?? nothingYet(now);
    return [to, { ...base, ...(granted ?? { sections: [] }), refused: refused.filter((one) => one !== ALL) }];
  });
  const changed = new Set(changes.map(({ to }) => to));
  const refused = changes.filter((one) => one.refused.includes(ALL)).map(({ to }) => to);
  const stands = Object.entries(filled.partly).filter(([to]) => !changed.has(to));
  return {
    ...filled,
    also: [...filled.also, ...added],
    decided: { ...filled.decided, ...Object.fromEntries(decided) },
    nobody: [...filled.nobody.filter((to) => !changed.has(to)), ...refused],
    partly: { ...Object.fromEntries(stands), ...partlyOf(changes) },
    ...{ how: said.how, by: said.by, consentLanguage: said.language },
    ...{ interpreter: said.interpreter, witness: said.witness },
    fields: evidence ? typedAgain({ evidence: evidence.fields }) : {},
    files: evidence ? { evidence: evidence.files } : {},
  };
};

/** H of each, as it stands on the screen. */
export const shownOf = ({ decisions }: Pick<Consented, "decisions">): Readonly<Record<string, string>> =>
  Object.fromEntries(decisions.map(({ to, document }) => [to, document]));
