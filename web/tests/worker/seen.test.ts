import "fake-indexeddb/auto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openStore, type Store } from "../../src/device/store.ts";
import { Failed } from "../../src/failed.ts";
import { randomBytes } from "../../src/protocol/sealing.ts";
import type { Referral } from "../../src/worker/api.ts";
import { Seen } from "../../src/worker/seen.ts";

const NOON = Date.parse("2026-11-27T04:00:00Z");
const HOUR = 60 * 60 * 1000;

let store: Store;
let seen: Seen;
let now: number;

beforeEach(async () => {
  store = await openStore();
  now = NOON;
  const items = await store.items(randomBytes(32), "network", "member");
  seen = new Seen(items, () => now);
});
afterEach(() => store.close());

const at = (hours: number) => new Date(NOON + hours * HOUR).toISOString();

const referral = (more: Partial<Referral>): Referral =>
  ({
    id: "one",
    as: "recipient",
    isRecorder: false,
    state: "opened",
    changedAt: at(0),
    services: [],
    keptUntil: null,
    decision: { until: at(2) },
    parts: [{ name: "needs", status: "readable", text: null, fields: [["in_her_words", "Цэцэгмаа"]] }],
    steps: [],
    ...more,
  }) as unknown as Referral;

const withoutLine = () => Promise.reject(new Failed({ kind: "line" }));
const words = [{ text: "цэцэгмаа", codes: [] }];

/** Whether it can be read and found without a line. */
const isThere = async (): Promise<boolean> => {
  const found = (await seen.search(words)).length > 0;
  const read = await seen.referral("one", withoutLine).then(
    () => true,
    () => false,
  );
  expect(read).toBe(found);
  return read;
};

describe("what was seen of a referral", () => {
  test.each([
    ["its recipient's, until her consent ends", {}, 2],
    ["a closed one, until it is kept no longer", { state: "closed", keptUntil: at(1) }, 1],
    ["the recorder's own", { as: "sender", isRecorder: true, state: "closed", keptUntil: at(3) }, 3],
  ] as const)("is there without a line: %s", async (_, more, hours) => {
    await seen.referral("one", async () => referral(more));
    now = NOON + hours * HOUR - 1;
    expect(await isThere()).toBe(true);
    now += 1;
    expect(await isThere()).toBe(false);
  });

  test.each(["sender", "reviewer"] as const)(
    "is not kept of what one is the %s of, and not the recorder",
    async (as) => {
      await seen.referral("one", async () => referral({ as }));
      expect(await isThere()).toBe(false);
    },
  );

  test("goes when something happens to it, and an answer that is older than that is not taken", async () => {
    const gone = referral({ parts: [{ name: "needs", status: "gone", text: null, fields: [] }] });
    let answer: (late: Referral) => void = () => undefined;
    const asked: Promise<Referral>[] = [new Promise((resolve) => (answer = resolve)), Promise.resolve(gone)];
    const opening = seen.referral("one", () => asked.shift()!);
    await seen.changed("one", async () => gone); // she took it back while the answer was on its way
    answer(referral({}));
    expect((await opening).parts[0]!.status).toBe("gone");
    expect(await seen.search(words)).toEqual([]);
  });
});
