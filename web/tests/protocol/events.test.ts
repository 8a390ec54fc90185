/** Events (protocol §9): each step in each state by each side, written out; and what an event must be. */

import { beforeEach, describe, expect, it } from "vitest";
import type { Decisions } from "../../src/protocol/consent.ts";
import type { Document } from "../../src/protocol/documents.ts";
import { b64, newId } from "../../src/protocol/documents.ts";
import { Refused } from "../../src/protocol/errors.ts";
import * as events from "../../src/protocol/events.ts";
import type { SealedReferral } from "../../src/protocol/referral.ts";
import { bindingOf } from "../../src/protocol/referral.ts";
import type { As, Consent, Event, Scope } from "../../src/protocol/schemas.ts";
import type { Blobs } from "../../src/protocol/sealing.ts";
import { openSet } from "../../src/protocol/sealing.ts";
import * as vocabulary from "../../src/protocol/vocabulary.ts";
import { refused } from "./refusing.ts";
import { again, EMPTY_OBJECT, given, NOW, Town } from "./town.ts";

const STATES =
  "waiting sent opened acknowledged more_asked accepted under_way closed handed_back declined recalled withdrawn expired".split(
    " ",
  );

// For each step and side, the state after it, in the order of STATES; a dash where the step is not legal, a dot where
// it leaves the state as it is.
const TABLE = `
opened       recipient - opened . . . . . . - - - - -
opened       reviewer  . . . . . . . . . . . . .
acknowledged recipient - acknowledged acknowledged - acknowledged - - - - - - - -
more_asked   recipient - more_asked more_asked more_asked - - - - - - - - -
accepted     recipient - accepted accepted accepted accepted - - - - - - - -
declined     recipient - declined declined declined declined - - - - - - - -
under_way    recipient - - - - - under_way - - - - - - -
handed_back  recipient - - - - - handed_back handed_back - - - - - -
closed       recipient - - - - - closed closed - - - - closed closed
recalled     sender    recalled recalled recalled recalled recalled recalled - - - - - - -
seconded     sender    sent . . . . . . . . . . . .
seconded     reviewer  sent . . . . . . . . . . . .
upheld       reviewer  - . . . . . . . . . . . .
overturned   reviewer  - withdrawn withdrawn withdrawn withdrawn withdrawn withdrawn . . . . . .
unreadable   recipient - . . . . . . . - - - - -
unreadable   reviewer  . . . . . . . . . . . . .
deleted      recipient - . . . . . . . . . . . .
message      recipient - . . . . . . . - - - - -
message      sender    - . . . . . . . - - - - -
`;
const ROWS = TABLE.trim()
  .split("\n")
  .map((line) => line.split(/ +/));

describe("steps", () => {
  it("lead where they should, and nowhere else", async () => {
    const types = new Set(ROWS.map(([type]) => type!));
    for (const type of types) {
      for (const by of ["sender", "recipient", "reviewer"] as const satisfies readonly As[]) {
        const row = ROWS.find((one) => one[0] === type && one[1] === by)?.slice(2);
        for (const [place, state] of STATES.entries()) {
          const cell = row?.[place] ?? "-";
          if (cell === "-") await refused("step_illegal", () => events.after(state, type, by), { state });
          else
            expect([type, by, state, events.after(state, type, by)]).toEqual([
              type,
              by,
              state,
              cell === "." ? state : cell,
            ]);
        }
      }
    }
    expect(ROWS.every((row) => row.length === STATES.length + 2)).toBe(true);
    expect(types).toEqual(vocabulary.codes("steps"));
    expect(new Set(STATES)).toEqual(vocabulary.codes("states"));
    for (const type of ["forgotten", "constructor"]) {
      await refused("malformed", () => events.after("sent", type, "sender"), { field: "type" });
    }
  });
});

// --- a referral under way --------------------------------------------------------------------------------------------

let town: Town;
let decision: Document<Consent>;
let sent: SealedReferral;

function check(
  { document, blobs }: { document: Document<Event>; blobs: Blobs },
  { state = "sent", known = given([decision]) }: { state?: string; known?: Decisions } = {},
): Promise<unknown> {
  const { directory } = town;
  return events.check(document, blobs, { referral: sent.document, state, directory, decisions: known, now: NOW });
}

/** The same event, changed and signed anew by this member. */
async function forged(
  one: { document: Document<Event>; blobs: Blobs },
  by: string,
  changes: Partial<Event> = {},
): Promise<{ document: Document<Event>; blobs: Blobs }> {
  return { document: await again("event", one.document, town.people[by]!.key, changes), blobs: one.blobs };
}

describe("an event", () => {
  beforeEach(async () => {
    town = await Town.founded();
    decision = await town.decide("nara", "shelter", ["needs"]);
    sent = await town.refer("nara", "shelter", decision, { needs: EMPTY_OBJECT });
  });

  it("is taken, and its note read by both sides and nobody else", async () => {
    await check(await town.step("delger", sent, "accepted"));
    const message = await town.step("delger", sent, "message", { note: "Танд ор бий.", decision });
    await check(message);
    const binding = bindingOf(message.document, town.directory.now());
    const { sealed } = message.document.body;
    for (const agency of ["mrc", "shelter"]) {
      const opened = await openSet(binding, sealed!, message.blobs, agency, town.epochKey(agency));
      const note = opened.get("note")!;
      if (note instanceof Refused) throw note;
      expect(events.readNote(note).text).toBe("Танд ор бий.");
    }
    const police = () => openSet(binding, sealed!, message.blobs, "police", town.epochKey("police"));
    await refused("cannot_open", police);
    await refused("cannot_open", () => events.readNote(EMPTY_OBJECT), { part: "note" });
  });

  it.each<[string, string | null, string | null, string]>([
    ["declined", null, null, "reason"],
    ["declined", "another_accepted", null, "reason"],
    ["declined", "other", null, "sealed"],
    ["closed", null, null, "reason"],
    ["closed", "no_capacity", null, "reason"],
    ["accepted", "no_capacity", null, "reason"],
    ["recalled", null, null, "reason"],
    ["recalled", "no_capacity", null, "reason"],
    ["recalled", "other", null, "sealed"],
    ["handed_back", null, null, "reason"],
    ["handed_back", "another_accepted", null, "reason"],
    ["handed_back", "other", null, "sealed"],
    ["deleted", "no_longer_needed", null, "reason"],
    ["message", null, null, "sealed"],
    ["acknowledged", null, "x", "sealed"],
    ["opened", null, "x", "sealed"],
    ["deleted", null, "x", "sealed"],
    ["unheard_of", null, null, "type"],
  ])("%s with reason %s and note %s is malformed", async (type, reason, note, field) => {
    const one = await town.step("delger", sent, type, {
      ...(reason ? { reason } : {}),
      ...(note ? { note, decision } : {}),
    });
    await refused("malformed", () => check(one, { state: "accepted" }), { field });
  });

  it("has a note where one may be, and none after she withdrew", async () => {
    for (const [by, type, reason, note] of [
      ["nara", "recalled", "another_accepted", null],
      ["nara", "recalled", "another_accepted", "Уучлаарай."],
      ["nara", "recalled", "other", "Утсаар ярив."],
      ["delger", "handed_back", "needs_changed", "72 цаг дууссан."],
      ["delger", "deleted", null, null],
    ] as const) {
      const said = { ...(reason ? { reason } : {}), ...(note ? { note, decision } : {}) };
      await check(await town.step(by, sent, type, said), { state: "accepted" });
    }
    const known = given([decision], { scopes: [everything], spared: new Set(), at: null });
    await check(await town.step("delger", sent, "closed", { reason: "withdrawn" }), { state: "withdrawn", known });
    const noted = await town.step("delger", sent, "closed", { reason: "withdrawn", note: "x", decision });
    await refused("malformed", () => check(noted, { state: "withdrawn", known }), { field: "sealed" });
  });

  const everything: Scope = { agencies: ["shelter"], sections: ["*"], purposes: ["*"] };

  it("passes no note once consent is gone, nor under another consent", async () => {
    const message = await town.step("delger", sent, "message", { note: "x", decision });
    const withdrawn = given([decision], { scopes: [everything], spared: new Set(), at: null });
    await refused("consent_withdrawn", () => check(message, { known: withdrawn }), { part: "note", reader: "shelter" });
    const newer = await town.decide("nara", "shelter", ["needs"], { after: decision });
    await refused("consent_superseded", () => check(message, { known: given([newer]) }));
    const no = await town.decide("nara", "shelter", [], { refused: ["*"], after: decision });
    await refused("grant_refused", () => check(message, { known: given([no]) }), { part: "note" });
    const other = await town.decide("nara", "shelter", ["needs"]);
    const elsewhere = await town.step("delger", sent, "message", { note: "x", decision: other });
    for (const one of [decision, other]) {
      await refused("authority_mismatch", () => check(elsewhere, { known: given([one]) }));
    }
  });

  it("seals its note to both sides of this referral", async () => {
    const message = await town.step("delger", sent, "message", { note: "x", decision });
    const sealed = message.document.body.sealed!;
    const readers = sealed.readers.filter((one) => one.agency === "shelter");
    const keys = sealed.keys.filter((one) => one.agency === "shelter");
    const oneSided = await forged(message, "delger", { sealed: { ...sealed, readers, keys } });
    await refused("malformed", () => check(oneSided), { field: "sealed.readers" });
    const keyless = await forged(message, "delger", { sealed: { ...sealed, keys } });
    await refused("malformed", () => check(keyless), { field: "sealed.keys" });
    const bare = await forged(message, "delger", { authority: null });
    await refused("malformed", () => check(bare), { field: "authority" });
    const empty = await forged(message, "delger", { sealed: null });
    await refused("malformed", () => check(empty), { field: "authority" });
    const another = await town.decide("nara", "police", ["needs"]);
    const toPolice = await town.refer("nara", "police", another, { needs: EMPTY_OBJECT });
    const there = await town.step("nara", toPolice, "message", { note: "x", decision: another });
    const on = { id: sent.document.body.id, sha256: sent.document.sha256 };
    const moved = await forged(there, "nara", { on });
    await refused("malformed", () => check(moved), { field: "sealed.readers" });
  });

  it("brings no blobs without a note", async () => {
    const { document } = await town.step("delger", sent, "accepted");
    const x = new Uint8Array([120]);
    for (const blobs of [
      { ...events.NO_BLOBS, parts: new Map([["note", x]]) },
      { ...events.NO_BLOBS, wraps: new Map([["mrc", x]]) },
      { ...events.NO_BLOBS, keys: new Map([["note mrc", x]]) },
    ]) {
      await refused("blob_unexpected", () => check({ document, blobs }));
    }
  });

  it("belongs to its referral, and to a member of one of its agencies", async () => {
    const accepted = await town.step("delger", sent, "accepted");
    const { id } = sent.document.body;
    for (const on of [
      { id: newId(), sha256: sent.document.sha256 },
      { id, sha256: b64(new Uint8Array(32)) },
    ]) {
      const moved = await forged(accepted, "delger", { on });
      await refused("malformed", () => check(moved), { field: "on" });
    }
    const third = await town.step("dorj", sent, "accepted");
    await refused("not_found", () => check(third));
    const signedByUrna = await forged(accepted, "urna");
    await refused("signature_invalid", () => check(signedByUrna));
  });

  it("is told of form, then signer, then blobs, then consent", async () => {
    const message = await town.step("delger", sent, "message", { note: "x", decision });
    const nothing = { known: given([]) };
    const wrong = await forged(message, "urna", { reason: "other" });
    await refused("malformed", () => check(wrong, nothing), { field: "reason" });
    const stranger = { document: (await forged(message, "urna")).document, blobs: events.NO_BLOBS };
    await refused("signature_invalid", () => check(stranger, nothing));
    const bare = { document: message.document, blobs: events.NO_BLOBS };
    await refused("blob_missing", () => check(bare, nothing));
    await refused("grant_missing", () => check(message, nothing));
  });
});

describe("without consent", () => {
  beforeEach(async () => {
    town = await Town.founded();
    const exception = { reviewer: "nhrcm", overrides: null, tell_after: null };
    decision = await town.decide("nara", "police", ["needs"], { changes: { basis: "danger_to_life", exception } });
    const texts = { needs: EMPTY_OBJECT, justification: EMPTY_OBJECT };
    sent = await town.refer("nara", "police", decision, texts);
  });

  async function second(by: string): Promise<void> {
    const event = await town.step(by, sent, "seconded");
    await check(event, { state: "waiting" });
    events.checkSecond(event.document, sent.document, town.directory.now());
  }

  it("a coordinator of the reviewing agency reviews, and no focal point of it", async () => {
    for (const type of ["opened", "upheld", "overturned"]) await check(await town.step("bold", sent, type));
    const altan = await town.step("altan", sent, "opened");
    await refused("role_not_allowed", () => check(altan), { field: "author" });
    await town.take(await town.admission("nhrcm", { may: ["review"] }));
    const bold = await town.step("bold", sent, "upheld");
    await refused("role_not_allowed", () => check(bold), { field: "author" });
  });

  it("another member seconds; the reviewer's agency only where nobody else can", async () => {
    await second("jargal");
    await refused("second_signature_missing", () => second("nara"), { field: "author" });
    await refused("second_signature_missing", () => second("bold"), { field: "author" });
    await town.take(await town.roster("mrc", { people: [town.people.nara!], newEpoch: true }));
    await second("bold");
  });

  it("what waits is nobody's step but theirs", async () => {
    expect(events.partOf("nhrcm", sent.document.body)).toBe("reviewer");
    for (const type of ["opened", "acknowledged", "accepted", "declined", "message"]) {
      await refused("step_illegal", () => events.after("waiting", type, "recipient"), { state: "waiting" });
    }
  });
});
