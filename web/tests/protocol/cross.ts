/**
 * The protocol's base, asked from outside: tests/web/ has Python on the other end, so that each opens what the other
 * sealed. Node runs it as it stands.
 *
 * A question is a line of JSON on standard input, `{"do": <name>, …}`, its bytes in base64url; the answer is a line:
 * `{"gives": …}`, `{"refused": <code>, "at": {…}}`, or `{"fault": <name of the error>}`.
 */

import { createInterface } from "node:readline";
import { argon2id } from "hash-wasm";
import { Opening, PIECE, Sealing } from "../../src/protocol/attachments.ts";
import * as documents from "../../src/protocol/documents.ts";
import { type Bytes, b64, SigningKey, unb64 } from "../../src/protocol/documents.ts";
import { Refused } from "../../src/protocol/errors.ts";
import { KemKey, sealTo, selfCheck } from "../../src/protocol/hpke.ts";
import * as keys from "../../src/protocol/keys.ts";
import * as sealing from "../../src/protocol/sealing.ts";
import { cleanName } from "../../src/worker/file-names.ts";
import { contentOf, NotClean } from "../../src/worker/photos/photos.ts";

// biome-ignore lint/suspicious/noExplicitAny: what Python asks is checked by what comes of it.
export type Question = any;
export type Answers = Readonly<Record<string, (asked: Question) => unknown>>;

interface Travelling {
  readonly parts: Readonly<Record<string, string>>;
  readonly wraps: Readonly<Record<string, string>>;
  readonly keys: readonly { readonly part: string; readonly agency: string; readonly key: string }[];
}

/** Blobs as tests/vectors writes them. */
export function blobsOf(given: Travelling): sealing.Blobs {
  const bytes = (all: Readonly<Record<string, string>>) =>
    new Map(Object.entries(all).map(([name, raw]): [string, Bytes] => [name, unb64(raw)]));
  const pairs = given.keys.map((one): [string, Bytes] => [sealing.pair(one.part, one.agency), unb64(one.key)]);
  return { parts: bytes(given.parts), wraps: bytes(given.wraps), keys: new Map(pairs) };
}

export function travelling(blobs: sealing.Blobs): Travelling {
  const texts = (all: ReadonlyMap<string, Bytes>) =>
    Object.fromEntries(Array.from(all, ([name, raw]) => [name, b64(raw)]));
  const listed = Array.from(blobs.keys, ([name, raw]) => {
    const [part, agency] = name.split(" ");
    return { part: part!, agency: agency!, key: b64(raw) };
  });
  return { parts: texts(blobs.parts), wraps: texts(blobs.wraps), keys: listed };
}

function bindingOf(given: Question): sealing.Binding {
  const { network, document, owner } = given;
  return { network, document, owner, authorKey: unb64(given.author_key), consent: unb64(given.consent) };
}

async function signingKeys(seeds: readonly string[]): Promise<SigningKey[]> {
  return Promise.all(seeds.map((seed) => SigningKey.of(unb64(seed))));
}

export const ANSWERS: Answers = {
  self_check: () => selfCheck(),

  // documents
  canonical: ({ value }) => b64(documents.canonical(value)),
  parse: ({ raw, max_text }) => documents.parse(unb64(raw), { maxText: max_text }),
  ctx: ({ label, elements }) => b64(documents.ctx(label, ...elements)),
  keyid: ({ key }) => documents.keyid(unb64(key)),
  kind: ({ envelope }) => documents.kindOfEnvelope(envelope),
  read: async ({ envelope, kind }) => {
    const { body, sha256, envelope: again } = await documents.read(envelope, kind);
    return { body, sha256, envelope: again };
  },
  verify: async ({ envelope, kind, key }) => {
    await documents.verify(await documents.read(envelope, kind), unb64(key));
    return true;
  },
  signers: async ({ envelope, kind, keys: given }) => {
    const found = await documents.signers(await documents.read(envelope, kind), given.map(unb64));
    return [...found].sort();
  },
  sign: async ({ kind, body, seeds }) => {
    return (await documents.sign(kind, body, ...(await signingKeys(seeds)))).envelope;
  },
  check_signing_key: ({ key }) => documents.checkSigningKey(unb64(key)),
  public_key: async ({ seed }) => b64((await SigningKey.of(unb64(seed))).public),
  sign_raw: async ({ seed, message }) => b64(await (await SigningKey.of(unb64(seed))).signRaw(unb64(message))),
  signed_by: ({ key, signature, message }) => documents.signedBy(unb64(key), unb64(signature), unb64(message)),

  // SealTo and Seal
  kem: async ({ seed }) => {
    const key = await KemKey.of(unb64(seed));
    return { public: b64(key.public), sha256: key.sha256 };
  },
  seal_to: async ({ key, info, message }) => b64(await sealTo(unb64(key), unb64(info), unb64(message))),
  open: async ({ seed, info, sealed }) => b64(await (await KemKey.of(unb64(seed))).open(unb64(info), unb64(sealed))),
  seal: async ({ key, context, message }) => b64(await sealing.seal(unb64(key), unb64(context), unb64(message))),
  unseal: async ({ key, context, sealed }) => b64(await sealing.unseal(unb64(key), unb64(context), unb64(sealed))),
  // of a chunked encryption as it was published: SHA-256 of what it opens to
  open_published: async ({ key, context, sealed }) => {
    const opened = await sealing.openChunked("SHA-256", unb64(key), unb64(context), unb64(sealed));
    return b64(await documents.sha256(opened));
  },

  // files
  seal_file: async ({ key, salt, context, text, step }) => {
    const raw = unb64(text);
    const read = async (at: number, length: number) => raw.slice(at, at + length);
    const seal = { key: unb64(key), salt: unb64(salt) };
    const file = await Sealing.of(seal, unb64(context), raw.length, read);
    const pieces: Bytes[] = [];
    for (let at = 0; at < file.size; at += step) pieces.push(await file.slice(at, Math.min(at + step, file.size)));
    return { sealed: b64(documents.concat(...pieces)), stored: await file.stored() };
  },
  open_file: async ({ key, context, said, part, sealed, step }) => {
    const opening = await Opening.of(unb64(key), unb64(context), said, part);
    const raw = unb64(sealed);
    const texts: Bytes[] = [];
    for (let at = 0; at < raw.length; at += step ?? PIECE) {
      texts.push(await opening.take(raw.slice(at, at + (step ?? PIECE))));
    }
    return b64(documents.concat(...texts, await opening.end()));
  },
  clean_photo: async ({ raw }) => {
    const bytes = unb64(raw);
    const read = async (at: number, length: number) => bytes.slice(at, at + length);
    try {
      const content = await contentOf({ size: bytes.length, read });
      const bites: Bytes[] = [];
      for await (const bite of content.read()) bites.push(bite);
      return { type: content.type, cleaned: content.cleaned, content: b64(documents.concat(...bites)) };
    } catch (error) {
      if (error instanceof NotClean) return null;
      throw error;
    }
  },
  clean_names: ({ names }) => names.map(cleanName),

  // sealed sets
  seal_set: async ({ binding, texts, readers }) => {
    const given = Object.entries<string>(texts).map(([part, text]): [string, Bytes] => [part, unb64(text)]);
    const { sealed, blobs } = await sealing.sealSet(
      bindingOf(binding),
      new Map(given),
      readers.map((one: Question) => ({
        agency: one.agency,
        as: one.as,
        epoch: one.epoch,
        publicKey: unb64(one.public_key),
        parts: new Set(one.parts),
      })),
    );
    return { sealed, blobs: travelling(blobs) };
  },
  check_set: async ({ sealed, blobs }) => {
    sealing.checkForm(sealed);
    await sealing.checkBlobs(sealed, blobsOf(blobs));
    return true;
  },
  open_set: async ({ binding, sealed, blobs, reader, seed }) => {
    const key = await KemKey.of(unb64(seed));
    const opened = await sealing.openSet(bindingOf(binding), sealed, blobsOf(blobs), reader, key);
    const told = Array.from(opened, ([part, one]) => [
      part,
      one instanceof Refused ? { refused: one.code } : { text: b64(one) },
    ]);
    return Object.fromEntries(told);
  },

  // keys
  seal_keyring: async ({ keyring, kk, ...own }) => b64(await keys.sealKeyring(keyring, unb64(kk), own)),
  open_keyring: ({ sealed, kk, newest_seen, ...own }) => {
    return keys.openKeyring(unb64(sealed), unb64(kk), { ...own, newestSeen: newest_seen });
  },
  seal_unlock: async ({ kk, w, ...way }) => b64(await keys.sealUnlock(unb64(kk), unb64(w), way)),
  open_unlock: async ({ sealed, w, ...way }) => b64(await keys.openUnlock(unb64(sealed), unb64(w), way)),
  wrapping_key: async ({ secret, method, ...own }) => b64(await keys.wrappingKey(unb64(secret), method, own)),
  stretch: async ({ passphrase, login, network }) => {
    const { auth, w } = await keys.stretch(passphrase, login, network);
    return { auth: b64(auth), w: b64(w) };
  },
  hand_over: async ({ seed, member_key, member_kem, ...to }) => {
    return b64(await keys.handOver(unb64(seed), { ...to, memberKey: unb64(member_key), memberKem: unb64(member_kem) }));
  },
  take_over: async ({ sealed, sign, kem, ...from }) => {
    const secrets = { sign: await SigningKey.of(unb64(sign)), kem: await KemKey.of(unb64(kem)) };
    return b64((await keys.takeOver(unb64(sealed), { ...from, keys: secrets })).seed);
  },
  hkdf: async ({ secret, salt, info }) => b64(await keys.hkdf(unb64(secret), unb64(salt), unb64(info))),
  expand: async ({ key, info }) => b64(await keys.expand(unb64(key), unb64(info))),
  safety_number: ({ network, agency, member }) => keys.safetyNumber(network, agency, member),
  // the library that `stretch` rests upon
  argon2id: async ({ password, salt, secret, iterations, parallelism, memory, length }) => {
    const made = await argon2id({
      password: unb64(password),
      salt: unb64(salt),
      secret: unb64(secret),
      iterations,
      parallelism,
      memorySize: memory,
      hashLength: length,
      outputType: "binary",
    });
    return b64(made);
  },
};

/** Answer line by line, in order, until the input ends. */
export async function answer(answers: Answers): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    const { do: name, ...asked } = JSON.parse(line);
    let told: unknown;
    try {
      const gives = await answers[name]!(asked);
      told = { gives: gives ?? null };
    } catch (error) {
      if (error instanceof Refused) told = { refused: error.code, at: error.at };
      else told = { fault: error instanceof Error ? `${error.name}: ${error.message}` : "unknown" };
    }
    process.stdout.write(`${JSON.stringify(told)}\n`);
  }
}

if (import.meta.main) await answer(ANSWERS);
