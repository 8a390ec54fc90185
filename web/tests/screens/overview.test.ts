import { expect, test } from "vitest";
import { Failed } from "../../src/failed.ts";
import { asking } from "../../src/screens/overview/asking.ts";
import { trailState } from "../../src/screens/overview/trail-state.ts";
import type { Passed, Wanted } from "../../src/worker/overseeing-api.ts";

test("what was asked for last is shown, whichever answer comes last", async () => {
  const { value, problem, load } = asking<string>();
  const [first, second] = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
  const both = [load(() => first.promise), load(() => second.promise)];
  second.resolve("2026-Q2");
  first.resolve("2026-Q1");
  await Promise.all(both);
  expect([value.value, problem.value]).toEqual(["2026-Q2", null]);
});

test("what could not be had of another period takes nothing away", async () => {
  const { value, problem, load } = asking<string>();
  const first = Promise.withResolvers<string>();
  const both = [load(() => first.promise), load(async () => "2026-Q2")];
  await both[1];
  first.reject(new Failed({ kind: "line" }));
  await both[0];
  expect([value.value, problem.value]).toEqual(["2026-Q2", null]);
});

test("the trail goes on, and is exported, by the filters that its rows went through", async () => {
  const asked: (readonly [Wanted, string | null])[] = [];
  const exported: Wanted[] = [];
  let answer = Promise.resolve({ rows: [] as readonly Passed[], after: "next" as string | null });
  const vault = {
    trail: (wanted: Wanted, after: string | null) => {
      asked.push([wanted, after]);
      return answer;
    },
    exportTrail: async (_: string, wanted: Wanted) => {
      exported.push(wanted);
      return { name: "", content: new Blob(), rows: 0 };
    },
  };
  const state = trailState(vault, () => 0);
  state.chosen.value = { urgency: "days" };
  await state.show();
  const slow = Promise.withResolvers<Awaited<typeof answer>>();
  answer = slow.promise;
  const more = state.more();
  await state.clear(); // while the next page is on its way
  expect([state.on.value, state.chosen.value]).toEqual([1, { urgency: "days" }]);
  slow.resolve({ rows: [], after: null });
  await more;
  await state.take("csv");
  expect(asked).toEqual([
    [{ urgency: "days" }, null],
    [{ urgency: "days" }, "next"],
  ]);
  expect(exported).toEqual([{ urgency: "days" }]);
});
