import { describe, expect, test } from "vitest";
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
import { formAnew } from "../../src/screens/send/anew.ts";
import { emptyFilled, evidenceIn, filledAgain } from "../../src/screens/send/filled.ts";
import type { Again } from "../../src/worker/api.ts";
import type { Change, Consented, Standing } from "../../src/worker/consent-api.ts";
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
