/** A member's own account, changed from a page (protocol §4). The counterpart of ortoo/cli/accounts.py and passkeys. */

import type { Account, Items, Store } from "../device/store.ts";
import { Failed } from "../failed.ts";
import * as operations from "../hub/operations.ts";
import { ask, badAnswer } from "../hub/query.ts";
import { type Bytes, b64, newId, unb64 } from "../protocol/documents.ts";
import {
  newKeyringKey,
  openKeyring,
  prfInput,
  type Stretched,
  sealKeyring,
  sealUnlock,
  stretch,
  wrappingKey,
} from "../protocol/keys.ts";
import { seal } from "../protocol/sealing.ts";
import type { Keeper } from "./keeping.ts";
import type * as api from "./own-api.ts";
import { authenticatorOf, grouped } from "./paper.ts";
import { keyringKey, movingContext } from "./unlocking.ts";

const TOTP = 20; // bytes of an authenticator's secret (RFC 4226, section 4)

/** Who is at work, as far as it matters here. */
export interface At {
  readonly account: Account;
  readonly store: Store;
  readonly items: Items;
  readonly keeper: Keeper;
  /** Of the authenticator that is being taken. */
  readonly held: { totp: Bytes | null };
}

// --- sessions -----------------------------------------------------------------------------------------------------------

export async function ownSessions(): Promise<readonly api.OwnSession[]> {
  return (await ask(operations.sessions, {})).sessions;
}

export async function endOwnSession(_: At, id: string): Promise<void> {
  await ask(operations.endSession, { id });
}

// --- the passphrase -----------------------------------------------------------------------------------------------------

export async function changePassphrase(at: At, passphrase: string, next: string): Promise<void> {
  const before = await proven(at, passphrase);
  await rekey(at, before, await stretch(next, at.account.login, at.account.network));
}

export async function newRecoveryCodes(at: At, passphrase: string): Promise<api.RecoveryKit> {
  const { auth } = await proven(at, passphrase);
  const { newRecoveryCodes: codes } = await ask(operations.newRecoveryCodes, { auth: b64(auth) }, { once: true });
  return { codes, fingerprint: grouped(unb64(at.account.anchor)) };
}

/** What the passphrase gives, if it is the one: a wrong one does not reach the hub. */
async function proven(at: At, passphrase: string): Promise<Stretched> {
  const account = await kept(at);
  const stretched = await stretch(passphrase, account.login, account.network);
  await keyringKey(account, stretched);
  return stretched;
}

/** As it stands on the device now. */
async function kept({ store, account }: At): Promise<Account> {
  const found = (await store.accounts()).find(({ login }) => login === account.login);
  if (found === undefined) throw new Failed({ kind: "device", code: "locked" });
  return found;
}

/**
 * The keyring under a new KK, which `next` alone opens; and with it all that this device keeps. An answer that is lost
 * leaves the device able to go on by either passphrase (`Account.moving`).
 */
async function rekey(at: At, before: Stretched, next: Stretched): Promise<void> {
  const account = await kept(at);
  const owner = { network: account.network, member: account.member };
  await at.keeper.change(async (old) => {
    const { keyring: newest } = await ask(operations.keyring, {});
    if (newest === null) throw badAnswer();
    const seen = { version: newest.version, newestSeen: account.keyring.version };
    const keyring = await openKeyring(unb64(newest.sealed), old, { ...owner, ...seen });
    const [kk, version, id] = [newKeyringKey(), newest.version + 1, newId()];
    const sealed = b64(await sealKeyring(keyring, kk, { ...owner, version }));
    const way = { ...owner, method: "passphrase", unlock: id } as const;
    const unlocks = [{ id, method: way.method, sealed: b64(await sealUnlock(kk, next.w, way)), passkey: null }];
    await at.store.keep({ ...account, moving: b64(await seal(kk, movingContext(owner), old)) });
    const variables = { auth: b64(before.auth), newAuth: b64(next.auth), keyring: { sealed, unlocks }, version };
    const { changePassphrase: done } = await ask(operations.changePassphrase, variables, { once: true });
    if (done.version !== version || done.sealed !== sealed) throw badAnswer();
    const { moving: _, ...settled } = account;
    const moved: Account = { ...settled, device: null, keyring: { version, sealed, unlocks } };
    await at.items.rekey(kk, moved);
    return { keyring: moved.keyring, kk };
  });
}

// --- the authenticator --------------------------------------------------------------------------------------------------

export async function newAuthenticator({ account, held }: At): Promise<{ secret: string; uri: string }> {
  held.totp = crypto.getRandomValues(new Uint8Array(TOTP));
  return authenticatorOf(held.totp, account.login);
}

export async function changeAuthenticator(at: At, passphrase: string, digits: string): Promise<void> {
  if (at.held.totp === null) throw new Failed({ kind: "device", code: "unlock_expired" });
  const { auth } = await proven(at, passphrase);
  await ask(operations.changeAuthenticator, { auth: b64(auth), totp: b64(at.held.totp), code: digits });
  at.held.totp = null;
}

// --- passkeys -----------------------------------------------------------------------------------------------------------

export async function ownPasskeys(at: At): Promise<readonly api.OwnPasskey[]> {
  const [{ passkeys }, { keyring }] = [await ask(operations.passkeys, {}), await kept(at)];
  return passkeys.map((one) => ({ ...one, opens: keyring.unlocks.some(({ passkey }) => passkey === one.id) }));
}

export async function beginPasskey(at: At, passphrase: string): Promise<api.PasskeyAsked> {
  const { auth } = await proven(at, passphrase);
  const { beginPasskey: options } = await ask(operations.beginPasskey, { auth: b64(auth) });
  return { options, prf: await prfInput(at.account.network) };
}

export async function addPasskey(at: At, response: string, name: string, secret: Bytes | null): Promise<void> {
  const { network, member } = at.account;
  const { id: passkey } = JSON.parse(response) as { readonly id: string };
  await at.keeper.change(async (kk) => {
    const account = await kept(at);
    const way = { network, member, method: "passkey", unlock: newId() } as const;
    const w = secret === null ? null : await wrappingKey(secret, way.method, way);
    const unlock =
      w === null ? null : { id: way.unlock, method: way.method, sealed: b64(await sealUnlock(kk, w, way)), passkey };
    await ask(operations.addPasskey, { response, name, unlock }, { once: true });
    const unlocks = [...account.keyring.unlocks, ...(unlock === null ? [] : [unlock])];
    const keyring = { ...account.keyring, unlocks };
    await at.store.keep({ ...account, keyring });
    return { keyring, kk };
  });
}

export async function removePasskey(at: At, id: string, passphrase: string): Promise<void> {
  const stretched = await proven(at, passphrase);
  const { keyring } = await kept(at);
  if (keyring.unlocks.some(({ passkey }) => passkey === id)) await rekey(at, stretched, stretched);
  await ask(operations.removePasskey, { id, auth: b64(stretched.auth) });
}

// --- notifications ------------------------------------------------------------------------------------------------------

export async function notifications(): Promise<api.ToldNotifications> {
  return (await ask(operations.notifications, {})).notifications;
}

export async function saveNotifications(_: At, wanted: api.OwnNotifications): Promise<api.ToldNotifications> {
  const { address, language, urgencies, workingHours, digestHour } = wanted;
  const variables = { notifications: { address, language, urgencies: [...urgencies], workingHours, digestHour } };
  return (await ask(operations.saveNotifications, variables)).saveNotifications;
}

export async function confirmAddress(_: At, digits: string): Promise<api.ToldNotifications> {
  return (await ask(operations.confirmAddress, { digits })).confirmAddress;
}

// --- this device --------------------------------------------------------------------------------------------------------

export async function keptHere({ items }: At): Promise<api.KeptHere> {
  const count = (...prefixes: readonly string[]) =>
    prefixes.reduce((sum, prefix) => sum + items.names(prefix).length, 0);
  return { seen: count("seen/referral/"), drafts: count("draft/"), waiting: count("outbox/", "step/") };
}
