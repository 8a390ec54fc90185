/** Consent (protocol §7): the rule against a model of it written apart, and who may sign what. */

import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { Decisions } from "../../src/protocol/consent.ts";
import * as consent from "../../src/protocol/consent.ts";
import type { Document, Instant } from "../../src/protocol/documents.ts";
import { asSet, b64, newId, SigningKey, stamp } from "../../src/protocol/documents.ts";
import type { Code } from "../../src/protocol/errors.ts";
import { Refused } from "../../src/protocol/errors.ts";
import type { SealedReferral } from "../../src/protocol/referral.ts";
import * as referral from "../../src/protocol/referral.ts";
import type { Consent, Referral, Scope, Sealed } from "../../src/protocol/schemas.ts";
import { refused } from "./refusing.ts";
import { again, anyHash, DAY, EMPTY_OBJECT, given, HOUR, NOW, routing, Town } from "./town.ts";

const LATER = NOW + 30 * DAY;
const BY_THE_GUARDIAN = { by: "guardian", how: "signed", language: "mn", interpreter: false, witness: false };
const EXCEPTION = { reviewer: "nhrcm", overrides: null, tell_after: null };
const ZERO = b64(new Uint8Array(32));

let place: Town;
beforeAll(async () => {
  place = await Town.founded();
});

const takenBack = (...scopes: Scope[]): consent.Withdrawal => ({ scopes, spared: new Set(), at: null });
const everything = (agency: string): Scope => ({ agencies: [agency], sections: ["*"], purposes: ["*"] });
const texts = (...parts: string[]) => Object.fromEntries(parts.map((part) => [part, EMPTY_OBJECT]));

// --- the rule, against a model written from the text of §7 alone -----------------------------------------------------

const PURPOSES = ["give_service", "assess", "coordinate"];
const SECTIONS = ["needs", "identity", "medical"];
const ADDRESSEES = ["shelter", "police", "mrc", "kind:police", "kind:social_service", "*"];

interface Said {
  readonly sections: readonly string[];
  readonly purposes: readonly string[];
  readonly refused: readonly string[];
  readonly hours: number; // until the grant ends
}

/** `yes`, or the code, for a consent without exception. */
function model(
  said: ReadonlyMap<string, Said>,
  scopes: readonly Scope[],
  { agency, kind, part, hour }: { agency: string; kind: string; part: string; hour: number },
): string {
  const section = part.replace(/\/.*/, "");
  const gone: string[] = [];
  for (const one of scopes) {
    const isHers = one.agencies[0] === "*" || one.agencies.includes(agency);
    if (isHers && (one.sections[0] === "*" || one.sections.includes(section))) gone.push(...one.purposes);
  }
  const mine = said.get(agency);
  const purposes = mine && mine.sections.length > 0 ? mine.purposes : [];
  if (gone.includes("*")) return "consent_withdrawn";
  if (purposes.length > 0 && purposes.filter((one) => !gone.includes(one)).length === 0) return "consent_withdrawn";
  if (said.size > 0 && agency === "mrc") return "yes"; // the recorder
  if (section === "evidence") return "grant_missing";
  const isNarrow = section === "note" || section === "justification";
  for (const to of [agency, `kind:${kind}`, "*"]) {
    const no = said.get(to)?.refused ?? [];
    if (no.includes("*") || (!isNarrow && no.includes(section))) return "grant_refused";
  }
  if (mine === undefined || purposes.length === 0) return "grant_missing";
  if (!isNarrow && mine.sections[0] !== "*" && !mine.sections.includes(section)) return "grant_missing";
  return hour < mine.hours ? "yes" : "grant_expired";
}

const someOf = (names: string[]) => fc.subarray(names);
const allOr = (names: string[]) => fc.oneof(fc.constant(["*"]), fc.subarray(names, { minLength: 1 }));
const SAID = fc.record({
  sections: fc.oneof(fc.constant(["*"]), someOf(SECTIONS)),
  purposes: fc.subarray(PURPOSES, { minLength: 1 }),
  refused: fc.oneof(fc.constant<string[]>([]), fc.constant(["*"]), someOf(SECTIONS)),
  hours: fc.nat(4),
});
const MATRIX = fc.uniqueArray(fc.tuple(fc.constantFrom(...ADDRESSEES), SAID), { selector: ([to]) => to }).map(
  (pairs) =>
    // Kinds and everybody are granted nothing, whatever was drawn for them.
    new Map(pairs.map(([to, one]) => [to, to === "*" || to.startsWith("kind:") ? { ...one, sections: [] } : one])),
);
const SCOPES = fc.array(
  fc.record({
    agencies: allOr(["shelter", "police", "mrc"]),
    sections: allOr([...SECTIONS, "note"]),
    purposes: allOr(PURPOSES),
  }),
  { maxLength: 2 },
);

/** What the rule looks at, unsigned: the rule is pure, and leaves signatures to others. */
function unsigned(to: string, one: Said, id: string): Document<Consent> {
  const body: Consent = {
    ...BARE,
    consent: id,
    to,
    granted:
      one.sections.length > 0
        ? { sections: one.sections, purposes: one.purposes, until: stamp(NOW + one.hours * HOUR) }
        : null,
    refused: one.refused,
  };
  const none = new Uint8Array();
  return { kind: "consent", payload: none, signatures: [], body, pae: none, hash: none, sha256: "", envelope: "" };
}

const BARE: Consent = {
  network: newId(),
  at: stamp(NOW),
  directory: { size: 1, root: ZERO },
  author: { agency: "mrc", member: newId() },
  consent: newId(),
  recorder: "mrc",
  to: "*",
  version: 1,
  prev: null,
  basis: "informed_consent",
  given: { by: null, how: null, language: null, interpreter: false, witness: false },
  granted: null,
  refused: [],
  receipt: null,
  exception: null,
  retain_days: 90,
  sealed: null,
};

function answer(known: Decisions, asked: { agency: string; kind: string; part: string }, at: Instant): string {
  try {
    consent.mayRead(known, { ...asked, at });
  } catch (error) {
    if (error instanceof Refused) return error.code;
    throw error;
  }
  return "yes";
}

const CAST = [
  ["shelter", "social_service"],
  ["police", "police"],
  ["mrc", "ngo"],
  ["nhrcm", "ministry"],
] as const;

it("the rule is the model", () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(
      MATRIX,
      SCOPES,
      fc.constantFrom(...SECTIONS, "medical/file-1", "note", "evidence", "justification"),
      fc.nat(4),
      (said, scopes, part, hour) => {
        const id = newId();
        const documents = Array.from(said, ([to, one]) => unsigned(to, one, id));
        const known = given(documents, ...scopes.map((scope) => takenBack(scope)));
        for (const [agency, kind] of CAST) {
          const expected = model(said, scopes, { agency, kind, part, hour });
          expect(answer(known, { agency, kind, part }, NOW + hour * HOUR)).toBe(expected);
          seen.add(expected);
        }
      },
    ),
    { numRuns: 3000 },
  );
  expect([...seen].sort()).toEqual(["consent_withdrawn", "grant_expired", "grant_missing", "grant_refused", "yes"]);
});

it("what she decided on an agency is what the rule says of any part", () => {
  fc.assert(
    fc.property(MATRIX, SCOPES, someOf(SECTIONS), fc.nat(4), (said, scopes, parts, hour) => {
      const documents = Array.from(said, ([to, one]) => unsigned(to, one, BARE.consent));
      const known = given(documents, ...scopes.map((scope) => takenBack(scope)));
      for (const [agency, kind] of CAST) {
        const told = parts.map((part) => model(said, scopes, { agency, kind, part, hour }));
        const isNo = (code: string) => code === "consent_withdrawn" || code === "grant_refused";
        const isRefused = told.length > 0 && told.every(isNo);
        const expected = told.includes("yes") ? "agreed" : isRefused ? "refused" : "not_asked";
        expect(consent.decided(known, { agency, kind, parts, at: NOW + hour * HOUR })).toBe(expected);
      }
    }),
    { numRuns: 1000 },
  );
});

it("no grant, no sealing accepted: a referral passes exactly if the model lets it", async () => {
  await fc.assert(
    fc.asyncProperty(MATRIX, SCOPES, someOf(SECTIONS), fc.nat(4), async (said, scopes, parts, hour) => {
      const at = NOW + hour * HOUR;
      const changes = { consent: newId() };
      const documents: Document<Consent>[] = [];
      for (const [to, { sections, purposes, refused, hours }] of said) {
        const until = NOW + hours * HOUR;
        documents.push(await place.decide("nara", to, sections, { purposes, refused, until, changes }));
      }
      const known = given(documents, ...scopes.map((scope) => takenBack(scope)));
      const decision = known.newest.get("shelter") ?? (await place.decide("nara", "shelter", ["*"], { changes }));
      const one = await place.refer("nara", "shelter", decision, texts(...parts), { at });
      const told = (parts.length > 0 ? (["shelter", "mrc"] as const) : (["shelter"] as const)).flatMap((agency) =>
        (parts.length > 0 ? parts : ["note"]).map((part) =>
          model(said, scopes, { agency, kind: agency === "mrc" ? "ngo" : "social_service", part, hour }),
        ),
      );
      const first = consent.PRECEDENCE.find((code) => told.includes(code));
      const expected = first ?? (parts.length > 0 ? null : "grant_missing");
      const hand = () => referral.check(one, place.directory, known, at);
      if (expected === null) await hand();
      else expect((await refused(expected, hand)).at).toHaveProperty("reader");
    }),
    { numRuns: 40 },
  );
});

// --- the rule, in stories --------------------------------------------------------------------------------------------

describe("the rule", () => {
  const may = (known: Decisions, part: string, agency = "shelter", kind = "social_service", at = NOW) =>
    consent.mayRead(known, { agency, kind, part, at });

  it("refuses to each of a kind what was refused to the kind", async () => {
    const changes = { consent: newId() };
    const known = given([
      await place.decide("nara", "police", ["*"], { changes }),
      await place.decide("nara", "kind:police", [], { refused: ["medical"], changes }),
    ]);
    await refused("grant_refused", () => may(known, "medical", "police", "police"), { part: "medical" });
    expect([...may(known, "needs", "police", "police")]).toEqual(["give_service"]);
  });

  it("ends a grant at its instant, and governs a file by its section", async () => {
    const known = given([await place.decide("nara", "shelter", ["needs"], { refused: ["medical"], until: LATER })]);
    expect(may(known, "needs", "shelter", "ngo", LATER - 1000).size).toBe(1);
    await refused("grant_expired", () => may(known, "needs", "shelter", "ngo", LATER));
    expect(may(known, "needs/file-1").size).toBe(1);
    await refused("grant_refused", () => may(known, "medical/file-2"), { part: "medical/file-2" });
  });

  it("lets her take back one purpose, and all of them one by one", async () => {
    const two = await place.decide("nara", "shelter", ["needs"], { purposes: ["give_service", "assess"] });
    const takes = (purpose: string) => takenBack({ agencies: ["*"], sections: ["needs"], purposes: [purpose] });
    expect([...may(given([two], takes("assess")), "needs")]).toEqual(["give_service"]);
    const both = given([two], takes("assess"), takes("give_service"));
    await refused("consent_withdrawn", () => may(both, "needs"), { part: "needs", reader: "shelter" });
  });

  it("binds the consent by a withdrawal whatever is granted later, and counts the newest version alone", async () => {
    const first = await place.decide("nara", "shelter", ["needs", "medical"]);
    const newer = await place.decide("nara", "shelter", ["needs"], { after: first });
    await refused("consent_withdrawn", () => may(given([first, newer], takenBack(everything("shelter"))), "needs"));
    for (const known of [given([first, newer]), given([newer, first])]) {
      await refused("grant_missing", () => may(known, "medical"), { part: "medical" });
    }
  });

  it("ends by `overturned` the access of all but recorder and reviewer", async () => {
    const changes = { basis: "danger_to_life", exception: EXCEPTION };
    const decision = await place.decide("nara", "police", ["*"], { changes });
    const known = given([decision], consent.overturned(decision.body));
    await refused("consent_withdrawn", () => may(known, "needs", "police", "police"));
    expect(may(known, "needs", "mrc", "ngo").size).toBe(0);
    expect(may(known, "justification", "nhrcm", "ministry").size).toBe(0);
    await refused("grant_missing", () => may(known, "needs", "nhrcm", "ministry"));
  });
});

// --- authority, basis, and what a referral must be -------------------------------------------------------------------

function check(one: SealedReferral, known: Decisions, at = NOW): Promise<unknown> {
  return referral.check(one, place.directory, known, at);
}

async function changed(one: SealedReferral, changes: Partial<Referral>): Promise<SealedReferral> {
  return { document: await again("referral", one.document, place.people.nara!.key, changes), blobs: one.blobs };
}

describe("a referral", () => {
  it("passes under the newest decision on its recipient alone", async () => {
    const changes = { consent: newId() };
    const mine = await place.decide("nara", "shelter", ["needs"], { changes });
    const other = await place.decide("nara", "police", ["needs"], { changes });
    const invented = await place.decide("nara", "shelter", ["needs"], { changes: { ...changes, retain_days: 91 } });
    const future = await place.decide("nara", "shelter", ["needs"], { after: mine });
    for (const wrong of [other, invented, future]) {
      const one = await place.refer("nara", "shelter", wrong, texts("needs"));
      await refused("authority_mismatch", () => check(one, given([mine, other])), { reader: "shelter" });
    }
    const old = await place.refer("nara", "shelter", mine, texts("needs"));
    await check(old, given([mine]));
    await refused("consent_superseded", () => check(old, given([mine, future])), { reader: "shelter" });
  });

  it("is told of the rule before a fault of authority, and of the rule in its order", async () => {
    const first = await place.decide("nara", "shelter", ["needs", "medical"]);
    const newer = await place.decide("nara", "shelter", ["needs"], { refused: ["medical"], after: first });
    const old = await place.refer("nara", "shelter", first, texts("medical"));
    await refused("grant_refused", () => check(old, given([first, newer])), { part: "medical" });
    const at = NOW + HOUR;
    const said = { refused: ["medical"], until: at };
    const decision = await place.decide("nara", "shelter", ["needs", "identity"], said);
    const taken = takenBack({ agencies: ["shelter"], sections: ["identity"], purposes: ["*"] });
    const parts = ["identity", "medical", "contact", "needs"];
    for (const code of consent.PRECEDENCE) {
      const one = await place.refer("nara", "shelter", decision, texts(...parts), { at });
      await refused(code, () => check(one, given([decision], taken), at), { part: parts[0]!, reader: "shelter" });
      parts.shift();
    }
  });

  it.each([
    ["informed_consent", true, false],
    ["guardian_and_assent", true, true],
    ["guardian_and_assent", false, true],
    ["child_at_risk", false, false],
    ["child_at_risk", true, true],
    ["legal_duty", true, true],
    ["danger_to_life", false, true],
  ])("on %s, of a child: %s, is allowed: %s", async (basis, minor, isAllowed) => {
    const exception = consent.isException(basis) ? EXCEPTION : null;
    const who = basis === consent.FOR_A_CHILD ? { given: BY_THE_GUARDIAN } : {};
    const decision = await place.decide("nara", "shelter", ["needs"], { changes: { basis, exception, ...who } });
    const parts = texts("needs", ...(exception ? ["justification"] : []));
    const one = await place.refer("nara", "shelter", decision, parts, { routing: { minor } });
    if (isAllowed) await check(one, given([decision]));
    else await refused("basis_not_allowed", () => check(one, given([decision])), { field: "basis" });
  });

  describe("of a child", () => {
    const given = (by: string | null) => ({ by, how: "signed", language: "mn", interpreter: false, witness: false });
    const ofChild = (sections: string[], by: string | null, more: object = {}) =>
      place.decide("nara", "shelter", sections, {
        changes: { basis: "guardian_and_assent", given: given(by) },
        ...more,
      });

    it("its guardian agrees, either says no, and what may be read is named", async () => {
      consent.checkDecision((await ofChild(["needs"], "guardian")).body, true);
      consent.checkDecision((await ofChild([], "person", { refused: ["*"] })).body, true);
      const [alone, all] = [await ofChild(["needs"], "person"), await ofChild(["*"], "guardian")];
      await refused("basis_not_allowed", () => consent.checkDecision(alone.body), { field: "given.by" });
      await refused("basis_not_allowed", () => consent.checkDecision(all.body, true), { field: "granted.sections" });
    });

    it("its own no stands against its guardian's yes, until it says otherwise", async () => {
      const no = await ofChild([], "person", { refused: ["account"] });
      const known = consent.decisionsOf([no]);
      const next = async (by: string | null, refused: string[], basis = "guardian_and_assent") =>
        (await ofChild([], by, { refused, after: no, changes: { basis, given: given(by) } })).body;
      for (const by of ["guardian", "grandmother", null]) {
        const over = await next(by, []); // whoever speaks for it
        await refused("basis_not_allowed", () => consent.checkVersion(over, known, { at: NOW }), { field: "refused" });
      }
      const grown = await next("person", [], "informed_consent");
      await refused("basis_not_allowed", () => consent.checkVersion(grown, known, { at: NOW }), { field: "basis" });
      for (const body of [
        await next("person_supported", []),
        await next("guardian", ["account"]),
        await next("guardian", ["*"]),
      ])
        consent.checkVersion(body, known, { at: NOW });
    });
  });

  it("carries a justification exactly where it is an exception, for a reviewer that may review", async () => {
    const changes = { basis: "danger_to_life", exception: EXCEPTION };
    const without = await place.decide("nara", "shelter", ["needs"], { changes });
    const bare = await place.refer("nara", "shelter", without, texts("needs"));
    await refused("grant_missing", () => check(bare, given([without])), { reader: "nhrcm" });
    const agreed = await place.decide("nara", "shelter", ["needs"]);
    const usual = await place.refer("nara", "shelter", agreed, texts("needs"));
    const swapped = await changed(usual, { authority: bare.document.body.authority });
    await refused("basis_not_allowed", () => check(swapped, given([without])), { part: "justification" });
    const justified = await place.refer("nara", "shelter", agreed, texts("needs", "justification"));
    await refused("basis_not_allowed", () => check(justified, given([agreed])), { part: "justification" });
    const good = await place.refer("nara", "shelter", without, texts("needs", "justification"));
    await check(good, given([without]));
    const keys = good.document.body.sealed.keys.map((key) => `${key.part} ${key.agency}`);
    expect(keys.filter((key) => key.endsWith("nhrcm"))).toEqual(["justification nhrcm"]);
    const exception = { ...EXCEPTION, reviewer: "shelter" };
    const wrong = await place.decide("nara", "police", ["needs"], { changes: { ...changes, exception } });
    const one = await place.refer("nara", "police", wrong, texts("needs", "justification"));
    await refused("basis_not_allowed", () => check(one, given([wrong])), { reader: "shelter" });
  });

  it("has a form", async () => {
    const decision = await place.decide("nara", "shelter", ["*"]);
    const one = await place.refer("nara", "shelter", decision, texts("needs", "identity"));
    const { sealed } = one.document.body;
    const cases: [Partial<Referral>, string][] = [
      [{ routing: routing({ urgency: "soonish" }) }, "routing.urgency"],
      [{ routing: routing({ services: ["magic"] }) }, "routing.services"],
      [{ routing: routing({ language: "xx" }) }, "routing.language"],
      [{ to: "mrc" }, "to"],
    ];
    for (const [changes, field] of cases) {
      const wrong = await changed(one, changes);
      await refused("malformed", () => check(wrong, given([decision])), { field });
    }
    for (const part of ["evidence", "note", "unheard_of"]) {
      const never = await place.refer("nara", "shelter", decision, texts(part));
      await refused("malformed", () => check(never, given([decision])), { part });
    }
    for (const agency of ["mrc", "shelter"]) {
      const keys = sealed.keys.filter((key) => !(key.part === "needs" && key.agency === agency));
      const { document, blobs } = await changed(one, { sealed: { ...sealed, keys } });
      const rest = new Map([...blobs.keys].filter(([name]) => name !== `needs ${agency}`));
      const fewer = { document, blobs: { ...blobs, keys: rest } };
      await refused("malformed", () => check(fewer, given([decision])), { part: "needs", reader: agency });
    }
  });

  it("without any part gets the rule's answer for a note", async () => {
    const cases: [Code, Document<Consent>][] = [
      ["grant_missing", await place.decide("nara", "shelter", [], { refused: ["identity"] })],
      ["grant_refused", await place.decide("nara", "shelter", [], { refused: ["*"] })],
      ["grant_expired", await place.decide("nara", "shelter", ["identity"], { until: NOW })],
    ];
    for (const [code, decision] of cases) {
      const one = await place.refer("nara", "shelter", decision, {});
      await refused(code, () => check(one, given([decision])), { reader: "shelter" });
    }
  });

  it("is sent by focal points and partner systems, at most ten minutes ago, and not by or to who was suspended", async () => {
    for (const by of ["robot", "jargal", "bold", "kit"]) {
      const decision = await place.decide(by, "police", ["needs"]);
      const one = await place.refer(by, "police", decision, texts("needs"));
      const isSender = by === "robot" || by === "jargal";
      if (isSender) await check(one, given([decision]));
      else await refused("role_not_allowed", () => check(one, given([decision])), { field: "author" });
    }
    const decision = await place.decide("nara", "shelter", ["needs"]);
    const one = await place.refer("nara", "shelter", decision, texts("needs"));
    for (const at of [NOW - 600_000, NOW + 600_000]) await check(one, given([decision]), at);
    for (const at of [NOW - 601_000, NOW + 601_000]) {
      await refused("clock_skew", () => check(one, given([decision]), at), { field: "at" });
    }
    for (const handle of ["mrc", "shelter"]) {
      const town = await Town.founded();
      await town.take(await town.admission(handle, { suspended: true }));
      const mine = await town.decide("nara", "shelter", ["needs"]);
      const sent = await town.refer("nara", "shelter", mine, texts("needs"));
      const handIn = () => referral.check(sent, town.directory, given([mine]), NOW);
      await refused("recipient_suspended", handIn, { reader: handle });
    }
  });

  it("holds sections that are what they are called", async () => {
    const text = referral.sectionText("needs", { what: "ор, хоол", nights: 3 });
    expect(referral.readSection("needs", text).fields).toEqual({ what: "ор, хоол", nights: 3 });
    await refused("cannot_open", () => referral.readSection("identity", text), { part: "identity" });
    await refused("cannot_open", () => referral.readSection("needs", EMPTY_OBJECT), { part: "needs" });
    await refused("not_canonical", () => referral.sectionText("needs", { price: 1.5 }));
    await refused("not_canonical", () => referral.sectionText("needs", { нэр: "x" }));
  });
});

// --- decisions by themselves -----------------------------------------------------------------------------------------

function evidence(parts: string[], readers: [string, "sender" | "recipient"][], keys: [string, string][]): Sealed {
  return {
    parts: asSet(parts.map((name) => ({ name, size: 1096, sha256: ZERO }))),
    readers: asSet(readers.map(([agency, as]) => ({ agency, as, epoch: 1, sha256: ZERO }))),
    keys: asSet(keys.map(([part, agency]) => ({ part, agency, sha256: ZERO }))),
  };
}

describe("a decision", () => {
  it.each<[string, Partial<Consent>, Code, string]>([
    ["shelter", { basis: "because" }, "basis_not_allowed", "basis"],
    ["shelter", { basis: "constructor" }, "basis_not_allowed", "basis"],
    ["shelter", { basis: "danger_to_life" }, "basis_not_allowed", "exception"],
    ["shelter", { exception: EXCEPTION }, "basis_not_allowed", "exception"],
    ["kind:police", {}, "malformed", "granted"],
    ["*", {}, "malformed", "granted"],
    ["shelter", { refused: ["medcal"] }, "malformed", "refused"],
    ["shelter", { refused: ["evidence"] }, "malformed", "refused"],
    ["shelter", { refused: ["justification"] }, "malformed", "refused"],
    [
      "shelter",
      { receipt: { key: b64(Uint8Array.from({ length: 32 }, (_, at) => (at === 0 ? 1 : 0))), mode: "full" } },
      "key_refused",
      "receipt.key",
    ],
    [
      "police",
      { basis: "danger_to_life", exception: { ...EXCEPTION, reviewer: "mrc" } },
      "basis_not_allowed",
      "exception.reviewer",
    ],
    [
      "police",
      { basis: "danger_to_life", exception: { ...EXCEPTION, reviewer: "police" } },
      "basis_not_allowed",
      "exception.reviewer",
    ],
    ["shelter", { sealed: evidence(["needs"], [["mrc", "sender"]], [["needs", "mrc"]]) }, "malformed", "sealed.parts"],
    ["shelter", { sealed: evidence([], [["mrc", "sender"]], []) }, "malformed", "sealed.parts"],
    [
      "shelter",
      { sealed: evidence(["evidence"], [["shelter", "sender"]], [["evidence", "shelter"]]) },
      "malformed",
      "sealed.readers",
    ],
    [
      "shelter",
      { sealed: evidence(["evidence"], [["mrc", "recipient"]], [["evidence", "mrc"]]) },
      "malformed",
      "sealed.readers",
    ],
    [
      "shelter",
      {
        sealed: evidence(
          ["evidence"],
          [
            ["mrc", "sender"],
            ["shelter", "recipient"],
          ],
          [["evidence", "mrc"]],
        ),
      },
      "malformed",
      "sealed.readers",
    ],
    ["shelter", { sealed: evidence(["evidence"], [["mrc", "sender"]], []) }, "malformed", "sealed.keys"],
  ])("on %s with a fault is refused (%#)", async (to, changes, code, field) => {
    const decision = await place.decide("nara", to, ["needs"], { changes });
    await refused(code, () => consent.checkDecision(decision.body), { field });
  });

  it("grants nothing unheard of", async () => {
    for (const [sections, purposes] of [
      [["account", "wishes"], ["assess"]],
      [["needs"], ["gossip"]],
    ]) {
      const { body } = await place.decide("nara", "shelter", sections!, { purposes: purposes! });
      await refused("malformed", () => consent.checkDecision(body));
    }
  });

  it("with evidence and a receipt key as they should be is taken", async () => {
    const sealed = evidence(
      ["evidence", "evidence/file-1"],
      [["mrc", "sender"]],
      [
        ["evidence", "mrc"],
        ["evidence/file-1", "mrc"],
      ],
    );
    const receipt = { key: b64((await SigningKey.generate()).public), mode: "withdraw" as const };
    const { body } = await place.decide("nara", "shelter", ["needs"], { changes: { sealed, receipt } });
    consent.checkDecision(body, false);
    await refused("basis_not_allowed", () => consent.checkDecision(body, true), { field: "basis" });
  });

  it("without consent ends within thirty days of the first version", async () => {
    const changes = { basis: "legal_duty", exception: EXCEPTION };
    const first = await place.decide("nara", "police", ["needs"], { changes, until: NOW + 30 * DAY });
    consent.checkDecision(first.body);
    const until = NOW + 30 * DAY + 1000;
    const long = await place.decide("nara", "police", ["needs"], { changes, until });
    await refused("basis_not_allowed", () => consent.checkDecision(long.body), { field: "granted.until" });
    const later = await place.decide("nara", "police", ["needs"], { changes, until, after: first });
    await refused("basis_not_allowed", () => consent.checkException(later.body, NOW), { field: "granted.until" });
  });
});

// --- versions, and who signs them ------------------------------------------------------------------------------------

describe("a version", () => {
  const version = (one: Document<Consent>, known: readonly Document<Consent>[], at = NOW) =>
    consent.checkVersion(one.body, given(known), { at, authorKind: "ministry" });

  it("goes on from the newest", async () => {
    const first = await place.decide("nara", "shelter", ["needs"]);
    const second = await place.decide("nara", "shelter", ["needs"], { after: first });
    version(first, []);
    version(second, [first]);
    for (const late of [first, second]) {
      await refused("head_moved", () => version(late, [first, second]), { field: "prev", head: second.sha256 });
    }
    await refused("head_moved", () => version(second, []), { field: "prev" });
    const skipped = await again("consent", second, place.people.nara!.key, { version: 3 });
    await refused("head_moved", () => version(skipped, [first]), { head: first.sha256 });
  });

  it("has the recorder and the nature of the others", async () => {
    const first = await place.decide("nara", "shelter", ["needs"]);
    const changes = { consent: first.body.consent };
    const foreign = await place.decide("dorj", "nhrcm", ["needs"], { changes });
    await refused("consent_author", () => version(foreign, [first]), { field: "recorder" });
    const exceptional = { ...changes, basis: "danger_to_life", exception: EXCEPTION };
    const mixed = await place.decide("nara", "police", ["needs"], { changes: exceptional });
    await refused("basis_not_allowed", () => version(mixed, [first]), { field: "basis" });
  });

  it("is of one of at most 64 decisions", async () => {
    const changes = { consent: newId() };
    const known: Document<Consent>[] = [];
    for (let number = 0; number < 64; number++) {
      known.push(await place.decide("nara", `agency-${number}`, ["needs"], { changes }));
    }
    const more = await place.decide("nara", "shelter", ["needs"], { changes });
    await refused("limit_exceeded", () => version(more, known), { field: "consent", most: 64 });
    version(more, known.slice(1));
  });

  // What the coordinating agency `nhrcm` writes on a third one.
  const passesOn = (
    held: Document<Consent>,
    {
      to = "shelter",
      sections = ["needs"],
      until = LATER,
      purposes = ["give_service"],
      refused: no = [],
      ...changes
    }: {
      to?: string;
      sections?: string[];
      until?: Instant;
      purposes?: string[];
      refused?: string[];
    } & Omit<Partial<Consent>, "refused" | "to"> = {},
  ) =>
    place.decide("altan", to, sections, {
      until,
      purposes,
      refused: no,
      changes: { consent: held.body.consent, recorder: "mrc", ...changes },
    });
  const coordinating = (sections = ["needs", "safety"], refused: string[] = []) =>
    place.decide("nara", "nhrcm", sections, { purposes: ["give_service", "coordinate"], until: LATER, refused });

  it("may be a coordinating agency's on a third one, within what it holds, and no further", async () => {
    const held = await coordinating();
    version(await passesOn(held), [held]);
    for (const changes of [
      { sections: ["needs", "medical"] },
      { sections: ["*"] },
      { until: LATER + 1000 },
      { purposes: ["coordinate"] },
      { purposes: ["investigate"] },
      { retain_days: 91 },
      { basis: "guardian_and_assent", given: BY_THE_GUARDIAN },
      { receipt: { key: anyHash(), mode: "full" as const } },
      { to: "nhrcm" },
      { to: "mrc" },
      { to: "kind:police", sections: [], refused: ["*"] },
      { sections: [], refused: ["*"] },
    ]) {
      const beyond = await passesOn(held, changes);
      await refused("consent_author", () => version(beyond, [held]));
    }
  });

  it("is then the first one alone; the recorder goes on", async () => {
    const held = await coordinating();
    const first = await passesOn(held);
    const second = await passesOn(held, { version: 2, prev: first.sha256 });
    await refused("consent_author", () => version(second, [held, first]), { field: "author" });
    const recorders = await place.decide("nara", "shelter", ["needs"], { after: first, changes: { recorder: "mrc" } });
    version(recorders, [held, first]);
  });

  it("passes on nothing that she took back, that is refused, or that has ended", async () => {
    const held = await coordinating();
    const next = await passesOn(held);
    for (const scope of [
      { agencies: ["nhrcm"], sections: ["*"], purposes: ["coordinate"] },
      { agencies: ["*"], sections: ["*"], purposes: ["*"] },
      { agencies: ["nhrcm"], sections: ["needs"], purposes: ["coordinate"] },
      { agencies: ["nhrcm"], sections: ["needs"], purposes: ["give_service"] },
    ]) {
      const known = given([held], takenBack(scope));
      const taken = () => consent.checkVersion(next.body, known, { at: NOW, authorKind: "ministry" });
      await refused("consent_author", taken);
    }
    await refused("consent_author", () => version(next, [held], LATER));
    for (const to of ["nhrcm", "kind:ministry", "*"]) {
      const all = await coordinating(["*"], to === "nhrcm" ? ["medical"] : []);
      const changes = { consent: all.body.consent };
      const no = to === "nhrcm" ? [] : [await place.decide("nara", to, [], { refused: ["medical"], changes })];
      const medical = await passesOn(all, { sections: ["medical"] });
      await refused("consent_author", () => version(medical, [all, ...no]));
      version(await passesOn(all, { sections: ["safety"] }), [all, ...no]);
    }
  });

  it("is nobody's who does not coordinate", async () => {
    const held = await place.decide("nara", "nhrcm", ["needs"], { until: LATER });
    const next = await passesOn(held);
    for (const known of [[held], []]) await refused("consent_author", () => version(next, known), { field: "author" });
  });

  it("shows a reader who may have signed it", async () => {
    const held = await coordinating();
    consent.checkSigner(held.body);
    const third = (await passesOn(held)).body;
    consent.checkSigner(third);
    for (const wrong of [
      { ...third, version: 2 },
      { ...third, to: "*" },
      { ...third, to: "kind:police" },
      { ...third, to: "nhrcm" },
      { ...third, to: "mrc" },
    ]) {
      await refused("consent_author", () => consent.checkSigner(wrong), { field: "author" });
    }
  });
});
