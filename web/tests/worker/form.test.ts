/** What goes to whom from a form, and until when. */

import { describe, expect, it } from "vitest";
import { endOfDay } from "../../src/days.ts";
import { stamp } from "../../src/protocol/documents.ts";
import type { Consented, Form } from "../../src/worker/form.ts";
import { addresseesOf, partsFor, untilOf } from "../../src/worker/form.ts";

const at = (text: string) => Date.parse(text);

describe("a grant", () => {
  it("ends with its last day in Ulaanbaatar", () => {
    for (const [now, days, end] of [
      ["2026-11-25T15:59:59Z", 0, "2026-11-25T16:00:00Z"],
      ["2026-11-25T16:00:00Z", 0, "2026-11-26T16:00:00Z"],
      ["2026-11-25T04:00:00Z", 90, "2027-02-23T16:00:00Z"],
      ["2028-02-28T20:00:00Z", 1, "2028-03-01T16:00:00Z"],
    ] as const) {
      expect(stamp(endOfDay(at(now), days))).toBe(end);
    }
  });

  it("ends without consent after thirty times 24 hours at the latest", () => {
    const now = at("2026-11-25T04:00:00Z");
    const grant = { sections: ["*"], purposes: ["assess"], days: 30 };
    expect(stamp(untilOf(grant, now, "informed_consent"))).toBe("2026-12-25T16:00:00Z");
    expect(stamp(untilOf(grant, now, "danger_to_life"))).toBe("2026-12-25T04:00:00Z");
    expect(stamp(untilOf({ ...grant, days: 2 }, now, "danger_to_life"))).toBe("2026-11-27T16:00:00Z");
  });
});

describe("the parts for an agency", () => {
  const form = (consent: Partial<Consented>): Form => ({
    routing: { urgency: "urgent", services: ["shelter"], place: "MN-053", language: "mn", minor: false },
    recipients: ["mgec"],
    sections: new Map(["justification", "medical", "needs", "identity", "evidence"].map((one) => [one, {}])),
    consent: {
      basis: "informed_consent",
      givenBy: "person",
      givenHow: "signed",
      language: "mn",
      interpreter: false,
      witness: false,
      retainDays: 90,
      grants: new Map([["mgec", { sections: ["*"], purposes: ["give_service"], days: 90 }]]),
      refusals: new Map(),
      exception: null,
      receipt: null,
      ...consent,
    },
  });

  it("are all that there are, but for what stays with the recorder and what is refused", () => {
    expect(partsFor(form({}), "mgec", "ngo")).toEqual(["needs", "identity", "medical"]);
    for (const to of ["mgec", "kind:ngo", "*"]) {
      const refusing = form({ refusals: new Map([[to, ["medical"]]]) });
      expect(partsFor(refusing, "mgec", "ngo")).toEqual(["needs", "identity"]);
      expect(partsFor(form({ refusals: new Map([[to, ["*"]]]) }), "mgec", "ngo")).toEqual([]);
    }
    const police = form({ refusals: new Map([["kind:police", ["*"]]]) });
    expect(partsFor(police, "mgec", "ngo")).toEqual(["needs", "identity", "medical"]);
    expect(partsFor(police, "police", "police")).toEqual([]);
    expect(addresseesOf(police.consent)).toEqual(["kind:police", "mgec"]);
  });

  it("are those that its grant names", () => {
    const grants = new Map([["mgec", { sections: ["identity", "legal"], purposes: ["assess"], days: 1 }]]);
    expect(partsFor(form({ grants }), "mgec", "ngo")).toEqual(["identity"]);
  });

  it("have the justification where there is no consent", () => {
    const exception = { reviewer: "nhrcm", tellAfterDays: 0 };
    const parts = partsFor(form({ basis: "danger_to_life", exception }), "mgec", "ngo");
    expect(parts).toEqual(["needs", "identity", "medical", "justification"]);
  });
});
