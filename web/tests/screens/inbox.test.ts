import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { askedByKeys } from "../../src/app/keys.ts";
import { homeOf, placesOf } from "../../src/app/screens.ts";
import {
  type Boxes,
  changes,
  counted,
  type Fetched,
  groups,
  isImmediate,
  keyOf,
  lastChange,
  merged,
  owedFirst,
  toAsk,
  verbOf,
  withMore,
} from "../../src/screens/inbox/order.ts";
import { inboxState } from "../../src/screens/inbox/state.ts";
import type { Row, Tier } from "../../src/worker/api.ts";

const NOW = Date.parse("2026-11-25T11:00:00Z");
const iso = (hours: number) => new Date(NOW + hours * 3_600_000).toISOString();
const NONE = { late: 0, clock: 0, ours: 0, waiting: 0 };

const row = (id: string, some: Partial<Row> = {}): Row => ({
  id,
  tier: "clock",
  as: "recipient",
  state: "sent",
  urgency: "urgent",
  services: ["shelter"],
  place: "MN-053",
  counterpart: "b",
  sentAt: iso(-2),
  changedAt: iso(-1),
  until: null,
  owed: [],
  deletionOwedSince: null,
  ...some,
});

const due = (hours: number, agency = "a") => [{ agency, kind: "acknowledge", dueAt: iso(hours), late: hours < 0 }];
const box = (rows: Fetched["rows"], after: string | null = null, counts = NONE): Fetched => ({ rows, after, counts });
const ids = (boxes: Boxes) => merged(boxes, "a").map(({ row }) => row.id);

describe("both boxes as one list", () => {
  test("begin with what is ours and late, by due time, whichever box it is in", () => {
    const inbox = box([
      row("late", { tier: "late", owed: due(-1) }),
      row("soon", { owed: due(1) }),
      row("closed", { tier: "rest", changedAt: iso(-9) }),
    ]);
    const outbox = box([
      row("later", { tier: "late", owed: due(-0.5) }),
      row("ours", { tier: "ours" }),
      row("theirs", { tier: "waiting", owed: due(-3, "b") }),
      row("newer", { tier: "rest", changedAt: iso(-3) }),
    ]);
    expect(ids({ inbox, outbox })).toEqual(["late", "later", "soon", "ours", "theirs", "newer", "closed"]);
  });

  test("end where a box that goes on is not known further, and only that box is asked", () => {
    const inbox = box([row("one", { owed: due(1) }), row("three", { owed: due(3) })], "cursor");
    const outbox = box([row("two", { owed: due(2) }), row("four", { owed: due(4) })]);
    expect(ids({ inbox, outbox })).toEqual(["one", "two", "three"]);
    expect(toAsk({ inbox, outbox }, "a")).toEqual(["inbox"]);
    const more = withMore(inbox, { rows: [row("five", { owed: due(5) })], after: null, counts: NONE });
    expect(ids({ inbox: more, outbox })).toEqual(["one", "two", "three", "four", "five"]);
    expect(toAsk({ inbox: more, outbox }, "a")).toEqual([]);
  });

  test("a row that moved between two pages stands once", () => {
    const first = box([row("one"), row("two")], "cursor");
    const page = { rows: [row("one", { state: "opened" }), row("three")], after: null, counts: NONE };
    expect(withMore(first, page).rows.map(({ id }) => id)).toEqual(["two", "one", "three"]);
  });

  test("a row that did not verify hides no other", () => {
    const inbox = box([{ id: "bad", tier: "late", damaged: "bad_signature" }, row("late", { tier: "late" })]);
    expect(ids({ inbox, outbox: box([row("sent", { tier: "late", owed: due(-1) })]) })).toHaveLength(3);
  });

  test("no row is lost or doubled, and each box keeps the hub's order", () => {
    const tiers: readonly Tier[] = ["late", "clock", "ours", "waiting", "rest"];
    const rows = (name: string) =>
      fc
        .array(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: -50, max: 50 })), { maxLength: 12 })
        .map((all) =>
          all.map(([tier, hours], place) => row(`${name}${place}`, { tier: tiers[tier]!, owed: due(hours) })),
        );
    fc.assert(
      fc.property(rows("i"), rows("o"), (received, sent) => {
        const lines = merged({ inbox: box(received), outbox: box(sent) }, "a");
        const of = (name: string) => lines.filter((line) => line.box === name).map((line) => line.row);
        expect([of("inbox"), of("outbox")]).toEqual([received, sent]);
      }),
    );
  });

  test("are told apart by what is asked of us", () => {
    const lines = merged(
      { inbox: box([row("a"), row("b", { tier: "waiting" })]), outbox: box([row("c", { tier: "rest" })]) },
      "a",
    );
    const found = groups(lines);
    expect([found.needs, found.others, found.rest].map((some) => some.map((line) => line.row.id))).toEqual([
      ["a"],
      ["b"],
      ["c"],
    ]);
  });

  test("count what the hub counts, beyond the rows that are here", () => {
    const counts = { late: 1, clock: 20, ours: 3, waiting: 7 };
    expect(counted({ inbox: box([], "x", counts), outbox: box([], null, counts) })).toEqual({ needs: 48, others: 14 });
  });
});

describe("a row", () => {
  test("shows what the own agency owes, even where others owe earlier", () => {
    const both = row("r", { owed: [...due(-5, "b"), ...due(3), ...due(2)] });
    expect(owedFirst(both, "a")?.dueAt).toBe(iso(2));
    expect(owedFirst(row("r", { owed: due(4, "b") }), "a")?.agency).toBe("b");
    expect(owedFirst(row("r"), "a")).toBeNull();
  });

  test.each([
    [{ state: "sent" }, "open"],
    [{ state: "opened" }, "answer"],
    [{ state: "acknowledged", tier: "late" }, "answer"],
    [{ state: "more_asked", tier: "waiting" }, "open"],
    [{ state: "accepted" }, "report"],
    [{ state: "under_way", tier: "rest" }, "open"],
    [{ state: "withdrawn", tier: "ours", deletionOwedSince: iso(-1) }, "confirm_deletion"],
    [{ state: "more_asked", as: "sender" }, "reply"],
    [{ state: "more_asked", as: "sender", tier: "rest" }, "open"],
    [{ state: "opened", as: "sender", tier: "waiting" }, "open"],
    [{ state: "declined", as: "sender", tier: "ours" }, "choose_another"],
    [{ state: "handed_back", as: "sender", tier: "rest" }, "choose_another"],
    [{ state: "recalled", as: "sender", tier: "rest" }, "choose_another"],
    [{ state: "declined", tier: "rest" }, "open"],
    [{ state: "sent", as: "sender", counterpart: "b", owed: due(-5, "b") }, "choose_another"],
    [{ state: "sent", as: "sender", counterpart: "b", owed: due(5, "b") }, "open"],
    // Her decision ends in three days: whoever recorded it asks her, and nobody else can.
    [{ state: "accepted", as: "sender", isRecorder: true, until: iso(72) }, "ask_again"],
    [{ state: "accepted", as: "sender", isRecorder: true, until: iso(73) }, "open"],
    [{ state: "accepted", as: "sender", isRecorder: false, until: iso(1) }, "open"],
    [{ state: "accepted", as: "sender", isRecorder: true, until: iso(-1) }, "open"],
    [{ state: "closed", as: "sender", isRecorder: true, until: iso(1) }, "open"],
    [{ state: "accepted", tier: "rest", isRecorder: true, until: iso(1) }, "open"],
    // A deletion is confirmed by who received it.
    [{ state: "withdrawn", as: "sender", deletionOwedSince: iso(-1) }, "open"],
  ] as const)("%j has the verb %s", (some, verb) => expect(verbOf(row("r", some), NOW)).toBe(verb));

  test("that did not verify can only be looked at", () =>
    expect(verbOf({ id: "r", tier: "late", damaged: "bad_signature" }, NOW)).toBe("open"));
});

describe("what arrives", () => {
  test("is what is new or otherwise, by box; what is the same is not", () => {
    const shown = merged({ inbox: box([row("same"), row("other")]), outbox: box([]) }, "a");
    const fresh = merged(
      { inbox: box([row("same"), row("other", { state: "opened" })]), outbox: box([row("same")]) },
      "a",
    );
    expect(changes(shown, fresh).map(keyOf).sort()).toEqual(["inbox other", "outbox same"]);
    expect(changes(fresh, fresh)).toEqual([]);
  });

  test("is told at once where it is immediate", () => {
    expect(isImmediate({ box: "inbox", row: row("r", { urgency: "immediate" }) })).toBe(true);
    expect(isImmediate({ box: "inbox", row: row("r") })).toBe(false);
    expect(isImmediate({ box: "inbox", row: { id: "r", tier: "late", damaged: "immediate" } })).toBe(false);
  });

  test("the newest change is by instant, not by place in the list", () => {
    const lines = [row("one", { changedAt: iso(-5) }), row("two", { changedAt: iso(-2) })].map((one) => ({
      box: "inbox" as const,
      row: one,
    }));
    expect([lastChange(lines), lastChange([])]).toEqual([Date.parse(iso(-2)), null]);
  });
});

describe("the way there", () => {
  test("home is the inbox for a focal point, the agency for an administrator alone", () => {
    expect(homeOf({ roles: ["administrator", "focal_point"] })).toEqual({ at: "inbox" });
    expect(homeOf({ roles: ["administrator"] })).toEqual({ at: "agency", page: "members", id: null });
    expect(placesOf({ roles: ["coordinator"] }).map(({ screen }) => screen.at)).toEqual(["overview", "me"]);
  });

  test("g, then i, soon; not while typing, not with other keys", () => {
    const plainKey = { code: "", shiftKey: false, altKey: false, ctrlKey: false, metaKey: false, target: null };
    const press = (keys: readonly (readonly [string, number, object?])[]) => {
      const asks = askedByKeys();
      return keys.map(([key, at, more]) => asks({ ...plainKey, key, ...more }, at)).at(-1);
    };
    expect(
      press([
        ["g", 0],
        ["i", 900],
      ]),
    ).toBe("inbox");
    expect(
      press([
        ["g", 0],
        ["i", 1100],
      ]),
    ).toBe(null);
    expect(press([["i", 0]])).toBe(null);
    expect(
      press([
        ["g", 0],
        ["x", 10],
        ["i", 20],
      ]),
    ).toBe(null);
    expect(
      press([
        ["g", 0],
        ["i", 10, { target: { tagName: "TEXTAREA" } }],
      ]),
    ).toBe(null);
    expect(
      press([
        ["g", 0, { ctrlKey: true }],
        ["i", 10],
      ]),
    ).toBe(null);
  });

  test("the same keys under a Cyrillic layout, by where they stand", () => {
    const plainKey = { shiftKey: false, altKey: false, ctrlKey: false, metaKey: false, target: null };
    const asks = askedByKeys();
    expect(asks({ ...plainKey, key: "т", code: "KeyN" }, 0)).toBe("send");
    expect(asks({ ...plainKey, key: "ю", code: "Slash" }, 0)).toBe("find");
    expect(asks({ ...plainKey, shiftKey: true, key: "Ю", code: "Slash" }, 0)).toBe("keyboard");
    expect(asks({ ...plainKey, key: "р", code: "KeyG" }, 0)).toBe(null);
    expect(asks({ ...plainKey, key: "ы", code: "KeyI" }, 10)).toBe("inbox");
    // A Latin letter counts where it is, wherever it stands: on Dvorak `b` is where `n` was.
    expect(asks({ ...plainKey, key: "b", code: "KeyN" }, 0)).toBe(null);
    expect(asks({ ...plainKey, shiftKey: true, key: "/", code: "Digit7" }, 0)).toBe("find");
  });
});

describe("what arrives while it is looked", () => {
  const arrived = { type: "arrived", kind: "sent", referral: "r" } as const;
  const GATHERED = 500; // milliseconds

  const listing = () => {
    let rows: Promise<readonly Row[]> = Promise.resolve([]);
    const page = async (box: string) => ({ rows: box === "inbox" ? await rows : [], after: null, counts: NONE });
    const state = inboxState(
      { page, agencies: async () => [] },
      () => "a",
      () => undefined,
    );
    const slowly = () => {
      const answer = Promise.withResolvers<readonly Row[]>();
      rows = answer.promise;
      return answer;
    };
    const news = () => state.gathered.value?.lines.map((line) => line.row.id);
    return { state, slowly, news };
  };

  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("is told as it is by now, whichever answer comes last", async () => {
    const { state, slowly, news } = listing();
    await state.load();
    const older = slowly();
    state.heard(arrived);
    await vi.advanceTimersByTimeAsync(GATHERED);
    const newer = slowly();
    state.heard(arrived);
    await vi.advanceTimersByTimeAsync(GATHERED);
    newer.resolve([row("first"), row("second")]);
    await vi.advanceTimersByTimeAsync(0);
    older.resolve([row("first")]);
    await vi.advanceTimersByTimeAsync(0);
    expect(news()).toEqual(["first", "second"]);
  });

  test("before the list stands is not lost", async () => {
    const { state, slowly, news } = listing();
    const before = slowly();
    const loaded = state.load();
    state.heard(arrived); // the answer was on its way by then
    await vi.advanceTimersByTimeAsync(GATHERED);
    const after = slowly();
    before.resolve([row("first")]);
    await loaded;
    after.resolve([row("first"), row("second")]);
    await vi.advanceTimersByTimeAsync(GATHERED);
    expect(news()).toEqual(["second"]);
  });
});
