/**
 * SealTo (protocol, first table): HPKE base mode, MLKEM768-X25519, HKDF-SHA256, AES-256-GCM; aad empty.
 *
 * SealTo(pk, info, m) = enc ‖ ct, enc 1,120 bytes, ct 16 bytes longer than m (RFC 9180, draft-ietf-hpke-pq).
 * All binding is in `info`. The KEM is that of `@noble/post-quantum`, all else WebCrypto's.
 */

import { MLKEM768X25519 } from "@noble/post-quantum/hybrid.js";
import { KEM_MLKEM768_X25519 } from "@panva/hpke-noble";
import { AEAD_AES_256_GCM, CipherSuite, KDF_HKDF_SHA256, type Key, NotSupportedError } from "hpke";
import { type Bytes, b64, concat, sha256, utf8 } from "./documents.ts";
import { Refused } from "./errors.ts";

export const PUBLIC_KEY = 1216; // bytes: 1,184 ML-KEM-768 ‖ 32 X25519
export const SEED = 32; // bytes
const ENC = 1120; // bytes that encapsulate the shared secret
export const OVERHEAD = ENC + 16; // bytes that SealTo adds
export const WRAP = OVERHEAD + 32; // bytes of a sealed 32-byte key

const SUITE = new CipherSuite(KEM_MLKEM768_X25519, KDF_HKDF_SHA256, AEAD_AES_256_GCM);

/** A KEM key pair from a 32-byte seed: SHAKE256 to 96 bytes, 64 for ML-KEM-768 and 32 for X25519 (X-Wing). */
export class KemKey {
  readonly public: Bytes;
  /** SHA-256 of the public key, as `kem` in documents. */
  readonly sha256: string;
  readonly #seed: Bytes;
  readonly #key: Key;

  private constructor(seed: Bytes, publicKey: Bytes, digest: string, key: Key) {
    this.#seed = seed;
    this.#key = key;
    this.public = publicKey;
    this.sha256 = digest;
  }

  static async of(seed: Uint8Array): Promise<KemKey> {
    if (seed.length !== SEED) throw new RangeError("a KEM seed has 32 bytes");
    const own = Uint8Array.from(seed);
    const publicKey = Uint8Array.from(MLKEM768X25519.keygen(own).publicKey);
    return new KemKey(own, publicKey, b64(await sha256(publicKey)), await SUITE.DeserializePrivateKey(own));
  }

  static async generate(): Promise<KemKey> {
    return KemKey.of(crypto.getRandomValues(new Uint8Array(SEED)));
  }

  get seed(): Bytes {
    return this.#seed;
  }

  /** What was sealed to this key under `info`, else `cannot_open`. */
  async open(info: Uint8Array, sealed: Uint8Array): Promise<Bytes> {
    if (sealed.length < OVERHEAD) throw new Refused("cannot_open");
    try {
      return Uint8Array.from(await SUITE.Open(this.#key, sealed.slice(0, ENC), sealed.slice(ENC), { info }));
    } catch (error) {
      if (error instanceof NotSupportedError) throw error;
      throw new Refused("cannot_open");
    }
  }
}

/** SealTo: `enc ‖ ct` that only the holder of the key's seed opens, and only under the same `info`. */
export async function sealTo(publicKey: Uint8Array, info: Uint8Array, message: Uint8Array): Promise<Bytes> {
  if (publicKey.length !== PUBLIC_KEY || !isReduced(publicKey)) throw new Refused("key_refused", { field: "kem" });
  try {
    const key = await SUITE.DeserializePublicKey(publicKey);
    const { encapsulatedSecret, ciphertext } = await SUITE.Seal(key, message, { info });
    return concat(encapsulatedSecret, ciphertext);
  } catch (error) {
    if (error instanceof NotSupportedError) throw error;
    throw new Refused("key_refused", { field: "kem" });
  }
}

/**
 * FIPS 203 §7.2, modulus check: the 768 numbers of 12 bits in front are each below q = 3329.
 *
 * @noble/post-quantum 0.5.4 means to look at this, but takes such keys.
 */
function isReduced(publicKey: Uint8Array): boolean {
  for (let at = 0; at < 3 * 384; at += 3) {
    const [low, middle, high] = [publicKey[at]!, publicKey[at + 1]!, publicKey[at + 2]!];
    if ((((middle & 15) << 8) | low) >= 3329 || ((high << 4) | (middle >> 4)) >= 3329) return false;
  }
  return true;
}

/** The fetched key, if it is the very one that a document names by `kem`; else `key_mismatch`. */
export async function checkPublicKey(publicKey: Bytes, kem: string): Promise<Bytes> {
  if (publicKey.length !== PUBLIC_KEY || b64(await sha256(publicKey)) !== kem) {
    throw new Refused("key_mismatch", { field: "kem" });
  }
  return publicKey;
}

/** SHA-256 of the public key of 32 zero bytes. */
const KEY_OF_ZEROS = "O7CwA_VT9J84urMVRrf0_dMjx0y_Sq-X2XA-3k6D7_c";

/** Assert at start-up that the libraries still are what the protocol was written for (§12). */
export async function selfCheck(): Promise<void> {
  const { KEM, KDF, AEAD } = SUITE;
  const key = await KemKey.of(new Uint8Array(SEED));
  const info = utf8("self-check");
  const sealed = await sealTo(key.public, info, new Uint8Array(32));
  const opened = await key.open(info, sealed);
  const right =
    KEM.id === 0x647a &&
    KDF.id === 0x0001 &&
    AEAD.id === 0x0002 &&
    KEM.Nenc === ENC &&
    key.public.length === PUBLIC_KEY &&
    key.sha256 === KEY_OF_ZEROS &&
    sealed.length === WRAP &&
    opened.length === 32 &&
    opened.every((byte) => byte === 0);
  if (!right) throw new Error("this build has another MLKEM768-X25519 than the protocol needs");
}
