/**
 * The first day, on the newcomer's own device (protocol §3, §4): from the paper to waiting for an administrator. The
 * counterpart of ortoo/joining.py. Nothing is made at the hub before all of it is: then in one call.
 */

import type { Account } from "../device/store.ts";
import { Failed } from "../failed.ts";
import * as operations from "../hub/operations.ts";
import { ask } from "../hub/query.ts";
import { Directory } from "../protocol/directory.ts";
import { type Bytes, b64, newId, read } from "../protocol/documents.ts";
import { Refused } from "../protocol/errors.ts";
import {
  generateMemberSecrets,
  type MemberSecrets,
  newKeyringKey,
  publicKeys,
  sealKeyring,
  sealUnlock,
  stretch,
} from "../protocol/keys.ts";
import type { Keyring } from "../protocol/schemas.ts";
import type * as api from "./api.ts";
import { authenticatorOf, grouped, ungrouped } from "./paper.ts";

const CODE = 16; // bytes of an invitation
const FINGERPRINT = 32;
const TOTP = 20;

/** What is held between the screens of the first day. secret: of the authenticator. */
interface Joining {
  readonly code: string;
  readonly network: string;
  readonly anchor: string;
  readonly invited: operations.InvitationQuery["invitation"];
  readonly secret: Bytes;
}

interface Handed {
  readonly login: string;
  readonly kk: Bytes;
  readonly keyring: Account["keyring"];
  readonly variables: operations.EnrolMutationVariables;
}

export interface JoiningCalls extends api.Joining {
  /** Forget what was begun. */
  readonly drop: () => void;
}

/** wait: keep the account on this device, and wait to be confirmed. */
export const joiningCalls = (wait: (account: Account, kk: Bytes) => Promise<api.Waiting>): JoiningCalls => {
  let now: Joining | null = null;

  const begun = (): Joining => now ?? expired();

  return {
    drop: () => {
      now = null;
    },

    invited: async (code, fingerprint) => {
      const anchor = b64(ungrouped(fingerprint, FINGERPRINT, "fingerprint"));
      const network = await anchored(anchor);
      const secret = b64(ungrouped(code, CODE, "code"));
      const { invitation } = await ask(operations.invitation, { code: secret });
      const totp = crypto.getRandomValues(new Uint8Array(TOTP));
      now = { code: secret, network, anchor, invited: invitation, secret: totp };
      const { handle, agency, roles, name: mn, nameEn: en } = invitation;
      return { handle, agency, roles, names: { mn, en }, fingerprint: grouped(ungrouped(fingerprint, FINGERPRINT)) };
    },

    authenticator: async (login) => authenticatorOf(begun().secret, login),

    enrol: async (login, passphrase, digits) => {
      const joining = begun();
      const handed = await accountOf(joining, login.trim(), passphrase, digits);
      // Once: a code is used up by the first, and an answer that was lost says nothing of it.
      const { enrol } = await ask(operations.enrol, handed.variables, { once: true });
      const { network, anchor, invited } = joining;
      const { id, handle, agency } = enrol.member;
      if (id !== handed.variables.keys.id || agency !== invited.agency) throw new Refused("malformed", { field: "id" });
      const account: Account = {
        ...{ login: handed.login, network, anchor, member: id, agency, handle, device: null, session: true },
        names: { mn: invited.name, en: invited.nameEn },
        keyring: handed.keyring,
      };
      const waiting = await wait(account, handed.kk);
      now = null;
      return { ...waiting, codes: enrol.recoveryCodes };
    },
  };
};

function expired(): never {
  throw new Failed({ kind: "device", code: "unlock_expired" });
}

/** The network's id, if the hub serves the very network that the paper names. `directory_fork`. */
async function anchored(anchor: string): Promise<string> {
  const { directory } = await ask(operations.directory, { after: 0, first: 1 });
  const [entry] = directory.entries;
  const first = entry === undefined ? null : await read(entry, "network");
  if (entry === undefined || first === null || first.sha256 !== anchor) {
    throw new Refused("directory_fork", { field: "network" });
  }
  const checked = new Directory(anchor);
  await checked.append(entry);
  return checked.network.body.network;
}

/** Keys made here, sealed under the passphrase; and all that is handed in. */
async function accountOf(joining: Joining, login: string, passphrase: string, digits: string): Promise<Handed> {
  const { network, invited, secret } = joining;
  const secrets = await generateMemberSecrets();
  const member = invited.member ?? newId();
  const { auth, w } = await stretch(passphrase, login, network);
  const kk = newKeyringKey();
  const sealed = b64(await sealKeyring(fresh(secrets), kk, { network, member, version: 1 }));
  const unlock = newId();
  const way = { network, member, method: "passphrase", unlock } as const;
  const unlocks = [{ id: unlock, method: way.method, sealed: b64(await sealUnlock(kk, w, way)), passkey: null }];
  return {
    login,
    kk,
    keyring: { version: 1, sealed, unlocks },
    variables: {
      code: joining.code,
      keys: { id: member, key: publicKeys(secrets, member).key, kem: b64(secrets.kem.public) },
      account: { login, auth: b64(auth), keyring: { sealed, unlocks }, totp: b64(secret), code: digits },
    },
  };
}

const fresh = ({ sign, kem }: MemberSecrets): Keyring => ({
  sign: b64(sign.seed),
  kem: b64(kem.seed),
  coordinator: null,
  epochs: [],
  seen: null,
});
