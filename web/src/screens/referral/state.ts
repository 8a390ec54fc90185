import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Problem } from "../../failed.ts";
import type { PlainKey } from "../../words/mn.ts";
import { problemOf } from "../../words/problems.ts";
import type { Agency, Dated, Happening, Mark, Part, Referral, Vault } from "../../worker/api.ts";
import { ENDING } from "../ending.ts";
import { type Answer, noteRule, REASONS } from "./answers.ts";
import { type PickedForNote, pickingForNote } from "./picking.ts";

/** A step whose answer did not come. It is sent again as it is, and is one step however often it arrives. */
export interface Unsent {
  readonly answer: Answer;
  readonly reason: string | null;
  readonly note: string | null;
}

/** What a colleague made of it, while something else was decided here. at: an instant. */
export interface Overtaken {
  readonly state: string;
  readonly at: string;
}

/** Which field of the answer is not right, and why. */
export interface AnswerFault {
  readonly field: "reason" | "note";
  readonly key: PlainKey;
}

type Files = Pick<
  Vault,
  "fetchFile" | "stopFetching" | "evidence" | "unsentEvidence" | "fetchEvidence" | "watch" | "keepFile" | "dropFiles"
>;

/** What files are shown of, and whence they come. shown: a referral; "": what no referral leads to; null: it was left. */
export interface Holding {
  readonly shown: ReadonlySignal<{ readonly id: string } | null>;
  readonly files: Files;
}

export interface ReferralState extends Holding {
  readonly shown: ReadonlySignal<Referral | null>;
  readonly agencies: ReadonlySignal<readonly Agency[]>;
  readonly problem: ReadonlySignal<Problem | null>;
  readonly busy: ReadonlySignal<boolean>;
  /** A newer state that is not shown yet. */
  readonly newer: ReadonlySignal<Referral | null>;
  readonly overtaken: ReadonlySignal<Overtaken | null>;
  /** By referral. Each is sent again when the line is back, whatever is on the screen then. */
  readonly unsent: ReadonlySignal<ReadonlyMap<string, Unsent>>;
  readonly faults: Signal<readonly AnswerFault[]>;
  readonly areNamesShown: Signal<boolean>;
  readonly answering: ReadonlySignal<Answer | null>;
  readonly reason: Signal<string>;
  readonly note: Signal<string>;
  /** By document, how what is shown stands in the log. */
  readonly marks: ReadonlySignal<ReadonlyMap<string, Mark>>;
  /** What goes with the note; and how far it is: bytes that are over, of how many. */
  readonly picked: PickedForNote;
  readonly carried: ReadonlySignal<{ readonly over: number; readonly all: number } | null>;
  /** Show this one, as far as it was opened. */
  readonly go: (id: string) => Promise<void>;
  readonly open: () => Promise<void>;
  readonly choose: (answer: Answer | null) => void;
  readonly send: () => Promise<void>;
  /** Send again what the line swallowed. */
  readonly again: () => Promise<void>;
  readonly showNewer: () => void;
  /** What is on the screen, or was when another place was gone to, is otherwise now. */
  readonly anew: () => Promise<void>;
  readonly heard: (happening: Happening) => void;
  /** Nothing of it stays on the page. */
  readonly clear: () => void;
}

const MARK_AGAIN = 2000; // milliseconds

/** What was signed of it and is to be in the log. */
export const loggedOf = ({ document, sentAt, decision, steps }: Referral): readonly Dated[] => [
  { document, at: sentAt },
  { document: decision.document, at: sentAt },
  ...steps.map((step) => ({ document: step.document, at: step.at })),
];

/** What is missing before it can be sent. */
export const faultsOf = (
  answer: Answer,
  state: string,
  reason: string,
  note: string,
  hasFiles = false,
): readonly AnswerFault[] => {
  const faults: AnswerFault[] = [];
  if (REASONS[answer] && reason === "") faults.push({ field: "reason", key: "answer.needs_reason" });
  const rule = noteRule(answer, state, reason);
  if ((rule === "must" || (rule === "may" && hasFiles)) && note.trim() === "")
    faults.push({ field: "note", key: "answer.needs_note" });
  return faults;
};

/** What stood on the screen when her consent ended is there no longer, whatever the hub says or does not say. now: milliseconds. */
export const readableAt = (referral: Referral, now: number): Referral => {
  const until = referral.as === "sender" ? null : referral.decision.until;
  const isOver = (end: string | null) => end !== null && Date.parse(end) <= now;
  return isOver(until) || isOver(referral.keptUntil) ? emptied(referral) : referral;
};

const emptied = (referral: Referral): Referral => {
  const gone = (part: Part): Part =>
    part.status === "readable" ? { name: part.name, status: "gone", fields: [], text: null } : part;
  return {
    ...referral,
    parts: referral.parts.map(gone),
    steps: referral.steps.map((step) => ({ ...step, note: step.note && gone(step.note) })),
  };
};

/** What was opened and can still be read stays on the screen while the referral goes on. */
export const withRead = (referral: Referral, had: Referral | null): Referral => {
  if (had?.id !== referral.id) return referral;
  const read = new Map(had.parts.filter((part) => part.status === "readable").map((part) => [part.name, part]));
  const parts = referral.parts.map((part) => (part.status === "not_yet" ? (read.get(part.name) ?? part) : part));
  return { ...referral, parts };
};

/** Whether a refusal means that somebody else of the agency was there first. */
export const isOvertaken = (problem: Problem): boolean =>
  problem.kind === "refused" && (problem.code === "head_moved" || problem.code === "step_illegal");

/** What the newest step made of it. */
export const overtakenBy = (newest: Referral): Overtaken => ({
  state: newest.state,
  at: newest.steps.at(-1)?.at ?? newest.changedAt,
});

/** answered: a step was taken, the lists are otherwise now. */
export const referralState = (
  vault: Pick<Vault, "show" | "open" | "step" | "resend" | "agencies" | "marks"> & Files,
  answered: () => void,
): ReferralState => {
  const shown = signal<Referral | null>(null);
  const agencies = signal<readonly Agency[]>([]);
  const problem = signal<Problem | null>(null);
  const busy = signal(false);
  const newer = signal<Referral | null>(null);
  const overtaken = signal<Overtaken | null>(null);
  const unsent = signal<ReadonlyMap<string, Unsent>>(new Map());
  const faults = signal<readonly AnswerFault[]>([]);
  const areNamesShown = signal(false);
  const marks = signal<ReadonlyMap<string, Mark>>(new Map());
  const answering = signal<Answer | null>(null);
  const reason = signal("");
  const note = signal("");
  const carried = signal<{ readonly over: number; readonly all: number } | null>(null);
  const picked = pickingForNote(vault, (failed) => {
    problem.value = failed;
  });
  let at: string | null = null;
  // What was asked for one referral is never shown in place of another.
  let turn = 0;
  // Nor is it kept for the next one at work.
  let sitting = 0;

  const choose = (answer: Answer | null, isSent = false) => {
    answering.value = answer;
    picked.clear(isSent);
    carried.value = null;
    reason.value = "";
    note.value = "";
    faults.value = [];
    problem.value = null;
  };

  const keep = (id: string, step: Unsent | null) => {
    const all = new Map(unsent.value);
    if (step === null) all.delete(id);
    else all.set(id, step);
    unsent.value = all;
  };

  const leave = () => {
    turn += 1;
    at = null;
    shown.value = null;
    newer.value = null;
    overtaken.value = null;
    areNamesShown.value = false;
    marks.value = new Map();
    busy.value = false;
    choose(null);
  };

  /** Runs alone. Says whether it was done, and what hindered it. */
  const alone = async (work: () => Promise<void>): Promise<Problem | null> => {
    const mine = turn;
    busy.value = true;
    problem.value = null;
    try {
      await work();
      return null;
    } catch (error) {
      const found = problemOf(error);
      if (mine === turn) problem.value = found;
      return found;
    } finally {
      if (mine === turn) busy.value = false;
    }
  };

  /** What was accepted a moment ago is looked for again, less and less often. */
  const mark = async (referral: Referral, again: number) => {
    const mine = turn;
    try {
      const found = await vault.marks(loggedOf(referral));
      if (mine !== turn || shown.value?.id !== referral.id) return;
      marks.value = new Map([...marks.value, ...found]);
      const { value: now } = shown;
      const isNewest = now.steps.length === referral.steps.length;
      if (isNewest && [...found.values()].includes("promised")) setTimeout(() => void mark(now, again * 2), again);
    } catch (error) {
      problemOf(error); // the page says so by itself; the marks stay away
    }
  };

  const take = async (asked: Promise<Referral>) => {
    const mine = turn;
    const referral = await asked;
    if (mine !== turn) return;
    shown.value = withRead(referral, shown.value);
    newer.value = null;
    void mark(referral, MARK_AGAIN);
    const { waits } = referral;
    if (waits) keep(referral.id, { ...waits, answer: waits.type as Answer });
  };

  const hand = async (id: string, step: Unsent, taken: () => Promise<Referral>) => {
    const [mine, whose] = [turn, sitting];
    const failed = await alone(async () => {
      await take(taken());
      answered();
    });
    if (whose === sitting) keep(id, failed?.kind === "line" ? step : null);
    if (mine !== turn) return;
    if (failed === null) {
      overtaken.value = null;
      choose(null, true);
    } else if (isOvertaken(failed)) {
      await alone(() => take(vault.show(id)));
      if (mine !== turn || shown.value === null) return;
      overtaken.value = overtakenBy(shown.value);
      // What was written stays in its field as long as it can still be sent.
      if (answering.value !== null && !shown.value.next.includes(answering.value)) answering.value = null;
    }
  };

  /** What waited here was taken by itself, or came to nothing. */
  const stepped = async (id: string, failed: Problem | null) => {
    const mine = turn;
    await alone(() => take(vault.show(id)));
    if (mine !== turn) return; // what is written by now is of another referral
    choose(null, true);
    if (failed !== null && isOvertaken(failed) && shown.value?.id === id) overtaken.value = overtakenBy(shown.value);
  };

  /** She took it back, or part of it, or its time is over: what was read of it leaves the screen before anything else. */
  const goes = async (id: string, had: Referral) => {
    shown.value = emptied(had);
    newer.value = null;
    if (busy.value) return;
    const mine = turn;
    await alone(() => take(vault.show(id)));
    if (mine !== turn) return;
    if (answering.value !== null && shown.value?.next.includes(answering.value) === false) choose(null);
  };

  const look = async (id: string) => {
    const mine = turn;
    try {
      const found = await vault.show(id);
      if (mine !== turn || busy.value || shown.value === null) return;
      const isOther = found.state !== shown.value.state || found.steps.length !== shown.value.steps.length;
      newer.value = isOther ? found : null;
    } catch (error) {
      if (mine === turn) problem.value = problemOf(error);
    }
  };

  return {
    shown,
    agencies,
    problem,
    busy,
    newer,
    overtaken,
    unsent,
    faults,
    areNamesShown,
    answering,
    reason,
    note,
    marks,
    picked,
    carried,
    files: vault,
    go: async (id) => {
      if (at === id && shown.value !== null) return;
      leave();
      at = id;
      await alone(async () => {
        const mine = turn;
        const all = await vault.agencies();
        if (mine !== turn) return;
        agencies.value = all;
        await take(vault.show(id));
      });
    },
    open: async () => {
      const id = at;
      if (id === null || busy.value) return;
      await alone(async () => {
        await take(vault.open(id));
        answered();
      });
    },
    choose: (answer) => choose(answer),
    send: async () => {
      const [id, answer, now] = [at, answering.value, shown.value];
      if (id === null || answer === null || now === null || busy.value || picked.attaching.value !== null) return;
      faults.value = faultsOf(answer, now.state, reason.value, note.value, picked.files().length > 0);
      if (faults.value.length > 0) return;
      const written = noteRule(answer, now.state, reason.value) === "none" ? "" : note.value.trim();
      const step = { answer, reason: REASONS[answer] ? reason.value : null, note: written === "" ? null : written };
      const files = step.note === null ? [] : picked.files();
      await hand(id, step, () => vault.step(id, step.answer, step.reason, step.note, files));
    },
    again: async () => {
      const [id, step] = [at, at === null ? undefined : unsent.value.get(at)];
      if (id !== null && step !== undefined && !busy.value) await hand(id, step, () => vault.resend(id));
    },
    showNewer: () => {
      if (newer.value === null) return;
      shown.value = withRead(newer.value, shown.value);
      void mark(newer.value, MARK_AGAIN);
      newer.value = null;
      if (answering.value !== null && !shown.value.next.includes(answering.value)) choose(null);
    },
    anew: async () => {
      if (at !== null && !busy.value) await alone(() => take(vault.show(at!)));
    },
    heard: (happening) => {
      if (happening.type === "stepped") {
        keep(happening.referral, null);
        answered();
      }
      if (at === null) return;
      if (happening.type === "carried" && happening.of === at) {
        carried.value = { over: happening.over, all: happening.all };
        return;
      }
      const had = shown.value;
      if (happening.type === "arrived" && happening.referral === at && had !== null && ENDING.has(happening.kind)) {
        void goes(at, had);
        return;
      }
      if (busy.value) return;
      const isBack = happening.type === "line" && happening.live;
      if (isBack && shown.value?.seenAt !== undefined) void alone(() => take(vault.show(at!)));
      else if (happening.type === "stepped" && happening.referral === at) void stepped(at, happening.problem);
      else if (happening.type === "arrived" && happening.referral === at && shown.value !== null) void look(at);
    },
    clear: () => {
      leave();
      sitting += 1;
      unsent.value = new Map();
      agencies.value = [];
    },
  };
};
