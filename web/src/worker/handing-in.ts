/** A signed document and its blobs, as the hub takes them. */

import type { SealedInput } from "../hub/operations.ts";
import { b64, type Document } from "../protocol/documents.ts";
import type { Blobs } from "../protocol/sealing.ts";

export function handedIn(document: Document, blobs: Blobs): SealedInput {
  return {
    envelope: document.envelope,
    parts: [...blobs.parts].map(([name, blob]) => ({ name, ciphertext: b64(blob) })),
    wraps: [...blobs.wraps].map(([agency, blob]) => ({ agency, wrap: b64(blob) })),
    keys: [...blobs.keys].map(([name, blob]) => {
      const [part = "", agency = ""] = name.split(" ");
      return { part, agency, key: b64(blob) };
    }),
  };
}
