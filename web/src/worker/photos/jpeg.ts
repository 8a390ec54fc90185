/** JPEG (ITU-T T.81, Exif 3.0): SOI, segments `FF code length …`, after each SOS its scan, EOI. */

import { type Bytes, concat } from "../../protocol/documents.ts";
import { BITE, bigBytes, exactly, latin, MOST_PIECES, type Piece, type Source, startsWith, viewOf } from "./pieces.ts";
import { EXIF, orientation, turned, UPRIGHT } from "./turning.ts";

/** Tables, frames and scans; of the APPn segments JFIF, the colour profile and Adobe's colour transform. */
export async function clean(source: Source): Promise<readonly Piece[]> {
  const kept: Piece[] = [Uint8Array.of(0xff, 0xd8)];
  let [turn, at] = [UPRIGHT, 2];
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
      return [...kept.slice(0, first), ...exifSaying(turn), ...kept.slice(first)];
    }
    if (code === 0x01 || (code >= 0xd0 && code <= 0xd8)) throw new RangeError(); // without a segment, out of place here
    const length = viewOf(await exactly(source, at + 2, 2)).getUint16(0);
    if (length < 2) throw new RangeError();
    const begins = await exactly(source, at + 4, Math.min(length - 2, 32));
    if (code === 0xe1 && startsWith(begins, EXIF)) {
      turn = orientation(await exactly(source, at + 10, length - 8));
    } else if (code === 0xe0 && startsWith(begins, latin("JFIF\0"))) {
      kept.push(segment(code, whole(begins, 12), bigBytes(0, 2))); // without its thumbnail
    } else if (code === 0xee && startsWith(begins, latin("Adobe"))) {
      kept.push(segment(code, whole(begins, 12)));
    } else if ((code >= 0xc0 && code <= 0xdf) || (code === 0xe2 && startsWith(begins, latin("ICC_PROFILE\0")))) {
      kept.push({ start: at, length: 2 + length });
    }
    at += 2 + length;
    if (code === 0xda) {
      const end = await endOfScan(source, at);
      kept.push({ start: at, length: end - at });
      at = end;
    }
  }
  throw new RangeError();
}

function whole(begins: Bytes, length: number): Bytes {
  if (begins.length < length) throw new RangeError();
  return begins.subarray(0, length);
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

/** An Exif segment that says how the picture is turned, and nothing else. */
function exifSaying(turn: number): readonly Bytes[] {
  const tiff = turned(turn);
  return tiff.length === 0 ? [] : [segment(0xe1, EXIF, tiff)];
}

function segment(code: number, ...contents: readonly Bytes[]): Bytes {
  const content = concat(...contents);
  return concat(Uint8Array.of(0xff, code), bigBytes(2 + content.length, 2), content);
}
