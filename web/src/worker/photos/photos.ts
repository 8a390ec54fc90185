/**
 * What a photo says beside its picture is taken out before it is sealed: place, device, names, thumbnails. The
 * counterpart of ortoo/photos, file by file and byte for byte.
 *
 * The containers are taken apart, and only what draws the picture is kept: nothing is decoded, so nothing gets worse, and
 * memory does not grow with it. What is not understood is refused, never passed on as clean.
 */

import type { Bytes } from "../../protocol/documents.ts";
import * as heic from "./heic.ts";
import * as jpeg from "./jpeg.ts";
import { ascii, BITE, latin, lengthOf, type Piece, type Source, startsWith } from "./pieces.ts";
import * as png from "./png.ts";
import * as webp from "./webp.ts";

const OCTETS = "application/octet-stream";

/** Pictures and films that nobody here can clean. */
const FOREIGN: readonly string[] = [
  // TIFF, and what cameras make of it
  ...["II*\0", "MM\0*", "II+\0", "MM\0+", "IIU\0", "IIRO", "IIRS", "MMOR"],
  // of Fuji, Sigma, Minolta, Photoshop
  ...["FUJIFILM", "FOVb", "\0MRM", "8BPS", "GIF8"],
  // JPEG XL, JPEG 2000
  ...["\0\0\0\x0cJXL ", "\xff\x0a", "\0\0\0\x0cjP  ", "\xff\x4f\xff\x51"],
  // AVI, WAV, Matroska, Windows, Flash, MPEG
  ...["RIFF", "\x1aE\xdf\xa3", "0&\xb2u\x8ef\xcf\x11", "FLV\x01", "\0\0\x01\xba"],
];
/** A film of before `ftyp`. */
const FILM_BOXES: readonly string[] = ["moov", "mdat", "wide", "free", "skip", "pnot"];

/** A photo or film whose metadata cannot be taken out. */
export class NotClean extends Error {
  override readonly name = "NotClean";
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

/** The type by the first bytes, and how it is cleaned; null where it goes as it is, which its sender is told. */
function known(head: Bytes): readonly [type: string, clean: Clean | null] {
  const begins = (...texts: readonly string[]) => texts.some((text) => startsWith(head, latin(text)));
  const name = (at: number) => ascii(head, at, 4);
  if (begins("\xff\xd8")) return ["image/jpeg", jpeg.clean];
  if (begins(png.SIGNATURE)) return ["image/png", png.clean];
  if (begins("RIFF") && name(8) === "WEBP") return ["image/webp", webp.clean];
  if (name(4) === "ftyp") return heic.BRANDS.includes(name(8)) ? ["image/heic", heic.clean] : [OCTETS, never];
  if (begins("%PDF-")) return ["application/pdf", null];
  if (begins("ID3", "\xff\xfb", "\xff\xf3")) return ["audio/mpeg", null];
  if (begins("OggS")) return ["audio/ogg", null];
  return [OCTETS, begins(...FOREIGN) || FILM_BOXES.includes(name(4)) ? never : null];
}

async function never(): Promise<readonly Piece[]> {
  throw new RangeError();
}
