/** The calls about the own account, as the vault serves them. What they do is fetched when it is first needed. */

import type { At } from "./own.ts";
import type { Own } from "./own-api.ts";

const NAMES = [
  "ownSessions",
  "endOwnSession",
  "changePassphrase",
  "newRecoveryCodes",
  "newAuthenticator",
  "changeAuthenticator",
  "ownPasskeys",
  "beginPasskey",
  "addPasskey",
  "removePasskey",
  "notifications",
  "saveNotifications",
  "confirmAddress",
  "keptHere",
] as const satisfies readonly (keyof Own)[];

type Call = (at: At, ...args: readonly never[]) => Promise<unknown>;

/** As the module has it: with who is at work before all else. */
type Served = { readonly [Each in keyof Own]: (at: At, ...args: Parameters<Own[Each]>) => ReturnType<Own[Each]> };

const own = (): Promise<Served> => import("./own.ts");

/** working: who is at work, or a refusal: asked at once, the code may take a while. */
export function ownCalls(working: () => At): Own {
  const calls = NAMES.map((name) => [
    name,
    async (...args: readonly never[]) => {
      const at = working();
      const call: Call = (await own())[name];
      return call(at, ...args);
    },
  ]);
  return Object.fromEntries(calls) as Own;
}
