/** A member's and an agency's keys, the keyring and the ways to open it, the safety number (protocol §3, §4). */

import { argon2id } from "hash-wasm";
import { type Bytes, b64, canonical, concat, ctx, parse, SigningKey, sha256, unb64, utf8 } from "./documents.ts";
import { Refused } from "./errors.ts";
import { KemKey, SEED, sealTo } from "./hpke.ts";
import type { Epoch, Keyring, MemberKeys } from "./schemas.ts";
import * as schemas from "./schemas.ts";
import { pad, randomBytes, seal, unpad, unseal } from "./sealing.ts";

export type Method = "passphrase" | "recovery" | "passkey";

export const ARGON2_PASSES = 3;
export const ARGON2_MEMORY = 64 * 1024; // KiB
export const ARGON2_LANES = 1;

/** HKDF-SHA256 (RFC 5869), 32 bytes. */
export async function hkdf(secret: Bytes, salt: Bytes, info: Bytes): Promise<Bytes> {
  const key = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
  return new Uint8Array(await crypto.subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt, info }, key, 256));
}

/** Expansion only, 32 bytes: HMAC-SHA256(key, info ‖ 0x01), the first block of HKDF-Expand. */
export async function expand(key: Bytes, info: Uint8Array): Promise<Bytes> {
  const mac = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", mac, concat(info, Uint8Array.of(1))));
}

// --- agency keys -----------------------------------------------------------------------------------------------------

/** Whose key is handed over, and to whom. */
export interface Handover {
  readonly network: string;
  readonly agency: string;
  readonly member: string;
}

function agencyKeyInfo(to: Handover, epoch: number, memberKey: Uint8Array): Bytes {
  return ctx("agency-key", to.network, to.agency, epoch, to.member, memberKey);
}

/** An epoch's seed, sealed to one member with these public keys: 1,168 bytes. */
export async function handOver(
  seed: Uint8Array,
  to: Handover & { readonly epoch: number; readonly memberKey: Uint8Array; readonly memberKem: Uint8Array },
): Promise<Bytes> {
  return sealTo(to.memberKem, agencyKeyInfo(to, to.epoch, to.memberKey), seed);
}

/**
 * The agency's key of `epoch`, if the seed gives the very key that the directory names.
 *
 * HPKE base mode does not say who sealed: a seed that gives another key, or none, is refused with `key_mismatch` (§4).
 */
export async function takeOver(
  sealed: Uint8Array,
  from: Handover & { readonly epoch: Epoch; readonly keys: MemberSecrets },
): Promise<KemKey> {
  const info = agencyKeyInfo(from, from.epoch.n, from.keys.sign.public);
  const seed = await from.keys.kem.open(info, sealed);
  const key = seed.length === SEED ? await KemKey.of(seed) : null;
  if (key === null || key.sha256 !== from.epoch.kem) {
    throw new Refused("key_mismatch", { reader: from.agency, epoch: from.epoch.n });
  }
  return key;
}

/** A member's two key pairs, made on the member's own device. */
export interface MemberSecrets {
  readonly sign: SigningKey;
  readonly kem: KemKey;
}

export async function generateMemberSecrets(): Promise<MemberSecrets> {
  return { sign: await SigningKey.generate(), kem: await KemKey.generate() };
}

/** What documents say of a member's keys. */
export function publicKeys(secrets: MemberSecrets, member: string): MemberKeys {
  return { id: member, key: b64(secrets.sign.public), kem: secrets.kem.sha256 };
}

// --- the keyring -----------------------------------------------------------------------------------------------------

/** Whose keyring it is. */
export interface Owner {
  readonly network: string;
  readonly member: string;
}

/** A fresh KK. Drawn anew when a way to open is changed or removed (§4). */
export function newKeyringKey(): Bytes {
  return randomBytes(32);
}

export async function sealKeyring(
  keyring: Keyring,
  kk: Bytes,
  { network, member, version }: Owner & { readonly version: number },
): Promise<Bytes> {
  return seal(kk, ctx("keyring", network, member, version), pad(canonical(keyring), "keyring"));
}

/** The keyring; `checkpoint_rollback` for an older version than this device has seen (0: none yet). */
export async function openKeyring(
  sealed: Bytes,
  kk: Bytes,
  { network, member, version, newestSeen }: Owner & { readonly version: number; readonly newestSeen: number },
): Promise<Keyring> {
  if (version < newestSeen) throw new Refused("checkpoint_rollback", { field: "keyring" });
  const text = unpad(await unseal(kk, ctx("keyring", network, member, version), sealed));
  return schemas.fit(parse(text, { maxText: null }), schemas.keyring);
}

/** One way to open a keyring: its method and its own id. */
export interface Way extends Owner {
  readonly method: Method;
  readonly unlock: string;
}

function unlockContext({ network, member, method, unlock }: Way): Bytes {
  return ctx("unlock", network, member, method, unlock);
}

/** KK under the key `w` of one way to open the keyring. */
export async function sealUnlock(kk: Bytes, w: Bytes, way: Way): Promise<Bytes> {
  return seal(w, unlockContext(way), kk);
}

export async function openUnlock(sealed: Bytes, w: Bytes, way: Way): Promise<Bytes> {
  return unseal(w, unlockContext(way), sealed);
}

/** `w` of a recovery code's 256 random bits or of a passkey's 32 bytes (WebAuthn PRF). */
export async function wrappingKey(secret: Bytes, method: Method, { network, member }: Owner): Promise<Bytes> {
  return hkdf(secret, ctx(method, network, member), ctx("wrap"));
}

/** What a passphrase gives: `auth` is what the hub receives, `w` never leaves the device. */
export interface Stretched {
  readonly auth: Bytes;
  readonly w: Bytes;
}

/**
 * Argon2id (RFC 9106) of the NFKC passphrase: 3 passes, 64 MiB, 1 lane; salt from network and login.
 *
 * `malformed` for no passphrase at all, which hash-wasm does not take, and for a lone surrogate.
 */
export async function stretch(passphrase: string, login: string, network: string): Promise<Stretched> {
  const secret = passphrase.normalize("NFKC");
  if (secret === "" || /\p{Surrogate}/u.test(secret)) throw new Refused("malformed", { field: "passphrase" });
  const name = login.normalize("NFKC").toLowerCase();
  const m = await argon2id({
    password: utf8(secret),
    salt: (await sha256(ctx("passphrase", network, name))).subarray(0, 16),
    iterations: ARGON2_PASSES,
    parallelism: ARGON2_LANES,
    memorySize: ARGON2_MEMORY,
    hashLength: 32,
    outputType: "binary",
  });
  const key = Uint8Array.from(m);
  return { auth: await expand(key, ctx("auth")), w: await expand(key, ctx("wrap")) };
}

/** What a client sends as `prf.eval.first` to a passkey. */
export async function prfInput(network: string): Promise<Bytes> {
  return sha256(ctx("prf", network));
}

// --- the safety number -----------------------------------------------------------------------------------------------

/** Six groups of five digits that two people compare by voice before a key is signed (§3). */
export async function safetyNumber(network: string, agency: string, member: MemberKeys): Promise<string> {
  const digest = await sha256(
    ctx("safety", network, agency, member.id, unb64(member.key, "key"), unb64(member.kem, "kem")),
  );
  const groups = [0, 1, 2, 3, 4, 5].map((group) => {
    const number = digest.subarray(5 * group, 5 * group + 5).reduce((sum, byte) => sum * 256 + byte, 0);
    return `${number % 100_000}`.padStart(5, "0");
  });
  return groups.join(" ");
}
