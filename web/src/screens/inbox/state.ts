import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Problem } from "../../failed.ts";
import { problemOf } from "../../words/problems.ts";
import type { Agency, Box, Filter, Happening, Page, Vault } from "../../worker/api.ts";
import { type Boxes, changes, isImmediate, type Line, merged, toAsk, withMore } from "./order.ts";

/** How many rows of a box are asked for at once; and at first, so that a bad line shows something soon. */
const PAGE = 50;
const FIRST = 12;
/** Milliseconds for which what arrives is gathered before the hub is asked. */
const GATHER = 500;

/** What changed and is not shown yet. */
export interface Gathered {
  readonly boxes: Boxes;
  readonly lines: readonly Line[];
}

export interface InboxState {
  /** null: not fetched yet. */
  readonly boxes: ReadonlySignal<Boxes | null>;
  readonly lines: ReadonlySignal<readonly Line[]>;
  readonly agencies: ReadonlySignal<readonly Agency[]>;
  readonly gathered: ReadonlySignal<Gathered | null>;
  readonly filter: ReadonlySignal<Filter>;
  readonly hasMore: ReadonlySignal<boolean>;
  readonly busy: ReadonlySignal<boolean>;
  readonly problem: ReadonlySignal<Problem | null>;
  readonly isOthersOpen: Signal<boolean>;
  /** Fetch the first pages and show them. */
  readonly load: () => Promise<void>;
  readonly more: () => Promise<void>;
  readonly narrow: (filter: Filter) => Promise<void>;
  /** Show what has gathered. */
  readonly show: () => void;
  readonly heard: (happening: Happening) => void;
  /** Nothing of it stays on the page. */
  readonly clear: () => void;
}

/**
 * own: the agency at work, empty where nobody is. told: how many are new, and whether one of them is immediate. What
 * arrives only gathers: the list moves when it is asked to.
 */
export const inboxState = (
  vault: Pick<Vault, "page" | "agencies">,
  own: () => string,
  told: (count: number, isImmediate: boolean) => void,
): InboxState => {
  const boxes = signal<Boxes | null>(null);
  const agencies = signal<readonly Agency[]>([]);
  const gathered = signal<Gathered | null>(null);
  const filter = signal<Filter>({});
  const busy = signal(false);
  const problem = signal<Problem | null>(null);
  const lines = computed(() => (boxes.value === null ? [] : merged(boxes.value, own())));
  const isOthersOpen = signal(false);
  // What was asked for before the last clearing or narrowing is not shown when it comes.
  let turn = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let filling: Promise<void> = Promise.resolve();
  // An older answer takes no newer one's place.
  let gathering = 0;
  let newest = 0;
  /** Something arrived before there was a list: what is on its way may be without it. */
  let isMissed = false;

  const fetch = async (first: number): Promise<Boxes> => {
    const page = (box: Box): Promise<Page> => vault.page(box, first, null, filter.value);
    const [inbox, outbox] = await Promise.all([page("inbox"), page("outbox")]);
    return { inbox, outbox };
  };

  /** Run it; what it answers is taken only if nothing else was asked for since. */
  const asked = async <Answer>(ask: () => Promise<Answer>, take: (answer: Answer) => void) => {
    const mine = turn;
    busy.value = true;
    try {
      const answer = await ask();
      if (mine !== turn) return;
      problem.value = null;
      take(answer);
    } catch (error) {
      if (mine === turn) problem.value = problemOf(error);
    } finally {
      if (mine === turn) busy.value = false;
    }
  };

  const load = async () => {
    turn += 1;
    gathered.value = null;
    isMissed = false;
    await asked(
      async () => Promise.all([fetch(FIRST), vault.agencies()]),
      ([fresh, all]) => {
        boxes.value = fresh;
        agencies.value = all;
      },
    );
    filling = more();
    if (isMissed && boxes.value !== null) void gather();
  };

  const more = async () => {
    const now = boxes.value;
    if (now === null) return;
    const which = toAsk(now, own());
    if (which.length === 0) return;
    const next = async (box: Box) =>
      which.includes(box) ? withMore(now[box], await vault.page(box, PAGE, now[box].after, filter.value)) : now[box];
    await asked(
      async () => Promise.all([next("inbox"), next("outbox")]),
      ([inbox, outbox]) => {
        boxes.value = { inbox, outbox };
      },
    );
  };

  /** Told once: again only when something is new beyond what was told. */
  const gather = async () => {
    gathering += 1;
    const [mine, order] = [turn, gathering];
    try {
      await filling;
      const fresh = await fetch(PAGE);
      if (mine !== turn || order < newest || boxes.value === null) return;
      newest = order;
      const before = gathered.value?.lines ?? [];
      const found = changes(lines.value, merged(fresh, own()));
      // Rows of later pages that moved to the front are changes too; rows that left the front are in what is fetched.
      gathered.value = found.length > 0 ? { boxes: fresh, lines: found } : null;
      const news = changes(before, found);
      if (news.length > 0) told(found.length, news.some(isImmediate));
    } catch (error) {
      if (mine === turn) problem.value = problemOf(error);
    }
  };

  return {
    boxes,
    lines,
    agencies,
    gathered,
    filter,
    hasMore: computed(() => boxes.value !== null && toAsk(boxes.value, own()).length > 0),
    busy,
    problem,
    isOthersOpen,
    load,
    more: async () => {
      if (!busy.value) await more();
    },
    narrow: async (wanted) => {
      filter.value = wanted;
      await load();
    },
    show: () => {
      if (gathered.value === null) return;
      turn += 1;
      busy.value = false;
      boxes.value = gathered.value.boxes;
      gathered.value = null;
      void gather(); // what arrived while this was being looked for is not lost
    },
    heard: (happening) => {
      if (happening.type === "line" && happening.live && boxes.value?.inbox.seenAt !== undefined) void load();
      if (happening.type !== "arrived" || happening.referral === null) return;
      isMissed = boxes.value === null;
      if (isMissed) return;
      clearTimeout(timer);
      timer = setTimeout(() => void gather(), GATHER);
    },
    clear: () => {
      turn += 1;
      clearTimeout(timer);
      boxes.value = null;
      gathered.value = null;
      agencies.value = [];
      filter.value = {};
      busy.value = false;
      problem.value = null;
    },
  };
};
