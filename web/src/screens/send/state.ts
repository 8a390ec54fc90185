import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Navigation } from "../../app/navigation.ts";
import type { Problem } from "../../failed.ts";
import type { PlainKey } from "../../words/mn.ts";
import { problemOf } from "../../words/problems.ts";
import type {
  Again,
  Agency,
  Candidate,
  Deciding,
  Draft,
  FieldValue,
  Filled,
  Found,
  Happening,
  NextDecision,
  ReceiptKey,
  ReceiptMode,
  Row,
  SendForm,
  Vault,
} from "../../worker/api.ts";
import { opensAgain } from "../consent/deciding.ts";
import { formAnew } from "./anew.ts";
import {
  ALL,
  columnsOf,
  coveredForm,
  emptyFilled,
  fieldFaults,
  filledAgain,
  isCovered,
  isRefused,
  MOST_AGENCIES,
  proposed,
  type Step,
  typed,
  withoutConsent,
} from "./filled.ts";
import { partFault } from "./own-part.ts";
import { picking, type Unattached } from "./picking.ts";

/** Milliseconds of a pause in typing after which it is saved. */
const PAUSE = 400;

/** What the hub says where a newer decision is there. */
const OVERTAKEN = "head_moved";
/** And where her code is another consent's. */
const USED = "key_refused";

/** What is to be put right. agency: of whom it is. */
export type SendFault =
  | { readonly field: string; readonly key: PlainKey }
  | { readonly field: string; readonly key: "send.refused_agency" | "send.nothing_agreed"; readonly agency: string };

/** What became of it. rows: null while it is being sent, and while it waits. */
export interface Outcome {
  readonly draft: string;
  readonly at: number;
  readonly rows: readonly Row[] | null;
  /**
   * Her code, as long as this stands on the screen: from before the first byte leaves, since nobody can be given it later.
   * null where she took none, or has hers already.
   */
  readonly code: string | null;
  /** It came back: it is a draft again. */
  readonly returned: boolean;
}

export interface Carried {
  readonly over: number;
  readonly all: number;
}

export interface SendState {
  /** The own agency. */
  readonly own: string;
  readonly draft: ReadonlySignal<Draft | null>;
  readonly filled: ReadonlySignal<Filled | null>;
  readonly found: ReadonlySignal<Found | null>;
  readonly again: ReadonlySignal<Again | null>;
  readonly agencies: ReadonlySignal<readonly Agency[]>;
  readonly faults: Signal<readonly SendFault[]>;
  readonly problem: ReadonlySignal<Problem | null>;
  /** A save that failed: what was typed is on the screen alone. */
  readonly unsaved: ReadonlySignal<Problem | null>;
  readonly isSaved: ReadonlySignal<boolean>;
  readonly busy: ReadonlySignal<boolean>;
  readonly outcome: ReadonlySignal<Outcome | null>;
  readonly areNamesShown: Signal<boolean>;
  readonly form: () => SendForm;
  /** The form that her decision covers already; null: she has to be asked. */
  readonly covered: ReadonlySignal<SendForm | null>;
  readonly candidate: (agency: string) => Candidate | null;
  readonly kindOf: (agency: string) => string;
  readonly change: (patch: Partial<Filled>) => void;
  readonly type: (section: string, field: string, value: FieldValue) => void;
  /** Files that are being taken in, of this section; null: none. */
  readonly attaching: ReadonlySignal<string | null>;
  /** What could not be attached, and why. */
  readonly unattached: ReadonlySignal<readonly Unattached[]>;
  /** How far its files are on their way to the hub: bytes; null where nothing is known. */
  readonly carried: ReadonlySignal<Carried | null>;
  readonly attach: (section: string, files: readonly File[], keepMetadata: boolean) => Promise<void>;
  readonly detach: (section: string, id: string) => void;
  readonly decide: (agency: string, patch: Partial<Deciding>) => void;
  /** Begin a new one. */
  readonly begin: () => Promise<void>;
  readonly open: (id: string) => Promise<void>;
  readonly elsewhere: (referral: string) => Promise<void>;
  readonly find: () => Promise<void>;
  /** Go on from this step, if it is in order. */
  readonly next: (step: Step) => void;
  /** What she decides on is read out to her; or was. */
  readonly readAloud: (isRead: boolean) => void;
  /** Go to a step, and from there back to the check. */
  readonly mend: (step: Step) => void;
  /** Ask her about this one too, though nothing goes there now. */
  readonly ask: (agency: string) => void;
  readonly save: () => Promise<void>;
  /** The screens are left for another place. */
  readonly close: () => void;
  readonly keep: () => Promise<void>;
  readonly sayNo: () => Promise<void>;
  /** Without her consent after all, or with it. */
  readonly goWithout: (isWithout: boolean) => void;
  readonly send: () => Promise<void>;
  readonly heard: (happening: Happening) => void;
  /** The page is somebody else's, or locked: what is typed is saved, and nothing of it stays. */
  readonly clear: () => void;
  /** After the lock: what was there is there again. */
  readonly resume: () => Promise<void>;
}

/** What her decision is filled in with, the first time and later on. */
export type DecidingState = Pick<
  SendState,
  "own" | "filled" | "agencies" | "faults" | "kindOf" | "candidate" | "change" | "decide" | "ask"
>;

type Asked = Pick<
  Vault,
  | "find"
  | "keepFile"
  | "dropFiles"
  | "draft"
  | "drafts"
  | "saveDraft"
  | "dropDraft"
  | "send"
  | "again"
  | "agencies"
  | "ownPlace"
  | "newReceipt"
  | "ownReceipt"
>;

/** own: the agency at work. now: by the hub's clock. changed: the drafts are otherwise, or the lists too. */
export const sendState = (
  vault: Asked,
  ways: Navigation,
  own: () => string,
  now: () => number,
  changed: (isSent?: boolean) => void,
): SendState => {
  const draft = signal<Draft | null>(null);
  const found = signal<Found | null>(null);
  const again = signal<Again | null>(null);
  const agencies = signal<readonly Agency[]>([]);
  const faults = signal<readonly SendFault[]>([]);
  const problem = signal<Problem | null>(null);
  const unsaved = signal<Problem | null>(null);
  const isSaved = signal(false);
  const busy = signal(false);
  const outcome = signal<Outcome | null>(null);
  const areNamesShown = signal(true);
  const carried = signal<Carried | null>(null);
  const filled = computed(() => draft.value?.filled ?? null);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let dirty = false;
  let mending = false;
  let isKept = false;
  /** The draft that was on the screen at the lock. */
  let left: string | null = null;
  // What was asked for one draft is never shown in another.
  let turn = 0;
  let asking = 0;

  const candidate = (agency: string): Candidate | null =>
    found.value?.candidates.find((one) => one.agency === agency) ??
    again.value?.found.candidates.find((one) => one.agency === agency) ??
    null;
  const kindOf = (agency: string): string => agencies.value.find((one) => one.id === agency)?.kind ?? "";
  const form = (): SendForm => formAnew(filled.value ?? emptyFilled(""), again.value, now(), kindOf);
  const covered = computed(() => {
    const [to, of] = [filled.value?.recipients[0], again.value];
    const grant = of?.found.candidates.find((one) => one.agency === to)?.grant ?? null;
    if (of === null || grant === null || filled.value === null) return null;
    const made = form();
    const { next } = made.consent;
    const isOtherwise = next !== undefined && isSame(draft.value?.shown, next.shown) && next.changes.length > 0;
    if (isOtherwise) return null; // she was asked again on what stands, and decided more or less
    return isCovered(made, of, grant) ? coveredForm(made, of, grant, kindOf(grant.to)) : null;
  });

  const save = async () => {
    clearTimeout(timer);
    const one = draft.value;
    if (!dirty || one === null) return;
    dirty = false;
    isKept = true;
    const mine = turn;
    try {
      await vault.saveDraft({ ...one, savedAt: new Date(now()).toISOString() });
      if (mine !== turn) return;
      unsaved.value = null;
      isSaved.value = !dirty;
      changed();
    } catch (error) {
      if (mine === turn) unsaved.value = problemOf(error);
    }
  };

  const put = (patch: Partial<Draft>) => {
    if (draft.value === null) return;
    draft.value = { ...draft.value, ...patch };
    dirty = true;
    isSaved.value = false;
    clearTimeout(timer);
    timer = setTimeout(() => void save(), PAUSE);
  };

  const change = (patch: Partial<Filled>) => {
    if (draft.value !== null) put({ filled: { ...draft.value.filled, ...patch }, returned: null });
  };

  const picked = picking(
    vault,
    filled,
    (files) => change({ files }),
    (found) => {
      problem.value = found;
    },
  );

  const leave = () => {
    void save();
    clearTimeout(timer);
    turn += 1;
    asking += 1;
    batch(() => {
      draft.value = null;
      found.value = null;
      again.value = null;
      faults.value = [];
      problem.value = null;
      unsaved.value = null;
      isSaved.value = false;
      busy.value = false;
      outcome.value = null;
      areNamesShown.value = true;
      picked.leave();
      carried.value = null;
    });
    dirty = false;
    mending = false;
    isKept = false;
  };

  const show = (one: Draft) => {
    draft.value = one;
    isKept = one.savedAt !== "";
    isSaved.value = one.savedAt !== "";
  };

  const go = (step: Step) => {
    faults.value = [];
    problem.value = null;
    areNamesShown.value = step !== "check";
    const screen = { at: "send", step } as const;
    put({ step });
    void save();
    ways.go(screen);
  };

  /** Who could take it, anew. What was asked for before is not shown when it comes. */
  const find = async () => {
    const one = draft.value;
    if (one === null) return;
    const mine = ++asking;
    found.value = null;
    problem.value = null;
    const { services, place, language, minor } = one.filled;
    try {
      const of = one.of === null ? null : (again.value ?? (await standing(one.of)));
      if (mine !== asking) return;
      if (of !== null) {
        if (again.value === null) keepRefused(of);
        again.value = of;
        found.value = of.found;
        return;
      }
      // What she took back counts for good: she is asked again, and it goes out as a new one.
      if (one.of !== null) {
        put({ of: null });
        if (one.step === "check") askAgain(false);
      }
      const answer = await vault.find({ services, place, language, minor });
      if (mine === asking) found.value = answer;
    } catch (error) {
      const failed = problemOf(error);
      if (mine === asking) problem.value = failed;
    }
  };

  /**
   * What was sent and is to go to another agency; null: it is there no more. But where nobody can say what she decided,
   * since there is no line, it waits: a second consent would have a second code.
   */
  const standing = async (referral: string): Promise<Again | null> => {
    try {
      return await vault.again(referral);
    } catch (error) {
      const failed = problemOf(error);
      if (failed.kind === "refused" && failed.code === "not_found") return null;
      throw error;
    }
  };

  /** What she refused since it was filled in, she refuses here too. */
  const keepRefused = ({ stands }: Again) => {
    const nobody = filled.value?.nobody ?? [];
    const refused = stands?.decisions.filter((one) => one.refused.includes(ALL)).map(({ to }) => to) ?? [];
    const missing = refused.filter((to) => !nobody.includes(to));
    if (missing.length > 0) put({ filled: { ...filled.value!, nobody: [...nobody, ...missing] } });
  };

  /** What is proposed to her on agencies that she was not asked about yet. */
  const propose = () => {
    const one = filled.value;
    if (one === null) return;
    const there = Object.keys(form().sections);
    const missing = columnsOf(one).filter((to) => one.decided[to] === undefined);
    if (missing.length === 0) return;
    const added = missing.map((to) => [to, proposed(one, candidate(to), there, now())] as const);
    change({ decided: { ...one.decided, ...Object.fromEntries(added) } });
  };

  /** Those to whom nothing would go. */
  const unread = (one: Filled): readonly SendFault[] => {
    const granted = new Set(form().consent.grants.map((grant) => grant.to));
    return one.recipients.flatMap((agency): readonly SendFault[] =>
      granted.has(agency) ? [] : [{ field: `send-decided-${agency}`, key: "send.nothing_agreed", agency }],
    );
  };

  const isOpened = ({ consent: { next } }: SendForm): boolean =>
    next !== undefined && opensAgain(again.value!.stands!, next.changes);

  const faultsAt = (step: Step): readonly SendFault[] => {
    const one = filled.value;
    if (one === null) return [];
    const when = (isWrong: boolean, field: string, key: PlainKey): readonly SendFault[] =>
      isWrong ? [{ field, key }] : [];
    switch (step) {
      case "need":
        return [
          ...when(one.services.length === 0, "send-services", "send.needs_service"),
          ...when(one.place === "", "send-place", "send.needs_place"),
          ...when(one.urgency === "", "send-urgency", "send.needs_urgency"),
        ];
      case "who":
        return [
          ...when(one.recipients.length === 0, "send-who", "send.needs_agency"),
          ...when(one.recipients.length > MOST_AGENCIES, "send-who", "send.too_many"),
        ];
      case "tell":
        return fieldFaults(one, now());
      case "decision": {
        if (covered.value !== null) return [];
        if (one.without) return [...withoutFaults(one), ...unread(one)];
        const granted = new Set(form().consent.grants.map((grant) => grant.to));
        const isOver = (to: string) => Date.parse(one.decided[to]?.until ?? "") <= now();
        return [
          ...one.recipients.flatMap((agency): readonly SendFault[] => {
            if (isRefused(one, agency, kindOf(agency)))
              return [{ field: "send-nobody", key: "send.refused_agency", agency }];
            if (!granted.has(agency)) return [{ field: `send-decided-${agency}`, key: "send.nothing_agreed", agency }];
            return [];
          }),
          ...when(columnsOf(one).some(isOver), "send-decision", "send.day_over"),
          ...when(one.minor && !isWritten(one, "assent"), "send-assent", "send.needs_assent"),
          ...when(
            one.minor && one.fields.child?.guardian_is_safe === "no",
            "send-guardian-safe",
            "send.guardian_unsafe",
          ),
          ...when(one.minor && isOpened(form()), "send-decision", "later.childs_no"),
          ...when(one.how === "", "send-how", "send.needs_how"),
        ];
      }
      case "check":
        return [...faultsAt("need"), ...faultsAt("who"), ...faultsAt("tell"), ...faultsAt("decision")];
    }
  };

  const after = (step: Step): Step => {
    if (mending && step !== "who") return "check";
    switch (step) {
      case "need":
        return "who";
      case "who":
        if (covered.value !== null) return "check";
        return draft.value?.of !== null || mending ? "decision" : "tell";
      case "tell":
        return "decision";
      default:
        return "check";
    }
  };

  /** isOvertaken: she was asked, and has decided otherwise meanwhile. */
  const askAgain = (isOvertaken: boolean) => {
    propose();
    put({ returned: null });
    go("decision");
    if (isOvertaken) faults.value = [{ field: "send-decision", key: "later.overtaken" }];
  };

  /** Go on from this step, if it is in order. */
  const proceed = (step: Step) => {
    const { next } = form().consent;
    if (step === "decision" && next !== undefined) put({ shown: next.shown });
    faults.value = faultsAt(step);
    if (faults.value.length > 0) return;
    const to = after(step);
    if (to === "decision" || to === "check") propose();
    if (to === "check") {
      // Whoever was chosen later has to be decided on first.
      const open = faultsAt("decision");
      if (open.length > 0 && step !== "decision") {
        go("decision");
        faults.value = open;
        return;
      }
      mending = false;
    }
    go(to);
    if (step === "need") void find();
  };

  /** Her code, or the public part of that which her own phone made. */
  const codeOf = async (
    { ownPart }: Filled,
    mode: ReceiptMode,
  ): Promise<{ readonly code: string | null; readonly receipt: ReceiptKey }> =>
    ownPart == null ? vault.newReceipt(mode) : { code: null, receipt: await vault.ownReceipt(ownPart, mode) };

  /** A slip in what her phone shows is told while she is there. */
  const afterPart = async (goOn: () => void) => {
    const [one, mine] = [filled.value, turn];
    if (one === null) return;
    const mode = one.receipt ?? "full";
    try {
      if (mode !== "none") await codeOf(one, mode);
      if (mine === turn && draft.value?.step === "decision") goOn();
    } catch (error) {
      const [failed, fault] = [problemOf(error), partFault(problemOf(error), "send-part")];
      if (mine !== turn) return;
      if (fault !== null) faults.value = [fault];
      else problem.value = failed;
    }
  };

  const done = (rows: readonly Row[] | null, id: string, returned: boolean, code: string | null) => {
    draft.value = null;
    problem.value = null;
    outcome.value = { draft: id, at: now(), rows, code, returned };
    changed();
  };

  /** Whether it is kept to be sent: then it is nobody's to send again. */
  const isOnItsWay = async (id: string): Promise<boolean> => {
    try {
      return (await vault.drafts()).some((one) => one.id === id && one.waits);
    } catch (error) {
      problemOf(error); // locked meanwhile, or a store that cannot be read: told elsewhere
      return false;
    }
  };

  /** The draft is sealed, and the place is left, unless somebody was quicker to leave it. */
  const saveAndLeave = async () => {
    const mine = turn;
    await save();
    if (mine === turn && unsaved.value === null) ways.reset({ at: "inbox" });
  };

  return {
    ...picked,
    get own() {
      return own();
    },
    draft,
    filled,
    found,
    again,
    agencies,
    faults,
    problem,
    unsaved,
    isSaved,
    busy,
    outcome,
    areNamesShown,
    carried,
    form,
    covered,
    candidate,
    kindOf,
    change,
    type: (section, field, value) => change(typed(filled.value, section, field, value)),
    attach: async (...wanted) => {
      problem.value = null;
      await picked.attach(...wanted);
      await save();
    },
    decide: (agency, patch) => {
      const decided = filled.value?.decided ?? {};
      const before = decided[agency];
      if (before !== undefined) change({ decided: { ...decided, [agency]: { ...before, ...patch } } });
    },
    begin: async () => {
      leave();
      const mine = turn;
      const one = { id: crypto.randomUUID(), savedAt: "", step: "need", isOpen: true, filled: emptyFilled("") };
      show({ ...one, of: null, returned: null });
      try {
        const [all, place] = await Promise.all([vault.agencies(), vault.ownPlace()]);
        if (mine !== turn) return;
        agencies.value = all;
        // Not over what was chosen meanwhile.
        if (draft.value?.filled.place === "")
          draft.value = { ...draft.value, filled: { ...draft.value.filled, place } };
      } catch (error) {
        const failed = problemOf(error);
        if (mine === turn) problem.value = failed;
      }
    },
    open: async (id) => {
      leave();
      const mine = turn;
      try {
        const [kept, all] = await Promise.all([vault.draft(id), vault.agencies()]);
        if (mine !== turn) return;
        agencies.value = all;
        if (kept === null) return ways.reset({ at: "inbox" });
        show({ ...kept, isOpen: true });
        const step = kept.step as Step;
        areNamesShown.value = step !== "check";
        ways.replace({ at: "send", step });
        if (step !== "need") await find();
      } catch (error) {
        if (mine === turn) problem.value = problemOf(error);
      }
    },
    elsewhere: async (referral) => {
      leave();
      const mine = turn;
      try {
        const [of, all] = await Promise.all([vault.again(referral), vault.agencies()]);
        if (mine !== turn) return;
        agencies.value = all;
        again.value = of;
        found.value = of.found;
        const one = { id: crypto.randomUUID(), savedAt: "", step: "who", isOpen: true, filled: filledAgain(of) };
        show({ ...one, of: referral, returned: null });
      } catch (error) {
        if (mine === turn) problem.value = problemOf(error);
      }
    },
    find,
    next: (step) => {
      if (draft.value === null || busy.value) return;
      if (step === "decision" && filled.value?.ownPart != null) void afterPart(() => proceed(step));
      else proceed(step);
    },
    readAloud: (isRead) => {
      if (isRead) ways.go({ at: "send", step: "aloud" });
      else ways.back();
    },
    mend: (step) => {
      if (busy.value) return;
      mending = true;
      if (step === "decision") propose();
      go(step);
      if (step === "who" && found.value === null) void find();
    },
    ask: (agency) => {
      const also = filled.value?.also ?? [];
      change({ also: [...also, agency] });
      propose();
    },
    save,
    close: () => {
      // What is being sent is not written down once more.
      if ((isKept || dirty) && !busy.value) put({ isOpen: false });
      leave();
    },
    keep: async () => {
      if (busy.value) return;
      put({});
      await saveAndLeave();
    },
    goWithout: (isWithout) => {
      const one = filled.value;
      if (one === null) return;
      faults.value = [];
      change(isWithout ? withoutConsent(one, now(), kindOf) : { without: null, saidNo: false });
    },
    sayNo: async () => {
      change({ saidNo: true });
      await saveAndLeave();
    },
    send: async () => {
      const one = draft.value;
      if (one === null || busy.value) return;
      // What she has decided has to be known before anything goes out in place of what was sent.
      if (one.of !== null && found.value === null) return find();
      faults.value = faultsAt("check");
      if (faults.value.length > 0) return;
      const { next } = (covered.value ?? form()).consent;
      const isOther = next !== undefined && next.changes.length > 0 && !isSame(one.shown, next.shown);
      if (isOther || (next !== undefined && one.shown === undefined)) return askAgain(one.shown !== undefined);
      const mine = turn;
      busy.value = true;
      problem.value = null;
      carried.value = null;
      clearTimeout(timer);
      dirty = false;
      let code: string | null = null;
      try {
        const isToldLater = (one.filled.without?.tellAfterDays ?? 0) > 0; // nobody hands a card to whom nothing is told yet
        const mode = isToldLater ? "none" : (one.filled.receipt ?? "full");
        const isAsked = covered.value === null;
        const made = covered.value ?? form();
        const isFirst = isAsked && made.consent.next === undefined; // else she has hers from the first time
        const given = isFirst && mode !== "none" ? await codeOf(one.filled, mode) : null;
        const whole = given === null ? made : { ...made, consent: { ...made.consent, receipt: given.receipt } };
        if (mine !== turn) return; // nobody is there to see her code: it is a draft still
        code = given?.code ?? null;
        outcome.value = { draft: one.id, at: now(), rows: null, code, returned: false };
        ways.reset({ at: "inbox" });
        ways.go({ at: "send", step: "sent" });
        const rows = await vault.send(one, whole, !isAsked);
        changed(rows !== null);
        if (mine !== turn) return;
        done(rows, one.id, false, code);
      } catch (error) {
        const failed = problemOf(error);
        changed();
        const waits = await isOnItsWay(one.id);
        if (mine !== turn) return;
        if (outcome.value?.rows != null) return; // it was told meanwhile that it was sent
        if (waits) {
          done(null, one.id, false, code);
          problem.value = failed;
          return;
        }
        if (outcome.value !== null) ways.replace({ at: "send", step: "check" });
        outcome.value = null;
        draft.value ??= one;
        problem.value = failed;
        if (failed.kind !== "refused") return;
        draft.value = { ...one, step: "check", returned: { code: failed.code, fields: failed.fields } };
        if (failed.code === USED && one.filled.ownPart != null) {
          put({ returned: null });
          go("decision");
          faults.value = [{ field: "send-part", key: "later.code.used" }];
        }
        if (one.of === null) return;
        again.value = null; // what she decided may be recorded by now, or be otherwise
        await find();
        if (mine !== turn || again.value === null) return;
        if (failed.code === OVERTAKEN) askAgain(true);
        else problem.value = failed;
      } finally {
        if (mine === turn) busy.value = false;
      }
    },
    heard: (happening) => {
      if (happening.type === "carried") {
        if (draft.value?.id === happening.of) carried.value = { over: happening.over, all: happening.all };
      } else if (happening.type === "sent") {
        if (outcome.value?.draft === happening.draft) done(happening.rows, happening.draft, false, outcome.value.code);
      } else if (happening.type === "returned") {
        if (outcome.value?.draft === happening.draft) done(null, happening.draft, true, null);
      }
    },
    clear: () => {
      left = draft.value?.id ?? null;
      leave();
      agencies.value = [];
    },
    resume: async () => {
      const id = left;
      left = null;
      if (id === null || draft.value !== null) return;
      const mine = turn;
      try {
        const [kept, all] = await Promise.all([vault.draft(id), vault.agencies()]);
        if (mine !== turn || ways.screen.value.at !== "send") return;
        agencies.value = all;
        if (kept === null) return ways.reset({ at: "inbox" });
        show(kept);
        if (kept.step !== "need") await find();
      } catch (error) {
        const failed = problemOf(error);
        if (mine === turn) problem.value = failed;
      }
    },
  };
};

/** What is missing before anything may go without her consent. */
const withoutFaults = (one: Filled): readonly SendFault[] => {
  const { without } = one;
  if (!without) return [];
  const missing: readonly (readonly [isMissing: boolean, field: string, key: PlainKey])[] = [
    [
      without.ground === "" || (without.ground === "child_at_risk" && !one.minor),
      "without-ground",
      "without.needs_ground",
    ],
    [!isWritten(one, "reason", "justification"), "without-reason", "without.needs_reason"],
    [!isWritten(one, "alternatives_tried", "justification"), "without-tried", "without.needs_tried"],
    [without.reviewer === "", "without-reviewer", "without.needs_reviewer"],
    [one.recipients.includes(without.reviewer), "without-reviewer", "without.reviewer_receives"],
  ];
  return missing.flatMap(([isMissing, field, key]) => (isMissing ? [{ field, key }] : []));
};

const isSame = (shown: NextDecision["shown"] | undefined, stands: NextDecision["shown"]): boolean =>
  shown !== undefined &&
  Object.keys(shown).length === Object.keys(stands).length &&
  Object.entries(stands).every(([to, document]) => shown[to] === document);

const isWritten = ({ fields }: Filled, field: string, section = "child"): boolean => {
  const typed = fields[section]?.[field];
  return typeof typed === "string" && typed.trim() !== "";
};

/** A part of the state as a signal, for a field. */
export const lens = <T>(get: () => T, set: (value: T) => void): Signal<T> =>
  ({
    get value() {
      return get();
    },
    set value(value: T) {
      set(value);
    },
  }) as Signal<T>;
