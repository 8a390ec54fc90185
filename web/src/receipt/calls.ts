/** What the person's page asks of the hub (protocol §8). The code never leaves the device: its key signs. */

import {
  lookWithReceipt,
  type ReceiptShownFragment,
  receiptChallenge,
  withdrawWithReceipt,
} from "../hub/operations.ts";
import { ask } from "../hub/query.ts";
import { unb64 } from "../protocol/documents.ts";
import { draw, keyOf, make } from "../protocol/receipt.ts";
import type { Scope } from "../protocol/schemas.ts";
import { publicPart } from "../worker/own-code.ts";

export type Shown = ReceiptShownFragment;

export interface Made {
  readonly code: string;
  readonly part: string;
}

export interface Calls {
  /** Rejects with `Failed`. onHelp: whom to call, as soon as it is known. */
  look(code: string, onHelp: (phone: string) => void): Promise<Shown>;
  /** A new code, made here, and its public part; only whom to call and which network it is are asked for. */
  make(onHelp: (phone: string) => void): Promise<Made>;
  withdraw(code: string, scope: readonly Scope[], onHelp: (phone: string) => void): Promise<Shown>;
}

// Not repeated by itself: a challenge is good once. No cookie goes along: whoever is signed in here is not told of.
const AS_NOBODY = { once: true, asNobody: true } as const;

export const calls: Calls = {
  async look(code, onHelp) {
    const receipt = await signed(code, "look", undefined, onHelp);
    return (await ask(lookWithReceipt, { receipt }, AS_NOBODY)).lookWithReceipt;
  },
  async make(onHelp) {
    const { receiptChallenge: given } = await ask(receiptChallenge, {}, AS_NOBODY);
    if (given.help !== null) onHelp(given.help.phone);
    const code = draw();
    return { code, part: await publicPart((await keyOf(code, given.network)).public, given.network) };
  },
  async withdraw(code, scope, onHelp) {
    const receipt = await signed(code, "withdraw", scope, onHelp);
    return (await ask(withdrawWithReceipt, { receipt }, AS_NOBODY)).withdrawWithReceipt;
  },
};

async function signed(
  code: string,
  what: "look" | "withdraw",
  scope: readonly Scope[] | undefined,
  onHelp: (phone: string) => void,
): Promise<string> {
  const { receiptChallenge: given } = await ask(receiptChallenge, {}, AS_NOBODY);
  if (given.help !== null) onHelp(given.help.phone);
  const key = await keyOf(code, given.network);
  const at = Date.parse(given.now); // the hub's: a device may be days off
  const document = await make(key, {
    network: given.network,
    challenge: unb64(given.challenge),
    do: what,
    at,
    ...(scope ? { scope } : {}),
  });
  return document.envelope;
}
