/**
 * Typed calls between a page and its worker over one message port: a method's name and its arguments go out, its result
 * or its `Problem` comes back. What the worker tells of its own accord (`watch`) comes the same way.
 */

import { Failed, type Problem } from "../failed.ts";
import type { Happening, Vault } from "./api.ts";

type Ask = { readonly call: number; readonly method: string; readonly args: readonly unknown[] };
type Answer =
  | { readonly call: number; readonly result: unknown }
  | { readonly call: number; readonly problem: Problem }
  | { readonly happened: Happening };

/** Either end: a Worker, a MessagePort, or the scope of a dedicated worker. */
export interface Port {
  postMessage(message: unknown): void;
  addEventListener(type: "message", heard: (event: MessageEvent) => void): void;
}

/**
 * Serve a vault on a port. Methods that are not the vault's own are refused. ready: it may still be in the making; what is
 * asked until then waits, since a message that nobody listens to is lost.
 */
export function serve(ready: Promise<Vault>, port: Port): void {
  port.addEventListener("message", async (event: MessageEvent) => {
    const { call, method, args } = event.data as Ask;
    try {
      const result = await own(await ready, method)(...args);
      port.postMessage({ call, result } satisfies Answer);
    } catch (error) {
      port.postMessage({ call, problem: problemOf(error) } satisfies Answer);
    }
  });
  ready.then(
    (vault) => vault.watch((happened) => port.postMessage({ happened } satisfies Answer)),
    () => {}, // each call is told why
  );
}

function own(vault: Vault, method: string): (...args: readonly unknown[]) => unknown {
  const found: unknown = Object.hasOwn(vault, method) && method !== "watch" ? Reflect.get(vault, method) : null;
  if (typeof found !== "function") throw new Failed({ kind: "hub", code: "internal", incident: null });
  return (...args) => found.apply(vault, args);
}

/** What is not a `Failed` is a fault of ours: it is told as that, without its words, which may quote what was read. */
function problemOf(error: unknown): Problem {
  return error instanceof Failed ? error.problem : { kind: "hub", code: "internal", incident: null };
}

/** The vault at the other end of a port. */
export function connect(port: Port): Vault {
  const waiting = new Map<number, { done: (result: never) => void; failed: (error: Failed) => void }>();
  const watching = new Set<(happening: Happening) => void>();
  let calls = 0;
  port.addEventListener("message", (event: MessageEvent) => {
    const answer = event.data as Answer;
    if ("happened" in answer) {
      for (const told of watching) told(answer.happened);
      return;
    }
    const call = waiting.get(answer.call);
    waiting.delete(answer.call);
    if ("problem" in answer) call?.failed(new Failed(answer.problem));
    else call?.done(answer.result as never);
  });
  const watch: Vault["watch"] = (told) => {
    watching.add(told);
    return () => watching.delete(told);
  };
  const ask = (method: string, args: readonly unknown[]) =>
    new Promise((done, failed) => {
      calls += 1;
      waiting.set(calls, { done, failed });
      port.postMessage({ call: calls, method, args } satisfies Ask);
    });
  return new Proxy({ watch } as Vault, {
    get: (known, method) =>
      method === "watch" ? known.watch : (...args: readonly unknown[]) => ask(String(method), args),
  });
}
