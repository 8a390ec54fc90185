import { type ReadonlySignal, signal } from "@preact/signals";
import type { Problem } from "../../failed.ts";
import type { HowFar } from "../../parts/Carried.tsx";
import type { PlainKey } from "../../words/mn.ts";
import { problemOf } from "../../words/problems.ts";
import type { Agency, Filled, Happening, Referral, Vault } from "../../worker/api.ts";
import type { Anew, Consented, Deed } from "../../worker/consent-api.ts";
import type { ProvingState } from "../send/Evidence.tsx";
import { ALL, columnsOf, evidenceIn, typed } from "../send/filled.ts";
import { picking } from "../send/picking.ts";
import type { DecidingState, SendFault } from "../send/state.ts";
import {
  changesIn,
  childsWord,
  filledFrom,
  isChilds,
  meantBy,
  nothingYet,
  opensAgain,
  saidIn,
  shownOf,
  withAnew,
} from "./deciding.ts";

/** Milliseconds of a pause in filling in after which it is saved. */
const PAUSE = 400;

/** What became of it last. line: it waits for the line. */
export type Outcome = "recorded" | "line";

export interface ConsentState extends DecidingState, ProvingState {
  readonly stands: ReadonlySignal<Consented | null>;
  readonly of: ReadonlySignal<Referral | null>;
  readonly problem: ReadonlySignal<Problem | null>;
  readonly busy: ReadonlySignal<boolean>;
  readonly outcome: ReadonlySignal<Outcome | null>;
  /** Of the evidence that goes at this moment. */
  readonly carried: ReadonlySignal<HowFar | null>;
  /** Her new code, as long as this stands on the screen. */
  readonly code: ReadonlySignal<string | null>;
  readonly load: () => Promise<void>;
  /** She agrees to what is filled in. Whether it was done, or waits. */
  readonly agree: () => Promise<boolean>;
  readonly carryOut: (deed: Deed, code?: string) => Promise<boolean>;
  /** What was filled in is not to be done. */
  readonly discard: () => Promise<void>;
  readonly forgetCode: () => void;
  readonly trouble: (found: Problem) => void;
  readonly fail: (faults: readonly SendFault[]) => void;
  readonly heard: (happening: Happening) => void;
  readonly close: () => void;
}

type Asked = Pick<Vault, "consented" | "redecide" | "saveDeed" | "show" | "agencies" | "keepFile" | "dropFiles">;

/** own: the agency at work. now: by the hub's clock. done: the lists and the referral are otherwise. */
export const consentState = (
  vault: Asked,
  referral: string,
  own: string,
  now: () => number,
  done: () => void,
): ConsentState => {
  const stands = signal<Consented | null>(null);
  const of = signal<Referral | null>(null);
  const agencies = signal<readonly Agency[]>([]);
  const filled = signal<Filled | null>(null);
  const faults = signal<readonly SendFault[]>([]);
  const problem = signal<Problem | null>(null);
  const busy = signal(false);
  const outcome = signal<Outcome | null>(null);
  const carried = signal<HowFar | null>(null);
  const code = signal<string | null>(null);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let saving: Promise<void> = Promise.resolve();
  let isOver = false;
  /** What is filled in was changed here since it was last recorded or discarded. */
  let isChanged = false;
  // An older answer takes no newer one's place.
  let asked = 0;
  let newest = 0;

  const kindOf = (agency: string) => agencies.value.find((one) => one.id === agency)?.kind ?? "";
  const deedNow = (): Anew | null => {
    if (stands.value === null || filled.value === null) return null;
    const changes = isChilds(filled.value)
      ? childsWord(stands.value, filled.value, kindOf)
      : changesIn(stands.value, meantBy(filled.value, kindOf), kindOf);
    return { do: "decide", changes, said: saidIn(filled.value), evidence: evidenceIn(filled.value, now()) };
  };

  const keep = async (deed: Anew, shown: Readonly<Record<string, string>>) => {
    try {
      await vault.saveDeed(referral, isNothing(deed) ? null : deed, shown);
    } catch (error) {
      problem.value = problemOf(error);
    }
  };

  /** One after the other, so that what is kept is what was filled in last. */
  const save = async () => {
    clearTimeout(timer);
    timer = undefined;
    const deed = deedNow();
    if (deed === null || stands.value === null) return;
    const shown = shownOf(stands.value);
    saving = saving.then(() => keep(deed, shown));
    await saving;
  };

  const change = (patch: Partial<Filled>) => {
    if (filled.value === null) return;
    filled.value = { ...filled.value, ...patch };
    isChanged = true;
    clearTimeout(timer);
    timer = setTimeout(() => void save(), PAUSE);
  };

  const failed = (found: Problem) => {
    problem.value = found;
  };
  const picked = picking(vault, filled, (files) => change({ files }), failed);

  /** What stands is shown; what was filled in stays over it: as it is here by now, not as it was kept before. */
  const show = (consented: Consented) => {
    const deed = (isChanged ? deedNow() : null) ?? consented.waits?.deed;
    stands.value = consented;
    const minor = of.value?.minor ?? false;
    const fresh = filledFrom(consented, minor, now());
    filled.value = deed?.do === "decide" ? withAnew(fresh, deed, now()) : fresh;
  };

  const load = async () => {
    asked += 1;
    const mine = asked;
    problem.value = null;
    try {
      const [all, one, found] = await Promise.all([vault.agencies(), vault.show(referral), vault.consented(referral)]);
      if (isOver || mine < newest) return;
      newest = mine;
      agencies.value = all;
      of.value = one;
      show(found);
    } catch (error) {
      const failed = problemOf(error);
      if (!isOver && mine >= newest) problem.value = failed;
    }
  };

  const carryOut = async (deed: Deed, drawn?: string): Promise<boolean> => {
    if (busy.value || stands.value === null) return false;
    busy.value = true;
    problem.value = null;
    faults.value = [];
    outcome.value = null;
    clearTimeout(timer);
    timer = undefined;
    picked.leave();
    try {
      await saving;
      const found = await vault.redecide(referral, deed, shownOf(stands.value));
      if (isOver) return false;
      asked += 1;
      newest = asked; // what was read before is older than this
      isChanged = false;
      outcome.value = found === null ? "line" : "recorded";
      code.value = drawn ?? null;
      done();
      if (found === null) stands.value = { ...stands.value, waits: { deed, isSigned: true, returned: null } };
      else show(found);
      return true;
    } catch (error) {
      if (isOver) return false;
      const failed = problemOf(error);
      const isOvertaken = failed.kind === "refused" && failed.code === "head_moved";
      if (isOvertaken) {
        isChanged = deed.do === "decide" || isChanged;
        await load(); // over what stands now lies what is filled in: she is asked again, and nothing is filled in twice
        faults.value = [{ field: "consent-stands", key: "later.overtaken" }];
      } else problem.value = failed;
      return false;
    } finally {
      busy.value = false;
      carried.value = null;
    }
  };

  /** Something ended: where it is under this consent, what stands is otherwise, and whoever fills in is told. */
  const lookAgain = async () => {
    const before = JSON.stringify(stands.value && shownOf(stands.value));
    if (timer !== undefined) await save();
    await load();
    const isOther = stands.value !== null && JSON.stringify(shownOf(stands.value)) !== before;
    if (isOther) faults.value = [{ field: "consent-stands", key: "later.overtaken" }];
  };

  const faultsNow = (deed: Anew, one: Filled): readonly SendFault[] => {
    const when = (isWrong: boolean, field: string, key: PlainKey): readonly SendFault[] =>
      isWrong ? [{ field, key }] : [];
    const ends = deed.changes.flatMap(({ granted }) => granted?.until ?? []);
    return [
      ...when(isNothing(deed), "send-decision", "later.nothing_changed"),
      ...when(
        ends.some((until) => Date.parse(until) <= now()),
        "send-decision",
        "send.day_over",
      ),
      ...when(
        one.minor && !isChilds(one) && opensAgain(stands.value!, deed.changes),
        "send-decision",
        "later.childs_no",
      ),
      ...when(one.how === "", "send-how", "send.needs_how"),
      ...when(deed.evidence !== undefined && one.nobody.includes(ALL), "send-evidence", "later.no_evidence"),
    ];
  };

  return {
    ...picked,
    own,
    stands,
    of,
    agencies,
    filled,
    faults,
    problem,
    busy,
    outcome,
    carried,
    code,
    kindOf,
    candidate: () => null,
    change,
    type: (section, field, value) => change(typed(filled.value, section, field, value)),
    attach: async (...wanted) => {
      problem.value = null;
      await picked.attach(...wanted);
      if (timer !== undefined) await save();
    },
    decide: (agency, patch) => {
      const before = filled.value?.decided[agency];
      if (filled.value !== null && before !== undefined)
        change({ decided: { ...filled.value.decided, [agency]: { ...before, ...patch } } });
    },
    ask: (agency) => {
      const one = filled.value;
      if (one === null || columnsOf(one).includes(agency)) return;
      change({ also: [...one.also, agency], decided: { ...one.decided, [agency]: nothingYet(now()) } });
    },
    load,
    agree: async () => {
      const deed = deedNow();
      if (deed === null || filled.value === null || picked.attaching.value !== null) return false;
      faults.value = faultsNow(deed, filled.value);
      return faults.value.length === 0 && carryOut(deed);
    },
    carryOut,
    discard: async () => {
      const consented = stands.value;
      if (consented === null) return;
      clearTimeout(timer);
      timer = undefined;
      picked.leave();
      try {
        await saving;
        await vault.saveDeed(referral, null, shownOf(consented));
        isChanged = false;
        show({ ...(stands.value ?? consented), waits: null });
      } catch (error) {
        problem.value = problemOf(error);
      }
    },
    forgetCode: () => {
      code.value = null;
    },
    trouble: failed,
    fail: (found) => {
      faults.value = found;
    },
    heard: (happening) => {
      if (happening.type === "carried" && happening.of === stands.value?.consent) carried.value = happening;
      const isMine = happening.type === "redecided" && happening.referral === referral;
      if (isMine) {
        outcome.value = happening.problem === null ? "recorded" : null;
        carried.value = null;
        isChanged = false;
        done();
        void load();
      } else if (happening.type === "arrived" && ENDING.has(happening.kind) && !busy.value) void lookAgain();
    },
    close: () => {
      if (timer !== undefined) void save();
      picked.leave();
      isOver = true;
      code.value = null;
    },
  };
};

const isNothing = ({ changes, evidence }: Anew): boolean => changes.length === 0 && evidence === undefined;

/** What the feed tells of decisions: each may be under this consent. */
const ENDING: ReadonlySet<string> = new Set(["withdrawn", "narrowed", "expired", "overturned"]);
