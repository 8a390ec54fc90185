/** Ids made by clients: UUIDv7 (RFC 9562 §5.7), so that they sort by time and never collide. */

/** 48 bits of Unix milliseconds, then 74 random bits; lower-case. */
export function uuid7(): string {
  const raw = crypto.getRandomValues(new Uint8Array(16));
  const view = new DataView(raw.buffer);
  const now = Date.now();
  view.setUint16(0, Math.floor(now / 2 ** 32));
  view.setUint32(2, now % 2 ** 32);
  view.setUint8(6, (view.getUint8(6) & 0x0f) | 0x70);
  view.setUint8(8, (view.getUint8(8) & 0x3f) | 0x80);
  const hex = Array.from(raw, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
