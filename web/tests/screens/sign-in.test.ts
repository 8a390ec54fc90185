import { describe, expect, test } from "vitest";
import { navigation } from "../../src/app/navigation.ts";
import { Failed } from "../../src/failed.ts";
import { type Fault, faultAt, worded } from "../../src/screens/fault.ts";
import { signInState } from "../../src/screens/sign-in/state.ts";
import { en } from "../../src/words/en.ts";
import { mn } from "../../src/words/mn.ts";
import { problemOf } from "../../src/words/problems.ts";
import { wordsOf } from "../../src/words/words.ts";
import type { Vault } from "../../src/worker/api.ts";

/** Nothing here gets as far as the vault: whatever asked it would fail the test. */
const asked: string[] = [];
const vault = new Proxy({} as Vault, {
  get: (_, method) => () => {
    asked.push(String(method));
    throw new Error("asked the vault");
  },
});

const begun = () => {
  const ways = navigation({ at: "sign-in" });
  return { ways, state: signInState(vault, ways, () => asked.push("signed in")) };
};

describe("what is missing", () => {
  test("is told field by field, before anything is asked", async () => {
    const { state, ways } = begun();
    await state.begin();
    expect(state.faults.value).toEqual([
      { field: "login", key: "sign_in.needs_login" },
      { field: "passphrase", key: "sign_in.needs_passphrase" },
    ]);
    state.login.value = "  ";
    state.passphrase.value = "өвс ган уул";
    await state.begin();
    expect(state.faults.value).toEqual([{ field: "login", key: "sign_in.needs_login" }]);
    expect([state.passphrase.value, ways.screen.value.at, asked]).toEqual(["өвс ган уул", "sign-in", []]);
  });

  test.each(["", "12345", "1234567", "12345a", "１２３４５６"])("«%s» are not six digits", async (typed) => {
    const { state } = begun();
    state.digits.value = typed;
    await state.finish();
    expect([state.faults.value, state.digits.value, asked]).toEqual([
      [{ field: "digits", key: "sign_in.needs_digits" }],
      typed,
      [],
    ]);
  });

  test.each(["", "abcd", "x".repeat(51), `${"x".repeat(51)}!`])("«%s» is no fingerprint", async (typed) => {
    const { state } = begun();
    state.fingerprint.value = typed;
    await state.vouch();
    expect([state.faults.value, asked]).toEqual([[{ field: "fingerprint", key: "sign_in.needs_fingerprint" }], []]);
  });

  test("of the recovery kit is told at its own field", async () => {
    const { state } = begun();
    state.byRecovery.value = true;
    await state.finish();
    expect(state.faults.value).toEqual([{ field: "recovery", key: "sign_in.needs_recovery" }]);
  });
});

test("what was typed is gone when it is cleared", () => {
  const { state } = begun();
  for (const field of [state.login, state.passphrase, state.digits, state.recovery, state.fingerprint])
    field.value = "typed";
  state.clear();
  expect(
    [state.login, state.passphrase, state.digits, state.recovery, state.fingerprint].map((one) => one.value),
  ).toEqual(["", "", "", "", ""]);
});

describe("a fault", () => {
  const faults: readonly Fault[] = [
    { field: "login", key: "sign_in.needs_login" },
    { field: null, problem: { kind: "line" } },
  ];

  test("is worded when it is shown, in the language of that moment", () => {
    expect(worded(wordsOf("en", en), faults).map((one) => one.text)).toEqual([
      "Enter your login",
      "No answer came. What you typed is still here; try again.",
    ]);
    expect(faultAt(wordsOf("mn", mn), faults, "login")).toBe("Нэвтрэх нэрээ бичнэ үү");
    expect(faultAt(wordsOf("mn", mn), faults, "passphrase")).toBeNull();
  });

  test("of ours is not taken for one of the vault", () => {
    expect(problemOf(new Failed({ kind: "line" }))).toEqual({ kind: "line" });
    expect(() => problemOf(new TypeError("a fault of ours"))).toThrow("a fault of ours");
  });
});
