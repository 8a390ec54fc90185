/** WebP (RFC 9649): `RIFF length WEBP`, chunks `name length …`, each of even length. */

import { concat } from "../../protocol/documents.ts";
import {
  ascii,
  BITE,
  exactly,
  latin,
  lengthOf,
  littleBytes,
  MOST_PIECES,
  type Piece,
  type Source,
  startsWith,
  viewOf,
} from "./pieces.ts";
import { EXIF, orientation, turned, UPRIGHT } from "./turning.ts";

const PICTURE: readonly string[] = ["VP8 ", "VP8L", "ALPH"];
const KEPT: readonly string[] = [...PICTURE, "ANIM", "ANMF", "ICCP"];
const FRAME = 16; // bytes of an animation's frame before its chunks
const [SAYS_EXIF, SAYS_XMP] = [0x08, 0x04];

export async function clean(source: Source): Promise<readonly Piece[]> {
  const end = 8 + viewOf(await exactly(source, 4, 4)).getUint32(0, true);
  const kept: Piece[] = [];
  let [turn, at] = [UPRIGHT, 12];
  for (let number = 0; number < MOST_PIECES && at < end; number += 1) {
    const { name, length } = await chunk(source, at);
    const padded = 8 + length + (length % 2);
    if (at + padded > source.size) throw new RangeError();
    if (name === "VP8X") {
      const said = await exactly(source, at, padded);
      if (said.length < 9) throw new RangeError();
      said[8]! &= ~(SAYS_EXIF | SAYS_XMP);
      kept.push(said);
    } else if (name === "EXIF" && length <= BITE) {
      const exif = await exactly(source, at + 8, length);
      turn = orientation(startsWith(exif, EXIF) ? exif.subarray(EXIF.length) : exif);
    } else if (KEPT.includes(name)) {
      if (name === "ANMF") await checkFrame(source, at + 8 + FRAME, at + 8 + length);
      kept.push({ start: at, length: padded });
    }
    at += padded;
  }
  const first = kept[0];
  if (first === undefined) throw new RangeError();
  if (turn !== UPRIGHT && first instanceof Uint8Array) {
    first[8]! |= SAYS_EXIF;
    const tiff = turned(turn);
    kept.push(concat(latin("EXIF"), littleBytes(tiff.length), tiff));
  }
  return [concat(latin("RIFF"), littleBytes(4 + lengthOf(kept)), latin("WEBP")), ...kept];
}

/** There is nothing but a picture in a frame. */
async function checkFrame(source: Source, from: number, end: number): Promise<void> {
  for (let at = from; at < end; ) {
    const { name, length } = await chunk(source, at);
    if (!PICTURE.includes(name)) throw new RangeError();
    at += 8 + length + (length % 2);
  }
}

async function chunk(source: Source, at: number) {
  const head = await exactly(source, at, 8);
  return { name: ascii(head, 0, 4), length: viewOf(head).getUint32(4, true) };
}
