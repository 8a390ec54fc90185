/** The vectors of the rule, the receipt and the refusals: what Python is held to, this is too. */

import { describe, expect, it } from "vitest";
import type { Withdrawal } from "../../src/protocol/consent.ts";
import * as consent from "../../src/protocol/consent.ts";
import { Directory } from "../../src/protocol/directory.ts";
import type { Bytes, Document } from "../../src/protocol/documents.ts";
import { b64, instant, read, SigningKey, sign, unb64 } from "../../src/protocol/documents.ts";
import type { At, Code } from "../../src/protocol/errors.ts";
import { Refused } from "../../src/protocol/errors.ts";
import { KemKey } from "../../src/protocol/hpke.ts";
import * as receipt from "../../src/protocol/receipt.ts";
import * as referral from "../../src/protocol/referral.ts";
import type { Consent, Granted, Scope } from "../../src/protocol/schemas.ts";
import type { Blobs } from "../../src/protocol/sealing.ts";
import { openSet, pair } from "../../src/protocol/sealing.ts";
import { refused } from "./refusing.ts";
import { vectors } from "./vectors.ts";

const NETWORK = "01935d2e-8f00-7000-8000-000000000001";

interface GivenDecision {
  readonly to: string;
  readonly version: number;
  readonly recorder: string;
  readonly granted: Granted | null;
  readonly refused: readonly string[];
  readonly reviewer: string | null;
}

interface GivenWithdrawal {
  readonly overturned?: boolean;
  readonly scope?: readonly Scope[];
}

/** A decision of which the rule looks at just these fields. */
async function decisionOf(given: GivenDecision): Promise<Document<Consent>> {
  const { to, version, recorder, granted, reviewer } = given;
  const body: Consent = {
    network: NETWORK,
    at: "2026-11-25T04:00:00Z",
    directory: { size: 1, root: b64(new Uint8Array(32)) },
    author: { agency: recorder, member: NETWORK },
    consent: NETWORK,
    recorder,
    to,
    version,
    prev: null,
    basis: reviewer ? "danger_to_life" : "informed_consent",
    given: { by: null, how: null, language: null, interpreter: false, witness: false },
    granted,
    refused: given.refused,
    receipt: null,
    exception: reviewer ? { reviewer, overrides: null, tell_after: null } : null,
    retain_days: 90,
    sealed: null,
  };
  return sign("consent", body, await SigningKey.of(new Uint8Array(32).fill(115)));
}

function withdrawalsOf(given: readonly GivenWithdrawal[], decisions: readonly Document<Consent>[]): Withdrawal[] {
  return given.map((one) =>
    one.overturned
      ? consent.overturned(decisions[0]!.body)
      : { scopes: one.scope ?? [], spared: new Set<string>(), at: null },
  );
}

describe("the rule", () => {
  const { cases } = vectors("rule") as {
    readonly cases: readonly {
      readonly about: string;
      readonly decisions: readonly GivenDecision[];
      readonly withdrawals: readonly GivenWithdrawal[];
      readonly agency: string;
      readonly kind: string;
      readonly part: string;
      readonly at: string;
      readonly purposes?: readonly string[];
      readonly code?: Code;
    }[];
  };

  it.each(cases)("$about", async (one) => {
    const decisions = await Promise.all(one.decisions.map(decisionOf));
    const known = consent.decisionsOf(decisions, withdrawalsOf(one.withdrawals, decisions));
    const asked = { agency: one.agency, kind: one.kind, part: one.part, at: instant(one.at) };
    const ask = () => consent.mayRead(known, asked);
    if (one.code) await refused(one.code, ask, { part: one.part, reader: one.agency });
    else expect([...ask()].sort()).toEqual(one.purposes);
  });
});

describe("the receipt", () => {
  const given = vectors("receipt") as {
    readonly check_digits: readonly { digits: string; check: string }[];
    readonly cases: readonly { network: string; code: string; seed: string; public_key: string }[];
    readonly refused: readonly string[];
    readonly withdrawal: { challenge: string; at: string; envelope: string };
  };
  const network = given.cases[0]!.network;
  const challenge = unb64(given.withdrawal.challenge);
  const now = instant(given.withdrawal.at);

  it("has the check digits and the keys of the vectors", async () => {
    for (const { digits, check } of given.check_digits) expect(receipt.checkDigit(digits)).toBe(check);
    for (const one of given.cases) {
      const key = await receipt.keyOf(one.code, one.network);
      expect([b64(key.seed), b64(key.public)]).toEqual([one.seed, one.public_key]);
    }
    expect(given.refused.length).toBeGreaterThan(3);
    for (const code of given.refused)
      await refused("malformed", () => receipt.parseCode(code), { field: "receipt_code" });
  });

  it("takes the withdrawal of the vectors", async () => {
    const document = await read(given.withdrawal.envelope, "receipt");
    await receipt.check(document, { network, challenge, now });
    expect(document.body.key).toBe(given.cases[0]!.public_key);
    const other = { network, challenge: new Uint8Array(32), now };
    await refused("receipt_unknown", () => receipt.check(document, other));
    await refused("receipt_unknown", () =>
      receipt.check(document, { network: NETWORK.replace("1", "2"), challenge, now }),
    );
    await refused("clock_skew", () => receipt.check(document, { network, challenge, now: now + 601_000 }));
  });

  it("refuses another's signature, and a look with a scope", async () => {
    const key = await receipt.keyOf(given.cases[0]!.code, network);
    const scope: readonly Scope[] = [{ agencies: ["*"], sections: ["*"], purposes: ["*"] }];
    const withdrawal = await receipt.make(key, { network, challenge, do: "withdraw", at: now, scope });
    await receipt.check(withdrawal, { network, challenge, now });
    const forged = await sign("receipt", withdrawal.body, await SigningKey.generate());
    await refused("receipt_unknown", () => receipt.check(forged, { network, challenge, now }));
    const weak = await sign("receipt", { ...withdrawal.body, key: b64(new Uint8Array(32)) }, key);
    await refused("receipt_unknown", () => receipt.check(weak, { network, challenge, now }));
    const look = await receipt.make(key, { network, challenge, do: "look", at: now });
    await receipt.check(look, { network, challenge, now });
    const scoped = await receipt.make(key, { network, challenge, do: "look", at: now, scope });
    await refused("malformed", () => receipt.check(scoped, { network, challenge, now }), { field: "scope" });
    const bare = await receipt.make(key, { network, challenge, do: "withdraw", at: now });
    await refused("malformed", () => receipt.check(bare, { network, challenge, now }), { field: "scope" });
  });

  it("is drawn anew each time, and read as people type it", () => {
    const codes = Array.from({ length: 50 }, () => receipt.draw());
    expect(new Set(codes).size).toBe(50);
    for (const code of codes) {
      expect(code).toMatch(/^(?:[0-9]{4} ){7}[0-9]{4}$/);
      expect(receipt.parseCode(code.replaceAll(" ", "\u2013"))).toBe(code.replaceAll(" ", "").slice(0, 31));
    }
  });
});

interface GivenBlobs {
  readonly parts: Readonly<Record<string, string>>;
  readonly wraps: Readonly<Record<string, string>>;
  readonly keys: readonly { part: string; agency: string; key: string }[];
}

function blobsOf(given: GivenBlobs): Blobs {
  const decoded = (blobs: Readonly<Record<string, string>>) =>
    new Map(Object.entries(blobs).map(([name, raw]): [string, Bytes] => [name, unb64(raw)]));
  return {
    parts: decoded(given.parts),
    wraps: decoded(given.wraps),
    keys: new Map(given.keys.map((one) => [pair(one.part, one.agency), unb64(one.key)])),
  };
}

describe("the refusals", async () => {
  const given = vectors("refusals") as {
    readonly directory: readonly string[];
    readonly epoch_seeds: readonly { agency: string; epoch: number; seed: string }[];
    readonly blob_sets: readonly GivenBlobs[];
    readonly referrals: readonly {
      readonly about: string;
      readonly directory_size: number;
      readonly now: string;
      readonly decisions: readonly string[];
      readonly withdrawals: readonly GivenWithdrawal[];
      readonly envelope: string;
      readonly blobs: number;
      readonly code: Code | null;
      readonly at: At;
    }[];
    readonly decisions: readonly {
      readonly about: string;
      readonly directory_size: number;
      readonly now: string;
      readonly known: readonly string[];
      readonly envelope: string;
      readonly code: Code | null;
      readonly at: At;
    }[];
  };
  const directories = new Map<number, Directory>();
  const growing = new Directory();
  for (const entry of given.directory) {
    await growing.append(entry);
    directories.set(growing.size, growing.copy());
  }
  const consents = (envelopes: readonly string[]) => Promise.all(envelopes.map((one) => read(one, "consent")));

  it.each(given.referrals)("of a referral: $about", async (one) => {
    const directory = directories.get(one.directory_size)!;
    const decisions = await consents(one.decisions);
    const known = consent.decisionsOf(decisions, withdrawalsOf(one.withdrawals, decisions));
    const blobs = blobsOf(given.blob_sets[one.blobs]!);
    const handIn = async () => {
      const document = await read(one.envelope, "referral");
      await referral.check({ document, blobs }, directory, known, instant(one.now));
      directory.checkCurrent(document, document.body.to);
      return document;
    };
    if (one.code !== null) {
      await refused(one.code, handIn, one.at);
      return;
    }
    const document = await handIn();
    const { sealed } = document.body;
    const binding = referral.bindingOf(document, directory.at(document.body.directory.size));
    for (const reader of sealed.readers) {
      const { seed } = given.epoch_seeds.find((it) => it.agency === reader.agency && it.epoch === reader.epoch)!;
      const opened = await openSet(binding, sealed, blobs, reader.agency, await KemKey.of(unb64(seed)));
      const granted = sealed.keys.filter((key) => key.agency === reader.agency).map((key) => key.part);
      expect([...opened.keys()].sort()).toEqual(granted.sort());
      for (const text of opened.values()) expect(text).not.toBeInstanceOf(Refused);
    }
  });

  it.each(given.decisions)("of a decision: $about", async (one) => {
    const directory = directories.get(one.directory_size)!;
    const known = consent.decisionsOf(await consents(one.known));
    const handIn = async () => {
      const document = await read(one.envelope, "consent");
      const view = await directory.checkSigned(document, referral.WHO_SENDS);
      consent.checkDecision(document.body);
      const authorKind = view.agency(document.body.author.agency)?.kind ?? "";
      consent.checkVersion(document.body, known, { at: instant(one.now), authorKind });
    };
    if (one.code !== null) await refused(one.code, handIn, one.at);
    else await handIn();
  });

  it("tell of all that a hub can refuse but for its own state", () => {
    expect(given.referrals.length).toBeGreaterThan(35);
    expect(given.decisions.length).toBeGreaterThan(10);
  });
});
