/** The directory (protocol §3): each attack on its chains is refused with its code and leaves it as it was. */

import { beforeEach, describe, expect, it } from "vitest";
import { NOTE_KEY, verifierKey, vkeyOf } from "../../src/protocol/checkpoint.ts";
import { checkFounding, Directory } from "../../src/protocol/directory.ts";
import type { Document } from "../../src/protocol/documents.ts";
import { asSet, b64, canonical, newId, SigningKey, stamp, utf8 } from "../../src/protocol/documents.ts";
import type { At, Code } from "../../src/protocol/errors.ts";
import type { Admission, Network, Roster, RosterMember, Sealed } from "../../src/protocol/schemas.ts";
import { refused } from "./refusing.ts";
import type { Person } from "./town.ts";
import { again, anyHash, DAY, EMPTY_OBJECT, envelopeOf, keysOnly, NOW, person, Town } from "./town.ts";

let town: Town;
beforeEach(async () => {
  town = await Town.founded();
});

const ZERO = b64(new Uint8Array(32));
const OTHER_NETWORK = "01890000-0000-7000-8000-000000000000";
const epochOf = (n: number, days = 90, kem = anyHash()) => ({ n, kem, renew_by: stamp(NOW + days * DAY) });
const shelter = () => town.directory.now().agency("shelter")!;
const shelterPeople = () => town.of("shelter");
const listed = (...people: Person[]) => asSet(people.map((one) => one.listed));
const bytesOf = (hex: string) => Uint8Array.from(hex.match(/../g)!, (byte) => Number.parseInt(byte, 16));

function snapshot(): unknown {
  const { directory } = town;
  const states = directory
    .now()
    .agencies()
    .map((one) => [one.handle, one.admission.sha256, one.roster?.sha256]);
  return [directory.head, states];
}

/** The directory refuses with this code, and afterwards everything is as it was; what is right still goes in. */
async function unchanged(code: Code, act: () => unknown, at: At = {}): Promise<void> {
  const before = snapshot();
  await refused(code, act, at);
  expect(snapshot()).toEqual(before);
  await town.take(await town.roster("police"));
}

async function turnsAway(code: Code, document: Promise<Document> | Document, at: At = {}): Promise<void> {
  const { envelope } = await document;
  await unchanged(code, () => town.directory.append(envelope), at);
}

describe("the way it is meant", () => {
  it("is founded", () => {
    expect(town.directory.size).toBe(9);
    expect(
      town.directory
        .now()
        .agencies()
        .map((one) => one.handle),
    ).toEqual(["mrc", "nhrcm", "police", "shelter"]);
    expect([shelter().members.length, shelter().epoch?.n]).toEqual([3, 1]);
  });

  it("stands as it stood at each size", async () => {
    const before = town.directory.size;
    await town.take(await town.roster("shelter", { people: [town.people.delger!], newEpoch: true }));
    expect(town.directory.at(before).agency("shelter")!.members.length).toBe(3);
    expect(shelter().members.length).toBe(1);
    expect(town.directory.at(1).agency("shelter")).toBe(null);
    for (const size of [0, before + 2]) await refused("directory_fork", () => town.directory.at(size), { size });
  });

  it("is replayed the same by another, whole or from a copy", async () => {
    const other = new Directory(town.directory.network.sha256);
    for (const entry of town.directory.entries.slice(0, 5)) await other.append(entry);
    const copy = other.copy();
    for (const entry of town.directory.entries.slice(5)) await copy.append(entry);
    expect(other.size).toBe(5);
    expect(copy.head).toEqual(town.directory.head);
    expect(copy.has(town.directory.network.sha256)).toBe(true);
    expect(copy.has(ZERO)).toBe(false);
  });

  it("takes entries that are handed in at once one after the other", async () => {
    const other = new Directory();
    await Promise.all(town.directory.entries.map((entry) => other.append(entry)));
    expect(other.head).toEqual(town.directory.head);
    const twice = await town.roster("shelter");
    const both = await Promise.allSettled([other.append(twice.envelope), other.append(twice.envelope)]);
    expect(both.map((one) => one.status)).toEqual(["fulfilled", "rejected"]);
    expect(other.size).toBe(10);
  });

  it("renews an epoch though nobody leaves, and takes a member without a new one", async () => {
    await town.take(await town.roster("shelter", { newEpoch: true }));
    expect(shelter().epoch?.n).toBe(2);
    const solongo = await person("shelter", ["focal_point"]);
    await town.take(await town.roster("shelter", { people: [...shelterPeople(), solongo] }));
    expect(town.directory.now().member("shelter", solongo.listed.id)).toEqual(solongo.listed);
    expect(town.directory.rosterAfter("shelter")).toEqual({ prev: shelter().roster?.sha256, version: 4 });
  });

  it("takes a release unread", async () => {
    expect(await town.directory.append(await envelopeOf(utf8('{"anything":1}'), "release", [town.hubKey]))).toBe(null);
    expect(town.directory.size).toBe(10);
  });

  it("replaces a coordinator by a later network", async () => {
    const newcomer = { id: newId(), key: await SigningKey.generate() };
    const signedBy = town.coordinatorKeys.slice(0, 2);
    town.coordinators = [...town.coordinators.slice(0, 2), newcomer];
    await town.take(await town.network({}, ...signedBy));
    await town.take(await town.admission("shelter", {}, newcomer.key, town.coordinators[0]!.key));
  });
});

describe("network", () => {
  it("is a fork where the invitation names another", async () => {
    const other = new Directory(ZERO);
    await refused("directory_fork", () => other.append(town.directory.entries[0]!), { field: "network" });
    expect(other.size).toBe(0);
  });

  it("comes first", async () => {
    const empty = new Directory();
    const next = await town.network();
    const release = await envelopeOf(EMPTY_OBJECT, "release", [town.hubKey]);
    await refused("chain_broken", () => empty.append(town.directory.entries[1]!));
    await refused("malformed", () => empty.append(release));
    await refused("chain_broken", () => empty.append(next.envelope), { field: "version" });
    expect(empty.size).toBe(0);
  });

  it("continues the one before", async () => {
    const cases: [Partial<Network>, Code][] = [
      [{ version: 3 }, "chain_broken"],
      [{ version: 1 }, "chain_broken"],
      [{ prev: ZERO }, "chain_broken"],
      [{ prev: null }, "chain_broken"],
      [{ network: OTHER_NETWORK }, "chain_broken"],
      [{ practice: false }, "malformed"],
      [{ threshold: 4 }, "malformed"],
      [{ policy: "quorum none\nquorum none\n" }, "malformed"],
      [{ policy: "log what+0+\nquorum none\n" }, "malformed"],
      [{ min_protocol: 2 }, "version_unsupported"],
    ];
    for (const [changes, code] of cases) await turnsAway(code, town.network(changes, ...town.coordinatorKeys));
  });

  it("has, if real, a spare coordinator and witnesses", async () => {
    town.directory = new Directory();
    for (const [threshold, field] of [
      [3, "threshold"],
      [2, "policy"],
      [1, "policy"],
    ] as const) {
      const { envelope, body } = await town.network({ practice: false, threshold }, ...town.coordinatorKeys);
      await refused("malformed", () => new Directory().append(envelope), { field });
      await refused("malformed", () => checkFounding(body), { field });
    }
    const witnessed = `${(await town.network()).body.policy.split("\n")[0]}\nwitness w ${vkeyOf(
      await verifierKey("w", 4, (await SigningKey.generate()).public),
    )}\nquorum w\n`;
    const founding = await town.network({ practice: false, policy: witnessed }, ...town.coordinatorKeys);
    await checkFounding(founding.body);
    const alone = { ...founding.body, threshold: 1 };
    await refused("malformed", () => checkFounding(alone), { field: "threshold" });
    const doubled = { ...founding.body, hub_key: founding.body.coordinators[0]!.key };
    await refused("key_refused", () => checkFounding(doubled), { field: "key" });
  });

  it("is signed by the threshold, counted in distinct keys of coordinators", async () => {
    const [first, , third] = town.coordinatorKeys as [SigningKey, SigningKey, SigningKey];
    const few = { have: 1, need: 2 };
    await turnsAway("threshold_not_met", town.admission("shelter", {}, first), few);
    await turnsAway("threshold_not_met", town.network({}, third), few);
    const twice = canonical((await town.admission("shelter")).body);
    await turnsAway("threshold_not_met", town.admission("shelter", {}, first, await SigningKey.generate()), few);
    const doubled = await envelopeOf(twice, "admission", [first, first]);
    await unchanged("threshold_not_met", () => town.directory.append(doubled), few);
  });

  it("is signed by the threshold of the old one too", async () => {
    const before = town.coordinators;
    town.coordinators = [];
    for (let count = 0; count < 3; count++) town.coordinators.push({ id: newId(), key: await SigningKey.generate() });
    const coup = await town.network();
    town.coordinators = before;
    await turnsAway("threshold_not_met", coup, { have: 0, need: 2 });
  });

  it("lets a coordinator's key sign nothing else", async () => {
    const key = town.coordinatorKeys[0]!;
    await turnsAway("key_refused", town.network({ hub_key: b64(key.public) }), { field: "key" });
    const vkey = vkeyOf(await verifierKey("elsewhere/log", NOTE_KEY, key.public));
    await turnsAway("key_refused", town.network({ policy: `log ${vkey}\nquorum none\n` }), { field: "key" });
  });
});

it.each([
  "0100000000000000000000000000000000000000000000000000000000000000",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "0000000000000000000000000000000000000000000000000000000000000080",
  "0000000000000000000000000000000000000000000000000000000000000000",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
])("a key that verifies what nobody signed is refused: %s", async (hex) => {
  const key = b64(bytesOf(hex));
  const admin = { id: newId(), key, kem: anyHash() };
  await turnsAway("key_refused", town.admission("clinic", { admin }), { field: "key" });
  const members = asSet([...shelterPeople().map((one) => one.listed), { ...admin, roles: ["focal_point" as const] }]);
  await turnsAway("key_refused", town.roster("shelter", { changes: { members } }), { field: "key" });
  await turnsAway("key_refused", town.network({ hub_key: key }), { field: "key" });
});

describe("admission", () => {
  it("continues the one before", async () => {
    const cases: Partial<Admission>[] = [
      { version: 1 },
      { version: 3 },
      { prev: null },
      { prev: ZERO },
      { network: OTHER_NETWORK },
    ];
    for (const changes of cases) await turnsAway("chain_broken", town.admission("shelter", changes));
  });

  it("names an administrator the first time", async () => {
    await turnsAway("malformed", town.admission("clinic", { admin: null }), { field: "admin" });
  });

  it("leaves the roster where it names no administrator", async () => {
    await town.take(await town.admission("shelter", { suspended: true }));
    expect([shelter().suspended, shelter().members.length]).toEqual([true, 3]);
  });

  it("ends the roster where it names one, and its members sign no more", async () => {
    const tsetseg = await person("shelter", ["administrator", "focal_point"]);
    await town.take(await town.admission("shelter", { admin: keysOnly(tsetseg) }));
    expect([shelter().members, shelter().epoch]).toEqual([[], null]);
    await turnsAway("key_unknown", town.roster("shelter", { newEpoch: true }), { field: "author" });
    town.people = { tsetseg, dorj: town.people.dorj! };
    await turnsAway("chain_broken", town.roster("shelter", { newEpoch: true, changes: { version: 1 } }));
    const restarted = town.roster("shelter", { changes: { epoch: epochOf(1) } });
    await turnsAway("epoch_stale", restarted, { field: "epoch.n" });
    await town.take(await town.roster("shelter", { newEpoch: true }));
    expect([shelter().lastVersion, shelter().epoch?.n]).toEqual([2, 2]);
  });

  it("is continued by the first roster though a renaming came between", async () => {
    town.people.ganbold = await person("clinic", ["administrator"]);
    const admitted = await town.take(await town.admission("clinic"));
    const renamed = await town.take(await town.admission("clinic", { names: { en: "Clinic", mn: "Эмнэлэг" } }));
    const onRenamed = town.roster("clinic", { changes: { prev: renamed.sha256 } });
    await turnsAway("chain_broken", onRenamed, { field: "prev" });
    await town.take(await town.roster("clinic", { changes: { prev: admitted.sha256 } }));
  });
});

describe("roster", () => {
  it("continues the one before", async () => {
    for (const changes of [{ prev: ZERO }, { version: 1 }, { version: 3 }]) {
      await turnsAway("chain_broken", town.roster("shelter", { changes }), { field: "prev" });
    }
  });

  it("is the first on its head, and an older one does not come back", async () => {
    const [first, second] = [await town.roster("shelter"), await town.roster("shelter", { newEpoch: true })];
    await town.take(first);
    await turnsAway("chain_broken", second, { field: "prev" });
    await town.take(await town.roster("shelter", { people: [town.people.delger!], newEpoch: true }));
    await turnsAway("chain_broken", first, { field: "prev" });
  });

  it("has the next epoch where a member is dropped or changes a key", async () => {
    const { delger, kit, urna } = town.people as Record<"delger" | "kit" | "urna", Person>;
    await turnsAway("epoch_stale", town.roster("shelter", { people: [delger] }), { field: "epoch" });
    const anew = await person("shelter", ["focal_point"], urna.listed.id);
    await turnsAway("epoch_stale", town.roster("shelter", { people: [delger, anew, kit] }), { field: "epoch" });
  });

  it("is signed by nobody who was dropped", async () => {
    await town.take(await town.roster("shelter", { people: [town.people.delger!], newEpoch: true }));
    await turnsAway("key_unknown", town.roster("shelter", { by: "urna" }), { field: "author" });
  });

  it("numbers epochs without a gap", async () => {
    for (const n of [1, 3, 4]) {
      const wrong = town.roster("shelter", { people: [town.people.delger!], changes: { epoch: epochOf(n) } });
      await turnsAway("epoch_stale", wrong);
    }
  });

  it("keeps an epoch's key and date", async () => {
    const { kem, n } = shelter().epoch!;
    await turnsAway("epoch_stale", town.roster("shelter", { changes: { epoch: epochOf(n, 91, kem) } }), {
      field: "epoch",
    });
    await turnsAway("epoch_stale", town.roster("shelter", { changes: { epoch: epochOf(n) } }), { field: "epoch" });
  });

  it("renews an epoch within a hundred days", async () => {
    for (const days of [-1, 0, 101]) {
      const wrong = town.roster("shelter", { changes: { epoch: epochOf(2, days) } });
      await turnsAway("epoch_stale", wrong, { field: "epoch.renew_by" });
    }
    await town.take(await town.roster("shelter", { changes: { epoch: epochOf(2, 100) } }));
  });

  it("uses no KEM key again", async () => {
    const ofMember = town.people.nara!.listed.kem;
    for (const kem of [town.epochs.get("mrc 1")!.sha256, ofMember, town.epochs.get("shelter 1")!.sha256]) {
      await turnsAway("key_refused", town.roster("shelter", { changes: { epoch: epochOf(2, 90, kem) } }), {
        field: "kem",
      });
    }
    const copycat = await person("shelter", ["focal_point"]);
    const members = asSet([...listed(...shelterPeople()), { ...copycat.listed, kem: ofMember }]);
    await turnsAway("key_refused", town.roster("shelter", { changes: { members } }), { field: "kem" });
  });

  it("takes who left back with new keys alone", async () => {
    const { delger, urna } = town.people as Record<"delger" | "urna", Person>;
    await town.take(await town.roster("shelter", { people: [delger], newEpoch: true }));
    await turnsAway("key_refused", town.roster("shelter", { people: [delger, urna] }), { field: "kem" });
    const anew = await person("shelter", ["focal_point"], urna.listed.id);
    await town.take(await town.roster("shelter", { people: [delger, anew] }));
  });

  it("gives a signing key to one person", async () => {
    const double = { ...(await person("shelter", ["focal_point"])).listed, key: town.people.nara!.listed.key };
    const members = asSet([...listed(...shelterPeople()), double]);
    await turnsAway("key_refused", town.roster("shelter", { changes: { members } }), { field: "key" });
  });

  it("names no member twice", async () => {
    for (const twice of ["id", "key", "kem"] as const) {
      const other: RosterMember = (await person("shelter", ["focal_point"])).listed;
      const double = { ...other, [twice]: town.people.urna!.listed[twice] };
      const members = asSet([...listed(...shelterPeople()), double]);
      const code = twice === "kem" ? "key_refused" : "malformed";
      await turnsAway(code, town.roster("shelter", { changes: { members } }));
    }
  });

  it("is signed by an administrator of the agency, or its recovery kit", async () => {
    const { delger, kit, nara, urna } = town.people as Record<"delger" | "kit" | "nara" | "urna", Person>;
    await turnsAway("role_not_allowed", town.roster("shelter", { by: "urna" }), { field: "author" });
    const foreign = { author: { agency: "mrc", member: nara.listed.id } };
    await turnsAway("role_not_allowed", town.roster("shelter", { key: nara.key, changes: foreign }), {
      field: "author",
    });
    const posing = { author: { agency: "shelter", member: nara.listed.id } };
    await turnsAway("key_unknown", town.roster("shelter", { key: nara.key, changes: posing }), { field: "author" });
    await turnsAway("signature_invalid", town.roster("shelter", { by: "delger", key: urna.key }));
    await town.take(await town.roster("shelter", { by: "kit", people: [delger, kit], newEpoch: true }));
  });

  it("has a recovery kit without another role, and always an administrator", async () => {
    const kit = await person("shelter", ["recovery", "focal_point"]);
    const mixed = town.roster("shelter", { people: [...shelterPeople(), kit] });
    await turnsAway("role_not_allowed", mixed, { field: "members" });
    const people = [town.people.urna!, town.people.kit!];
    const headless = town.roster("shelter", { by: "delger", people, newEpoch: true });
    await turnsAway("role_not_allowed", headless, { field: "members" });
  });

  it("is of an agency that was admitted", async () => {
    const stranger = await person("bar", ["administrator"]);
    const author = { agency: "bar", member: stranger.listed.id };
    const forged = again("roster", await town.roster("shelter"), stranger.key, { agency: "bar", author });
    await turnsAway("key_unknown", forged, { field: "agency" });
  });

  it("relies on a directory that holds what it continues, and on this one", async () => {
    const early = { size: 4, root: b64(town.directory.rootAt(4)) };
    await turnsAway("chain_broken", town.roster("shelter", { changes: { directory: early } }), { field: "directory" });
    for (const size of [9, 10, 2 ** 53 - 1]) {
      const other = { size, root: b64(new Uint8Array(32).fill(1)) };
      await turnsAway("directory_fork", town.roster("shelter", { changes: { directory: other } }), {
        field: "directory",
      });
    }
  });

  it("has at most two hundred members", async () => {
    const crowd: RosterMember[] = [];
    for (let count = 0; count < 198; count++) crowd.push((await person("shelter", ["focal_point"])).listed);
    const mine = listed(...shelterPeople());
    const many = town.roster("shelter", { changes: { members: asSet([...mine, ...crowd]) } });
    await turnsAway("limit_exceeded", many, { field: "members", most: 200 });
    await town.take(await town.roster("shelter", { changes: { members: asSet([...mine, ...crowd.slice(1)]) } }));
  });
});

describe("entries", () => {
  it("have at most 65,535 bytes", async () => {
    const { envelope } = await town.admission("shelter");
    const long = { field: "entry", most: 65_535 };
    await unchanged("limit_exceeded", () => town.directory.append(envelope.padEnd(65_536)), long);
    await unchanged("not_canonical", () => town.directory.append(envelope.padEnd(65_535)));
  });

  it("are of the kinds of the directory", async () => {
    await turnsAway("malformed", town.decide("nara", "shelter", ["needs"]), { field: "payloadType" });
    const later = await envelopeOf(EMPTY_OBJECT, "roster", [town.people.delger!.key], 2);
    await unchanged("version_unsupported", () => town.directory.append(later), { field: "payloadType" });
  });

  it("are told of form before signer, and of signer before chain", async () => {
    const stranger = [await SigningKey.generate()];
    const broken: Roster = { ...(await town.roster("shelter")).body, prev: ZERO };
    const signed = await envelopeOf(canonical(broken), "roster", stranger);
    await unchanged("signature_invalid", () => town.directory.append(signed));
    const empty = await envelopeOf(canonical({ ...broken, members: [] }), "roster", stranger);
    await unchanged("malformed", () => town.directory.append(empty));
    const spaced = await envelopeOf(utf8(`${new TextDecoder().decode(canonical(broken))} `), "roster", stranger);
    await unchanged("not_canonical", () => town.directory.append(spaced));
    await turnsAway("threshold_not_met", town.admission("shelter", { prev: ZERO }, town.coordinatorKeys[0]!));
  });
});

describe("relying on it", () => {
  it("is refused to what states another history", async () => {
    const decision = await town.decide("nara", "shelter", ["needs"]);
    const { root } = town.directory.head;
    for (const directory of [
      { size: 9, root: ZERO },
      { size: 10, root },
      { size: 0, root },
    ]) {
      const changed = await again("consent", decision, town.people.nara!.key, { directory });
      await refused("directory_fork", () => town.directory.checkSigned(changed, ["focal_point"]));
    }
  });

  it("is refused to strangers, and to documents of another network", async () => {
    const decision = await town.decide("nara", "shelter", ["needs"]);
    const stranger = await SigningKey.generate();
    const check = (document: typeof decision) => town.directory.checkSigned(document, ["focal_point"]);
    const forged = await again("consent", decision, stranger);
    await refused("signature_invalid", () => check(forged));
    const nobody = await again("consent", decision, stranger, { author: { agency: "mrc", member: newId() } });
    await refused("key_unknown", () => check(nobody), { field: "author" });
    const { key, listed: nara } = town.people.nara!;
    const posing = await again("consent", decision, key, { author: { agency: "shelter", member: nara.id } });
    await refused("key_unknown", () => check(posing), { field: "author" });
    const elsewhere = await again("consent", decision, key, { network: newId() });
    await refused("malformed", () => check(elsewhere), { field: "network" });
  });

  it("is allowed to roles: a recovery kit signs nothing, a coordinator only where its agency may coordinate", async () => {
    const { directory } = town;
    const kit = await town.decide("kit", "shelter", ["needs"]);
    await refused("role_not_allowed", () => directory.checkSigned(kit, ["focal_point", "api"]), { field: "author" });
    await directory.checkSigned(await town.decide("bold", "shelter", ["needs"]), ["coordinator"]);
    const dorj = await town.decide("dorj", "shelter", ["needs"]);
    await refused("role_not_allowed", () => directory.checkSigned(dorj, ["coordinator"]), { field: "author" });
  });

  it("goes stale with what has changed since, and with nothing else", async () => {
    const send = async () =>
      (await town.refer("nara", "shelter", await town.decide("nara", "shelter", ["needs"]), { needs: EMPTY_OBJECT }))
        .document;
    const first = await send();
    await town.take(await town.roster("police", { newEpoch: true }));
    town.directory.checkCurrent(first, "shelter"); // none of its business
    await town.take(await town.admission("shelter", { suspended: true }));
    await refused("directory_stale", () => town.directory.checkCurrent(first, "shelter"), { reader: "shelter" });
    const second = await send();
    await town.take(await town.roster("shelter", { newEpoch: true }));
    await refused("directory_stale", () => town.directory.checkCurrent(second, "shelter"), { reader: "shelter" });
    const later = await again("referral", second, town.people.nara!.key, { directory: town.directory.head });
    await refused("epoch_stale", () => town.directory.checkSigned(later, ["focal_point"]), { reader: "shelter" });
    const third = await town.decide("jargal", "shelter", ["needs"]);
    await town.take(await town.roster("mrc", { people: [town.people.nara!], newEpoch: true }));
    await refused("directory_stale", () => town.directory.checkCurrent(third), { field: "author" });
    await town.directory.checkSigned(third, ["focal_point"]); // but it stays valid at the size that it states
  });

  it("names no reader that is not there", async () => {
    const decision = await town.decide("nara", "shelter", ["needs"]);
    const { document } = await town.refer("nara", "shelter", decision, { needs: EMPTY_OBJECT });
    const { sealed } = document.body;
    const bar = { agency: "bar", as: "recipient" as const, epoch: 1, sha256: ZERO };
    const readers: Sealed["readers"] = asSet([...sealed.readers.slice(0, 1), bar]);
    const changed = await again("referral", document, town.people.nara!.key, { sealed: { ...sealed, readers } });
    await refused("epoch_stale", () => town.directory.checkSigned(changed, ["focal_point"]), { reader: "bar" });
  });
});
