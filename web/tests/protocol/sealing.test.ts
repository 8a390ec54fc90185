// Sealed sets (protocol §5): what opens is what was sealed, and whatever was moved or changed opens nowhere.

import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { type Bytes, b64, concat, newId, SigningKey, sha256, unb64, utf8 } from "../../src/protocol/documents.ts";
import { type At, type Code, Refused } from "../../src/protocol/errors.ts";
import { checkPublicKey, KemKey, OVERHEAD, sealTo, selfCheck, WRAP } from "../../src/protocol/hpke.ts";
import type { As, Sealed } from "../../src/protocol/schemas.ts";
import {
  type Binding,
  type Blobs,
  base,
  checkBlobs,
  checkForm,
  checkLength,
  describe as describeBlobs,
  KEY,
  NO_CONSENT,
  openSet,
  pad,
  padme,
  pair,
  partContext,
  partKeyContext,
  type Reader,
  readerContext,
  seal,
  sealedLength,
  sealSet,
  sectionsOf,
  unpad,
  unseal,
} from "../../src/protocol/sealing.ts";
import { refused } from "./refusing.ts";
import { vectors } from "./vectors.ts";

const ZEROS = b64(new Uint8Array(32));
const TEXTS: ReadonlyMap<string, Bytes> = new Map([
  ["needs", utf8('{"a":1}')],
  ["identity", utf8("Сайнбуян")],
  ["contact", utf8("")],
]);
const PARTS = new Set(TEXTS.keys());

function filled(value: number, length = 32): Bytes {
  return new Uint8Array(length).fill(value);
}

/** The same bytes with one of them changed. */
function flipped(raw: Bytes, at: number, flip = 1): Bytes {
  const changed = raw.slice();
  changed[at]! ^= flip;
  return changed;
}

interface Changeable {
  readonly parts: Map<string, Bytes>;
  readonly wraps: Map<string, Bytes>;
  readonly keys: Map<string, Bytes>;
}

function copied(blobs: Blobs): Changeable {
  return { parts: new Map(blobs.parts), wraps: new Map(blobs.wraps), keys: new Map(blobs.keys) };
}

/** The texts as the vectors and the tests compare them. */
function plain(opened: ReadonlyMap<string, Bytes | Refused>): Record<string, string> {
  return Object.fromEntries(Array.from(opened, ([part, one]) => [part, one instanceof Refused ? one.code : b64(one)]));
}

const BINDING: Binding = {
  network: newId(),
  document: newId(),
  owner: "mrc",
  authorKey: filled(7),
  consent: filled(9),
};

let mrc: KemKey;
let shelter: KemKey;
let police: KemKey;
let readers: readonly Reader[];
let sealed: Sealed;
let blobs: Blobs;

beforeAll(async () => {
  [mrc, shelter, police] = [await KemKey.of(filled(1)), await KemKey.of(filled(2)), await KemKey.of(filled(3))];
  readers = [
    { agency: "mrc", as: "sender", epoch: 1, publicKey: mrc.public, parts: PARTS },
    { agency: "shelter", as: "recipient", epoch: 4, publicKey: shelter.public, parts: PARTS },
  ];
  ({ sealed, blobs } = await sealSet(BINDING, TEXTS, readers));
});

const WHOLE = plain(TEXTS);

// --- vectors ---------------------------------------------------------------------------------------------------------

describe("vectors", () => {
  test("padding", async () => {
    const given = vectors("padding");
    for (const one of given.lengths) expect(pad(new Uint8Array(one.length), one.part).length).toBe(one.padded);
    expect(b64(pad(unb64(given.text), "note"))).toBe(given.as_note);
    expect(b64(unpad(unb64(given.as_note)))).toBe(given.text);
    expect(given.refused).toHaveLength(4);
    for (const padded of given.refused) await refused("cannot_open", () => unpad(unb64(padded)));
  });

  test("a sealed set", async () => {
    const given = vectors("sealed_set");
    const bindingOf = (one: Record<string, string>): Binding => ({
      network: one.network!,
      document: one.document!,
      owner: one.owner!,
      authorKey: unb64(one.author_key!),
      consent: unb64(one.consent!),
    });
    const bytes = (all: Record<string, string>) =>
      new Map(Object.entries(all).map(([name, raw]): [string, Bytes] => [name, unb64(raw)]));
    const beside: Blobs = {
      parts: bytes(given.blobs.parts),
      wraps: bytes(given.blobs.wraps),
      keys: new Map(
        given.blobs.keys.map((one: Record<string, string>) => [pair(one.part!, one.agency!), unb64(one.key!)]),
      ),
    };
    checkForm(given.sealed);
    await checkBlobs(given.sealed, beside);
    for (const [agency, texts] of Object.entries<Record<string, string>>(given.opens)) {
      const key = await KemKey.of(unb64(given.seeds[agency]));
      expect(b64(key.public)).toBe(given.public_keys[agency]);
      expect(plain(await openSet(bindingOf(given.binding), given.sealed, beside, agency, key))).toEqual(texts);
      for (const moved of given.moved) {
        const binding = bindingOf({ ...given.binding, ...moved });
        await refused("cannot_open", () => openSet(binding, given.sealed, beside, agency, key));
      }
    }
    expect(given.moved).toHaveLength(5);
  });

  test("seal alone", async () => {
    const { text } = vectors("keyring");
    const opened = await unseal(unb64(text.key), unb64(text.context), unb64(text.sealed));
    expect(b64(opened)).toBe(text.message);
  });
});

// --- what opens is what was sealed -----------------------------------------------------------------------------------

test("sender and recipient open what was sealed", async () => {
  checkForm(sealed);
  await checkBlobs(sealed, blobs);
  expect(plain(await openSet(BINDING, sealed, blobs, "mrc", mrc))).toEqual(WHOLE);
  expect(plain(await openSet(BINDING, sealed, blobs, "shelter", shelter))).toEqual(WHOLE);
});

test("nobody else opens anything", async () => {
  await refused("cannot_open", () => openSet(BINDING, sealed, blobs, "police", police), { reader: "police" });
  for (const victim of ["mrc", "shelter"]) {
    await refused("cannot_open", () => openSet(BINDING, sealed, blobs, victim, police));
  }
});

test("each reader opens its own parts and no others", async () => {
  const keys = { "agency-a": await KemKey.of(filled(97)), "agency-b": await KemKey.of(filled(98)) };
  const part = fc.constantFrom("needs", "identity", "contact", "account", "safety");
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(part, fc.uint8Array({ maxLength: 3000 }), { maxKeys: 4 }),
      fc.nat({ max: 31 }),
      async (given, shares) => {
        const texts = new Map(Object.entries(given));
        const some = [...texts.keys()].sort().filter((_, number) => (shares >> number) & 1);
        const parts = { "agency-a": new Set(texts.keys()), "agency-b": new Set(some) };
        const both: [keyof typeof keys, As][] = [
          ["agency-a", "sender"],
          ["agency-b", "recipient"],
        ];
        const made = await sealSet(
          { ...BINDING, owner: "agency-a" },
          texts,
          both.map(([agency, as]) => ({
            agency,
            as,
            epoch: 1,
            publicKey: keys[agency].public,
            parts: parts[agency],
          })),
        );
        checkForm(made.sealed);
        await checkBlobs(made.sealed, made.blobs);
        for (const [agency] of both) {
          const opened = await openSet(
            { ...BINDING, owner: "agency-a" },
            made.sealed,
            made.blobs,
            agency,
            keys[agency],
          );
          const expected = [...parts[agency]].map((one): [string, Bytes] => [one, Uint8Array.from(texts.get(one)!)]);
          expect(plain(opened)).toEqual(plain(new Map(expected)));
        }
      },
    ),
    { numRuns: 15 },
  );
});

test("seal gives back the message, and nothing under another context or key", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 40_000 }), fc.uint8Array({ maxLength: 64 }), async (raw, context) => {
      const message = Uint8Array.from(raw);
      const one = await seal(filled(107), context, message);
      expect(await unseal(filled(107), context, one)).toEqual(message);
      expect(one.length).toBe(sealedLength(message.length));
      await refused("cannot_open", () => unseal(filled(107), concat(context, filled(0, 1)), one));
      await refused("cannot_open", () => unseal(filled(106), context, one));
    }),
    { numRuns: 60 },
  );
});

test.each([
  [0, 72],
  [32, 104],
  [16_383, 16_455],
  [16_384, 16_472],
  [32_768, 32_872],
])("a seal of %i bytes has %i", async (length, due) => {
  const one = await seal(filled(0), filled(0, 0), filled(5, length));
  expect([one.length, sealedLength(length)]).toEqual([due, due]);
  expect(await unseal(filled(0), filled(0, 0), one)).toEqual(filled(5, length));
});

test("any byte changed in a seal is noticed, and any cut or addition", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 20_000 }),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      async (message, place, flip) => {
        const one = await seal(filled(107), utf8("context"), Uint8Array.from(message));
        const at = place % one.length;
        for (const broken of [flipped(one, at, flip), one.slice(0, at), concat(one, filled(flip, 1))]) {
          await refused("cannot_open", () => unseal(filled(107), utf8("context"), broken));
        }
      },
    ),
    { numRuns: 60 },
  );
});

test.each([0, 7, 16_384, 40_000])("chunks left out, doubled, swapped or added to %i bytes", async (length) => {
  const [key, context] = [filled(1), utf8("context")];
  const one = await seal(key, context, filled(0, length));
  const other = await seal(key, context, filled(0, length));
  const [header, body] = [one.slice(0, 56), one.slice(56)];
  const count = Math.floor(body.length / 16_400) + 1;
  const chunks = Array.from({ length: count }, (_, n) => body.slice(n * 16_400, (n + 1) * 16_400));
  const broken = [
    filled(0, 0),
    one.slice(0, 10),
    one.slice(0, 24),
    one.slice(0, 40),
    header,
    one.slice(0, -1),
    one.slice(0, -16),
    concat(one, filled(0, 12)),
    concat(one, filled(0, 20)),
    concat(header, ...chunks.slice(0, -1)),
    concat(header, chunks[0]!, ...chunks, filled(0, length ? 0 : 1)),
    concat(header.slice(0, 24), filled(0), ...chunks),
    concat(filled(0, 24), header.slice(24), ...chunks),
    concat(other.slice(0, 56), body),
    concat(header, other.slice(56)),
  ];
  if (chunks.length > 1) {
    broken.push(concat(header, chunks[1]!, chunks[0]!, ...chunks.slice(2)), concat(header, chunks[0]!, chunks[0]!));
  }
  for (const each of broken) await refused("cannot_open", () => unseal(key, context, each));
  for (const wrong of [key.slice(1), filled(1, 33)]) {
    await expect(unseal(wrong, context, one)).rejects.toThrow(RangeError);
    await expect(seal(wrong, context, one)).rejects.toThrow(RangeError);
  }
});

test("any byte changed in a wrap is noticed", async () => {
  const key = await KemKey.of(filled(119));
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 64 }),
      fc.nat({ max: WRAP - 1 }),
      fc.integer({ min: 1, max: 255 }),
      async (info, place, flip) => {
        const wrap = await sealTo(key.public, info, filled(114));
        expect(wrap.length).toBe(1168);
        expect(await key.open(info, wrap)).toEqual(filled(114));
        await refused("cannot_open", () => key.open(info, flipped(wrap, place, flip)));
        await refused("cannot_open", () => key.open(concat(info, filled(0, 1)), wrap));
        await refused("cannot_open", () => police.open(info, wrap));
      },
    ),
    { numRuns: 12 },
  );
});

test.each([0, 1, 1119, OVERHEAD - 1, OVERHEAD, WRAP])("%i bytes of nothing open nothing", async (length) => {
  await refused("cannot_open", () => mrc.open(utf8("x"), filled(0, length)));
});

// --- padding ---------------------------------------------------------------------------------------------------------

test.each([
  [0, 0],
  [1, 1],
  [2, 2],
  [9, 10],
  [17, 18],
  [100, 104],
  [1024, 1024],
  [1025, 1088],
  [5000, 5120],
  [262_145, 270_336],
])("Padmé of %i is %i", (length, padded) => {
  expect(padme(length)).toBe(padded);
});

test("padding comes off again and hides the length", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 5000 }), fc.constantFrom("note", "needs", "evidence"), (text, part) => {
      const padded = pad(text, part);
      expect(unpad(padded)).toEqual(Uint8Array.from(text));
      expect(padded.length).toBeGreaterThanOrEqual(part === "note" ? 256 : 1024);
      expect(padded.length).toBeLessThanOrEqual(Math.max(1024, (text.length + 1) * 1.12 + 1));
    }),
  );
});

test("a part sealed without padding does not open", async () => {
  const reader: Reader = { agency: "mrc", as: "sender", epoch: 1, publicKey: mrc.public, parts: new Set(["needs"]) };
  const made = await sealSet(BINDING, new Map([["needs", utf8("x")]]), [reader]);
  const readerKey = await mrc.open(readerContext(BINDING, "mrc", 1), made.blobs.wraps.get("mrc")!);
  const name = pair("needs", "mrc");
  const partKey = await unseal(readerKey, partKeyContext(BINDING, "needs", "mrc"), made.blobs.keys.get(name)!);
  const changed = copied(made.blobs);
  changed.parts.set("needs", await seal(partKey, partContext(BINDING, "needs"), filled(120, 1024)));
  const opened = await openSet(BINDING, await describeBlobs(changed, [reader]), changed, "mrc", mrc);
  expect(plain(opened)).toEqual({ needs: "cannot_open" });
  expect(opened.get("needs")).toMatchObject({ at: { part: "needs", reader: "mrc" } });
});

// --- changed, swapped, moved -----------------------------------------------------------------------------------------

test("any byte changed in a part, wrap or key is refused, and whoever skips the check opens nothing of it", async () => {
  const stores = ["parts", "wraps", "keys"] as const;
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...stores),
      fc.nat(),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      async (store, which, place, flip) => {
        const changed = copied(blobs);
        const names = [...changed[store].keys()].sort();
        const name = names[which % names.length]!;
        const raw = changed[store].get(name)!;
        changed[store].set(name, flipped(raw, place % raw.length, flip));
        await refused("hash_mismatch", () => checkBlobs(sealed, changed));
        for (const reader of readers) {
          const key = reader.agency === "mrc" ? mrc : shelter;
          const rehashed = await describeBlobs(changed, readers);
          for (const listed of [sealed, rehashed]) {
            let opened: Record<string, string>;
            try {
              opened = plain(await openSet(BINDING, listed, changed, reader.agency, key));
            } catch (error) {
              expect(error).toBeInstanceOf(Refused);
              continue;
            }
            for (const [part, one] of Object.entries(opened)) {
              expect([WHOLE[part], "hash_mismatch", "cannot_open"]).toContain(one);
            }
          }
        }
      },
    ),
    { numRuns: 25 },
  );
});

function swap(store: Map<string, Bytes>, one: string, other: string): void {
  const [first, second] = [store.get(one)!, store.get(other)!];
  store.set(one, second);
  store.set(other, first);
}

test.each<[string, (changed: Changeable) => void]>([
  ["parts", ({ parts }) => swap(parts, "needs", "identity")],
  ["keys of parts", ({ keys }) => swap(keys, pair("needs", "shelter"), pair("identity", "shelter"))],
  ["keys of readers", ({ keys }) => swap(keys, pair("needs", "shelter"), pair("needs", "mrc"))],
])("swapped %s open nothing and hide nothing", async (_, change) => {
  const changed = copied(blobs);
  change(changed);
  await refused("hash_mismatch", () => checkBlobs(sealed, changed));
  const opened = plain(await openSet(BINDING, await describeBlobs(changed, readers), changed, "shelter", shelter));
  expect(opened.needs).toBe("cannot_open");
  expect(opened.contact).toBe(WHOLE.contact);
});

test("swapped wraps open nothing", async () => {
  const changed = copied(blobs);
  swap(changed.wraps, "mrc", "shelter");
  const listed = await describeBlobs(changed, readers);
  await refused("cannot_open", () => openSet(BINDING, listed, changed, "mrc", mrc));
  await refused("cannot_open", () => openSet(BINDING, listed, changed, "shelter", shelter));
});

test.each<Partial<Binding>>([
  { network: "01890000-0000-7000-8000-000000000000" },
  { document: "01890000-0000-7000-8000-000000000000" },
  { owner: "police" },
  { authorKey: filled(1) },
  { consent: filled(1) },
  { consent: NO_CONSENT },
])("nothing opens under another %j", async (moved) => {
  await refused("cannot_open", () => openSet({ ...BINDING, ...moved }, sealed, blobs, "mrc", mrc));
  await refused("cannot_open", () => openSet({ ...BINDING, ...moved }, sealed, blobs, "shelter", shelter));
});

test("a wrap that is said to be of another epoch does not open", async () => {
  const aged = sealed.readers.map((one) => ({ ...one, epoch: one.epoch + 1 }));
  await refused("cannot_open", () => openSet(BINDING, { ...sealed, readers: aged }, blobs, "shelter", shelter));
});

test("sealing again draws new keys", async () => {
  const again = await sealSet(BINDING, TEXTS, readers);
  for (const store of ["parts", "wraps", "keys"] as const) {
    const before = new Set(Array.from(blobs[store].values(), b64));
    for (const raw of again.blobs[store].values()) expect(before.has(b64(raw))).toBe(false);
  }
});

// --- what a hub refuses unopened -------------------------------------------------------------------------------------

test.each<[string, (changed: Changeable) => void, Code, At]>([
  ["a part", ({ parts }) => parts.delete("needs"), "blob_missing", { part: "needs" }],
  ["a wrap", ({ wraps }) => wraps.delete("shelter"), "blob_missing", { reader: "shelter" }],
  ["a key", ({ keys }) => keys.delete(pair("needs", "shelter")), "blob_missing", { part: "needs", reader: "shelter" }],
  ["a part too many", ({ parts }) => parts.set("medical", filled(0, 1)), "blob_unexpected", { part: "medical" }],
  ["a wrap too many", ({ wraps }) => wraps.set("police", filled(0, WRAP)), "blob_unexpected", { reader: "police" }],
  [
    "a key too many",
    ({ keys }) => keys.set(pair("needs", "police"), filled(0, KEY)),
    "blob_unexpected",
    { part: "needs", reader: "police" },
  ],
])("blobs missing and left over are named: %s", async (_, change, code, at) => {
  const changed = copied(blobs);
  change(changed);
  await refused(code, () => checkBlobs(sealed, changed), at);
});

test("of several faults the first of §13 is told", async () => {
  const changed = copied(blobs);
  changed.parts.delete("needs");
  changed.parts.set("medical", filled(0, 1));
  changed.wraps.set("mrc", filled(0, 3));
  const listed = await describeBlobs(changed, readers);
  await refused("hash_mismatch", () => checkBlobs(sealed, changed), { reader: "mrc" });
  const short: Sealed = { ...sealed, readers: listed.readers };
  await refused("size_mismatch", () => checkBlobs(short, changed), { reader: "mrc" });
});

test.each([0, 31, 1167, 1169])("a wrap of %i bytes is refused", async (length) => {
  const changed = copied(blobs);
  changed.wraps.set("shelter", filled(0, length));
  const listed = await describeBlobs(changed, readers);
  await refused("size_mismatch", () => checkBlobs(listed, changed), { reader: "shelter" });
  await refused("hash_mismatch", () => openSet(BINDING, listed, changed, "shelter", shelter), { reader: "shelter" });
});

test.each([0, 103, 105])("a key of %i bytes is refused", async (length) => {
  const changed = copied(blobs);
  changed.keys.set(pair("needs", "shelter"), filled(0, length));
  const listed = await describeBlobs(changed, readers);
  await refused("size_mismatch", () => checkBlobs(listed, changed), { part: "needs", reader: "shelter" });
  expect(plain(await openSet(BINDING, listed, changed, "shelter", shelter))).toEqual({
    ...WHOLE,
    needs: "size_mismatch",
  });
});

test("a part of another size than it says is refused", async () => {
  const parts = sealed.parts.map((one) => (one.name === "needs" ? { ...one, size: one.size + 1 } : one));
  await refused("size_mismatch", () => checkBlobs({ ...sealed, parts }, blobs), { part: "needs" });
});

test("a part that was not handed over is said to be missing, and one without its key is left out", async () => {
  const changed = copied(blobs);
  changed.parts.delete("needs");
  changed.keys.delete(pair("identity", "shelter"));
  expect(plain(await openSet(BINDING, sealed, changed, "shelter", shelter))).toEqual({
    needs: "blob_missing",
    contact: "",
  });
});

test("a section has at most 256 KiB and a note 16", async () => {
  const reader: Reader = { agency: "mrc", as: "sender", epoch: 1, publicKey: mrc.public, parts: new Set(["needs"]) };
  const largest = await sealSet(BINDING, new Map([["needs", filled(0, 256 * 1024)]]), [reader]);
  checkForm(largest.sealed);
  const over = new Map([["needs", filled(0, 256 * 1024 + 1)]]);
  await refused("limit_exceeded", () => sealSet(BINDING, over, [reader]), { part: "needs", most: 262_144 });
  await refused("limit_exceeded", () => checkLength("note", filled(0, 16 * 1024 + 1)), { part: "note", most: 16_384 });
  checkLength("note", filled(0, 16 * 1024));
  const parts = largest.sealed.parts.map((one) => ({ ...one, size: one.size + 1 }));
  await refused("limit_exceeded", () => checkForm({ ...largest.sealed, parts }), { part: "needs" });
});

test("a reader of what is not there is a mistake of the program", async () => {
  const reader: Reader = { agency: "mrc", as: "sender", epoch: 1, publicKey: mrc.public, parts: new Set(["x"]) };
  await expect(sealSet(BINDING, new Map(), [reader])).rejects.toThrow(RangeError);
});

function setOf(parts: readonly string[], agencies: readonly string[], keys: readonly [string, string][] = []): Sealed {
  return {
    parts: parts.map((name) => ({ name, size: 1096, sha256: ZEROS })),
    readers: agencies.map((agency) => ({ agency, as: "sender", epoch: 1, sha256: ZEROS })),
    keys: keys.map(([part, agency]) => ({ part, agency, sha256: ZEROS })),
  };
}

function numbered(name: string, count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, number) => `${name}${number + from}`);
}

test.each<[readonly string[], readonly string[], readonly [string, string][], Code]>([
  [numbered("s", 17), ["aa"], [], "limit_exceeded"],
  [["needs", ...numbered("needs/file-", 11, 1)], ["aa"], [], "limit_exceeded"],
  [numbered("needs/file-", 33, 1), ["aa"], [], "limit_exceeded"],
  [["needs"], ["aa", "bb", "cc", "dd"], [], "limit_exceeded"],
  [["needs"], ["aa"], Array(97).fill(["needs", "aa"]), "limit_exceeded"],
  [["needs", "needs"], ["aa"], [], "malformed"],
  [["needs"], ["aa", "aa"], [], "malformed"],
  [
    ["needs"],
    ["aa"],
    [
      ["needs", "aa"],
      ["needs", "aa"],
    ],
    "malformed",
  ],
  [["needs"], ["aa"], [["identity", "aa"]], "malformed"],
  [["needs"], ["aa"], [["needs", "bb"]], "malformed"],
  [["identity/file-1"], ["aa"], [], "malformed"],
])("the form of a sealed set: %j %j %j", async (parts, agencies, keys, code) => {
  await refused(code, () => checkForm(setOf(parts, agencies, keys)));
});

test("sixteen sections and three readers are allowed", () => {
  checkForm(setOf(numbered("s", 16), ["aa", "bb", "cc"]));
  checkForm(setOf(["needs", ...numbered("needs/file-", 10, 1)], ["aa"]));
  expect(base("needs/file-1")).toBe("needs");
  expect(sectionsOf(["needs", "needs/file-1", "note"])).toEqual(new Set(["needs", "note"]));
});

// --- keys that do not fit --------------------------------------------------------------------------------------------

test("this build of the libraries is the one the protocol was written for", async () => {
  await selfCheck();
});

test("nothing is sealed to what is no key", async () => {
  const signing = await SigningKey.of(filled(0));
  for (const key of [filled(0, 0), filled(0, 1215), filled(0, 1217), filled(255, 1216), signing.public]) {
    await refused("key_refused", () => sealTo(key, utf8(""), filled(0)), { field: "kem" });
  }
});

test("nothing is sealed to a key with a number of q or more in it", async () => {
  for (const [at, bytes] of [
    [0, [0x01, 0x0d, 0x00]],
    [1149, [0x00, 0x10, 0xd0]],
    [600, [0xff, 0xff, 0xff]],
  ] as const) {
    const key = mrc.public.slice();
    key.set(bytes, at);
    await refused("key_refused", () => sealTo(key, utf8(""), filled(0)), { field: "kem" });
  }
  const largest = mrc.public.slice();
  largest.set([0x00, 0x0d, 0xd0], 0); // 3328, 3328
  expect((await sealTo(largest, utf8(""), filled(0))).length).toBe(WRAP);
});

test("nothing is sealed to a point of small order", async () => {
  const one = new Uint8Array(32);
  one[0] = 1;
  for (const point of [filled(0), one]) {
    const key = concat(mrc.public.subarray(0, 1184), point);
    await refused("key_refused", () => sealTo(key, utf8(""), filled(0)), { field: "kem" });
  }
});

test("a public key is held against its hash", async () => {
  expect(mrc.sha256).toBe(b64(await sha256(mrc.public)));
  expect(await checkPublicKey(mrc.public, mrc.sha256)).toBe(mrc.public);
  for (const wrong of [shelter.public, mrc.public.slice(1), concat(mrc.public, filled(0, 1))]) {
    await refused("key_mismatch", () => checkPublicKey(wrong, mrc.sha256), { field: "kem" });
  }
});

test("the seed of a key does not stand where the key is printed", async () => {
  const { inspect } = await import("node:util");
  const key = await KemKey.of(filled(115));
  expect(`${inspect(key, { depth: 5, showHidden: true })} ${JSON.stringify(key)}`).not.toMatch(/(115,?\s*){4}/);
  expect(key.seed).toEqual(filled(115));
  await expect(KemKey.of(filled(115, 31))).rejects.toThrow(RangeError);
});
