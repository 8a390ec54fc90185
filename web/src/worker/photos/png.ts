/** PNG (W3C PNG, third edition): signature, chunks `length name … crc`, the last one IEND. */

import { type Bytes, concat } from "../../protocol/documents.ts";
import { ascii, BITE, bigBytes, exactly, latin, MOST_PIECES, type Piece, type Source, viewOf } from "./pieces.ts";
import { orientation, turned, UPRIGHT } from "./turning.ts";

export const SIGNATURE = "\x89PNG\r\n\x1a\n";
const KEPT =
  "IHDR PLTE IDAT IEND tRNS cHRM gAMA iCCP sBIT sRGB cICP mDCV cLLI bKGD hIST pHYs sPLT acTL fcTL fdAT".split(" ");

export async function clean(source: Source): Promise<readonly Piece[]> {
  const kept: Piece[] = [latin(SIGNATURE)];
  let [turn, at] = [UPRIGHT, SIGNATURE.length];
  for (let number = 0; number < MOST_PIECES; number += 1) {
    const head = await exactly(source, at, 8);
    const [length, name] = [viewOf(head).getUint32(0), ascii(head, 4, 4)];
    if (at + 12 + length > source.size) throw new RangeError();
    if (name === "eXIf" && length <= BITE) turn = orientation(await exactly(source, at + 8, length));
    if (KEPT.includes(name)) kept.push({ start: at, length: 12 + length });
    else if ((head[4]! & 0x20) === 0) throw new RangeError(); // a critical one that is not known: no picture as it seems
    at += 12 + length;
    if (name === "IEND") return [...kept.slice(0, 2), ...chunkSaying(turn), ...kept.slice(2)];
  }
  throw new RangeError();
}

function chunkSaying(turn: number): readonly Bytes[] {
  const tiff = turned(turn);
  if (tiff.length === 0) return [];
  const chunk = concat(latin("eXIf"), tiff);
  return [concat(bigBytes(tiff.length, 4), chunk, bigBytes(crc32(chunk), 4))];
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
