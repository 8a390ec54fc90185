import { MessageChannel } from "node:worker_threads";
import { afterEach, expect, test } from "vitest";
import { Failed } from "../../src/failed.ts";
import type { Happening, Vault } from "../../src/worker/api.ts";
import { connect, type Port, serve } from "../../src/worker/rpc.ts";

const channel = new MessageChannel();
const ends = [channel.port1, channel.port2] as unknown as [Port, Port];
const problem = { kind: "refused", code: "step_illegal", fields: { state: "closed" } } as const;
const happens: ((happening: Happening) => void)[] = [];

const vault = {
  clockOff: async () => 90_000,
  begin: async () => {
    throw new Failed(problem);
  },
  unlock: async () => {
    throw new Error("a name that was read: Цэцэгмаа");
  },
  show: async (id: string) => {
    await new Promise((done) => setTimeout(done, id === "slow" ? 30 : 0));
    return { id };
  },
  watch: (told: (happening: Happening) => void) => {
    happens.push(told);
    return () => {};
  },
} as unknown as Vault;

const making = new Promise<Vault>((done) => setTimeout(() => done(vault), 20));
serve(making, ends[0]);
const far = connect(ends[1]);
channel.port1.start();
channel.port2.start();
afterEach(() => channel.port2.unref());

test("a call gives what the vault gives", async () => {
  expect(await far.clockOff()).toBe(90_000);
});

test("answers find their calls, whichever comes first", async () => {
  const [slow, quick] = await Promise.all([far.show("slow"), far.show("quick")]);
  expect([slow.id, quick.id]).toEqual(["slow", "quick"]);
});

test("a problem comes back as it was told", async () => {
  await expect(far.begin("login", "passphrase")).rejects.toMatchObject({ problem });
});

test("a fault of the worker says nothing of what it had read", async () => {
  const failed = await far.unlock("login", "passphrase").catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(Failed);
  expect(JSON.stringify((failed as Failed).problem) + String(failed)).not.toContain("Цэцэгмаа");
});

test.each(["constructor", "__proto__", "toString", "nothing", "watch"])("%s is no call", async (method) => {
  const asked = new Promise((done) => channel.port2.once("message", done));
  ends[1].postMessage({ call: 999, method, args: [] });
  const told = (await asked) as { problem?: unknown };
  expect(told.problem ?? told).toMatchObject({ kind: "hub", code: "internal" });
});

test("what happens is told until nobody listens", async () => {
  const heard: Happening[] = [];
  const stop = far.watch((happening) => heard.push(happening));
  const happened = { type: "ended", code: "signed_out" } as const;
  happens[0]?.(happened);
  await far.clockOff();
  stop();
  happens[0]?.(happened);
  await far.clockOff();
  expect(heard).toEqual([happened]);
});
