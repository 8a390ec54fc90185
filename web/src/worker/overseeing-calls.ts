/** A coordinator's calls, as the vault serves them. What they do is fetched when it is first needed. */

import type { At } from "./overseeing.ts";
import type { Overseeing } from "./overseeing-api.ts";

const NAMES = [
  "trail",
  "exportTrail",
  "timeline",
  "openings",
  "looks",
  "statistics",
  "admissions",
] as const satisfies readonly (keyof Overseeing)[];

type Call = (at: At, ...args: readonly never[]) => Promise<unknown>;

/** As the module has it: with who is at work before all else. */
type Served = {
  readonly [Each in keyof Overseeing]: (at: At, ...args: Parameters<Overseeing[Each]>) => ReturnType<Overseeing[Each]>;
};

const overseeing = (): Promise<Served> => import("./overseeing.ts");

/** working: who is at work, or a refusal: asked at once, the code may take a while. */
export function overseeingCalls(working: () => At): Overseeing {
  const calls = NAMES.map((name) => [
    name,
    async (...args: readonly never[]) => {
      const at = working();
      const call: Call = (await overseeing())[name];
      return call(at, ...args);
    },
  ]);
  return Object.fromEntries(calls) as Overseeing;
}
