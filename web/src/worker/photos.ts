/**
 * What a photo says beside its picture is taken out before it is sealed: place, device, names, thumbnails. The
 * counterpart of ortoo/photos.py, byte for byte.
 *
 * The containers are taken apart, and only what draws the picture is kept: nothing is decoded, so nothing gets worse, and
 * memory does not grow with it. What is not understood is refused, never passed on as clean.
 */

import { type Bytes, concat } from "../protocol/documents.ts";

const BITE = 64 * 1024; // bytes that are read at once
const MOST_PIECES = 100_000; // of a container: more are no photo's
const OCTETS = "application/octet-stream";

/** Types that are said to a person; whatever else is a file (protocol §6). */
export const SHOWN: readonly string[] = [
  "image/jpeg",
  "image/png",
  "image/webp",
  "image/heic",
  "application/pdf",
  "text/plain",
  "audio/mpeg",
  "audio/ogg",
];

/** A photo or film whose metadata cannot be taken out. */
export class NotClean extends Error {
  override readonly name = "NotClean";
}

/** Bytes of the file as they are, or new ones. */
type Piece = { readonly start: number; readonly length: number } | Bytes;

/** A file that is read where it lies. */
export interface Source {
  readonly size: number;
  /** At most so many bytes from there; fewer at its end. */
  readonly read: (at: number, length: number) => Promise<Bytes>;
}

/** What of a file is passed on, in order. type: by what it holds. cleaned: whether its metadata was taken out. */
export interface Content {
  readonly type: string;
  readonly size: number;
  readonly cleaned: boolean;
  /** The content, a bite at a time. */
  readonly read: () => AsyncGenerator<Bytes>;
}

/** What is to be sealed of a file. NotClean for a photo or film whose metadata is neither understood nor to be kept. */
export async function contentOf(source: Source, keepMetadata = false): Promise<Content> {
  const head = await source.read(0, 32);
  const [type, clean] = known(head);
  const whole = [{ start: 0, length: source.size }];
  if (keepMetadata || clean === null) return content(source, type, whole, false);
  try {
    return content(source, type, await clean(source), true);
  } catch (error) {
    if (error instanceof RangeError) throw new NotClean(type);
    throw error;
  }
}

function content(source: Source, type: string, pieces: readonly Piece[], cleaned: boolean): Content {
  return {
    type,
    cleaned,
    size: lengthOf(pieces),
    read: async function* () {
      for (const one of pieces) {
        if (one instanceof Uint8Array) {
          yield one;
          continue;
        }
        for (let at = one.start; at < one.start + one.length; ) {
          const bite = await source.read(at, Math.min(BITE, one.start + one.length - at));
          if (bite.length === 0) return;
          yield bite;
          at += bite.length;
        }
      }
    },
  };
}

type Clean = (source: Source) => Promise<readonly Piece[]>;

/** The type by the first bytes, and how it is cleaned; null where a file of that type says nothing by itself. */
function known(head: Bytes): readonly [type: string, clean: Clean | null] {
  const begins = (...texts: readonly string[]) => texts.some((text) => startsWith(head, latin(text)));
  const name = (at: number) => ascii(head, at, 4);
  if (begins("\xff\xd8")) return ["image/jpeg", jpeg];
  if (begins(PNG)) return ["image/png", png];
  if (begins("RIFF") && name(8) === "WEBP") return ["image/webp", webp];
  if (name(4) === "ftyp") return HEIC_BRANDS.includes(name(8)) ? ["image/heic", heic] : [OCTETS, never];
  if (begins("%PDF-")) return ["application/pdf", null];
  if (begins("ID3", "\xff\xfb", "\xff\xf3")) return ["audio/mpeg", null];
  if (begins("OggS")) return ["audio/ogg", null];
  // TIFF and the raw formats of cameras, GIF, AVI and WAV, Matroska
  if (begins("II*\0", "MM\0*", "II+\0", "MM\0+", "GIF8", "RIFF", "\x1aE\xdf\xa3", "FUJIFILM")) return [OCTETS, never];
  return [OCTETS, null];
}

async function never(): Promise<readonly Piece[]> {
  throw new RangeError();
}

// --- JPEG (ITU-T T.81, Exif 3.0) --------------------------------------------------------------------------------------

const EXIF = latin("Exif\0\0");

/** Tables, frames and scans; of the APPn segments JFIF, the colour profile and Adobe's colour transform. */
async function jpeg(source: Source): Promise<readonly Piece[]> {
  const kept: Piece[] = [Uint8Array.of(0xff, 0xd8)];
  let [turned, at] = [1, 2];
  for (let number = 0; number < MOST_PIECES; number += 1) {
    const [lead, code] = await exactly(source, at, 2);
    if (lead !== 0xff || code === undefined) throw new RangeError();
    if (code === 0xff) {
      at += 1; // fill
      continue;
    }
    if (code === 0xd9) {
      kept.push(Uint8Array.of(0xff, 0xd9)); // what a camera or a phone puts behind it is not the picture
      const second = kept[1];
      const first = second instanceof Uint8Array && second[1] === 0xe0 ? 2 : 1; // JFIF leads
      return [...kept.slice(0, first), ...turnedJpeg(turned), ...kept.slice(first)];
    }
    if (code === 0x01 || (code >= 0xd0 && code <= 0xd8)) throw new RangeError();
    const length = big16(await exactly(source, at + 2, 2), 0);
    if (length < 2) throw new RangeError();
    const begins = await exactly(source, at + 4, Math.min(length - 2, 32));
    if (code === 0xe1 && startsWith(begins, EXIF)) {
      turned = orientation(await exactly(source, at + 10, length - 8));
    } else if (code === 0xe0 && startsWith(begins, latin("JFIF\0"))) {
      kept.push(concat(Uint8Array.of(0xff, 0xe0, 0, 0x10), begins.subarray(0, 12), Uint8Array.of(0, 0))); // no thumbnail
    } else if (draws(code, begins)) kept.push({ start: at, length: 2 + length });
    at += 2 + length;
    if (code === 0xda) {
      const end = await endOfScan(source, at);
      kept.push({ start: at, length: end - at });
      at = end;
    }
  }
  throw new RangeError();
}

function draws(code: number, begins: Bytes): boolean {
  if (code === 0xe2) return startsWith(begins, latin("ICC_PROFILE\0"));
  if (code === 0xee) return startsWith(begins, latin("Adobe"));
  return code >= 0xc0 && code <= 0xdf;
}

async function endOfScan(source: Source, from: number): Promise<number> {
  for (let at = from; at < source.size; ) {
    const bite = await source.read(at, BITE);
    for (let place = 0; place + 1 < bite.length; place += 1) {
      const next = bite[place + 1]!;
      if (bite[place] === 0xff && next !== 0 && next !== 0xff && !(next >= 0xd0 && next <= 0xd7)) return at + place;
    }
    at += Math.max(1, bite.length - 1);
  }
  throw new RangeError();
}

/** How the picture is to be turned (1 to 8); 1 where Exif does not say it, or says it in no known way. */
function orientation(tiff: Bytes): number {
  const order = ascii(tiff, 0, 2);
  if ((order !== "II" && order !== "MM") || tiff.length < 8) return 1;
  const view = viewOf(tiff);
  const little = order === "II";
  const at = view.getUint32(4, little);
  const entries = at + 2 <= tiff.length ? view.getUint16(at, little) : 0;
  for (let start = at + 2; start < Math.min(at + 2 + 12 * entries, tiff.length - 11); start += 12) {
    const isIt =
      view.getUint16(start, little) === 0x0112 &&
      view.getUint16(start + 2, little) === 3 &&
      view.getUint32(start + 4, little) === 1;
    const value = view.getUint16(start + 8, little);
    if (isIt) return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}

/** An Exif segment that says how the picture is turned, and nothing else. */
function turnedJpeg(turned: number): readonly Bytes[] {
  if (turned === 1) return [];
  const tiff = turnedTiff(turned);
  const length = 2 + EXIF.length + tiff.length;
  return [concat(Uint8Array.of(0xff, 0xe1, length >> 8, length & 255), EXIF, tiff)];
}

/** Exif with one entry, the orientation. */
function turnedTiff(turned: number): Bytes {
  return concat(
    latin("MM\0*"),
    bigBytes(8, 4),
    bigBytes(1, 2),
    bigBytes(0x0112, 2),
    bigBytes(3, 2),
    bigBytes(1, 4),
    bigBytes(turned, 2),
    bigBytes(0, 2),
    bigBytes(0, 4),
  );
}

// --- PNG (W3C PNG, third edition) -------------------------------------------------------------------------------------

const PNG = "\x89PNG\r\n\x1a\n";
const PNG_KEPT =
  "IHDR PLTE IDAT IEND tRNS cHRM gAMA iCCP sBIT sRGB cICP mDCV cLLI bKGD hIST pHYs sPLT acTL fcTL fdAT".split(" ");

async function png(source: Source): Promise<readonly Piece[]> {
  const kept: Piece[] = [latin(PNG)];
  let [turned, at] = [1, PNG.length];
  for (let number = 0; number < MOST_PIECES; number += 1) {
    const head = await exactly(source, at, 8);
    const [length, name] = [viewOf(head).getUint32(0), ascii(head, 4, 4)];
    if (at + 12 + length > source.size) throw new RangeError();
    if (name === "eXIf" && length <= BITE) turned = orientation(await exactly(source, at + 8, length));
    if (PNG_KEPT.includes(name)) kept.push({ start: at, length: 12 + length });
    else if ((head[4]! & 0x20) === 0) throw new RangeError(); // a critical one that is not known: no picture as it seems
    at += 12 + length;
    if (name === "IEND") return [...kept.slice(0, 2), ...turnedPng(turned), ...kept.slice(2)];
  }
  throw new RangeError();
}

function turnedPng(turned: number): readonly Bytes[] {
  if (turned === 1) return [];
  const chunk = concat(latin("eXIf"), turnedTiff(turned));
  return [concat(bigBytes(chunk.length - 4, 4), chunk, bigBytes(crc32(chunk), 4))];
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

// --- WebP (RFC 9649) --------------------------------------------------------------------------------------------------

const WEBP_KEPT = ["VP8 ", "VP8L", "ALPH", "ANIM", "ANMF", "ICCP"];

async function webp(source: Source): Promise<readonly Piece[]> {
  const end = 8 + viewOf(await exactly(source, 4, 4)).getUint32(0, true);
  const kept: Piece[] = [];
  let [turned, at] = [1, 12];
  for (let number = 0; number < MOST_PIECES && at < end; number += 1) {
    const head = await exactly(source, at, 8);
    const [name, length] = [ascii(head, 0, 4), viewOf(head).getUint32(4, true)];
    const padded = 8 + length + (length % 2);
    if (at + padded > source.size) throw new RangeError();
    if (name === "VP8X") {
      const said = await exactly(source, at, padded);
      if (said.length < 9) throw new RangeError();
      said[8]! &= ~0x0c; // there is neither Exif nor XMP
      kept.push(said);
    } else if (name === "EXIF" && length <= BITE) {
      const exif = await exactly(source, at + 8, length);
      turned = orientation(startsWith(exif, EXIF) ? exif.subarray(EXIF.length) : exif);
    } else if (WEBP_KEPT.includes(name)) kept.push({ start: at, length: padded });
    at += padded;
  }
  const first = kept[0];
  if (first === undefined) throw new RangeError();
  if (turned !== 1 && first instanceof Uint8Array) {
    first[8]! |= 0x08;
    const tiff = turnedTiff(turned);
    kept.push(concat(latin("EXIF"), littleBytes(tiff.length), tiff));
  }
  return [concat(latin("RIFF"), littleBytes(4 + lengthOf(kept)), latin("WEBP")), ...kept];
}

// --- HEIC (ISO/IEC 23008-12, 14496-12) --------------------------------------------------------------------------------

const HEIC_BRANDS = ["heic", "heix", "heim", "heis", "mif1", "mif2", "avif"];
const HEIC_PICTURES = ["hvc1", "hev1", "lhv1", "av01", "jpeg", "grid", "iovl", "iden", "tmap"];
const MOST_META = 4 * 1024 * 1024; // bytes

/**
 * The same file with zeros in place of Exif and XMP: nothing moves, so that all offsets stay right. A box that is none
 * of a still picture's is refused: a film beside the picture, or a maker's own.
 */
async function heic(source: Source): Promise<readonly Piece[]> {
  const metas: { readonly start: number; readonly raw: Bytes }[] = [];
  for (let at = 0; at < source.size; ) {
    const { name, start, end } = await box(source, at);
    if (name === "meta") {
      if (end - start > MOST_META) throw new RangeError();
      metas.push({ start, raw: await exactly(source, start, end - start) });
    } else if (name !== "ftyp" && name !== "mdat") throw new RangeError();
    at = end;
  }
  const [meta, ...more] = metas;
  if (meta === undefined || more.length > 0) throw new RangeError();
  const blank = [...extentsToBlank(meta.raw, meta.start)].sort(([a, b], [c, d]) => a - c || b - d);
  const kept: Piece[] = [];
  let at = 0;
  for (const [start, length] of blank) {
    if (start < at || start + length > source.size || length > MOST_META) throw new RangeError();
    kept.push({ start: at, length: start - at }, new Uint8Array(length));
    at = start + length;
  }
  return [...kept, { start: at, length: source.size - at }];
}

/** Name, and where what is inside begins and ends. */
async function box(source: Source, at: number) {
  const head = await exactly(source, at, 8);
  let [length, start] = [viewOf(head).getUint32(0), at + 8];
  if (length === 1) {
    const long = viewOf(await exactly(source, at + 8, 8));
    [length, start] = [long.getUint32(0) * 2 ** 32 + long.getUint32(4), at + 16];
  }
  const end = length === 0 ? source.size : at + length;
  if (!(start <= end && end <= source.size)) throw new RangeError();
  return { name: ascii(head, 4, 4), start, end };
}

function* extentsToBlank(meta: Bytes, begins: number): Generator<readonly [start: number, length: number]> {
  const boxes = new Map<string, { readonly at: number; readonly raw: Bytes }>();
  const view = viewOf(meta);
  for (let at = 4; at < meta.length; ) {
    // behind version and flags
    const [length, name] = [view.getUint32(at), ascii(meta, at + 4, 4)];
    const isForeign = ["uuid", "udta", "xml ", "bxml"].includes(name);
    if (name.length < 4 || length < 8 || at + length > meta.length || isForeign) throw new RangeError();
    boxes.set(name, { at: at + 8, raw: meta.subarray(at + 8, at + length) });
    at += length;
  }
  const [idat, iinf, iloc] = [boxes.get("idat"), boxes.get("iinf"), boxes.get("iloc")];
  if (iinf === undefined || iloc === undefined) throw new RangeError();
  const unwanted = new Set(metadataItems(iinf.raw));
  for (const { item, method, start, length } of locations(iloc.raw)) {
    if (!unwanted.has(item)) continue;
    if (method === 2 || (method === 1 && idat === undefined)) throw new RangeError();
    yield [method === 1 ? start + begins + idat!.at : start, length];
  }
}

/** Ids of the items that are no picture: Exif, XMP, whatever is text. */
function* metadataItems(iinf: Bytes): Generator<number> {
  const view = viewOf(iinf);
  const short = view.getUint8(0) === 0;
  let at = short ? 6 : 8;
  const count = short ? view.getUint16(4) : view.getUint32(4);
  for (let number = 0; number < count; number += 1) {
    const [length, name, version] = [view.getUint32(at), ascii(iinf, at + 4, 4), view.getUint8(at + 8)];
    if (name !== "infe" || (version !== 2 && version !== 3) || length < 20) throw new RangeError();
    const wide = version === 3;
    const item = wide ? view.getUint32(at + 12) : view.getUint16(at + 12);
    const kind = ascii(iinf, at + (wide ? 18 : 16), 4);
    if (["Exif", "mime", "uri "].includes(kind)) yield item;
    else if (!HEIC_PICTURES.includes(kind)) throw new RangeError();
    at += length;
  }
}

interface Extent {
  readonly item: number;
  /** 0: in the file, 1: in `idat`, 2: in another item. */
  readonly method: number;
  readonly start: number;
  readonly length: number;
}

function* locations(iloc: Bytes): Generator<Extent> {
  const [version, , , , sizes, more] = iloc;
  if (version === undefined || sizes === undefined || more === undefined) throw new RangeError();
  const [offsetSize, lengthSize, baseSize, indexSize] = [sizes >> 4, sizes & 15, more >> 4, more & 15];
  let at = 6;
  const number = (width: number): number => {
    if (at + width > iloc.length) throw new RangeError();
    let value = 0;
    for (const byte of iloc.subarray(at, at + width)) value = value * 256 + byte;
    at += width;
    return value;
  };
  const items = number(version === 2 ? 4 : 2);
  for (let place = 0; place < items; place += 1) {
    const item = number(version === 2 ? 4 : 2);
    const method = version === 1 || version === 2 ? number(2) & 15 : 0;
    if (number(2) !== 0 || method > 2) throw new RangeError(); // in another file
    const base = number(baseSize);
    const extents = number(2);
    for (let extent = 0; extent < extents; extent += 1) {
      if (version === 1 || version === 2) number(indexSize);
      const start = base + number(offsetSize);
      yield { item, method, start, length: number(lengthSize) };
    }
  }
}

// --- small words ------------------------------------------------------------------------------------------------------

/** Exactly these bytes. RangeError. */
async function exactly(source: Source, at: number, length: number): Promise<Bytes> {
  const bytes = length > 0 ? await source.read(at, length) : new Uint8Array(0);
  if (length < 0 || bytes.length !== length) throw new RangeError();
  return bytes;
}

function lengthOf(pieces: readonly Piece[]): number {
  return pieces.reduce((all, { length }) => all + length, 0);
}

function latin(text: string): Bytes {
  return Uint8Array.from(text, (one) => one.charCodeAt(0));
}

function ascii(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}

function startsWith(bytes: Uint8Array, begin: Uint8Array): boolean {
  return bytes.length >= begin.length && begin.every((byte, at) => bytes[at] === byte);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function big16(bytes: Uint8Array, at: number): number {
  return viewOf(bytes).getUint16(at);
}

function bigBytes(value: number, width: number): Bytes {
  return Uint8Array.from({ length: width }, (_, place) => Math.floor(value / 2 ** (8 * (width - 1 - place))) & 255);
}

function littleBytes(value: number): Bytes {
  return bigBytes(value, 4).reverse();
}
