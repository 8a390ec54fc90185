import { describe, expect, test } from "vitest";
import { findState } from "../../src/screens/find/state.ts";
import type { Agency, Hit } from "../../src/worker/api.ts";

const hit = (id: string, name: string | null): Hit => ({
  ...{ where: name === null ? [] : ["identity"], name },
  row: {
    ...{ id, tier: "rest", as: "recipient", state: "opened", urgency: "days", services: ["shelter"], place: "MN-053" },
    ...{ counterpart: "b", sentAt: "", changedAt: "", until: null, owed: [], deletionOwedSince: null },
  },
});
const arrived = (kind: string, referral = "hers") => ({ type: "arrived", kind, referral }) as const;
const settled = () => new Promise((done) => setTimeout(done));

const looking = async () => {
  const asked: string[] = [];
  const calls = {
    search: async (): Promise<readonly Hit[]> => [hit("hers", "Сарнай"), hit("other", "Болор")],
    agencies: async (): Promise<readonly Agency[]> => [],
  };
  const state = findState({
    search: (words) => {
      asked.push(words.map(({ text }) => text).join(" "));
      return calls.search();
    },
    agencies: () => calls.agencies(),
  });
  state.typed.value = "сар";
  await state.look("mn");
  const names = () => state.hits.value?.map(({ row, name }) => [row.id, name]);
  return { state, calls, asked, names };
};

describe("what was found", () => {
  test.each(["withdrawn", "narrowed", "expired", "recalled", "overturned"])(
    "leaves the screen at once when it is %s, and is looked for again",
    async (kind) => {
      const { state, calls, asked, names } = await looking();
      const answer = Promise.withResolvers<readonly Hit[]>();
      calls.search = () => answer.promise;
      state.heard(arrived(kind));
      expect(names()).toEqual([["other", "Болор"]]);
      answer.resolve([hit("hers", null), hit("other", "Болор")]); // by what the hub knows of it, without a word of hers
      await settled();
      expect(names()).toEqual([
        ["hers", null],
        ["other", "Болор"],
      ]);
      expect(asked).toEqual(["сар", "сар"]);
    },
  );

  test("before she took it back, and told after, is not shown", async () => {
    const { state, calls, names } = await looking();
    const before = Promise.withResolvers<readonly Hit[]>();
    calls.search = () => before.promise;
    state.typed.value = "сарн";
    const looked = state.look("mn");
    await settled();
    calls.search = async () => [];
    state.heard(arrived("withdrawn"));
    before.resolve([hit("hers", "Сарнай")]);
    await looked;
    await settled();
    expect(names()).toEqual([]);
  });

  test("stays where something else happens", async () => {
    const { state, asked, names } = await looking();
    state.heard(arrived("message"));
    state.heard({ type: "line", live: true, at: "" });
    expect([names()?.length, asked.length]).toEqual([2, 1]);
  });

  test("is not looked for where nobody looks, or no more", async () => {
    const { state, asked } = await looking();
    state.clear();
    state.heard(arrived("withdrawn"));
    await settled();
    expect([state.hits.value, asked.length]).toEqual([null, 1]);
  });
});

test("the agencies do not come back to a page that was locked", async () => {
  const { state, calls } = await looking();
  const answer = Promise.withResolvers<readonly Agency[]>();
  calls.agencies = () => answer.promise;
  const looked = state.look("mn");
  state.clear();
  answer.resolve([{ id: "mgec" } as Agency]);
  await looked;
  expect(state.agencies.value).toEqual([]);
});
