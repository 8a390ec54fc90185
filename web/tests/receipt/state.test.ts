import { describe, expect, test, vi } from "vitest";
import { Failed } from "../../src/failed.ts";
import { Refused } from "../../src/protocol/errors.ts";
import type { Calls, Shown } from "../../src/receipt/calls.ts";
import { en } from "../../src/receipt/receipt-en.ts";
import { mn } from "../../src/receipt/receipt-mn.ts";
import { preferred } from "../../src/receipt/said.ts";
import { codeIn, holdersOf, inGroups, partsOf, receiptState, scopeOf } from "../../src/receipt/state.ts";

const CODE = "4071 2290 8836 1502 6647 0915 3328 7710";
const agency = (handle: string) => ({ handle, name: handle, nameEn: handle, phone: "" });
const holder = (to: string, sections: readonly string[], isSeveral = false) => ({
  to,
  agency: isSeveral ? null : agency(to),
  sections,
  purposes: ["give_service"],
  until: "2027-02-23T16:00:00Z",
  refused: isSeveral ? ["*"] : [],
  ended: null,
  basis: "informed_consent",
  reviewer: null,
  referrals: [],
});
const shown: Shown = {
  mode: "full",
  recorder: agency("mrc"),
  holders: [holder("mgec", ["needs", "safety"]), holder("iom", ["needs", "legal"]), holder("kind:police", [], true)],
  documents: ["{}"],
};

describe("the code", () => {
  test("stands in groups however it is typed, and no longer than it is", () => {
    expect(inGroups("4071-2290 88361")).toBe("4071 2290 8836 1");
    expect(inGroups(`${CODE}99`)).toBe(CODE);
  });

  test("comes from the address where it is whole", () => {
    expect(codeIn(`#${CODE.replaceAll(" ", "")}`)).toBe(CODE);
    expect(codeIn("#4071")).toBe("");
    expect(codeIn("")).toBe("");
  });
});

describe("what is taken back", () => {
  test("is everything, of one agency everything, or parts from whoever reads now", () => {
    expect(scopeOf({ what: "all" }, shown)).toEqual({ agencies: ["*"], sections: ["*"], purposes: ["*"] });
    expect(scopeOf({ what: "agency", agency: "iom" }, shown)).toEqual({
      agencies: ["iom"],
      sections: ["*"],
      purposes: ["*"],
    });
    expect(scopeOf({ what: "parts", parts: ["safety", "legal"] }, shown)).toEqual({
      agencies: ["mgec", "iom"],
      sections: ["legal", "safety"],
      purposes: ["*"],
    });
    expect(holdersOf(shown).map((one) => one.to)).toEqual(["mgec", "iom"]);
    expect(partsOf(shown)).toEqual(["needs", "safety", "legal"]);
  });
});

const refused = (code: string) => new Failed({ kind: "refused", code, fields: {} });

describe("a fault", () => {
  const failing = (error: unknown): Calls => ({
    look: vi.fn(() => Promise.reject(error)),
    withdraw: vi.fn(),
    make: vi.fn(),
    prove: vi.fn(),
  });
  test("in the digits is told before anything is asked", async () => {
    const calls = failing(refused("receipt_unknown"));
    const state = receiptState(calls, "4071");
    await state.look();
    expect(state.fault.value).toEqual({ fault: "short", count: 4 });
    state.code.value = CODE.replace(/.$/, (last) => `${(Number(last) + 1) % 10}`);
    await state.look();
    state.code.value = CODE.replace(/.$/, (last) => `${(Number(last) + 2) % 10}`);
    const first = state.fault.value;
    await state.look();
    expect([first, state.fault.value]).toContainEqual({ fault: "slip" });
  });

  test.each([
    [refused("receipt_unknown"), "code"],
    [refused("throttled"), "code"],
    [new Failed({ kind: "hub", code: "internal", incident: "1" }), "code"],
    [refused("basis_not_allowed"), "basis"],
    [new Failed({ kind: "line" }), "line"],
  ])("of the hub is one calm sentence, whichever it is (%s)", async (error, fault) => {
    const digits = "0".repeat(31);
    const { checkDigit } = await import("../../src/protocol/receipt.ts");
    const state = receiptState(failing(error), inGroups(digits + checkDigit(digits)));
    await state.look();
    expect(state.fault.value).toEqual({ fault });
    expect(state.shown.value).toBe(null);
  });
});

describe("the log", () => {
  const digits = "0".repeat(31);
  const seen = { head: null, network: "", since: new Map<string, number>() };
  const opened = async (prove: Calls["prove"], documents = shown.documents) => {
    const { checkDigit } = await import("../../src/protocol/receipt.ts");
    const calls = { look: async () => ({ ...shown, documents }), withdraw: vi.fn(), make: vi.fn(), prove };
    const waits: number[] = [];
    const state = receiptState(calls, inGroups(digits + checkDigit(digits)), Date.now, async (pause) => {
      waits.push(pause);
    });
    await state.look();
    await vi.waitFor(() => expect(state.log.value).not.toBe("looking"));
    return { state, waits };
  };

  test("is looked at again while it is too early, and each time goes on from what was seen", async () => {
    const prove = vi.fn(async () => ({ mark: "logged" as const, seen }));
    prove.mockImplementationOnce(async () => ({ mark: "promised", seen }) as never);
    const { state, waits } = await opened(prove);
    expect([state.log.value, waits.length]).toEqual(["logged", 1]);
    expect(prove.mock.lastCall?.at(2)).toBe(seen);
  });

  test.each([
    [async () => ({ mark: "promised" as const, seen }), "promised"],
    [async () => ({ mark: "doubtful" as const, seen }), "doubtful"],
    [async () => ({ mark: "missing" as const, seen }), "missing"],
    [async () => ({ mark: null, seen }), null],
    [() => Promise.reject(new Refused("proof_invalid")), "broken"],
    [() => Promise.reject(refused("throttled")), "unseen"],
    [() => Promise.reject(new TypeError("did not arrive")), "unseen"],
  ])("is told as it stands (%#)", async (prove, told) => {
    expect((await opened(prove)).state.log.value).toBe(told);
  });

  test("is not asked where a code shows nothing", async () => {
    const prove = vi.fn();
    expect((await opened(prove, [])).state.log.value).toBe(null);
    expect(prove).not.toHaveBeenCalled();
  });

  test("of somebody who has left tells nothing", async () => {
    const told = Promise.withResolvers<never>();
    const { checkDigit } = await import("../../src/protocol/receipt.ts");
    const calls = { look: async () => shown, withdraw: vi.fn(), make: vi.fn(), prove: () => told.promise };
    const state = receiptState(calls, inGroups(digits + checkDigit(digits)));
    await state.look();
    state.clear();
    told.reject(new Refused("proof_invalid"));
    await Promise.resolve();
    expect(state.log.value).toBe(null);
  });
});

test("both languages say the same things, with the same values", () => {
  const values = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((one) => one[1]).sort();
  expect(Object.keys(en).sort()).toEqual(Object.keys(mn).sort());
  for (const key of Object.keys(mn) as (keyof typeof mn)[])
    expect([key, values(en[key])]).toEqual([key, values(mn[key])]);
});

test("the browser's language is taken, and nothing of it kept", () => {
  expect(preferred(["en-GB", "mn"])).toBe("en");
  expect(preferred(["fr", "mn-MN", "en"])).toBe("mn");
  expect(preferred(["ru"])).toBe("mn");
});
