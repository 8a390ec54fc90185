import { describe, expect, test, vi } from "vitest";
import { navigation } from "../../src/app/navigation.ts";
import { Failed } from "../../src/failed.ts";
import { emptyFilled } from "../../src/screens/send/filled.ts";
import { sendState } from "../../src/screens/send/state.ts";
import type { Draft, DraftRow, Found, ReceiptKey, Row } from "../../src/worker/api.ts";

const NOW = Date.parse("2026-11-27T02:00:00Z");
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
const found = (who: string): Found =>
  ({ from: "hub", at: "", candidates: [{ agency: who, gives: [] }] }) as unknown as Found;

const sending = () => {
  const kept = new Map<string, Draft>([["one", draft("one")]]);
  const outbox = new Set<string>();
  const calls = {
    send: async (_: Draft): Promise<readonly Row[] | null> => [],
    find: async (): Promise<Found> => found("mgec"),
    again: async (): Promise<never> => {
      throw new Failed({ kind: "refused", code: "not_found", fields: {} });
    },
    newReceipt: async (): Promise<{ code: string; receipt: ReceiptKey }> => ({
      code: "",
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
