// Keys, keyrings, passphrases, safety numbers (protocol §3, §4).

import { beforeAll, describe, expect, test } from "vitest";
import { type Bytes, b64, ctx, newId, SigningKey, unb64, utf8 } from "../../src/protocol/documents.ts";
import { KemKey, sealTo } from "../../src/protocol/hpke.ts";
import {
  ARGON2_LANES,
  ARGON2_MEMORY,
  ARGON2_PASSES,
  expand,
  generateMemberSecrets,
  handOver,
  hkdf,
  type MemberSecrets,
  newKeyringKey,
  openKeyring,
  openUnlock,
  prfInput,
  publicKeys,
  safetyNumber,
  sealKeyring,
  sealUnlock,
  stretch,
  takeOver,
  type Way,
  wrappingKey,
} from "../../src/protocol/keys.ts";
import type { Epoch, Keyring } from "../../src/protocol/schemas.ts";
import { pad, seal } from "../../src/protocol/sealing.ts";
import { refused } from "./refusing.ts";
import { cases, vectors } from "./vectors.ts";

const NETWORK = "01935d2e-8f00-7000-8000-000000000001";
const MEMBER = "01935d2e-8f00-7000-8000-000000000002";
const URNA = "01935d2e-8f00-7000-8000-000000000003";

function filled(letter: string): Bytes {
  return utf8(letter.repeat(32));
}

const KEYRING: Keyring = {
  sign: b64(filled("s")),
  kem: b64(filled("k")),
  coordinator: null,
  epochs: [
    { n: 2, seed: b64(filled("2")) },
    { n: 1, seed: b64(filled("1")) },
  ],
  seen: null,
};

describe("vectors", () => {
  test("a keyring, its ways to open and an agency's key", async () => {
    const given = vectors("keyring");
    const { network, member, version } = given;
    const own = { network, member, version, newestSeen: 0 };
    const kk = unb64(given.kk);
    expect(await openKeyring(unb64(given.sealed), kk, own)).toEqual(given.keyring);
    await refused("cannot_open", () => openKeyring(unb64(given.sealed), kk, { ...own, version: version + 1 }));
    await refused("cannot_open", () => openKeyring(unb64(given.sealed), kk, { ...own, member: network }));
    for (const one of given.unlocks) {
      const w = await wrappingKey(unb64(one.secret), one.method, own);
      const way: Way = { network, member, method: one.method, unlock: one.unlock };
      expect(await openUnlock(unb64(one.sealed), w, way)).toEqual(kk);
      await refused("cannot_open", () => openUnlock(unb64(one.sealed), w, { ...way, unlock: member }));
    }
    expect(given.unlocks).toHaveLength(2);
    const handed = given.agency_key;
    const keys: MemberSecrets = {
      sign: await SigningKey.of(unb64(given.keyring.sign)),
      kem: await KemKey.of(unb64(given.keyring.kem)),
    };
    const epoch: Epoch = { n: handed.epoch, kem: handed.kem, renew_by: "2027-01-01T00:00:00Z" };
    const key = await takeOver(unb64(handed.sealed), { network, agency: handed.agency, epoch, member, keys });
    expect(b64(key.seed)).toBe(handed.seed);
  });

  const given = cases("passphrase");
  const none = given.filter((one) => one.passphrase === "");

  test.each(given.filter((one) => !none.includes(one)))("a passphrase: $login", async (one) => {
    const { passphrase, login, network, auth, w } = one;
    const stretched = await stretch(passphrase, login, network);
    expect([b64(stretched.auth), b64(stretched.w)]).toEqual([auth, w]);
  });

  test("no passphrase is none, though Argon2id has an answer", async () => {
    expect(none).toHaveLength(1);
    for (const { passphrase, login, network } of none) {
      await refused("malformed", () => stretch(passphrase, login, network), { field: "passphrase" });
    }
    await refused("malformed", () => stretch("a\ud800", "b", NETWORK), { field: "passphrase" });
  });

  test.each(cases("passphrase", "secrets"))("a secret: $method", async ({ secret, method, network, member, w }) => {
    expect(b64(await wrappingKey(unb64(secret), method, { network, member }))).toBe(w);
  });

  test("what a passkey is asked", async () => {
    const { network, first } = vectors("passphrase").prf_input;
    expect(b64(await prfInput(network))).toBe(first);
  });

  test.each(cases("safety_number"))("safety number $number", async ({ network, agency, member, key, kem, number }) => {
    expect(await safetyNumber(network, agency, { id: member, key, kem })).toBe(number);
  });
});

// --- agency keys -----------------------------------------------------------------------------------------------------

describe("an agency's key", () => {
  let urna: MemberSecrets;
  let delger: MemberSecrets;
  let agency: KemKey;
  let epoch: Epoch;

  beforeAll(async () => {
    [urna, delger] = [await generateMemberSecrets(), await generateMemberSecrets()];
    agency = await KemKey.generate();
    epoch = { n: 1, kem: agency.sha256, renew_by: "2027-02-01T00:00:00Z" };
  });

  function handed(seed: Uint8Array, changes: Partial<Parameters<typeof handOver>[1]> = {}): Promise<Bytes> {
    const to = { network: NETWORK, agency: "shelter", epoch: 1, member: URNA };
    return handOver(seed, { ...to, memberKey: urna.sign.public, memberKem: urna.kem.public, ...changes });
  }

  function taken(sealed: Bytes, keys: MemberSecrets = urna): Promise<KemKey> {
    return takeOver(sealed, { network: NETWORK, agency: "shelter", epoch, member: URNA, keys });
  }

  test("a member is handed it", async () => {
    const sealed = await handed(agency.seed);
    expect(sealed.length).toBe(1168);
    expect((await taken(sealed)).public).toEqual(agency.public);
  });

  test("one that the directory does not name is refused, and what is no seed", async () => {
    const at = { reader: "shelter", epoch: 1 };
    const other = await handed((await KemKey.generate()).seed);
    await refused("key_mismatch", () => taken(other), at);
    for (const wrong of [agency.seed.slice(1), new Uint8Array(0), new Uint8Array(33)]) {
      const sealed = await handed(wrong);
      await refused("key_mismatch", () => taken(sealed), at);
    }
  });

  test("one handed to somebody else or for something else does not open", async () => {
    const sealed = await handed(agency.seed);
    await refused("cannot_open", () => taken(sealed, delger));
    for (const changes of [
      { network: MEMBER },
      { agency: "mrc" },
      { epoch: 2 },
      { member: MEMBER },
      { memberKey: delger.sign.public },
    ]) {
      const wrong = await handed(agency.seed, changes);
      await refused("cannot_open", () => taken(wrong));
    }
    const bare = await sealTo(urna.kem.public, utf8(""), agency.seed);
    await refused("cannot_open", () => taken(bare));
  });

  test("what documents say of a member's keys", async () => {
    expect(publicKeys(urna, URNA)).toEqual({ id: URNA, key: b64(urna.sign.public), kem: urna.kem.sha256 });
    expect(urna.sign.seed).not.toEqual(urna.kem.seed);
  });
});

// --- keyring ---------------------------------------------------------------------------------------------------------

const OWN = { network: NETWORK, member: MEMBER, version: 3 };

test("a keyring opens with its key for its member and version", async () => {
  const kk = newKeyringKey();
  const sealed = await sealKeyring(KEYRING, kk, OWN);
  expect(await openKeyring(sealed, kk, { ...OWN, newestSeen: 3 })).toEqual(KEYRING);
  expect(sealed.length).toBe(1024 + 72);
  const wrong: [Bytes, typeof OWN][] = [
    [newKeyringKey(), OWN],
    [kk, { ...OWN, member: NETWORK }],
    [kk, { ...OWN, version: 2 }],
    [kk, { ...OWN, network: MEMBER }],
  ];
  for (const [key, own] of wrong) {
    await refused("cannot_open", () => openKeyring(sealed, key, { ...own, newestSeen: 0 }));
  }
});

test("an older keyring than was seen is refused", async () => {
  const kk = newKeyringKey();
  const sealed = await sealKeyring(KEYRING, kk, OWN);
  await refused("checkpoint_rollback", () => openKeyring(sealed, kk, { ...OWN, newestSeen: 4 }));
});

test("what is no keyring is not taken for one, and is not quoted", async () => {
  const kk = newKeyringKey();
  const context = ctx("keyring", NETWORK, MEMBER, 3);
  for (const [text, code] of [
    ["{}", "malformed"],
    ['{"sign":"secret"}', "malformed"],
    ["[]", "malformed"],
    ["", "not_canonical"],
    ["[[[[[[[[[]]]]]]]]]", "limit_exceeded"],
  ] as const) {
    const sealed = await seal(kk, context, pad(utf8(text), "keyring"));
    const caught = await refused(code, () => openKeyring(sealed, kk, { ...OWN, newestSeen: 0 }));
    expect(`${caught}`).not.toContain("secret");
  }
});

test("each way to open is its own", async () => {
  const [kk, code, unlock] = [newKeyringKey(), filled("c"), newId()];
  const own = { network: NETWORK, member: MEMBER };
  const way: Way = { ...own, method: "recovery", unlock };
  const w = await wrappingKey(code, "recovery", own);
  const sealed = await sealUnlock(kk, w, way);
  expect(await openUnlock(sealed, w, way)).toEqual(kk);
  expect(await wrappingKey(code, "passkey", own)).not.toEqual(w);
  expect(await wrappingKey(code, "recovery", { ...own, member: NETWORK })).not.toEqual(w);
  const others: Partial<Way>[] = [{ method: "passkey" }, { unlock: newId() }, { member: NETWORK }];
  for (const other of others) {
    await refused("cannot_open", () => openUnlock(sealed, w, { ...way, ...other }));
  }
});

test("a passphrase is the same however it is typed", async () => {
  const composed = await stretch("Өвс й бор", "Nara@Example.org", NETWORK);
  expect(await stretch("Өвс и\u0306 бор", "nara@example.ORG", NETWORK)).toEqual(composed);
  expect(composed.auth).not.toEqual(composed.w);
  expect(await stretch("Өвс й бор ", "nara@example.org", NETWORK)).not.toEqual(composed);
  expect(await stretch("Өвс й бор", "bold@example.org", NETWORK)).not.toEqual(composed);
});

test("the costs of a passphrase are those of the protocol", () => {
  expect([ARGON2_PASSES, ARGON2_MEMORY, ARGON2_LANES]).toEqual([3, 65_536, 1]);
});

test("HKDF and its expansion are those of RFC 5869, first test case", async () => {
  const hex = (text: string): Bytes => Uint8Array.from(Buffer.from(text, "hex"));
  const info = hex("f0f1f2f3f4f5f6f7f8f9");
  const okm = hex("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf");
  expect(await hkdf(hex("0b".repeat(22)), hex("000102030405060708090a0b0c"), info)).toEqual(okm);
  expect(await expand(hex("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"), info)).toEqual(okm);
});

test("a safety number is thirty digits and changes with every part", async () => {
  const member = { id: MEMBER, key: b64(filled("k")), kem: b64(filled("m")) };
  const number = await safetyNumber(NETWORK, "shelter", member);
  expect(number).toMatch(/^[0-9]{5}( [0-9]{5}){5}$/);
  const others = [
    await safetyNumber(MEMBER, "shelter", member),
    await safetyNumber(NETWORK, "mrc", member),
    await safetyNumber(NETWORK, "shelter", { ...member, id: NETWORK }),
    await safetyNumber(NETWORK, "shelter", { ...member, key: member.kem }),
    await safetyNumber(NETWORK, "shelter", { ...member, kem: member.key }),
  ];
  expect(new Set([number, ...others]).size).toBe(6);
});
