/**
 * Passkeys as the browser has them (WebAuthn level 3): made, asked as the second step, and asked for the 32 bytes of their
 * PRF, which open a keyring (docs/protocol.md, section 4). What PRF gives never goes to the hub.
 */

import { Failed } from "../failed.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** response: RegistrationResponseJSON. secret: null where the authenticator has no PRF. */
export interface Made {
  readonly response: string;
  readonly secret: Bytes | null;
}

/** Whether this browser can: an old one offers the other ways. */
export const hasPasskeys = (): boolean =>
  typeof PublicKeyCredential === "function" && "parseCreationOptionsFromJSON" in PublicKeyCredential;

/** Make one. options: creation options of the hub, as JSON. `passkey_none` where nothing came of it. */
export const makePasskey = async (options: string, prf: Bytes): Promise<Made> => {
  const asked = PublicKeyCredential.parseCreationOptionsFromJSON(JSON.parse(options));
  const make = (extensions: AuthenticationExtensionsClientInputs) =>
    navigator.credentials.create({ publicKey: { ...asked, extensions } });
  // Some authenticators refuse what they do not know instead of passing over it (docs/protocol.md, section 4).
  const made = await answered(make(evaluated(prf)).catch((error) => (isNo(error) ? Promise.reject(error) : make({}))));
  const { prf: got } = made.getClientExtensionResults();
  const secret = got?.enabled ? (bytesOf(got.results?.first) ?? (await secretOf([made.id], prf)).secret) : null;
  return { response: told(made), secret };
};

/** Ask for one as the second step. options: request options of the hub. Gives AuthenticationResponseJSON. */
export const answerPasskey = async (options: string): Promise<string> => {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(JSON.parse(options));
  return told(await answered(navigator.credentials.get({ publicKey })));
};

/** Ask one of these for its 32 bytes. The answer goes nowhere, so it is asked by a challenge of our own, and without a line. */
export const secretOf = async (
  ids: readonly string[],
  prf: Bytes,
): Promise<{ readonly id: string; readonly secret: Bytes }> => {
  const challenge = crypto.getRandomValues(new Uint8Array(32));
  const asked = PublicKeyCredential.parseRequestOptionsFromJSON({
    challenge: "",
    allowCredentials: ids.map((id) => ({ id, type: "public-key" })),
    userVerification: "required",
  });
  const publicKey = { ...asked, challenge, extensions: evaluated(prf) };
  const got = await answered(navigator.credentials.get({ publicKey }));
  const secret = bytesOf(got.getClientExtensionResults().prf?.results?.first);
  if (secret === null) throw new Failed({ kind: "device", code: "passkey_opens_not" });
  return { id: got.id, secret };
};

const evaluated = (first: Bytes): AuthenticationExtensionsClientInputs => ({ prf: { eval: { first } } });

const answered = async (asked: Promise<Credential | null>): Promise<PublicKeyCredential> => {
  try {
    const found = await asked;
    if (found instanceof PublicKeyCredential) return found;
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
  }
  throw new Failed({ kind: "device", code: "passkey_none" });
};

/** The person, or the device for her, said no. */
const isNo = (error: unknown): boolean =>
  error instanceof DOMException && ["NotAllowedError", "InvalidStateError", "AbortError"].includes(error.name);

/** For the hub: without what the extensions gave. */
const told = (credential: PublicKeyCredential): string =>
  JSON.stringify({ ...credential.toJSON(), clientExtensionResults: {} });

const bytesOf = (given: BufferSource | undefined): Bytes | null => {
  if (given === undefined) return null;
  const bytes = ArrayBuffer.isView(given)
    ? new Uint8Array(given.buffer, given.byteOffset, given.byteLength)
    : new Uint8Array(given);
  return Uint8Array.from(bytes);
};
