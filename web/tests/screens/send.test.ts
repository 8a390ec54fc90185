import { describe, expect, test, vi } from "vitest";
import { navigation } from "../../src/app/navigation.ts";
import { Failed } from "../../src/failed.ts";
import { emptyFilled } from "../../src/screens/send/filled.ts";
import { type SendState, sendState } from "../../src/screens/send/state.ts";
import type { Draft, DraftRow, Found, ReceiptKey, Row } from "../../src/worker/api.ts";

const NOW = Date.parse("2026-11-27T02:00:00Z");
const CODE = "1234 5678 9012 3456 7890 1234 5678 9012";
const UNTIL = "2027-02-25T16:00:00.000Z";
const settled = () => new Promise((done) => setTimeout(done));

const draft = (id: string, some: Partial<Draft> = {}): Draft => ({
  ...{ id, savedAt: "2026-11-27T01:00:00Z", step: "check", isOpen: true, of: null, returned: null },
  filled: {
    ...emptyFilled("MN-053"),
    ...{ urgency: "days", services: ["shelter"], recipients: ["mgec"], how: "spoken" },
    decided: { mgec: { sections: ["needs"], refused: [], purposes: ["give_service"], until: UNTIL } },
  },
  ...some,
});
const row = { id: "hers", counterpart: "mgec", state: "sent" } as unknown as Row;
const found = (who: string): Found =>
  ({ from: "hub", at: "", candidates: [{ agency: who, gives: [] }] }) as unknown as Found;

const sending = () => {
  const kept = new Map<string, Draft>([["one", draft("one")]]);
  const outbox = new Set<string>();
  const calls = {
    send: async (_: Draft): Promise<readonly Row[] | null> => [row],
    find: async (): Promise<Found> => found("mgec"),
    again: async (): Promise<never> => {
      throw new Failed({ kind: "refused", code: "not_found", fields: {} });
    },
    newReceipt: async (): Promise<{ code: string; receipt: ReceiptKey }> => ({
      code: CODE,
      receipt: { key: "k", mode: "full" },
    }),
  };
  const ways = navigation({ at: "inbox" });
  const vault = {
    ...{ keepFile: async () => ({ fault: "unreadable" }) as const, dropFiles: async () => undefined },
    ...{
      agencies: async () => [],
      ownPlace: async () => "",
      ownReceipt: async () => ({ key: "k", mode: "full" }) as const,
    },
    draft: async (id: string) => (outbox.has(id) ? null : (kept.get(id) ?? null)),
    drafts: async () => [...outbox].map((id) => ({ id, waits: true }) as DraftRow),
    saveDraft: async (one: Draft) => void kept.set(one.id, one),
    dropDraft: async (id: string) => void kept.delete(id),
    send: (one: Draft) => calls.send(one),
    find: () => calls.find(),
    again: () => calls.again(),
    newReceipt: () => calls.newReceipt(),
  };
  const state = sendState(
    vault,
    ways,
    () => "mrc",
    () => NOW,
    () => undefined,
  );
  const opened = async () => {
    ways.go({ at: "send", step: "need" });
    await state.open("one");
  };
  return { state, ways, calls, kept, outbox, opened };
};
const said = ({ draft, outcome }: SendState) => [draft.value?.id, outcome.value?.code, outcome.value?.rows];

describe("her code", () => {
  test("is on the screen before anything leaves, and until it is known what became of it", async () => {
    const { state, ways, calls, opened } = sending();
    await opened();
    const answer = Promise.withResolvers<readonly Row[]>();
    let shown: unknown;
    calls.send = () => {
      shown = state.outcome.value?.code;
      return answer.promise;
    };
    const sent = state.send();
    await vi.waitFor(() => expect(shown).toBe(CODE));
    expect(said(state)).toEqual(["one", CODE, null]);
    expect(ways.screen.value).toEqual({ at: "send", step: "sent" });
    answer.resolve([row]);
    await sent;
    expect(said(state)).toEqual([undefined, CODE, [row]]);
    expect(ways.screen.value).toEqual({ at: "send", step: "sent" });
  });

  test.each(["clear", "close"] as const)(
    "leaves the page when it is left (%s), and stays gone when it is sent",
    async (leave) => {
      const { state, calls, opened } = sending();
      await opened();
      const answer = Promise.withResolvers<readonly Row[]>();
      calls.send = () => answer.promise;
      const sent = state.send();
      await vi.waitFor(() => expect(said(state)[1]).toBe(CODE));
      state[leave]();
      expect(said(state)).toEqual([undefined, undefined, undefined]);
      answer.resolve([row]);
      await sent;
      expect(said(state)).toEqual([undefined, undefined, undefined]);
    },
  );

  test.each(["clear", "close"] as const)(
    "that nobody could see (%s) is not sent: it is a draft still",
    async (leave) => {
      const { state, calls, kept, opened } = sending();
      await opened();
      const drawn = Promise.withResolvers<{ code: string; receipt: ReceiptKey }>();
      calls.newReceipt = () => drawn.promise;
      const asked = vi.fn(calls.send);
      calls.send = asked;
      const sent = state.send();
      state[leave]();
      drawn.resolve({ code: CODE, receipt: { key: "k", mode: "full" } });
      await sent;
      expect([asked.mock.calls.length, kept.has("one"), state.outcome.value]).toEqual([0, true, null]);
    },
  );

  test("goes with what the hub refused: she is asked again, and gets another one", async () => {
    const { state, ways, calls, opened } = sending();
    await opened();
    calls.send = async () => {
      throw new Failed({ kind: "refused", code: "recipient_suspended", fields: {} });
    };
    await state.send();
    expect(said(state)).toEqual(["one", undefined, undefined]);
    expect(state.draft.value?.returned?.code).toBe("recipient_suspended");
    expect([ways.screen.value, state.busy.value]).toEqual([{ at: "send", step: "check" }, false]);
  });

  test("stays with what the hub could not do: that is kept, and goes out by itself with this very code", async () => {
    const { state, ways, calls, outbox, opened } = sending();
    await opened();
    const asked = vi.fn(async (): Promise<readonly Row[]> => {
      outbox.add("one");
      throw new Failed({ kind: "hub", code: "internal", incident: "42" });
    });
    calls.send = asked;
    await state.send();
    expect(said(state)).toEqual([undefined, CODE, null]);
    expect(state.problem.value).toEqual({ kind: "hub", code: "internal", incident: "42" });
    expect(ways.screen.value).toEqual({ at: "send", step: "sent" });
    await state.send(); // twice would be two referrals
    state.heard({ type: "sent", draft: "one", rows: [row] });
    expect(said(state)).toEqual([undefined, CODE, [row]]);
    expect([asked.mock.calls.length, state.problem.value]).toEqual([1, null]);
  });
});

describe("what was asked for one draft", () => {
  test("is not shown in the next one, where the first is none of another agency's any more", async () => {
    const { state, calls, kept, opened } = sending();
    kept.set("one", draft("one", { of: "gone", step: "who" }));
    const slow = Promise.withResolvers<Found>();
    calls.find = () => slow.promise;
    const first = opened();
    await vi.waitFor(() => expect(state.draft.value?.of).toBeNull());
    kept.set("two", draft("two", { step: "who" }));
    calls.find = async () => found("iom");
    await state.open("two");
    slow.resolve(found("mgec"));
    await first;
    expect(state.found.value?.candidates.map(({ agency }) => agency)).toEqual(["iom"]);
  });

  test("and could not be had says so, and takes nothing else down", async () => {
    const { state, calls, kept, opened } = sending();
    kept.set("one", draft("one", { of: "gone", step: "need" }));
    calls.find = async () => {
      throw new Failed({ kind: "line" });
    };
    await opened();
    await state.find();
    expect([state.problem.value, state.draft.value?.of]).toEqual([{ kind: "line" }, null]);
  });

  test("comes back after the lock to the screens of sending alone", async () => {
    const { state, ways, opened } = sending();
    await opened();
    state.clear();
    await state.resume();
    expect(state.draft.value?.id).toBe("one");
    state.clear();
    ways.reset({ at: "find" }); // somebody else unlocked
    await state.resume();
    expect([state.draft.value, ways.screen.value]).toEqual([null, { at: "find" }]);
  });

  test("sends nobody away who went elsewhere while it was saved", async () => {
    const { state, ways, kept, opened } = sending();
    await opened();
    kept.delete("one");
    const saved = state.keep();
    state.clear();
    ways.reset({ at: "find" });
    await saved;
    await settled();
    expect(ways.screen.value.at).toBe("find");
  });
});
