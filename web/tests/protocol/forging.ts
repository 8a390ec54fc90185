/** What an attacker has: a way to sign whatever bytes it likes. */

import { b64, canonical, pae, type SigningKey } from "../../src/protocol/documents.ts";

/** An envelope in canonical form around any bytes, under any kind, signed by these keys. */
export async function envelopeOf(payload: Uint8Array, kind: string, ...keys: readonly SigningKey[]): Promise<string> {
  const payloadType = `application/vnd.ortoo.${kind}.v1+json`;
  const signatures = await Promise.all(
    keys.map(async (key) => ({ keyid: key.keyid, sig: b64(await key.signRaw(pae(payloadType, payload))) })),
  );
  signatures.sort((one, other) => (one.keyid < other.keyid ? -1 : 1));
  return text(canonical({ payload: b64(payload), payloadType, signatures }));
}

export function text(raw: Uint8Array): string {
  return new TextDecoder().decode(raw);
}
