/** What the person's page asks of the hub (protocol §8). The code never leaves the device: its key signs. */

import {
  lookWithReceipt,
  proveWithReceipt,
  type ReceiptShownFragment,
  receiptChallenge,
  withdrawWithReceipt,
} from "../hub/operations.ts";
import { ask } from "../hub/query.ts";
import { b64, type Instant, unb64 } from "../protocol/documents.ts";
import { draw, keyOf, make } from "../protocol/receipt.ts";
import type { Scope } from "../protocol/schemas.ts";
import { publicPart } from "../worker/own-code.ts";
import type { Proof, Seen } from "./receipt-proofs.ts";

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
  /** What was signed here is among the documents of what it gives. */
  withdraw(code: string, scope: readonly Scope[], onHelp: (phone: string) => void): Promise<Shown>;
  /** Whether what is shown is in the log, which continues what was seen. Rejects with `Refused` where that does not hold. */
  prove(code: string, shown: Shown, seen: Seen | null): Promise<Proof>;
}

// Not repeated by itself: a challenge is good once. No cookie goes along: whoever is signed in here is not told of.
const AS_NOBODY = { once: true, asNobody: true } as const;

export const calls: Calls = {
  async look(code, onHelp) {
    const { receipt } = await signed(code, "look", undefined, onHelp);
    return (await ask(lookWithReceipt, { receipt }, AS_NOBODY)).lookWithReceipt;
  },
  async make(onHelp) {
    const { receiptChallenge: given } = await ask(receiptChallenge, {}, AS_NOBODY);
    if (given.help !== null) onHelp(given.help.phone);
    const code = draw();
    return { code, part: await publicPart((await keyOf(code, given.network)).public, given.network) };
  },
  async withdraw(code, scope, onHelp) {
    const { receipt } = await signed(code, "withdraw", scope, onHelp);
    const { withdrawWithReceipt: shown } = await ask(withdrawWithReceipt, { receipt }, AS_NOBODY);
    return { ...shown, documents: [...shown.documents.filter((one) => one !== receipt), receipt] };
  },
  async prove(code, shown, seen) {
    const { ownOf, proofOf } = await import("./receipt-proofs.ts");
    const own = await ownOf(shown);
    const { receipt, ...asked } = await signed(code, "look", undefined, () => undefined);
    const variables = { receipt, after: seen?.head?.size ?? 0, documents: own.map((one) => one.sha256) };
    const { proveWithReceipt: answer } = await ask(proveWithReceipt, variables, AS_NOBODY);
    return proofOf(own, shown, answer, { ...asked, seen });
  },
};

/** What the code's key has signed, and what it was signed with. */
interface Asked {
  readonly receipt: string;
  readonly key: string;
  readonly network: string;
  readonly now: Instant;
}

async function signed(
  code: string,
  what: "look" | "withdraw",
  scope: readonly Scope[] | undefined,
  onHelp: (phone: string) => void,
): Promise<Asked> {
  const { receiptChallenge: given } = await ask(receiptChallenge, {}, AS_NOBODY);
  if (given.help !== null) onHelp(given.help.phone);
  const key = await keyOf(code, given.network);
  const now = Date.parse(given.now); // the hub's: a device may be days off
  const document = await make(key, {
    network: given.network,
    challenge: unb64(given.challenge),
    do: what,
    at: now,
    ...(scope ? { scope } : {}),
  });
  return { receipt: document.envelope, key: b64(key.public), network: given.network, now };
}
