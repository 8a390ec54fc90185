import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  asSet,
  b64,
  canonical,
  checkSets,
  checkSigningKey,
  ctx,
  keyid,
  newId,
  pae,
  parse,
  read,
  SigningKey,
  sha256,
  sign,
  signedBy,
  signers,
  unb64,
  utf8,
  verify,
} from "../../src/protocol/documents.ts";
import { uuid7 } from "../../src/protocol/ids.ts";
import { Receipt } from "../../src/protocol/schemas.ts";
import { codeOf, vectors } from "./vectors.ts";

describe("vectors", () => {
  test.each(vectors("ctx").cases)("ctx $label", (one) => {
    const elements = one.elements.map((e: { bytes?: string; text?: string; number?: number }) =>
      e.bytes === undefined ? (e.text ?? e.number!) : unb64(e.bytes),
    );
    expect(b64(ctx(one.label, ...elements))).toBe(one.ctx);
  });

  test.each(vectors("keyid").cases)("keyid $keyid", (one) => {
    expect(keyid(unb64(one.public_key))).toBe(one.keyid);
  });

  test("pae, H and signature", async () => {
    const given = vectors("pae");
    const key = await SigningKey.of(unb64(given.seed));
    expect(b64(key.publicKey)).toBe(given.public_key);
    for (const one of given.cases) {
      const message = pae(one.payload_type, unb64(one.payload));
      expect(b64(message)).toBe(one.pae);
      expect(b64(sha256(message))).toBe(one.sha256);
      expect(b64(await key.signRaw(message))).toBe(one.signature);
      expect(await signedBy(key.publicKey, unb64(one.signature), message)).toBe(true);
    }
  });

  const key = SigningKey.of(utf8("r".repeat(32)));

  /** The envelope of a payload that is otherwise in order. */
  async function enveloped(payload: Uint8Array): Promise<string> {
    const payloadType = "application/vnd.ortoo.receipt.v1+json";
    const signed = await (await key).signRaw(pae(payloadType, payload));
    const signatures = [{ keyid: keyid((await key).publicKey), sig: b64(signed) }];
    return new TextDecoder().decode(canonical({ payload: b64(payload), payloadType, signatures }));
  }

  test.each(vectors("payloads").payloads)("payload: $about", async (one) => {
    const envelope = await enveloped(unb64(one.payload));
    expect(await codeOf(() => read(envelope, Receipt))).toBe(one.code);
  });

  test.each(vectors("payloads").envelopes)("envelope: $about", async (one) => {
    expect(await codeOf(() => read(one.envelope, Receipt))).toBe(one.code);
  });
});

describe("bytes", () => {
  test("base64url has one form, both ways", () => {
    fc.assert(fc.property(fc.uint8Array(), (raw) => void expect([...unb64(b64(raw))]).toEqual([...raw])));
    fc.assert(
      fc.property(fc.uint8Array(), (raw) => void expect(b64(raw)).toBe(Buffer.from(raw).toString("base64url"))),
    );
  });

  test.each(["A", "AB", "AAB", "AA=", "AA==", "+A", "/A", "A A", "ААА", "AAAAA", "AAA\n"])(
    "%j is refused",
    async (text) => {
      expect(await codeOf(() => unb64(text))).toBe(
        /^[A-Za-z0-9_-]*$/.test(text) && Buffer.from(text, "base64url").toString("base64url") === text
          ? null
          : "malformed",
      );
    },
  );
});

describe("canonical JSON", () => {
  const json = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc.integer({ min: 0 }),
      fc.boolean(),
      fc.constant(null),
      fc.string({ unit: "grapheme" }),
      fc.array(tie("value"), { maxLength: 4 }),
      fc.dictionary(fc.string({ unit: "grapheme-ascii", maxLength: 20 }), tie("value"), { maxKeys: 4 }),
    ),
  })).value;

  test("what is written is read again", () => {
    fc.assert(fc.property(json, (value) => void expect(parse(canonical(value), { maxDepth: 99 })).toEqual(value)));
  });

  test("any other form of it is refused", async () => {
    for (const text of [
      "1.0",
      "1e0",
      "-0",
      "-1",
      "9007199254740992",
      "[1,]",
      " 1",
      "1 ",
      '{"b":1,"a":1}',
      '{"a":1,"a":1}',
      '"\\u0041"',
      '"\\/"',
      '{"é":1}',
      '"\\ud800"',
      "NaN",
      "Infinity",
      "\ufeff1",
      "[1, 2]",
      "",
      "[",
      '"',
      "tru",
      "01",
      "1E400",
    ]) {
      expect([text, await codeOf(() => parse(utf8(text)))]).toEqual([text, "not_canonical"]);
    }
    expect(await codeOf(() => parse(Uint8Array.of(0x22, 0xff, 0x22)))).toBe("not_canonical");
  });

  test("depth is counted before anything is parsed, brackets in texts not", async () => {
    expect(await codeOf(() => parse(utf8("[".repeat(100_000))))).toBe("limit_exceeded");
    expect(await codeOf(() => parse(utf8(`"${"[".repeat(4000)}"`)))).toBe(null);
    expect(await codeOf(() => parse(utf8(`"\\"${"[".repeat(40)}"`)))).toBe(null);
    expect(await codeOf(() => parse(utf8("[[[[[[[[1]]]]]]]]")))).toBe(null);
    expect(await codeOf(() => parse(utf8("[[[[[[[[[1]]]]]]]]]")))).toBe("limit_exceeded");
  });

  test("names and texts are bounded in bytes", async () => {
    expect(await codeOf(() => parse(utf8(`"${"ө".repeat(2048)}"`)))).toBe(null);
    expect(await codeOf(() => parse(utf8(`"${"ө".repeat(2049)}"`)))).toBe("limit_exceeded");
    expect(await codeOf(() => parse(utf8(`{"${"a".repeat(64)}":1}`)))).toBe(null);
    expect(await codeOf(() => parse(utf8(`{"${"a".repeat(65)}":1}`)))).toBe("limit_exceeded");
  });

  test("__proto__ is a name like any other", () => {
    const value = parse(utf8('{"__proto__":{"a":1}}'));
    expect(new TextDecoder().decode(canonical(value))).toBe('{"__proto__":{"a":1}}');
    expect(({} as { a?: number }).a).toBe(undefined);
  });

  test("lists are sets, in the order of their bytes", async () => {
    const astral = ["\u{10000}", "\uffff"]; // UTF-16 would have them the other way round
    expect(asSet(astral)).toEqual(["\uffff", "\u{10000}"]);
    expect(await codeOf(() => checkSets({ a: [asSet(astral)] as never }))).toBe(null);
    for (const list of [astral, ["a", "a"], ["b", "a"]])
      expect(await codeOf(() => checkSets(list))).toBe("not_canonical");
  });
});

describe("keys that sign", () => {
  const SMALL = [
    "00",
    "01",
    `ec${"ff".repeat(30)}7f`,
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  ];
  const OVER = [`ed${"ff".repeat(30)}7f`, `ee${"ff".repeat(30)}ff`, "ff".repeat(32)];

  test.each([...SMALL, ...OVER])("%s is refused, with either sign", async (hex) => {
    const raw = Buffer.from(hex.padEnd(64, "0"), "hex");
    for (const sign of [0, 0x80]) {
      const key = Uint8Array.from(raw);
      key[31]! |= sign;
      expect(await codeOf(() => checkSigningKey(key))).toBe("key_refused");
    }
    expect(await codeOf(() => checkSigningKey(raw.subarray(1)))).toBe("key_refused");
  });

  test("a key in use is not", async () => {
    expect(await codeOf(async () => checkSigningKey((await SigningKey.generate()).publicKey))).toBe(null);
  });
});

describe("documents", () => {
  const body = {
    network: newId(),
    at: "2026-11-26T02:00:00Z",
    key: b64(new Uint8Array(32)),
    challenge: b64(new Uint8Array(32)),
    do: "look",
    scope: null,
  } as const;

  test("what is signed verifies, by that key alone", async () => {
    const [mine, other] = [await SigningKey.generate(), await SigningKey.generate()];
    const document = read((await sign(body, Receipt, mine)).envelope, Receipt);
    expect(await codeOf(() => verify(document, mine.publicKey))).toBe(null);
    expect(await codeOf(() => verify(document, other.publicKey))).toBe("signature_invalid");
    expect([...(await signers(document, [b64(mine.publicKey), b64(mine.publicKey), b64(other.publicKey)]))]).toEqual([
      b64(mine.publicKey),
    ]);
  });

  test("a changed byte of payload or signature verifies nowhere", async () => {
    const key = await SigningKey.generate();
    const document = await sign(body, Receipt, key);
    const other = await sign({ ...body, do: "withdraw", scope: null } as never, Receipt, key);
    const moved = document.envelope.replace(b64(document.payload), b64(other.payload));
    expect(await codeOf(() => verify(read(moved, Receipt), key.publicKey))).toBe("signature_invalid");
  });

  test("what we would refuse, we do not sign", async () => {
    const key = await SigningKey.generate();
    expect(await codeOf(() => sign({ ...body, at: "2026-02-30T00:00:00Z" }, Receipt, key))).toBe("malformed");
  });

  test("ids sort by time and are of version 7", () => {
    const [one, other] = [uuid7(1), uuid7(2 ** 40)];
    expect(one < other).toBe(true);
    for (const id of [one, other, newId()])
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(uuid7(2 ** 40).slice(0, 13)).toBe("01000000-0000");
  });
});
