import { describe, expect, test, vi } from "vitest";
import vocabulary from "../../../ortoo/data/vocabulary.json" with { type: "json" };
import { Failed } from "../../src/failed.ts";
import {
  ANSWERS,
  answersOf,
  lostOf,
  mustOpen,
  noteRule,
  REASONS,
  undoneBy,
  usualOf,
  warningsOf,
} from "../../src/screens/referral/answers.ts";
import { faultsOf, isOvertaken, readableAt, referralState, withRead } from "../../src/screens/referral/state.ts";
import { en } from "../../src/words/en.ts";
import { fieldLabel, fieldLines, namesSomebody } from "../../src/words/fields.ts";
import { mn } from "../../src/words/mn.ts";
import { wordsOf } from "../../src/words/words.ts";
import type { Part, Referral } from "../../src/worker/api.ts";

const english = wordsOf("en", en);
const mongolian = wordsOf("mn", mn);

const part = (name: string, fields: Part["fields"], status: Part["status"] = "readable"): Part => ({
  name,
  status,
  fields,
  text: null,
});

const received = { as: "recipient", state: "opened", deletionOwedSince: null } as const;

describe("what stands on the screen", () => {
  const note = { ...part("note", []), text: "a word" };
  const step = { id: "", agency: "", member: "", type: "message", reason: null, at: "", note };
  const until = "2026-11-26T16:00:00Z";
  const shown = {
    as: "recipient",
    keptUntil: null,
    decision: { document: "", to: "mgec", sections: ["needs"], purposes: [], until, refused: [] },
    parts: [part("needs", [["dependants", 1]])],
    steps: [step],
  } as unknown as Referral;

  test("holds no word from the second on in which her consent ends", () => {
    expect(readableAt(shown, Date.parse(until) - 1)).toBe(shown);
    const after = readableAt(shown, Date.parse(until));
    expect(after.parts).toEqual([part("needs", [], "gone")]);
    expect(after.steps[0]!.note).toEqual({ ...part("note", [], "gone"), text: null });
  });

  test("stays while the referral goes on, as far as it may still be read", () => {
    const had = {
      ...shown,
      id: "one",
      parts: [part("needs", [["dependants", 1]]), part("safety", [["suspect_near", true]])],
    };
    const now = { ...had, parts: [part("needs", [], "not_yet"), part("safety", [], "gone")] } as Referral;
    expect(withRead(now, had as Referral).parts).toEqual([had.parts[0], part("safety", [], "gone")]);
    expect(withRead(now, { ...had, id: "another" } as Referral)).toBe(now);
    expect(withRead(now, null)).toBe(now);
  });

  test("is its sender's own for longer", () => {
    const sent = { ...shown, as: "sender", keptUntil: "2026-11-27T16:00:00Z" } as Referral;
    expect(readableAt(sent, Date.parse(until))).toBe(sent);
    expect(readableAt(sent, Date.parse("2026-11-27T16:00:00Z")).parts).toEqual([part("needs", [], "gone")]);
  });
});

describe("a withdrawal while it is read", () => {
  const had = {
    id: "one",
    state: "opened",
    next: ["opened"],
    keptUntil: null,
    decision: { document: "", to: "mgec", sections: ["needs"], purposes: [], until: null, refused: [] },
    parts: [part("needs", [["dependants", 1]])],
    steps: [],
  } as unknown as Referral;
  const arrived = (kind: string) => ({ type: "arrived", kind, referral: "one" }) as const;

  const reading = async (as: Referral["as"]) => {
    let answer: Promise<Referral> = Promise.resolve({ ...had, as });
    const never = () => new Promise<never>(() => undefined);
    const vault = {
      ...{ show: () => answer, open: never, step: never, resend: never, agencies: async () => [] },
      ...{
        fetchFile: never,
        stopFetching: never,
        evidence: never,
        unsentEvidence: never,
        fetchEvidence: never,
        marks: never,
        keepFile: never,
        dropFiles: never,
      },
      watch: () => () => undefined,
    };
    const state = referralState(vault, () => undefined);
    await state.go("one");
    return { state, answers: (next: Promise<Referral>) => (answer = next) };
  };

  test.each([
    ...["withdrawn", "narrowed", "expired", "recalled"].map((kind) => [kind, "recipient"] as const),
    ...["withdrawn", "narrowed", "expired"].map((kind) => [kind, "sender"] as const),
  ])("%s empties the screen of its %s at once, with a line or without", async (kind, as) => {
    const { state, answers } = await reading(as);
    expect(state.shown.value!.parts[0]!.status).toBe("readable");
    answers(new Promise(() => undefined)); // the hub's answer is long in coming
    state.heard(arrived(kind));
    expect(state.shown.value!.parts).toEqual([part("needs", [], "gone")]);
  });

  test("what is newer and was not shown yet is not shown any more", async () => {
    const { state, answers } = await reading("sender");
    answers(Promise.resolve({ ...had, as: "sender", state: "accepted" }));
    state.heard(arrived("accepted"));
    await vi.waitFor(() => expect(state.newer.value).not.toBeNull());
    answers(new Promise(() => undefined));
    state.heard(arrived("withdrawn"));
    state.showNewer();
    expect(state.shown.value!.parts).toEqual([part("needs", [], "gone")]);
  });

  test("another's step leaves it", async () => {
    const { state } = await reading("recipient");
    state.heard(arrived("message"));
    expect(state.shown.value!.parts[0]!.status).toBe("readable");
  });
});

describe("what waited, while something else is on the screen", () => {
  const referral = (id: string, some: Partial<Referral> = {}) =>
    ({
      ...{ id, as: "recipient", state: "opened", next: ["acknowledged", "message", "declined"], keptUntil: null },
      ...{ decision: { document: "", until: null }, parts: [], steps: [], ...some },
    }) as unknown as Referral;
  const file = { id: "1", name: "wages.jpg", type: "image/jpeg", size: 9, sha256: "", cleaned: true };

  const working = () => {
    const never = () => new Promise<never>(() => undefined);
    const calls = { show: async (id: string) => referral(id), step: never as () => Promise<Referral> };
    const dropped: string[] = [];
    const vault = {
      ...{ open: never, resend: never, agencies: async () => [], marks: never, fetchFile: never, stopFetching: never },
      ...{ evidence: never, unsentEvidence: never, fetchEvidence: never, watch: () => () => undefined },
      show: (id: string) => calls.show(id),
      step: () => calls.step(),
      keepFile: async () => ({ file }),
      dropFiles: async (files: readonly (typeof file)[]) => void dropped.push(...files.map(({ id }) => id)),
    };
    return { calls, dropped, state: referralState(vault, () => undefined) };
  };

  const writes = async (state: ReturnType<typeof referralState>) => {
    state.choose("declined");
    state.reason.value = "other";
    state.note.value = "Бидэнд ор алга";
    await state.picked.attach("note", [new File(["x"], "wages.jpg")], false);
  };
  const written = ({ answering, reason, note, picked }: ReturnType<typeof referralState>) => [
    answering.value,
    reason.value,
    note.value,
    picked.files().length,
  ];

  test("a step that goes through by itself leaves what is being written on another referral", async () => {
    const { calls, state } = working();
    await state.go("a");
    const answer = Promise.withResolvers<Referral>();
    calls.show = () => answer.promise;
    state.heard({ type: "stepped", referral: "a", problem: null });
    calls.show = async (id) => referral(id);
    await state.go("b");
    await writes(state);
    answer.resolve(referral("a", { state: "acknowledged" }));
    await new Promise((done) => setTimeout(done));
    expect(written(state)).toEqual(["declined", "other", "Бидэнд ор алга", 1]);
    expect(state.shown.value?.id).toBe("b");
  });

  test("an end of another referral leaves it too, though its answer is not legal there", async () => {
    const { calls, state } = working();
    await state.go("a");
    state.choose("message");
    const answer = Promise.withResolvers<Referral>();
    calls.show = () => answer.promise;
    state.heard({ type: "arrived", kind: "withdrawn", referral: "a" });
    calls.show = async (id) => referral(id, { next: ["message"] });
    await state.go("b");
    await writes(state); // a colleague was quicker, of which this page was not told yet
    answer.resolve(referral("a"));
    await new Promise((done) => setTimeout(done));
    expect(written(state)).toEqual(["declined", "other", "Бидэнд ор алга", 1]);
  });

  test("is on no page any more that was locked before its answer was lost", async () => {
    const { calls, state } = working();
    await state.go("a");
    state.choose("declined");
    state.reason.value = "other";
    state.note.value = "Бидэнд ор алга";
    const answer = Promise.withResolvers<Referral>();
    calls.step = () => answer.promise;
    const sent = state.send();
    state.clear();
    answer.reject(new Failed({ kind: "line" }));
    await sent;
    expect([...state.unsent.value]).toEqual([]);
  });
});

describe("answers", () => {
  test("are the legal ones alone", () => {
    expect(answersOf({ next: ["opened", "acknowledged", "unreadable"], deletionOwedSince: null })).toEqual([
      "acknowledged",
    ]);
    expect(answersOf({ next: [], deletionOwedSince: "2026-11-25T11:00:00Z" })).toEqual([]);
  });

  test("a deletion is confirmed only where one is owed", () => {
    expect(answersOf({ next: ["deleted", "message"], deletionOwedSince: null })).toEqual(["message"]);
    expect(answersOf({ next: ["deleted"], deletionOwedSince: "2026-11-25T11:00:00Z" })).toEqual(["deleted"]);
  });

  test.each([
    [["acknowledged", "more_asked", "accepted", "declined"], "acknowledged"],
    [["more_asked", "accepted", "declined"], "accepted"],
    [["under_way", "handed_back", "closed"], "under_way"],
    [["handed_back", "closed"], "closed"],
    [["message"], null],
    [["declined", "handed_back"], null],
  ] as const)("of %j the usual one is %s", (next, usual) =>
    expect(usualOf({ ...received, next: [...next] }, false)).toBe(usual),
  );

  test("nothing but opening is filled before it is opened", () =>
    expect(usualOf({ ...received, next: ["opened", "acknowledged"] }, true)).toBeNull());

  test("the owed deletion goes before closing", () =>
    expect(
      usualOf({ ...received, state: "withdrawn", next: ["closed", "deleted"], deletionOwedSince: "2026-11-25" }, false),
    ).toBe("deleted"));

  test("the sender is asked only where more was asked", () => {
    const sent = { as: "sender", deletionOwedSince: null, next: ["recalled", "message"] } as const;
    expect(usualOf({ ...sent, state: "more_asked" }, false)).toBe("message");
    expect(usualOf({ ...sent, state: "opened" }, false)).toBeNull();
  });

  test("opening is asked for where something waits to be opened by us", () => {
    const parts = [part("needs", [], "not_yet")];
    expect(mustOpen({ as: "recipient", next: ["opened"], parts })).toBe(true);
    expect(mustOpen({ as: "recipient", next: [], parts })).toBe(false);
    expect(mustOpen({ as: "sender", next: ["opened"], parts })).toBe(false);
    expect(mustOpen({ as: "recipient", next: ["opened"], parts: [part("needs", [], "gone")] })).toBe(false);
  });

  test("take their reasons from the lists of the protocol", () => {
    for (const answer of ANSWERS) {
      const step = vocabulary.steps.terms.find((one) => one.code === answer) as { readonly code_from?: string };
      expect([answer, REASONS[answer]]).toEqual([answer, step.code_from]);
    }
  });

  test("say what still undoes them: the next legal step and nothing else", () => {
    expect(undoneBy("accepted", "recipient")).toEqual(["under_way", "closed", "handed_back"]);
    expect(undoneBy("declined", "recipient")).toEqual([]);
    expect(undoneBy("recalled", "sender")).toEqual([]);
    expect(undoneBy("message", "sender")).toBeNull();
    expect(undoneBy("deleted", "recipient")).toBeNull();
  });
});

describe("what is missing", () => {
  test("a reason, and a note where the reason asks for one", () => {
    expect(faultsOf("declined", "opened", "", "").map(({ field }) => field)).toEqual(["reason"]);
    expect(faultsOf("declined", "opened", "other", " \n").map(({ field }) => field)).toEqual(["note"]);
    expect(faultsOf("declined", "opened", "no_capacity", "")).toEqual([]);
    expect(faultsOf("message", "opened", "", "").map(({ field }) => field)).toEqual(["note"]);
    expect(faultsOf("acknowledged", "opened", "", "")).toEqual([]);
  });

  test("no note goes anywhere once the consent has ended", () => {
    for (const state of ["withdrawn", "expired"]) expect(noteRule("closed", state, "other")).toBe("none");
    expect(noteRule("closed", "under_way", "service_given")).toBe("may");
  });

  test("a colleague who was first is told from other refusals", () => {
    const refused = (code: string) => isOvertaken({ kind: "refused", code, fields: {} });
    expect([refused("head_moved"), refused("step_illegal"), refused("consent_withdrawn")]).toEqual([true, true, false]);
    expect(isOvertaken({ kind: "line" })).toBe(false);
  });
});

describe("warnings", () => {
  const parts = [
    part("safety", [
      ["warnings", ["not_police"]],
      ["suspects_near", true],
    ]),
    part("contact", [
      ["phone", "9900 0000"],
      ["safe_times", "13–14"],
      ["warnings", ["no_messages", "phone_watched"]],
      ["phone_is_safe", false],
    ]),
  ];

  test("contact goes before danger, codes by their words, and nothing else of a section", () => {
    expect(warningsOf(english, parts)).toEqual([
      fieldLines(english, "contact", "warnings", "no_messages")[0],
      fieldLines(english, "contact", "warnings", "phone_watched")[0],
      `${fieldLabel(english, "contact", "phone_is_safe")} no`,
      `${fieldLabel(english, "contact", "safe_times")}: 13–14`,
      fieldLines(english, "safety", "warnings", "not_police")[0],
      `${fieldLabel(english, "safety", "suspects_near")} yes`,
    ]);
    expect(warningsOf(mongolian, parts)[0]).toBe("Мессеж бүү илгээгээрэй");
  });

  test("none where nothing is said, and none of a part that did not open", () => {
    expect(warningsOf(english, [part("contact", [["phone_is_safe", true]])])).toEqual([]);
    expect(warningsOf(english, [part("contact", [["warnings", ["no_calls"]]], "damaged")])).toEqual([]);
  });
});

describe("a field", () => {
  test("is said by its kind", () => {
    expect(fieldLines(mongolian, "needs", "services", ["shelter", "legal_aid"])).toHaveLength(2);
    expect(fieldLines(mongolian, "needs", "services", ["shelter"])).toEqual(["Хамгаалах байр"]);
    expect(fieldLines(english, "identity", "date_of_birth", "1998")).toEqual(["1998"]);
    expect(fieldLines(english, "needs", "interpreter_language", "kaz")).toEqual(["Kazakh"]);
    expect(fieldLines(english, "needs", "people", 3)).toEqual(["3"]);
    expect(fieldLines(english, "safety", "plan", null)).toEqual(["asked, not known"]);
  });

  test("of text stays text: no code, no markup, nothing that turns the letters", () => {
    expect(fieldLines(english, "needs", "need_in_own_words", "shelter")).toEqual(["shelter"]);
    expect(fieldLines(english, "needs", "need_in_own_words", "<b>https://x</b>\u202e")).toEqual([
      "<b>https://x</b>\ufffd",
    ]);
    expect(fieldLines(english, "unknown", "thing", { a: ["b\u202e", true] })).toEqual(["a: b\ufffd", "a: yes"]);
  });

  test("every field that names somebody is in the vocabulary, and given names are among them", () => {
    const known = vocabulary.fields.terms.map(({ code }) => code.split(".") as [string, string]);
    expect(known.filter(([section, field]) => namesSomebody(section, field))).toHaveLength(10);
    expect(namesSomebody("identity", "given_name")).toBe(true);
    expect(namesSomebody("contact", "warnings")).toBe(false);
  });
});

describe("what is said of what is gone", () => {
  const step = (type: string) => ({
    id: "",
    agency: "",
    member: "",
    type,
    reason: null,
    at: "",
    note: null,
    document: "",
  });
  const of = (more: object): Parameters<typeof lostOf>[0] => ({
    ...received,
    next: [],
    steps: [],
    parts: [part("needs", [], "gone")],
    ...more,
  });
  const owing = { deletionOwedSince: "2026-11-25T11:00:00Z", next: ["deleted"] };

  test("is nothing while all of it stands", () => {
    expect(lostOf(of({}))).toEqual([]);
  });

  test("is why, and that copies are to be deleted", () => {
    expect(lostOf(of({ ...owing, state: "withdrawn" }))).toEqual(["state.withdrawn", "referral.owe_deletion"]);
    expect(lostOf(of({ ...owing, state: "accepted" }))).toEqual(["referral.narrowed", "referral.owe_deletion"]);
    expect(lostOf(of({ ...owing, state: "handed_back" }))).toEqual(["referral.owe_deletion"]);
  });

  test("is no consent that was taken back where there was none", () => {
    const overturned = { state: "withdrawn", steps: [step("opened"), step("overturned")] };
    expect(lostOf(of({ ...owing, ...overturned }))).toEqual(["referral.overturned", "referral.owe_deletion"]);
  });

  test("tells a sender who keeps its own that the other side reads nothing, and not to delete", () => {
    const kept = { as: "sender", parts: [part("needs", [])], deletionOwedSince: "2026-11-25T11:00:00Z" };
    expect(lostOf(of({ ...kept, state: "withdrawn" }))).toEqual(["referral.withdrawn_there"]);
    expect(lostOf(of({ ...kept, state: "expired" }))).toEqual(["referral.expired_there"]);
    expect(lostOf(of({ as: "sender", state: "withdrawn" }))).toEqual(["state.withdrawn"]);
  });
});
