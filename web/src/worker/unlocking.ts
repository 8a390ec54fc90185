/** The ways to open a keyring (protocol §4): each gives KK, or nothing. */

import type { Account, Items, Store } from "../device/store.ts";
import { Failed } from "../failed.ts";
import { type Bytes, ctx, unb64 } from "../protocol/documents.ts";
import { Refused } from "../protocol/errors.ts";
import { type Method, openUnlock, type Stretched, wrappingKey } from "../protocol/keys.ts";
import { unseal } from "../protocol/sealing.ts";

/** Whose keyring it is, and the keyring. */
export type Owned = Pick<Account, "network" | "member" | "keyring">;

/** KK, by the passphrase. `wrong_passphrase` where it opens nothing. */
export async function keyringKey(of: Owned, { w }: Stretched): Promise<Bytes> {
  const kk = await openedBy(of, w, "passphrase");
  if (kk === null) throw new Failed({ kind: "device", code: "wrong_passphrase" });
  return kk;
}

/** KK, by what a passkey's PRF gave: 32 bytes. `passkey_opens_not` where it opens nothing. */
export async function keyringKeyByPasskey(of: Owned, passkey: string, secret: Bytes): Promise<Bytes> {
  const kk = await openedBy(of, await wrappingKey(secret, "passkey", of), "passkey", passkey);
  if (kk === null) throw new Failed({ kind: "device", code: "passkey_opens_not" });
  return kk;
}

async function openedBy(of: Owned, w: Bytes, method: Method, passkey: string | null = null): Promise<Bytes | null> {
  const { network, member, keyring } = of;
  for (const one of keyring.unlocks) {
    if (one.method !== method || (one.passkey ?? null) !== passkey) continue;
    try {
      return await openUnlock(unb64(one.sealed), w, { network, member, method, unlock: one.id });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
  }
  return null;
}

/** Of the KK before, sealed under the one that comes. */
export const movingContext = (owner: { readonly network: string; readonly member: string }): Bytes =>
  ctx("moving", owner.network, owner.member);

/**
 * What the device keeps of a member, opened by KK; also where a change of the passphrase broke off here after the hub had
 * it: then it lies under the KK before.
 */
export async function itemsOf(
  store: Store,
  kk: Bytes,
  of: Pick<Account, "network" | "member">,
  before: Account | null,
): Promise<Items> {
  const old = before?.moving === undefined ? null : await movedFrom(kk, of, before.moving);
  if (old === null || before === null) return store.items(kk, of.network, of.member);
  const items = await store.items(old, of.network, of.member);
  const { moving: _, ...settled } = before;
  await items.rekey(kk, settled);
  return items;
}

/** The KK before; null where this is not the one that was to come. */
async function movedFrom(kk: Bytes, of: Pick<Account, "network" | "member">, moving: string): Promise<Bytes | null> {
  try {
    return await unseal(kk, movingContext(of), unb64(moving));
  } catch (error) {
    if (error instanceof Refused) return null;
    throw error;
  }
}
