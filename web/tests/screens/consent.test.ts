import { describe, expect, test, vi } from "vitest";
import { Failed } from "../../src/failed.ts";
import type { Document } from "../../src/protocol/documents.ts";
import type { Signer } from "../../src/protocol/referral.ts";
import type { Consent } from "../../src/protocol/schemas.ts";
import {
  changesIn,
  childsWord,
  filledFrom,
  meantBy,
  opensAgain,
  saidIn,
  withAnew,
} from "../../src/screens/consent/deciding.ts";
import { consentState } from "../../src/screens/consent/state.ts";
import { formAnew } from "../../src/screens/send/anew.ts";
import { columnsOf, emptyFilled, evidenceIn, filledAgain } from "../../src/screens/send/filled.ts";
import type { Again, Referral } from "../../src/worker/api.ts";
import type { Change, Consented, Deed, Standing } from "../../src/worker/consent-api.ts";
import { signedOn, takenBack } from "../../src/worker/consenting.ts";
import type { SealedEvidence } from "../../src/worker/giving.ts";

const NOW = Date.parse("2026-11-27T02:00:00Z");
const UNTIL = "2027-02-25T16:00:00.000Z";
const said = { by: "person", how: "spoken", language: "mn", interpreter: false, witness: false };
const standing = (to: string, some: Partial<Standing> = {}): Standing => ({
  ...{ to, sections: [], purposes: [], until: null, refused: [], version: 1, document: to, said, retainDays: 90 },
  at: "2026-11-27T01:00:00.000Z",
  ...some,
});
const granted = { sections: ["needs", "safety"], purposes: ["give_service"], until: UNTIL };
const stands: Consented = {
  ...{ consent: "c", recorder: "mrc", basis: "informed_consent", isOver: false, isExceptional: false, receipt: null },
  ...{ said, waits: null, takenBack: [], changedAt: "2026-11-25T10:00:00Z" },
  decisions: [
    standing("iom", { ...granted, sections: ["*"] }),
    standing("kind:police", { refused: ["*"] }),
    standing("mgec", { ...granted, refused: ["account"] }),
    standing("tatatunga", { refused: ["*"] }),
  ],
};
const kindOf = () => "ngo";
const fresh = filledFrom(stands, false, NOW);
const decide = (to: string, some: object) => ({
  ...fresh,
  decided: { ...fresh.decided, [to]: { ...fresh.decided[to]!, ...some } },
});
const changes = (filled: typeof fresh) => changesIn(stands, meantBy(filled, kindOf), kindOf);

describe("what she decides later", () => {
  test("changes nothing as long as it is filled in as it stands", () => expect(changes(fresh)).toEqual([]));

  test("is a version on whom it changes, and on nobody else", () => {
    expect(changes(decide("mgec", { sections: ["needs"] }))).toEqual([
      { to: "mgec", granted: { ...granted, sections: ["needs"] }, refused: ["account"] },
    ]);
    const until = "2027-05-26T16:00:00.000Z";
    expect(changes(decide("mgec", { until }))).toEqual([
      { to: "mgec", granted: { ...granted, until }, refused: ["account"] },
    ]);
    expect(changes(decide("mgec", { sections: [] }))).toEqual([{ to: "mgec", granted: null, refused: ["account"] }]);
  });

  test("grants nothing that she refuses in the same breath", () =>
    expect(changes(decide("mgec", { refused: ["account", "safety"] }))).toEqual([
      { to: "mgec", granted: { ...granted, sections: ["needs"] }, refused: ["account", "safety"] },
    ]));

  test("refuses an agency in whole, a kind, everybody; and lifts what she refused", () => {
    const nobody = ["mgec", "kind:police", "*"];
    expect(changes({ ...fresh, nobody })).toEqual([
      { to: "mgec", granted: null, refused: ["*"] },
      { to: "*", granted: null, refused: ["*"] },
      { to: "tatatunga", granted: null, refused: [] },
    ]);
  });

  test("is there again as it was filled in", () => {
    const filled = {
      ...decide("mgec", { sections: ["needs"] }),
      ...{ nobody: ["tatatunga"], how: "signed", witness: true },
    };
    const made = changes(filled);
    expect(made.map(({ to }) => to)).toEqual(["mgec", "kind:police"]);
    const file = { id: "1", name: "signed.jpg", type: "image/jpeg", size: 9, sha256: "", cleaned: false };
    const evidence = { fields: { note: "Thumbprint" }, files: [file] };
    const deed = { do: "decide", changes: made, said: saidIn(filled), evidence } as const;
    const again = withAnew(fresh, deed, NOW);
    expect(changes(again)).toEqual(made);
    expect(saidIn(again)).toEqual(saidIn(filled));
    expect(evidenceIn(again, NOW)).toEqual(evidence);
    expect(evidenceIn(withAnew(again, { ...deed, evidence: undefined }, NOW), NOW)).toBeUndefined();
  });

  test("is the guardian's word for a child, whoever spoke last; and of its own word only what it refuses", () => {
    const child = filledFrom({ ...stands, said: { ...said, by: "person" } }, true, NOW);
    expect(saidIn({ ...child, how: "signed" }).by).toBe("guardian");
    const less = { ...child, nobody: ["kind:police"], decided: { ...child.decided } };
    less.decided.mgec = { ...child.decided.mgec!, sections: ["needs"], refused: [] };
    expect(opensAgain(stands, changes(less))).toBe(true);
    expect(opensAgain(stands, changes({ ...less, nobody: child.nobody, decided: { ...child.decided } }))).toBe(false);
    expect(opensAgain(stands, changes({ ...child, nobody: ["mgec", ...child.nobody] }))).toBe(false);
    expect(childsWord(stands, { ...less, by: "person" }, kindOf)).toEqual([
      { to: "mgec", granted: null, refused: [] },
      { to: "tatatunga", granted: null, refused: [] },
    ]);
    expect(childsWord(stands, { ...child, by: "person" }, kindOf)).toEqual([]);
  });
});

describe("evidence of what she decides later", () => {
  const no: Change = { to: "*", granted: null, refused: ["*"] };
  const evidence = { consent: "c", sealed: {}, blobs: {} } as unknown as SealedEvidence;
  const signed = (refused: readonly string[], changes: readonly Change[]) => {
    const stood = { body: { to: "*", granted: null, refused }, sha256: "h" } as unknown as Document<Consent>;
    const deed = { do: "decide", changes, said } as const;
    return signedOn({} as Signer, new Map([["*", stood]]), deed, { "*": "h" }, NOW, evidence);
  };

  test.each([
    ["took back", ["*"], []],
    ["takes back", [], [no]],
  ])("is refused where she %s everything, before anything is signed", async (_, refused, to) =>
    expect(signed(refused, to)).rejects.toMatchObject({ code: "consent_withdrawn" }),
  );
});

describe("what goes to another agency, when she is asked again", () => {
  const again = (some: Partial<Consented> = {}, minor = false): Again => ({
    ...{ of: "r", stands: { ...stands, ...some }, filled: null, counterpart: "iom", state: "declined", filesLeft: 0 },
    found: { from: "hub", at: "2026-11-27T02:00:00Z", candidates: [] },
    form: {
      routing: { urgency: "days", services: ["shelter"], place: "mn-1", language: "mn", minor },
      recipients: [],
      consent: {
        ...{ basis: "informed_consent", givenBy: "person", givenHow: "signed", language: "mn" },
        ...{ interpreter: false, witness: false },
        grants: [{ to: "mgec", ...granted }],
        refusals: stands.decisions
          .filter((one) => one.refused.length > 0)
          .map((one) => ({ to: one.to, sections: one.refused })),
      },
      sections: { needs: { dependants: 1 } },
    },
  });
  const nextOf = (of: Again, some: object = {}) =>
    formAnew({ ...filledAgain(of), recipients: ["mgec"], ...some }, of, NOW, kindOf).consent.next;
  const until = "2027-05-26T16:00:00.000Z";
  const longer = { mgec: { ...granted, until, refused: ["account"] } };

  test("becomes the next version of that decision, without losing what is not filled in", () => {
    expect(nextOf(again())?.changes).toEqual([]);
    expect(nextOf(again(), { decided: longer })).toEqual({
      changes: [{ to: "mgec", granted: { ...granted, until }, refused: ["account"] }],
      shown: { iom: "iom", "kind:police": "kind:police", mgec: "mgec", tatatunga: "tatatunga" },
    });
    const first = { ...granted, sections: ["needs"], refused: [] };
    const toNew = nextOf(again(), {
      recipients: ["glc"],
      decided: { glc: { ...first, sections: ["needs", "legal"] } },
    });
    expect(toNew?.changes).toEqual([{ to: "glc", granted: { ...granted, sections: ["needs"] }, refused: [] }]);
  });

  test("is under a consent of its own where hers cannot go on", () => {
    const scope = { agencies: ["*"], sections: ["safety"], purposes: ["*"] };
    const without = { ground: "", reviewer: "", refused: [], tellAfterDays: 0 };
    expect(
      nextOf(
        again({
          takenBack: [
            { ...scope, agencies: ["iom"] },
            { ...scope, sections: ["account"] },
          ],
        }),
      ),
    ).toBeDefined();
    expect(nextOf(again({ takenBack: [scope] }))).toBeUndefined();
    expect(nextOf(again({ isOver: true }))).toBeUndefined();
    expect(nextOf(again({ isExceptional: true }))).toBeUndefined();
    expect(nextOf({ ...again(), stands: null })).toBeUndefined();
    expect(nextOf(again(), { minor: true })).toBeUndefined();
    expect(nextOf(again(), { without })).toBeUndefined();
    expect(formAnew(emptyFilled(""), null, NOW, kindOf).consent.next).toBeUndefined();
  });
});

describe("what is taken back", () => {
  const newest = new Map(
    [
      { to: "iom", granted: { ...granted, sections: ["*"] }, refused: [] },
      { to: "kind:police", granted: null, refused: ["*"] },
      { to: "mgec", granted: { ...granted, purposes: ["assess", "give_service"] }, refused: [] },
    ].map((body) => [body.to, { body } as unknown as Document<Consent>]),
  );
  const nothing = { granted: null, refused: ["*"] };
  const scope = { agencies: null, sections: null, purposes: null };

  test("in whole is refused to everybody", () =>
    expect(takenBack(newest, scope)).toEqual([
      { to: "iom", ...nothing },
      { to: "mgec", ...nothing },
      { to: "*", ...nothing },
    ]));

  test("from one agency leaves the others as they are", () =>
    expect(takenBack(newest, { ...scope, agencies: ["mgec"] })).toEqual([{ to: "mgec", ...nothing }]));

  test("of a section is refused for good, also where all were granted", () => {
    const [iom, mgec] = takenBack(newest, { ...scope, sections: ["safety"] });
    expect(iom).toMatchObject({ to: "iom", granted: { sections: ["*"] }, refused: ["safety"] });
    expect(mgec).toMatchObject({ to: "mgec", granted: { sections: ["needs"] }, refused: ["safety"] });
  });

  test("of a purpose leaves the other; of each leaves nothing", () => {
    const of = { ...scope, agencies: ["mgec"] };
    expect(takenBack(newest, { ...of, purposes: ["assess"] })[0]?.granted?.purposes).toEqual(["give_service"]);
    expect(takenBack(newest, { ...of, purposes: ["assess", "give_service"] })).toEqual([{ to: "mgec", ...nothing }]);
    expect(takenBack(newest, { ...of, purposes: ["investigate"] })).toEqual([]);
  });
});

describe("while she decides", () => {
  const referral = { id: "r", minor: false } as unknown as Referral;
  const arrived = (kind: string) => ({ type: "arrived", kind, referral: "another" }) as const;
  const settled = () => new Promise((done) => setTimeout(done));

  const deciding = async () => {
    const saved: (Deed | null)[] = [];
    const calls = {
      consented: async (): Promise<Consented> => stands,
      redecide: async (): Promise<Consented | null> => stands,
      saveDeed: async (): Promise<void> => undefined,
    };
    const vault = {
      ...{ agencies: async () => [], show: async () => referral },
      ...{ keepFile: async () => ({ fault: "unreadable" }) as const, dropFiles: async () => undefined },
      consented: () => calls.consented(),
      redecide: () => calls.redecide(),
      saveDeed: async (_: string, deed: Deed | null) => {
        saved.push(deed);
        await calls.saveDeed();
      },
    };
    const state = consentState(
      vault,
      "r",
      "mrc",
      () => NOW,
      () => undefined,
    );
    await state.load();
    /** What is read from now on comes when it is let. */
    const slowly = () => {
      const answer = Promise.withResolvers<Consented>();
      calls.consented = () => answer.promise;
      return answer;
    };
    const sectionsOf = (to: string) => state.filled.value?.decided[to]?.sections;
    return { state, calls, saved, slowly, sectionsOf };
  };
  const version = (some: Partial<Standing>): Consented => ({
    ...stands,
    decisions: stands.decisions.map((one) => (one.to === "mgec" ? { ...one, ...some } : one)),
  });
  const narrowed = { sections: ["safety"], document: "mgec 2", version: 2 };

  test("what she says no to stays no, when something that ended has it looked for anew", async () => {
    const { state, saved, slowly, sectionsOf } = await deciding();
    const answer = slowly();
    state.heard(arrived("expired"));
    state.decide("mgec", { sections: ["needs"] });
    await vi.waitFor(() => expect(saved).toHaveLength(1)); // it is kept, too; what comes was read before
    state.change({ how: "signed" });
    answer.resolve(stands);
    await settled();
    expect([sectionsOf("mgec"), state.filled.value?.how]).toEqual([["needs"], "signed"]);
    expect(await state.agree()).toBe(true);
  });

  test("so does what was kept of it, and is taken back meanwhile", async () => {
    const { state, slowly, sectionsOf } = await deciding();
    state.decide("mgec", { sections: ["needs"] });
    const changed = [{ to: "mgec", granted: { ...granted, sections: ["needs"] }, refused: ["account"] }];
    const deed = { do: "decide", changes: changed, said: saidIn(state.filled.value!) } as const;
    const answer = slowly();
    state.heard(arrived("expired"));
    await settled();
    state.decide("mgec", { sections: ["needs", "safety"] });
    answer.resolve({ ...stands, waits: { deed, isSigned: false, returned: null } });
    await settled();
    expect(sectionsOf("mgec")).toEqual(["needs", "safety"]);
  });

  test("it lies over what stands by then, of which she is told", async () => {
    const { state, slowly, sectionsOf } = await deciding();
    const answer = slowly();
    state.heard(arrived("narrowed"));
    state.decide("iom", { sections: ["needs"] });
    answer.resolve(version(narrowed));
    await settled();
    expect([sectionsOf("iom"), sectionsOf("mgec")]).toEqual([["needs"], ["safety"]]);
    expect(state.faults.value).toEqual([{ field: "consent-stands", key: "later.overtaken" }]);
  });

  test("an older answer takes no newer one's place", async () => {
    const { state, slowly, sectionsOf } = await deciding();
    const older = slowly();
    state.heard(arrived("expired"));
    await settled();
    const newer = slowly();
    state.heard(arrived("narrowed"));
    await settled();
    newer.resolve(version(narrowed));
    await settled();
    older.resolve(stands);
    await settled();
    expect(sectionsOf("mgec")).toEqual(["safety"]);
  });

  test("nor what was read before she agreed that of her decision", async () => {
    const { state, calls, slowly, sectionsOf } = await deciding();
    const older = slowly();
    state.heard(arrived("expired"));
    await settled();
    calls.redecide = async () => version(narrowed);
    state.decide("mgec", { sections: ["safety"] });
    state.change({ how: "spoken" });
    expect(await state.agree()).toBe(true);
    older.resolve(stands);
    await settled();
    expect([state.stands.value?.decisions.find(({ to }) => to === "mgec")?.version, sectionsOf("mgec")]).toEqual([
      2,
      ["safety"],
    ]);
  });

  test("what was recorded by itself leaves nothing filled in over it", async () => {
    const { state, calls, sectionsOf } = await deciding();
    calls.redecide = async () => null;
    state.decide("mgec", { sections: ["safety", "needs"] });
    state.decide("iom", { sections: ["needs"] });
    state.change({ how: "spoken" });
    expect(await state.agree()).toBe(true);
    calls.consented = async () => version(narrowed);
    state.heard({ type: "redecided", referral: "r", problem: null });
    await settled();
    expect([sectionsOf("mgec"), sectionsOf("iom")?.length]).toEqual([["safety"], 9]);
  });

  test("of whom she decides anew stands there once, also where a colleague was quicker", async () => {
    const { state, calls } = await deciding();
    state.ask("glc");
    state.decide("glc", { sections: ["needs"] });
    state.change({ how: "spoken" });
    calls.redecide = async () => {
      throw new Failed({ kind: "refused", code: "head_moved", fields: {} });
    };
    expect(await state.agree()).toBe(false);
    expect(columnsOf(state.filled.value!).filter((one) => one === "glc")).toEqual(["glc"]);
  });

  test("what is not to be done is gone from what stands by then", async () => {
    const { state, calls, sectionsOf } = await deciding();
    state.decide("iom", { sections: ["needs"] });
    const dropped = Promise.withResolvers<void>();
    calls.saveDeed = () => dropped.promise;
    const discarded = state.discard();
    await settled();
    calls.consented = async () => version(narrowed);
    await state.load();
    dropped.resolve();
    await discarded;
    expect([sectionsOf("iom")?.length, sectionsOf("mgec")]).toEqual([9, ["safety"]]);
  });
});
