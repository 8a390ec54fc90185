/** The log: trees and proofs (RFC 9162), checkpoints, cosignatures, policies (C2SP). */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Policy } from "../../src/protocol/checkpoint.ts";
import {
  COSIGNATURE_KEY,
  cosign,
  isFresh,
  logNamed,
  NOTE_KEY,
  openCheckpoint,
  parsePolicy,
  satisfiedBy,
  signCheckpoint,
  verifierKey,
  vkeyOf,
  withCosignature,
} from "../../src/protocol/checkpoint.ts";
import { b64, ctx, instant, SigningKey, sha256, unb64, utf8 } from "../../src/protocol/documents.ts";
import type { Code } from "../../src/protocol/errors.ts";
import { Refused } from "../../src/protocol/errors.ts";
import * as merkle from "../../src/protocol/merkle.ts";
import { refused } from "./refusing.ts";
import { HOUR, NOW } from "./town.ts";
import { vectors } from "./vectors.ts";

interface Proof {
  readonly proof: readonly string[];
  readonly good: boolean;
}

describe("the tree", async () => {
  const tree = vectors("tree") as {
    readonly entries: readonly string[];
    readonly roots: readonly string[];
    readonly inclusion: readonly (Proof & { readonly index: number; readonly size: number })[];
    readonly consistency: readonly (Proof & { readonly size1: number; readonly size2: number })[];
  };
  const leaves = await Promise.all(tree.entries.map((entry) => merkle.leafHash(unb64(entry))));
  const roots = tree.roots.map((root) => unb64(root));
  const zeros = new Uint8Array(32);

  it("has the roots of the vectors", async () => {
    for (const [size, root] of roots.entries()) expect(await merkle.root(leaves.slice(0, size))).toEqual(root);
    expect(merkle.EMPTY_ROOT).toEqual(await sha256(new Uint8Array()));
  });

  it("proves inclusion as the vectors do", async () => {
    expect(tree.inclusion.filter((one) => !one.good).length).toBeGreaterThan(1);
    for (const { index, size, proof, good } of tree.inclusion) {
      const given = proof.map((one) => unb64(one));
      const verified = () => merkle.verifyInclusion(index, size, leaves[index]!, given, roots[size]!);
      if (!good) await refused("proof_invalid", verified);
      else {
        await verified();
        expect(await merkle.inclusionProof(leaves.slice(0, size), index)).toEqual(given);
      }
    }
  });

  it("proves growth as the vectors do", async () => {
    expect(tree.consistency.filter((one) => !one.good).length).toBeGreaterThan(1);
    for (const { size1, size2, proof, good } of tree.consistency) {
      const given = proof.map((one) => unb64(one));
      const verified = () => merkle.verifyConsistency(size1, size2, roots[size1]!, roots[size2]!, given);
      if (!good) await refused("proof_invalid", verified);
      else {
        await verified();
        expect(await merkle.consistencyProof(leaves.slice(0, size2), size1)).toEqual(given);
      }
    }
  });

  it("verifies every inclusion and no other", async () => {
    const many = await Promise.all(Array.from({ length: 24 }, (_, at) => merkle.leafHash(utf8(`entry ${at}`))));
    for (const size of [1, 2, 3, 7, 8, 13, 24]) {
      const root = await merkle.root(many.slice(0, size));
      for (let index = 0; index < size; index++) {
        const proof = await merkle.inclusionProof(many.slice(0, size), index);
        const leaf = many[index]!;
        await merkle.verifyInclusion(index, size, leaf, proof, root);
        const last = proof.at(-1);
        for (const wrong of [
          () => merkle.verifyInclusion(index + 1, size, leaf, proof, root),
          () => merkle.verifyInclusion(index, size, leaf, [...proof, zeros], root),
          () => merkle.verifyInclusion(index, size, leaf, proof, zeros),
          () => merkle.verifyInclusion(index, size, zeros, proof, root),
          () => merkle.verifyInclusion(index, size, leaf.slice(0, 31), proof, root),
          () => merkle.verifyInclusion(-1, size, leaf, proof, root),
          () => merkle.verifyInclusion(size, size, leaf, proof, root),
          () => merkle.verifyInclusion(index + 0.5, size, leaf, proof, root),
          () => merkle.verifyInclusion(index, Number.NaN, leaf, proof, root),
          ...(last
            ? [
                () => merkle.verifyInclusion(index, size, leaf, proof.slice(0, -1), root),
                () => merkle.verifyInclusion(index, size, leaf, [...proof.slice(0, -1), last.slice(0, 31)], root),
              ]
            : []),
        ]) {
          await refused("proof_invalid", wrong);
        }
      }
    }
  });

  it("verifies every growth and no other", async () => {
    const many = await Promise.all(Array.from({ length: 17 }, (_, at) => merkle.leafHash(utf8(`entry ${at}`))));
    for (let size2 = 1; size2 <= many.length; size2++) {
      const root2 = await merkle.root(many.slice(0, size2));
      for (let size1 = 1; size1 <= size2; size1++) {
        const root1 = await merkle.root(many.slice(0, size1));
        const proof = await merkle.consistencyProof(many.slice(0, size2), size1);
        await merkle.verifyConsistency(size1, size2, root1, root2, proof);
        for (const wrong of [
          () => merkle.verifyConsistency(size2 + 1, size2, root1, root2, proof),
          () => merkle.verifyConsistency(0, size2, merkle.EMPTY_ROOT, root2, proof),
          () => merkle.verifyConsistency(size1, size2, zeros, root2, proof),
          () => merkle.verifyConsistency(size1, size2, root1, zeros, proof),
          () => merkle.verifyConsistency(size1, size2, root1, root2, [...proof, zeros]),
          () => merkle.verifyConsistency(size1, size2, root1.slice(0, 31), root2, proof),
          ...(proof.length > 0 ? [() => merkle.verifyConsistency(size1, size2, root1, root2, proof.slice(0, -1))] : []),
        ]) {
          await refused("proof_invalid", wrong);
        }
      }
    }
  });

  it("walks sizes beyond 32 bits", async () => {
    // The last of 2^40 leaves: 40 steps, each from the left. A size cut to 32 bits would take another way.
    const proof = Array.from({ length: 40 }, (_, at) => new Uint8Array(32).fill(at));
    let root = await merkle.leafHash(utf8("last"));
    for (const step of proof) root = await merkle.nodeHash(step, root);
    await merkle.verifyInclusion(2 ** 40 - 1, 2 ** 40, await merkle.leafHash(utf8("last")), proof, root);
    await refused("proof_invalid", async () =>
      merkle.verifyInclusion(2 ** 40 - 2, 2 ** 40, await merkle.leafHash(utf8("last")), proof, root),
    );
  });

  it("has no proof of what is not there", async () => {
    for (const index of [-1, 3])
      await expect(merkle.inclusionProof(leaves.slice(0, 3), index)).rejects.toThrow(RangeError);
    for (const size of [0, 4])
      await expect(merkle.consistencyProof(leaves.slice(0, 3), size)).rejects.toThrow(RangeError);
  });

  it("has leaves of the activity tree that tell nothing", async () => {
    const { cases } = vectors("leaf") as {
      readonly cases: readonly { salt: string; document: string; entry: string; leaf_hash: string }[];
    };
    for (const one of cases) {
      const entry = await sha256(ctx("leaf", unb64(one.salt), unb64(one.document)));
      expect([b64(entry), b64(await merkle.leafHash(entry))]).toEqual([one.entry, one.leaf_hash]);
    }
  });
});

describe("checkpoints", async () => {
  const ORIGIN = "hub.example/log/directory";
  const keyOf = (number: number) => SigningKey.of(new Uint8Array(32).fill(number));
  const [log, w1, w2, w3] = [await keyOf(1), await keyOf(2), await keyOf(3), await keyOf(4)];
  const vkey = async (name: string, kind: number, key: SigningKey) => vkeyOf(await verifierKey(name, kind, key.public));
  const logLine = `log ${await vkey(ORIGIN, NOTE_KEY, log)}\n`;
  const witnesses = [
    `witness w1 ${await vkey("w.example/w1", COSIGNATURE_KEY, w1)}\n`,
    `witness w2 ${await vkey("w.example/w2", COSIGNATURE_KEY, w2)}\n`,
    `witness w3 ${await vkey("w.example/w3", COSIGNATURE_KEY, w3)}\n`,
  ].join("");
  const alone = await parsePolicy(`${logLine}quorum none\n`);
  const twoOfThree = await parsePolicy(`${logLine}${witnesses}group all 2 w1 w2 w3\nquorum all\n`);
  const head = { origin: ORIGIN, size: 42, root: Uint8Array.from({ length: 32 }, (_, at) => at) };
  const note = await signCheckpoint(head, log);
  const by = (name: string, key: SigningKey, at = NOW, on = note) => cosign(on, `w.example/${name}`, key, at);
  const witnessed = async (...lines: Promise<string>[]) => note + (await Promise.all(lines)).join("");

  it("open and fail as the vectors do", async () => {
    const given = vectors("checkpoint") as {
      readonly origin: string;
      readonly size: number;
      readonly root: string;
      readonly policies: Readonly<Record<string, string>>;
      readonly cases: readonly { about: string; policy: string; note: string; code: Code | null }[];
    };
    expect(given.cases.length).toBeGreaterThan(10);
    for (const one of given.cases) {
      const policy = await parsePolicy(given.policies[one.policy]!);
      const open = () => openCheckpoint(one.note, given.origin, policy);
      if (one.code !== null) await refused(one.code, open);
      else {
        const { checkpoint } = await open();
        expect(checkpoint).toEqual({ origin: given.origin, size: given.size, root: unb64(given.root) });
      }
    }
  });

  it("are cosigned as the vectors are", async () => {
    const given = vectors("cosignature") as {
      readonly note: string;
      readonly cases: readonly { name: string; seed: string; vkey: string; time: number; line: string }[];
    };
    for (const one of given.cases) {
      const key = await SigningKey.of(unb64(one.seed));
      expect(await vkey(one.name, COSIGNATURE_KEY, key)).toBe(one.vkey);
      expect(await cosign(given.note, one.name, key, one.time * 1000)).toBe(one.line);
    }
  });

  it("need no more than the log's own signature where no quorum is asked", async () => {
    const opened = await openCheckpoint(note, ORIGIN, alone);
    expect(opened).toEqual({ checkpoint: head, cosigned: new Map() });
    expect(isFresh(opened, alone, NOW)).toBe(true);
    expect(logNamed(alone, "/log/directory").name).toBe(ORIGIN);
    await refused("checkpoint_unwitnessed", () => logNamed(alone, "/log/activity"));
  });

  it("need two of three witnesses where two are asked", async () => {
    const opened = await openCheckpoint(await witnessed(by("w1", w1), by("w3", w3)), ORIGIN, twoOfThree);
    expect([...opened.cosigned]).toEqual([
      ["w1", NOW],
      ["w3", NOW],
    ]);
    for (const few of [note, await witnessed(by("w1", w1)), await witnessed(by("w1", w1), by("w1", w1))]) {
      await refused("checkpoint_unwitnessed", () => openCheckpoint(few, ORIGIN, twoOfThree));
    }
  });

  it("take lines one by one, the newest of each witness", async () => {
    const [first, third] = [await by("w1", w1), await by("w3", w3)];
    const one = await withCosignature(note, first, twoOfThree, NOW);
    const both = await withCosignature(one, third, twoOfThree, NOW);
    expect(both).toBe(note + first + third);
    expect(await withCosignature(both, first, twoOfThree, NOW)).toBe(both);
    expect(await withCosignature(both, await by("w1", w1, NOW - HOUR), twoOfThree, NOW)).toBe(both);
    const newer = await withCosignature(both, await by("w1", w1, NOW + HOUR), twoOfThree, NOW + HOUR);
    expect((await openCheckpoint(newer, ORIGIN, twoOfThree)).cosigned.get("w1")).toBe(NOW + HOUR);
    expect(newer.split("w.example/w1").length).toBe(2);
  });

  it("take no line that is no witness's", async () => {
    const mine = await by("w1", w1);
    const lines: [Code, string][] = [
      ["checkpoint_unwitnessed", await by("w1", await SigningKey.generate())],
      ["checkpoint_unwitnessed", await by("w9", w1)],
      ["checkpoint_unwitnessed", await by("w1", w1, NOW, note.replace("\n42\n", "\n43\n"))],
      ["checkpoint_unwitnessed", `${note.trimEnd().split("\n").at(-1)}\n`],
      ["clock_skew", await by("w1", w1, NOW + 11 * 60_000)],
      ["malformed", mine.trimEnd()],
      ["malformed", mine + mine],
      ["malformed", "\n"],
      ["malformed", ""],
      ["malformed", "w.example/w1 AAAA\n"],
      ["malformed", `\u2014 w.example/w1 ${"A".repeat(400)}\n`],
      ["checkpoint_unwitnessed", "\u2014 \ud800 AAAAAAAA\n"],
    ];
    for (const [code, line] of lines) await refused(code, () => withCosignature(note, line, twoOfThree, NOW));
  });

  it("grow old after a day", async () => {
    const opened = await openCheckpoint(await witnessed(by("w1", w1), by("w2", w2)), ORIGIN, twoOfThree);
    expect(isFresh(opened, twoOfThree, NOW + 24 * HOUR)).toBe(true);
    expect(isFresh(opened, twoOfThree, NOW + 24 * HOUR + 1000)).toBe(false);
    expect(isFresh(opened, twoOfThree, NOW - 11 * 60_000)).toBe(false);
  });

  it("pass over strangers, and count none of them", async () => {
    const stranger = await SigningKey.generate();
    await openCheckpoint(await witnessed(by("w1", w1), by("w2", w2), by("x", stranger)), ORIGIN, twoOfThree);
    for (const few of [
      await witnessed(by("w1", w1), by("w2", stranger)),
      await witnessed(by("w1", log), by("w2", log)), // the hub is not its own witness
    ]) {
      await refused("checkpoint_unwitnessed", () => openCheckpoint(few, ORIGIN, twoOfThree));
    }
  });

  it("are spoiled by a bad line of a known key", async () => {
    const other = await signCheckpoint({ ...head, size: 43 }, log);
    const foreign = await cosign(other, "w.example/w3", w3, NOW);
    const good = await witnessed(by("w1", w1), by("w2", w2));
    await refused("checkpoint_unwitnessed", () => openCheckpoint(good + foreign, ORIGIN, twoOfThree));
    const moved = `${note.split("\n\n")[0]}\n\n${other.split("\n\n")[1]}`;
    await refused("checkpoint_unwitnessed", () => openCheckpoint(moved, ORIGIN, alone));
  });

  it("count for their own log alone", async () => {
    const elsewhere = await signCheckpoint({ ...head, origin: "hub.example/log/activity" }, log);
    for (const origin of [ORIGIN, "hub.example/log/activity"]) {
      await refused("checkpoint_unwitnessed", () => openCheckpoint(elsewhere, origin, alone));
    }
  });

  it("do not survive the change of any byte", async () => {
    const raw = utf8(note);
    await fc.assert(
      fc.asyncProperty(fc.nat(raw.length - 1), fc.integer({ min: 1, max: 127 }), async (place, flip) => {
        const changed = raw.slice();
        changed[place]! ^= flip;
        await expect(openCheckpoint(new TextDecoder().decode(changed), ORIGIN, alone)).rejects.toThrow(Refused);
      }),
      { numRuns: 150 },
    );
  });

  it("have one form", async () => {
    const [text, lines] = note.split("\n\n") as [string, string];
    for (const wrong of [
      "",
      "\n\n",
      text,
      `${text}\n\n`,
      note.slice(0, -1),
      `${note}\n`,
      note.replace("\n42\n", "\n042\n"),
      note.replace("\n42\n", "\n+42\n"),
      note.replace("\n42\n", "\n-42\n"),
      note.replace("\n42\n", "\n٤٢\n"),
      note.replace("\n42\n", `\n${"9".repeat(17)}\n`),
      note.replace("\n42\n", `\n${"9".repeat(16)}\n`),
      note.replace("=\n", "\n"),
      note.replace("\n\n", "\nextension\n\n"),
      note.replace("\u2014", "-"),
      note.replace(ORIGIN, `${ORIGIN}\t`),
      `${text}\ud800\n\n${lines}`,
      `${note}\u2014 w.example/w1 AAAA\n`,
      `${note}\u2014 w.example/w1 AAAAAAA\n`,
      `${note}\u2014 w+1 AAAAAAAA\n`,
      `${note}\u2014  AAAAAAAA\n`,
      `${note}\u2014 w\u2003x AAAAAAAA\n`,
      note + "\u2014 w.example/w1 AAAAAAAA\n".repeat(64),
    ]) {
      await refused("malformed", () => openCheckpoint(wrong, ORIGIN, alone));
    }
  });

  it("stand under a policy that has one form", async () => {
    for (const wrong of [
      "",
      "quorum none",
      logLine,
      `${logLine}quorum none\nquorum none\n`,
      `${logLine}quorum w1\n`,
      `${logLine}quorum w1\n${witnesses}`,
      `${logLine}${logLine}quorum none\n`,
      `${logLine}quorum\u00a0none\n`,
      `${logLine}quorum none\r\n`,
      `${logLine}quorum none\x7f\n`,
      `${logLine}quorum none more\n`,
      `${logLine.replace("\n", " one two\n")}quorum none\n`,
      `${logLine.replaceAll("+", "-")}quorum none\n`,
      `${logLine.replace("hub.", "hob.")}quorum none\n`,
      `log ${await vkey(ORIGIN, COSIGNATURE_KEY, log)}\nquorum none\n`,
      `witness w1 ${await vkey("w", NOTE_KEY, w1)}\nquorum w1\n`,
      `${witnesses}${witnesses.replaceAll("witness w", "witness x")}quorum w1\n`,
      `${witnesses}group g 0 w1 w2\nquorum g\n`,
      `${witnesses}group g 3 w1 w2\nquorum g\n`,
      `${witnesses}group g any\nquorum g\n`,
      `${witnesses}group g any w1 w1\nquorum g\n`,
      `${witnesses}group g any w1 g\nquorum g\n`,
      `${witnesses}group g any w1 w2\ngroup h any w1 w3\nquorum h\n`,
      `${witnesses}group w1 any w2 w3\nquorum w1\n`,
      `${witnesses}group none any w2 w3\nquorum none\n`,
      `${witnesses}group g any none\nquorum g\n`,
      `${witnesses}unheard of\nquorum w1\n`,
    ]) {
      const field = wrong.includes("-") && !wrong.includes("+") ? {} : { field: "policy" };
      await refused("malformed", () => parsePolicy(wrong), field);
    }
  });

  it("may be asked of groups of groups", async () => {
    const text = `# two levels\n${witnesses} group\tours any w1 w2 \ngroup both all ours w3\n\nquorum both\n`;
    const policy: Policy = await parsePolicy(text);
    const some = (...names: string[]) => new Map(names.map((name) => [name, instant("2026-11-25T04:00:00Z")]));
    expect(satisfiedBy(policy, some("w1", "w3"))).toBe(true);
    expect(satisfiedBy(policy, some("w1", "w2"))).toBe(false);
    expect(satisfiedBy(policy, some("w3"))).toBe(false);
  });
});
