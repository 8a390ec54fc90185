/**
 * Files on their way (protocol §6): kept sealed with what is filled in, sealed for a referral and uploaded piece by
 * piece, fetched again. Loaded when a file is first met. As ortoo/attaching.py does it.
 *
 * A picked file is read once, and lies from then on in the member's store as pieces under a key of its own (`file/ID`), so
 * that it outlasts a lock, a reload and the file itself. It is never kept a second time as it is sent: key and salt of
 * that sealing are kept, and make the same bytes again, each piece when it goes.
 */

import type { Items } from "../device/store.ts";
import { Failed } from "../failed.ts";
import * as operations from "../hub/operations.ts";
import { ask, badAnswer } from "../hub/query.ts";
import {
  Measure,
  newFileSeal,
  Opening,
  PIECE,
  type ReadAt,
  type SealedFile,
  Sealing,
} from "../protocol/attachments.ts";
import { type Bytes, b64, concat, ctx, newId, unb64 } from "../protocol/documents.ts";
import { Refused } from "../protocol/errors.ts";
import type { Signer } from "../protocol/referral.ts";
import type { File as Said } from "../protocol/schemas.ts";
import { base, MAX_FILE, NO_CONSENT, partContext, randomBytes, seal, unseal } from "../protocol/sealing.ts";
import type * as api from "./api.ts";
import type { Deed } from "./consent-api.ts";
import { cleanName } from "./file-names.ts";
import type { Attached } from "./form.ts";
import { type Content, contentOf, NotClean } from "./photos/photos.ts";
import type { Source } from "./photos/pieces.ts";
import type { FileKey } from "./reading.ts";
import { evidenceOf } from "./sweeping.ts";
import type { Work } from "./work.ts";

const STALLS = 5; // answers of a hub without any progress
const WITHIN = 180_000; // milliseconds for one piece, on a line of some 60 kbit/s

/** Told how far a file is: bytes that are over, of how many. */
export type Progress = (over: number, all: number) => void;

/** As the device keeps it. key: of its pieces. */
interface Kept {
  readonly file: api.KeptFile;
  readonly key: string;
}

/** A file as it was sealed for one referral, but for its bytes. */
export interface Sent {
  readonly file: string;
  readonly said: Said;
  readonly key: string;
  readonly salt: string;
  readonly size: number;
  readonly sha256: string;
}

/** What was sealed for one recipient, and for which id: the same each time, so that nothing is uploaded twice. */
export interface SentTo {
  readonly id: string;
  readonly files: readonly Sent[];
}

/** Files of this session that no draft names yet. */
const fresh = new Set<string>();

// --- on this device ---------------------------------------------------------------------------------------------------

export async function keepFile(
  items: Items,
  picked: File,
  keepMetadata: boolean,
): Promise<{ readonly file: api.KeptFile } | { readonly fault: api.FileFault }> {
  const id = newId();
  try {
    const content = await contentOf(sourceOf(picked), keepMetadata);
    if (content.size > MAX_FILE) return { fault: "too_large" };
    fresh.add(id);
    return { file: await kept(items, id, picked.name, content) };
  } catch (error) {
    await items.drop(nameOf(id));
    fresh.delete(id);
    if (error instanceof NotClean) return { fault: "not_clean" };
    if (error instanceof DOMException || error instanceof Refused) return { fault: "unreadable" };
    throw error;
  }
}

function sourceOf(picked: File): Source {
  return {
    size: picked.size,
    read: async (at, length) => new Uint8Array(await picked.slice(at, at + length).arrayBuffer()),
  };
}

async function kept(items: Items, id: string, name: string, content: Content): Promise<api.KeptFile> {
  const key = randomBytes(32);
  const { type, size, cleaned } = content;
  const file = { id, name: cleanName(name), type, size, sha256: "", cleaned };
  await items.put(nameOf(id), { file, key: b64(key) } satisfies Kept);
  const measure = await Measure.begin();
  let [number, waiting, length]: [number, Bytes[], number] = [0, [], 0];
  const flush = async () => {
    await items.putPiece(nameOf(id), number, await seal(key, pieceContext(id, number), concat(...waiting)));
    [number, waiting, length] = [number + 1, [], 0];
  };
  for await (const bite of content.read()) {
    // A piece is full but for the last one: then a place in the file says which piece it is in.
    for (let at = 0; at < bite.length; ) {
      const part = bite.slice(at, at + PIECE - length);
      measure.take(part);
      waiting.push(part);
      length += part.length;
      at += part.length;
      if (length === PIECE) await flush();
    }
  }
  if (length > 0) await flush();
  const measured = measure.end();
  if (measured.size !== size) throw new Refused("size_mismatch"); // it changed while it was read
  const whole = { ...file, sha256: measured.sha256 };
  await items.put(nameOf(id), { file: whole, key: b64(key) } satisfies Kept);
  return whole;
}

/** Reads a kept file, authentic or not at all. */
async function readerOf(items: Items, id: string): Promise<ReadAt> {
  const found = await items.get<Kept>(nameOf(id));
  if (found === null) throw new Refused("blob_missing");
  const key = unb64(found.key);
  let last: { readonly number: number; readonly text: Bytes } | null = null;
  const pieceAt = async (number: number): Promise<Bytes> => {
    if (last?.number === number) return last.text;
    const sealed = await items.piece(nameOf(id), number);
    if (sealed === null) throw new Refused("blob_missing");
    const text = await unseal(key, pieceContext(id, number), sealed);
    last = { number, text };
    return text;
  };
  return async (at, length) => {
    const texts: Bytes[] = [];
    for (let from = at; from < at + length; ) {
      const number = Math.floor(from / PIECE);
      const text = await pieceAt(number);
      const bite = text.subarray(from - number * PIECE, Math.min(text.length, at + length - number * PIECE));
      if (bite.length === 0) throw new Refused("blob_missing");
      texts.push(bite);
      from += bite.length;
    }
    return concat(...texts);
  };
}

function nameOf(id: string): string {
  return `file/${id}`;
}

function pieceContext(id: string, number: number): Bytes {
  return ctx("kept-file", id, number);
}

/** They stand in a draft now, which is kept. */
export function named(files: api.FilesBySection | undefined): void {
  for (const one of Object.values(files ?? {}).flat()) fresh.delete(one.id);
}

/** Of what is kept, as far as it names files. */
interface Naming {
  readonly filled?: api.Filled;
  readonly draft?: { readonly filled: api.Filled };
  readonly attached?: api.FilesBySection | null;
  readonly deed?: Deed;
}

const NAMING = ["draft/", "outbox/", "form/", "step/", "onward/", "deed/", "undone/"];

/** What no draft, nothing on its way and nothing that was sent names any more is here no more. */
export function sweep(items: Items): Promise<void> {
  return items.dropFound(async () => {
    const needed = new Set(fresh);
    for (const name of NAMING.flatMap((prefix) => items.names(prefix))) {
      const kept = await items.get<Naming>(name);
      const files = kept?.filled?.files ?? kept?.draft?.filled.files ?? kept?.attached ?? evidenceOf(kept?.deed);
      for (const one of Object.values(files ?? {}).flat()) needed.add(one.id);
    }
    return items.names("file/").filter((name) => !needed.has(name.slice("file/".length)));
  });
}

// --- sending ----------------------------------------------------------------------------------------------------------

/** The files of these parts, sealed for one new document: a referral, or the decision that they are evidence of. */
export async function sealed(
  items: Items,
  signer: Signer,
  files: api.FilesBySection,
  parts: readonly string[],
  id: string = newId(),
): Promise<SentTo | null> {
  const wanted = parts.flatMap((part) => (files[part] ?? []).map((file, place) => [`${part}/file-${place + 1}`, file]));
  if (wanted.length === 0) return null;
  const sent: Sent[] = [];
  for (const [part, file] of wanted as [string, api.KeptFile][]) {
    const { key, salt } = newFileSeal();
    const said = { part, name: file.name, type: file.type, size: file.size, sha256: file.sha256 };
    const one = { file: file.id, said, key: b64(key), salt: b64(salt), size: 0, sha256: "" };
    sent.push({ ...one, ...(await (await sealingOf(items, signer, id, one)).stored()) });
  }
  return { id, files: sent };
}

/** Those that these parts may still carry. */
export function attachedOf({ id, files }: SentTo, parts: readonly string[]): Attached {
  const carried = files.filter((one) => parts.includes(base(one.said.part)));
  const sealedFile = ({ said, key, size, sha256 }: Sent): SealedFile => ({
    said,
    key: unb64(key),
    stored: { size, sha256 },
  });
  return { id, files: carried.map(sealedFile) };
}

async function sealingOf(items: Items, signer: Signer, id: string, sent: Sent): Promise<Sealing> {
  const network = signer.directory.now().network.body.network;
  const binding = { network, document: id, owner: signer.agency, authorKey: signer.key.public, consent: NO_CONSENT };
  const seal = { key: unb64(sent.key), salt: unb64(sent.salt) };
  const context = partContext(binding, sent.said.part);
  return Sealing.of(seal, context, sent.said.size, await readerOf(items, sent.file));
}

/** Bring all of them to the hub, before the documents that name them: from where an earlier try ended. */
export async function upload(items: Items, signer: Signer, all: readonly SentTo[], progress: Progress): Promise<void> {
  const whole = all.flatMap(({ files }) => files).reduce((sum, one) => sum + one.size, 0);
  let before = 0;
  for (const { id, files } of all) {
    for (const one of files) {
      await uploadOne(await sealingOf(items, signer, id, one), one.sha256, (over) => progress(before + over, whole));
      before += one.size;
    }
  }
}

async function uploadOne(sealing: Sealing, sha256: string, progress: (over: number) => void): Promise<void> {
  const { size } = sealing;
  const { upload: begun } = await ask(operations.upload, { sha256 });
  let [at, isWhole, stalls] = [begun?.received ?? 0, begun?.whole ?? false, 0];
  while (!isWhole) {
    progress(at);
    const offset = Math.floor(Math.min(at, size - 1) / PIECE) * PIECE; // where all is here, the last one lets the hub look
    const piece = b64(await sealing.slice(offset, Math.min(offset + PIECE, size)));
    let answer: operations.UploadPieceMutation["uploadPiece"];
    try {
      answer = (await ask(operations.uploadPiece, { sha256, size, offset, piece }, { within: WITHIN })).uploadPiece;
    } catch (error) {
      const code = error instanceof Failed && error.problem.kind === "refused" ? error.problem.code : null;
      if (code !== "upload_unknown" || stalls >= STALLS) throw error;
      [at, stalls] = [0, stalls + 1];
      continue;
    }
    stalls = answer.received > at ? 0 : stalls + 1;
    if (stalls > STALLS || !(answer.received >= 0 && answer.received <= size)) throw badAnswer();
    [at, isWhole] = [answer.received, answer.whole];
  }
  progress(size);
}

// --- fetching ---------------------------------------------------------------------------------------------------------

/**
 * A file of what was opened, whole and authentic. Its pieces wait outside of this worker's memory (a browser keeps large
 * blobs on its disk), where nobody has a handle to them until then; whatever is refused goes with its pieces.
 */
export async function fetchFile(
  work: Work,
  id: string,
  event: string | null,
  part: string,
  progress: Progress,
): Promise<Blob> {
  const piece = async (offset: number) =>
    (await ask(operations.filePiece, { referral: id, event, part, offset }, { within: WITHIN })).filePiece;
  return fetched(opened(await work.file(id, event, part), piece, progress));
}

/** A file of a section that was opened, kept as a picked one is, to be passed on. */
export async function keepSent(work: Work, items: Items, referral: string, part: string): Promise<api.KeptFile> {
  const piece = async (offset: number) =>
    (await ask(operations.filePiece, { referral, event: null, part, offset }, { within: WITHIN })).filePiece;
  const file = await work.file(referral, null, part);
  const { name, type, size } = file.said;
  const id = newId();
  fresh.add(id);
  try {
    return await kept(items, id, name, { type, size, cleaned: false, read: () => opened(file, piece, () => {}) });
  } catch (error) {
    await items.drop(nameOf(id)); // nothing stays of what is not authentic to its end
    fresh.delete(id);
    throw error;
  }
}

/** The same of evidence of a decision, named by its H. */
export async function fetchEvidence(work: Work, decision: string, part: string, progress: Progress): Promise<Blob> {
  const piece = async (offset: number) =>
    (await ask(operations.evidencePiece, { decision, part, offset }, { within: WITHIN })).evidencePiece;
  return fetched(opened(await work.evidenceFile(decision, part), piece, progress));
}

async function fetched(opened: AsyncIterable<Bytes>): Promise<Blob> {
  const texts: Blob[] = [];
  for await (const text of opened) texts.push(new Blob([text]));
  // Whatever its sender calls it, it is a file to a browser: nothing that is shown or run.
  return new Blob(texts, { type: "application/octet-stream" });
}

/** The file, a piece at a time; authentic once it has ended. */
async function* opened(
  { said, key }: { readonly said: Said; readonly key: FileKey },
  pieceAt: (offset: number) => Promise<string>,
  progress: Progress,
): AsyncGenerator<Bytes> {
  const opening = await Opening.of(key.key, key.context, said, key.part);
  for (let offset = 0; offset < key.part.size; ) {
    progress(offset, key.part.size);
    const piece = unb64(await pieceAt(offset));
    if (piece.length === 0 || piece.length > PIECE) throw badAnswer();
    yield await opening.take(piece);
    offset += piece.length;
  }
  yield await opening.end();
  progress(key.part.size, key.part.size);
}
