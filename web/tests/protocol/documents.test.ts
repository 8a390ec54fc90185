// Signed documents (protocol §2): one form, one signature, and what is refused before anything is believed.

import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import {
  asSet,
  b64,
  canonical,
  checkClock,
  checkSets,
  checkSigningKey,
  compareBytes,
  concat,
  ctx,
  instant,
  join,
  keyid,
  kindOfEnvelope,
  newId,
  pae,
  parse,
  read,
  SigningKey,
  sha256,
  sign,
  signedBy,
  signers,
  stamp,
  unb64,
  utf8,
  verify,
} from "../../src/protocol/documents.ts";
import type { Code } from "../../src/protocol/errors.ts";
import type { Consent, Json, Network, Receipt } from "../../src/protocol/schemas.ts";
import { envelopeOf, text } from "./forging.ts";
import { refused } from "./refusing.ts";
import { cases, vectors } from "./vectors.ts";

const NETWORK = "01935d2e-8f00-7000-8000-000000000001";
const ZEROS = b64(new Uint8Array(32));
const RECEIPT: Receipt = {
  at: "2026-11-25T04:00:00Z",
  challenge: ZEROS,
  do: "look",
  key: ZEROS,
  network: NETWORK,
  scope: null,
};
const CONSENT: Consent = {
  network: NETWORK,
  at: "2026-11-25T04:00:00Z",
  directory: { size: 9, root: ZEROS },
  author: { agency: "mrc", member: NETWORK },
  consent: NETWORK,
  recorder: "mrc",
  to: "kind:police",
  version: 1,
  prev: null,
  basis: "informed_consent",
  given: { by: "person", how: "signature", language: "mn", interpreter: false, witness: true },
  granted: null,
  refused: ["*"],
  receipt: { key: ZEROS, mode: "full" },
  exception: null,
  retain_days: 90,
  sealed: null,
};
const COORDINATORS = ["01935d2e-8f00-7000-8000-00000000000a", "01935d2e-8f00-7000-8000-00000000000b"];

let nara: SigningKey;
let urna: SigningKey;

beforeAll(async () => {
  nara = await SigningKey.generate();
  urna = await SigningKey.generate();
});

function networkOf(...keys: readonly SigningKey[]): Network {
  return {
    network: NETWORK,
    at: "2026-11-25T04:00:00Z",
    version: 1,
    prev: null,
    practice: true,
    coordinators: asSet(keys.map((key, place) => ({ id: COORDINATORS[place]!, key: b64(key.public) }))),
    threshold: 2,
    hub_key: ZEROS,
    policy: "quorum none\n",
    continues: null,
    min_protocol: 1,
  };
}

/** A receipt with something else in it than the type allows. */
async function forged(change: Readonly<Record<string, unknown>>): Promise<string> {
  return envelopeOf(canonical({ ...RECEIPT, ...change }), "receipt", nara);
}

describe("vectors", () => {
  test.each(cases("ctx"))("ctx $label", ({ label, elements, ctx: expected }) => {
    const given = elements.map((one: { bytes?: string; text?: string; number?: number }) =>
      one.bytes === undefined ? (one.text ?? one.number) : unb64(one.bytes),
    );
    expect(b64(ctx(label, ...given))).toBe(expected);
  });

  test.each(cases("keyid"))("keyid $keyid", async ({ public_key, keyid: expected }) => {
    expect(await keyid(unb64(public_key))).toBe(expected);
  });

  test("PAE, its hash and its signature", async () => {
    const given = vectors("pae");
    const key = await SigningKey.of(unb64(given.seed));
    expect(b64(key.public)).toBe(given.public_key);
    expect(given.cases.length).toBeGreaterThan(0);
    for (const one of given.cases) {
      const message = pae(one.payload_type, unb64(one.payload));
      expect(b64(message)).toBe(one.pae);
      expect(b64(await sha256(message))).toBe(one.sha256);
      expect(b64(await key.signRaw(message))).toBe(one.signature);
      expect(await signedBy(key.public, unb64(one.signature), message)).toBe(true);
    }
  });

  async function held(envelope: string, code: Code | null): Promise<void> {
    if (code === null) expect((await read(envelope, "receipt")).envelope).toBe(envelope);
    else await refused(code, () => read(envelope, "receipt"));
  }

  test.each(cases("payloads", "payloads"))("payload: $about", async ({ payload, code }) => {
    const key = await SigningKey.of(utf8("r".repeat(32)));
    await held(await envelopeOf(unb64(payload), "receipt", key), code);
  });

  test.each(cases("payloads", "envelopes"))("envelope: $about", async ({ envelope, code }) => {
    await held(envelope, code);
  });
});

describe("canonical JSON", () => {
  const name = fc.string({ unit: fc.integer({ min: 0, max: 127 }).map((code) => String.fromCharCode(code)) });
  const { value: values } = fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      fc.constant(null),
      fc.boolean(),
      fc.maxSafeNat(),
      fc.string({ unit: "binary" }),
      fc.array(tie("value"), { maxLength: 4 }),
      fc.dictionary(name, tie("value"), { maxKeys: 4 }),
    ),
  }));

  test("what is written is read back, and in one form", () => {
    fc.assert(
      fc.property(values, (value) => {
        const raw = canonical(value);
        expect(canonical(parse(raw, { maxDepth: 64 }))).toEqual(raw);
        expect(JSON.parse(text(raw))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test("names are sorted, whatever order they came in", () => {
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 8 }), (names) => {
        const entries = names.map((one, place): [string, number] => [one, place]);
        const raw = canonical(Object.fromEntries(entries));
        expect(canonical(Object.fromEntries(entries.reverse()))).toEqual(raw);
      }),
    );
  });

  test("any bytes that are read are their own one form", () => {
    const piece = fc.constantFrom(
      "{",
      "}",
      "[",
      "]",
      '"',
      ":",
      ",",
      "1",
      "0",
      "a",
      "\\",
      " ",
      "-",
      ".",
      "null",
      '"a":',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 60 }),
          fc.array(piece, { maxLength: 12 }).map((all) => utf8(all.join(""))),
        ),
        (raw) => {
          let value: Json;
          try {
            value = parse(raw);
          } catch {
            return;
          }
          expect(text(raw)).toBe(text(canonical(value)));
        },
      ),
      { numRuns: 1000 },
    );
  });

  test("every escape is written as RFC 8785 writes it", () => {
    const every = `${Array.from({ length: 0x20 }, (_, code) => String.fromCharCode(code)).join("")}"\\/\x7f\u2028😊`;
    expect(text(canonical(every))).toBe(
      '"\\u0000\\u0001\\u0002\\u0003\\u0004\\u0005\\u0006\\u0007\\b\\t\\n\\u000b\\f\\r\\u000e\\u000f' +
        "\\u0010\\u0011\\u0012\\u0013\\u0014\\u0015\\u0016\\u0017\\u0018\\u0019\\u001a\\u001b\\u001c\\u001d\\u001e\\u001f" +
        '\\"\\\\/\x7f\u2028😊"',
    );
  });

  test.each([
    "",
    " {}",
    "{} ",
    "{}\n",
    "\ufeff{}",
    '{"b":1,"a":2}',
    '{"a":1,"a":1}',
    '{"a":1,"a":2}',
    '{"a": 1}',
    '{"a":1.0}',
    '{"a":1e3}',
    '{"a":1E0}',
    '{"a":-1}',
    '{"a":-0}',
    '{"a":01}',
    '{"a":9007199254740992}',
    '{"a":9007199254740993}',
    `{"a":${"9".repeat(5000)}}`,
    '{"a":NaN}',
    '{"a":Infinity}',
    '{"а":1}',
    '{"a":"\\u0061"}',
    '{"a":"\\/"}',
    '{"a":"\\u001F"}',
    '{"a":"\\ud800"}',
    "{'a':1}",
    '{"a":1,}',
    '["',
    "]",
    "{}{}",
  ])("not canonical: %j", async (raw) => {
    await refused("not_canonical", () => parse(utf8(raw)));
  });

  test.each([[0xff], [0xed, 0xa0, 0x80], [0xc0, 0x80]])("not UTF-8: %j", async (...bytes) => {
    await refused("not_canonical", () => parse(concat(utf8('{"a":"'), Uint8Array.from(bytes), utf8('"}'))));
  });

  test("depth is counted before parsing", async () => {
    expect(text(canonical(parse(utf8("[[[[[[[[]]]]]]]]"))))).toBe("[[[[[[[[]]]]]]]]");
    await refused("limit_exceeded", () => parse(utf8("[[[[[[[[[]]]]]]]]]")), { field: "depth", most: 8 });
    await refused("limit_exceeded", () => parse(utf8("[".repeat(250_000))), { field: "depth" });
    await refused("limit_exceeded", () => parse(utf8('{"a":'.repeat(9))), { field: "depth" });
    expect(parse(utf8('["[[[[[[[[[[[[","\\"[[[[[[[[[[["]'))).toEqual(["[".repeat(12), `"${"[".repeat(11)}`]);
  });

  test("a text that never ends costs no more than another", async () => {
    const began = performance.now();
    for (const raw of [`["${'\\"'.repeat(125_000)}`, '"'.repeat(250_000), `["${"\\".repeat(250_000)}`]) {
      await refused("not_canonical", () => parse(utf8(raw)));
    }
    expect(performance.now() - began).toBeLessThan(2000);
  });

  test("lengths are told before form, but after fractions", async () => {
    expect(parse(utf8(`{"${"n".repeat(64)}":"${"t".repeat(4096)}"}`))).toBeTruthy();
    await refused("limit_exceeded", () => parse(utf8(`{"${"n".repeat(65)}":1}`)), { field: "a name", most: 64 });
    await refused("limit_exceeded", () => parse(utf8(`{"${"н".repeat(33)}":1}`)), { field: "a name" });
    const long = `{"z":"${"т".repeat(2049)}","a":-1}`;
    await refused("limit_exceeded", () => parse(utf8(long)), { field: "a text", most: 4096 });
    await refused("not_canonical", () => parse(utf8(`{"z":"${"т".repeat(2048)}","a":-1}`)));
    await refused("not_canonical", () => parse(utf8(long.replace("-1", "1.0"))));
    await refused("not_canonical", () => parse(utf8(long.replace("-1", "9".repeat(4301)))));
    await refused("limit_exceeded", () => parse(utf8(long.replace("-1", "9".repeat(4300)))));
  });

  test.each([
    [{ a: ["b", "a"] }],
    [{ a: ["a", "a"] }],
    [{ a: { b: [[2, 1]] } }],
    [[{ b: 1 }, { a: 1 }]],
    [[["b"], ["a"]]],
  ])("every list is a set: %j", async (value) => {
    await refused("not_canonical", () => checkSets(value as Json));
  });

  test("a set is sorted by its bytes", () => {
    expect(asSet(["b", "a", "Б", "aa", "*", "я"])).toEqual(["*", "a", "aa", "b", "Б", "я"]);
    expect(asSet(["\uffee", "😊"])).toEqual(["\uffee", "😊"]); // UTF-16 would have it the other way round
    checkSets({ a: ["*", "a", "aa", "b", "Б", "я"], b: ["\uffee", "😊"] });
  });

  test.each([1.5, -1, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY, "\ud800", { "\udc00": 1 }])(
    "is not written: %j",
    async (value) => {
      await refused("not_canonical", () => canonical({ a: value }));
    },
  );

  test("what is not JSON is a mistake of the program", () => {
    for (const value of [undefined, { a: undefined }, 1n, new Date(0), new Map(), () => 1, [undefined]]) {
      expect(() => canonical(value)).toThrow(TypeError);
    }
  });
});

describe("bytes, times, ids", () => {
  test.each(["A", "AA=", "AA==", "AB", "AAB", "A+", "A/", "A A", "AA\n", "é", "AAAAA", "AA😊"])(
    "base64 has one form: %j",
    async (one) => {
      await refused("malformed", () => unb64(one));
    },
  );

  test("base64 comes back, and is that of the platform", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (raw) => {
        expect(unb64(b64(raw))).toEqual(Uint8Array.from(raw));
        expect(b64(raw)).toBe(Buffer.from(raw).toString("base64url"));
      }),
    );
  });

  test("ctx writes each element behind its length", () => {
    expect(text(ctx("x", "ab", 7, Uint8Array.of(0)))).toBe(
      "\x00\x00\x00\x0aortoo/v1/x\x00\x00\x00\x02ab\x00\x00\x00\x017\x00\x00\x00\x01\x00",
    );
    expect(ctx("x", "a", "b")).not.toEqual(ctx("x", "ab", ""));
  });

  test("PAE is that of DSSE", () => {
    expect(text(pae("http://example.com/HelloWorld", utf8("hello world")))).toBe(
      "DSSEv1 29 http://example.com/HelloWorld 11 hello world",
    );
  });

  test.each([
    "2026-11-25T04:00:60Z",
    "2026-02-29T00:00:00Z",
    "2026-04-31T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-00-01T00:00:00Z",
    "2026-11-25T24:00:00Z",
    "0000-11-25T04:00:00Z",
    "2026-11-25 04:00:00Z",
    "2026-11-25T04:00:00",
    "2026-11-25T04:00:00+00:00",
    "2026-11-25T04:00:00.0Z",
    "2026-11-25t04:00:00z",
    "2026-11-25T04:00:00Z\n",
    "٢٠٢٦-11-25T04:00:00Z",
  ])("a time is a real one to the second: %j", async (at) => {
    const envelope = await forged({ at });
    await refused("malformed", () => read(envelope, "receipt"));
  });

  test.each(["2024-02-29T23:59:59Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])("is a time: %s", async (at) => {
    expect((await read(await forged({ at }), "receipt")).body.at).toBe(at);
  });

  test("instants are milliseconds of Unix time, stamps are cut to the second", () => {
    expect(instant("2026-11-25T04:00:00Z")).toBe(1_795_579_200_000);
    expect(stamp(1_795_579_200_999)).toBe("2026-11-25T04:00:00Z");
  });

  test("a document's time may be ten minutes off", async () => {
    const now = instant(RECEIPT.at);
    for (const off of [-600_000, 0, 600_000]) checkClock(RECEIPT.at, now + off);
    for (const off of [-601_000, 600_001]) {
      await refused("clock_skew", () => checkClock(RECEIPT.at, now + off), { field: "at" });
    }
  });

  test("ids sort by time", async () => {
    const made = Array.from({ length: 50 }, newId);
    expect(new Set(made).size).toBe(50);
    for (const one of made) {
      expect(one).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(Math.abs(Number.parseInt(one.slice(0, 13).replace("-", ""), 16) - Date.now())).toBeLessThan(5000);
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
    expect(newId() > made[0]!).toBe(true);
  });
});

describe("envelopes", () => {
  test("what is signed is read and verified", async () => {
    const decision = await sign("consent", CONSENT, nara);
    const again = await read(decision.envelope, "consent");
    expect(again).toEqual(decision);
    expect(again.body).toEqual(CONSENT);
    await verify(again, nara.public);
    expect(again.sha256).toBe(b64(await sha256(pae("application/vnd.ortoo.consent.v1+json", again.payload))));
    expect(kindOfEnvelope(decision.envelope)).toBe("consent");
    expect(await read(utf8(decision.envelope), "consent")).toEqual(decision);
  });

  test("forged envelopes of these tests are good ones", async () => {
    await verify(await read(await forged({}), "receipt"), nara.public);
  });

  test.each<[Record<string, unknown>, Code]>([
    [{ payloadType: "application/vnd.ortoo.receipt.v2+json" }, "version_unsupported"],
    [{ payloadType: "application/vnd.ortoo.receipt.v2+json", more: 1 }, "version_unsupported"],
    [{ payloadType: "application/vnd.ortoo.receipt.v1" }, "malformed"],
    [{ payloadType: "application/vnd.ortoo.receipt.v1+json\n" }, "malformed"],
    [{ payloadType: "application/json" }, "malformed"],
    [{ payloadType: "application/vnd.ortoo.consent.v1+json" }, "malformed"],
    [{ payloadType: 1 }, "malformed"],
    [{ payload: "AB" }, "malformed"],
    [{ payload: "e30=" }, "malformed"],
    [{ signatures: [] }, "malformed"],
    [{ signatures: [{ keyid: "A".repeat(22) }] }, "malformed"],
    [{ signatures: [{ keyid: "A".repeat(21), sig: "AA" }] }, "malformed"],
    [{ signatures: [{ keyid: "A".repeat(22), sig: "A" }] }, "malformed"],
    [{ signatures: Array(17).fill({ keyid: "A".repeat(22), sig: "AA" }) }, "limit_exceeded"],
    [{ more: "x" }, "malformed"],
  ])("the envelope has one form: %j", async (change, code) => {
    const outer = { ...JSON.parse(await forged({})), ...change };
    await refused(code, () => read(canonical(outer), "receipt"));
  });

  test.each(["[]", "1", "null", '"x"', "{}", '{"__proto__":{"payloadType":"x","signatures":[]}}'])(
    "is no envelope: %s",
    async (one) => {
      await refused("malformed", () => read(one, "receipt"));
      await refused("malformed", () => kindOfEnvelope(one));
    },
  );

  test("an envelope is canonical too", async () => {
    const envelope = await forged({});
    const spaced = JSON.stringify(JSON.parse(envelope), null, 1);
    for (const one of [`${envelope}\n`, envelope.replace(":", ": "), spaced]) {
      await refused("not_canonical", () => read(one, "receipt"));
    }
    await refused("not_canonical", () => read(concat(utf8(envelope), Uint8Array.of(0xff)), "receipt"));
    await refused("not_canonical", () => read(envelope.replace("payload", "payl\ud800ad"), "receipt"));
    await refused("not_canonical", () => read(envelope.replace("payload", "payl\ufffd\ud800ad"), "receipt"));
  });

  test("a member's document has exactly one signature", async () => {
    const envelope = await envelopeOf(canonical(RECEIPT), "receipt", nara, urna);
    await refused("malformed", () => read(envelope, "receipt"), { field: "signatures" });
    const unsigned = await envelopeOf(canonical(RECEIPT), "receipt");
    await refused("malformed", () => read(unsigned, "receipt"));
  });

  test("several signatures are sorted", async () => {
    const outer = JSON.parse((await sign("network", networkOf(nara, urna), nara, urna)).envelope);
    outer.signatures.reverse();
    await refused("not_canonical", () => read(canonical(outer), "network"), { field: "signatures" });
  });

  test("a document is bounded", async () => {
    await refused("limit_exceeded", () => read("x".repeat(400_000), "receipt"), { field: "document" });
    await refused("limit_exceeded", () => read(new Uint8Array(400_000), "receipt"), { field: "document" });
    await refused("limit_exceeded", () => kindOfEnvelope("т".repeat(200_000)), { field: "document" });
    const over = await envelopeOf(utf8("x".repeat(256 * 1024 + 1)), "receipt", nara);
    await refused("limit_exceeded", () => read(over, "receipt"), { field: "payload", most: 262_144 });
    const most = await envelopeOf(utf8("x".repeat(256 * 1024)), "receipt", nara);
    await refused("not_canonical", () => read(most, "receipt"));
  });

  test("faults of form are told in their order", async () => {
    const scope = [{ agencies: ["b2", "a1"], sections: ["*"], purposes: ["*"] }];
    const all = await forged({ do: "x".repeat(4097), scope, more: 1 });
    await refused("limit_exceeded", () => read(all, "receipt"));
    const unsorted = await forged({ scope, more: 1 });
    await refused("not_canonical", () => read(unsorted, "receipt"));
    const unknown = await forged({ more: 1 });
    await refused("malformed", () => read(unknown, "receipt"));
  });

  test.each(Object.keys(RECEIPT))("no field may be missing or of another type: %s", async (field) => {
    const { [field]: _, ...rest } = RECEIPT as unknown as Record<string, unknown>;
    const missing = await envelopeOf(canonical(rest), "receipt", nara);
    await refused("malformed", () => read(missing, "receipt"), { field: `$.${field}` });
    const other = await forged({ [field]: true });
    await refused("malformed", () => read(other, "receipt"), { field: `$.${field}` });
  });

  test.each<[string, unknown]>([
    ["network", "01935D2E-8F00-7000-8000-000000000001"],
    ["network", "01935d2e-8f00-4000-8000-000000000001"],
    ["network", "01935d2e-8f00-7000-c000-000000000001"],
    ["network", "01935d2e-8f00-7000-8000-000000000001\n"],
    ["key", b64(new Uint8Array(31))],
    ["key", b64(new Uint8Array(33))],
    ["key", `${ZEROS}=`],
    ["key", `${ZEROS.slice(0, -1)}B`],
    ["do", "peek"],
    ["scope", []],
    ["scope", [{ agencies: ["*", "aa"], sections: ["*"], purposes: ["*"] }]],
    ["scope", [{ agencies: [], sections: ["*"], purposes: ["*"] }]],
    ["scope", [{ agencies: ["a"], sections: ["*"], purposes: ["*"] }]],
    ["scope", [{ agencies: ["A1"], sections: ["*"], purposes: ["*"] }]],
    ["scope", [{ agencies: ["*"], sections: ["Needs"], purposes: ["*"] }]],
    ["scope", [{ agencies: ["*"], sections: ["n".repeat(65)], purposes: ["*"] }]],
    ["scope", { agencies: ["*"], sections: ["*"], purposes: ["*"] }],
  ])("values have one form: %s %j", async (field, value) => {
    const envelope = await forged({ [field]: value });
    await refused("malformed", () => read(envelope, "receipt"));
  });

  test.each(["needs/file-0", "needs/file-01", "needs/x", "needs/file-1000", "needs/", "/file-1", "a".repeat(65)])(
    "parts are named in one way: %s",
    async (name) => {
      const sealed = {
        parts: [{ name, size: 1096, sha256: ZEROS }],
        readers: [{ agency: "mrc", as: "sender", epoch: 1, sha256: ZEROS }],
        keys: [],
      };
      const envelope = await envelopeOf(canonical({ ...CONSENT, sealed }), "consent", nara);
      await refused("malformed", () => read(envelope, "consent"), { field: "$.sealed.parts[0].name" });
    },
  );

  test.each<[string, unknown]>([
    ["retain_days", 0],
    ["retain_days", 366],
    ["version", 0],
    ["prev", ""],
    ["to", "kind:"],
    ["granted", { sections: [], purposes: ["assess"], until: "2026-12-25T04:00:00Z" }],
    ["granted", { sections: ["*"], purposes: ["*"], until: "2026-12-25T04:00:00Z" }],
    ["granted", { sections: ["*"], purposes: ["assess"], until: "2026-12-25" }],
    ["given", { by: null, how: null, language: null, interpreter: 0, witness: false }],
    ["receipt", { key: ZEROS, mode: "none" }],
    ["exception", { reviewer: "nhrcm", overrides: null }],
  ])("a consent has one form: %s %j", async (field, value) => {
    const envelope = await envelopeOf(canonical({ ...CONSENT, [field]: value }), "consent", nara);
    await refused("malformed", () => read(envelope, "consent"));
  });

  test("no refusal quotes what it refuses", async () => {
    const secret = "сайнбуян-1994";
    const envelope = await forged({ do: secret });
    const caught = await refused("malformed", () => read(envelope, "receipt"));
    expect(`${caught} ${caught.stack} ${JSON.stringify(caught)}`).not.toContain(secret);
    expect(caught.cause).toBeUndefined();
  });

  test("what would be refused is not signed", async () => {
    await refused("not_canonical", () => sign("consent", { ...CONSENT, refused: ["b1", "a1"] }, nara));
    await refused("malformed", () => sign("consent", { ...CONSENT, retain_days: 366 }, nara));
    await refused("malformed", () => sign("consent", CONSENT, nara, urna));
  });
});

describe("signatures", () => {
  test("a key id is a hint and no proof", async () => {
    const outer = JSON.parse((await sign("consent", CONSENT, nara)).envelope);
    outer.signatures[0].keyid = urna.keyid;
    const posing = await read(canonical(outer), "consent");
    for (const key of [nara, urna]) await refused("signature_invalid", () => verify(posing, key.public));
  });

  test("another member's signature does not verify", async () => {
    const decision = await sign("consent", CONSENT, nara);
    await refused("signature_invalid", () => verify(decision, urna.public));
    await refused("signature_invalid", () => verify(decision, new Uint8Array(32)));
    await refused("signature_invalid", () => verify(decision, new Uint8Array(31)));
  });

  test("any bit changed in a signature is noticed", async () => {
    const decision = await sign("consent", CONSENT, nara);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 511 }), async (bit) => {
        const outer = JSON.parse(decision.envelope);
        const signature = unb64(outer.signatures[0].sig);
        signature[bit >> 3]! ^= 1 << (bit & 7);
        outer.signatures[0].sig = b64(signature);
        const changed = await read(canonical(outer), "consent");
        await refused("signature_invalid", () => verify(changed, nara.public));
      }),
      { numRuns: 60 },
    );
  });

  test("a signature does not pass from one kind to another", async () => {
    const outer = JSON.parse(await envelopeOf(canonical(RECEIPT), "record", nara));
    outer.payloadType = "application/vnd.ortoo.receipt.v1+json";
    const posing = await read(canonical(outer), "receipt");
    await refused("signature_invalid", () => verify(posing, nara.public));
  });

  test("changing a document changes its hash", async () => {
    const one = await sign("consent", CONSENT, nara);
    const other = await sign("consent", { ...CONSENT, retain_days: 91 }, nara);
    expect(one.sha256).not.toBe(other.sha256);
    expect((await sign("consent", CONSENT, urna)).sha256).toBe(one.sha256);
  });

  test("signatures are gathered, and keys are counted once", async () => {
    const body = networkOf(nara, urna);
    const one = await sign("network", body, nara);
    const both = join(one, join(await sign("network", body, urna), one));
    expect(both.signatures).toHaveLength(2);
    expect(await read(both.envelope, "network")).toEqual(both);
    const stranger = await SigningKey.generate();
    const keys = [nara.public, nara.public, stranger.public];
    expect(await signers(both, keys)).toEqual(new Set([b64(nara.public)]));
    expect((await signers(both, [nara.public, urna.public])).size).toBe(2);
    expect(() => join(one, { ...one, sha256: ZEROS })).toThrow(RangeError);
  });

  test("the same key twice in an envelope is one signer", async () => {
    const twice = await read(await envelopeOf(canonical(networkOf(nara, urna)), "network", nara, nara), "network");
    expect(twice.signatures).toHaveLength(2);
    expect((await signers(twice, [nara.public, urna.public])).size).toBe(1);
  });

  test("keys of small order or not canonical are refused", async () => {
    const order = [
      "00".repeat(32),
      `01${"00".repeat(31)}`,
      `ec${"ff".repeat(30)}7f`,
      "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
      "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
      "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
      "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
      `${"00".repeat(31)}80`,
      `01${"00".repeat(30)}80`,
      "ff".repeat(32),
      `ed${"ff".repeat(30)}7f`,
      `ee${"ff".repeat(30)}7f`,
      "00".repeat(31),
      "",
    ];
    for (const hex of order) {
      await refused("key_refused", () => checkSigningKey(Buffer.from(hex, "hex"), "hub_key"), { field: "hub_key" });
    }
    for (const key of [nara, urna]) checkSigningKey(key.public);
  });

  test("the seed of a key does not stand where the key is printed", async () => {
    const key = await SigningKey.of(new Uint8Array(32).fill(115));
    const { inspect } = await import("node:util");
    expect(`${inspect(key, { depth: 5, showHidden: true })} ${JSON.stringify(key)}`).not.toMatch(/(115,?\s*){4}/);
    expect(key.seed).toEqual(new Uint8Array(32).fill(115));
    await expect(SigningKey.of(new Uint8Array(31))).rejects.toThrow(RangeError);
  });
});

test("bytes are compared as Python compares them", () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), (one, other) => {
      expect(Math.sign(compareBytes(one, other))).toBe(Buffer.compare(one, other));
    }),
  );
});
