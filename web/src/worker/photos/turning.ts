/** How a picture is to be turned: the one thing of Exif that is kept (TIFF 6.0, Exif 3.0). */

import { type Bytes, concat } from "../../protocol/documents.ts";
import { ascii, bigBytes, latin, viewOf } from "./pieces.ts";

export const EXIF = latin("Exif\0\0");
export const UPRIGHT = 1;

/** How the picture is to be turned (1 to 8); 1 where Exif does not say it, or says it in no known way. */
export function orientation(tiff: Bytes): number {
  const order = ascii(tiff, 0, 2);
  if ((order !== "II" && order !== "MM") || tiff.length < 8) return UPRIGHT;
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
    if (isIt) return value >= 1 && value <= 8 ? value : UPRIGHT;
  }
  return UPRIGHT;
}

/** Exif with one entry, the orientation; empty for an upright picture. */
export function turned(orientation: number): Bytes {
  if (orientation === UPRIGHT) return new Uint8Array(0);
  const entry = concat(bigBytes(0x0112, 2), bigBytes(3, 2), bigBytes(1, 4), bigBytes(orientation, 2), bigBytes(0, 2));
  return concat(latin("MM\0*"), bigBytes(8, 4), bigBytes(1, 2), entry, bigBytes(0, 4));
}
