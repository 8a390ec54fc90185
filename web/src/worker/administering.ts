/**
 * An administrator's work (protocol §3, §4): who belongs to the agency, with which keys, and the agency's own key. The
 * counterpart of ortoo/administration.py.
 *
 * Each change is one signed roster, published in one transaction with the seeds that its members need: whatever breaks
 * off has happened whole or not at all, and whoever repeats it finds it done. It is built on the newest directory, and
 * only if the roster is still the one that was looked at.
 */

import type { Items } from "../device/store.ts";
import { Failed } from "../failed.ts";
import * as operations from "../hub/operations.ts";
import { ask } from "../hub/query.ts";
import { asSet, b64, newId, SigningKey, sha256, unb64 } from "../protocol/documents.ts";
import { Refused } from "../protocol/errors.ts";
import { checkPublicKey, KemKey } from "../protocol/hpke.ts";
import { generateMemberSecrets, publicKeys, safetyNumber } from "../protocol/keys.ts";
import type { MemberKeys, RosterMember } from "../protocol/schemas.ts";
import type * as api from "./agency-api.ts";
import { entriesOf, vouched } from "./agency-entries.ts";
import { type At, handOverTheRest, own, publish } from "./rosters.ts";
import type { Work } from "./work.ts";

// --- members ------------------------------------------------------------------------------------------------------------

export async function people({ work }: At): Promise<api.People> {
  await work.sync();
  const [{ colleagues }, { lastSeen }, { invitations }, waiting] = await Promise.all([
    ask(operations.colleagues, {}),
    ask(operations.lastSeen, {}),
    ask(operations.invitations, {}),
    candidates(work),
  ]);
  const state = own(work);
  const seen = new Map(lastSeen.map(({ member, day }) => [member, day]));
  const members = state.members.map(({ id, roles }) => {
    const known = colleagues.find((one) => one.id === id);
    return {
      id,
      handle: known?.handle ?? "",
      names: { mn: known?.name ?? "", en: known?.nameEn ?? "" },
      roles,
      lastSeen: seen.get(id) ?? null,
      self: id === work.who.member,
    };
  });
  return {
    version: state.lastVersion,
    members: members.sort((one, other) => one.handle.localeCompare(other.handle, "und")),
    waiting: waiting.map(({ keys: _, kem: __, ...one }) => one),
    expected: invitations.map(expectedOf),
  };
}

export async function invite(
  { work }: At,
  { handle, names }: api.NewNames,
  roles: readonly string[],
  again: string | null,
): Promise<api.InvitationPaper> {
  const named = { handle, name: names.mn, nameEn: names.en };
  const { invite: made } = await ask(operations.invite, { names: named, roles, again }, { once: true });
  return {
    hub: location.origin,
    code: grouped(unb64(made.code)),
    fingerprint: grouped(unb64(work.network.anchor)),
    expected: expectedOf(made.listed),
  };
}

export async function withdrawInvitation(_: At, id: string): Promise<void> {
  await ask(operations.withdrawInvitation, { id });
}

export async function turnAway(_: At, member: string): Promise<void> {
  await ask(operations.turnAway, { member });
}

export async function numbersMatch({ work }: At, member: string, heard: string): Promise<boolean> {
  const one = (await candidates(work)).find(({ id }) => id === member);
  if (one === undefined) throw new Refused("not_found", { member });
  return digits(one.number) === digits(heard);
}

/** The number is made anew here, of the very keys that are signed: what the hub hands out meanwhile changes nothing. */
export async function confirmMember({ work, items }: At, seen: number, member: string, number: string): Promise<void> {
  await work.sync();
  const state = own(work);
  const { network, agency } = work.who;
  const listed = state.members.find(({ id }) => id === member);
  if (listed !== undefined && digits(await safetyNumber(network, agency, listed)) === digits(number)) {
    await handOverTheRest(work);
    return;
  }
  const one = (await candidates(work)).find(({ id }) => id === member);
  if (one === undefined) throw new Refused("not_found", { member });
  if (digits(one.number) !== digits(number)) throw new Refused("key_mismatch", { member });
  const wanted: RosterMember = { ...one.keys, roles: rolesOf(one.roles) };
  const others = state.members.filter(({ id }) => id !== member);
  await publish({ work, items }, seen, [...others, wanted], { renew: listed !== undefined, fresh: [one.kem] });
}

export async function changeRoles(at: At, seen: number, member: string, roles: readonly string[]): Promise<void> {
  await at.work.sync();
  const { members } = own(at.work);
  const before = members.find(({ id }) => id === member);
  if (before === undefined) throw new Refused("not_found", { member });
  const after = { ...before, roles: rolesOf(roles) };
  if (after.roles.join() === asSet(before.roles).join()) return;
  await publish(at, seen, [...members.filter((one) => one !== before), after], { renew: false });
}

export async function endMember(at: At, seen: number, member: string): Promise<void> {
  await at.work.sync();
  const { members } = own(at.work);
  if (!members.some(({ id }) => id === member)) {
    await handOverTheRest(at.work);
    return;
  }
  const rest = members.filter(({ id }) => id !== member);
  await publish(at, seen, rest, { renew: true });
}

// --- the agency's key -----------------------------------------------------------------------------------------------------

export async function agencyKey({ work, items }: At): Promise<api.AgencyKey> {
  await work.sync();
  const [{ heldKeys }, { colleagues }] = await Promise.all([
    ask(operations.heldKeys, {}),
    ask(operations.colleagues, {}),
  ]);
  const state = own(work);
  if (state.epoch === null) throw new Refused("not_found", { agency: state.handle });
  const { n, renew_by } = state.epoch;
  const names = new Map(colleagues.map(({ id, name, nameEn }) => [id, { mn: name, en: nameEn }]));
  const { entries, strange } = await entriesOf(work, items, names);
  return {
    version: state.lastVersion,
    number: n,
    renewBy: renew_by,
    holders: heldKeys.filter(({ epoch }) => epoch === n).length,
    strange,
    entries,
  };
}

/** Where the answer was lost, the roster is there, signed in this very name: then it is done. */
export async function changeKey(at: At, seen: number, from: number): Promise<number> {
  const { work } = at;
  await work.sync();
  const { epoch, roster, members } = own(work);
  if (epoch !== null && epoch.n === from + 1 && roster?.body.author.member === work.who.member) {
    await handOverTheRest(work);
    return epoch.n;
  }
  return publish(at, seen, members, { renew: true });
}

export async function vouchFor({ items }: At, entry: string): Promise<void> {
  await vouched(items, entry);
}

// --- partner systems ------------------------------------------------------------------------------------------------------

/** Keys of a partner system that wait on this device to be carried to where it runs. */
interface Waiting {
  readonly member: string;
  readonly sign: string;
  readonly kem: string;
}

export async function apiClients({ work, items }: At): Promise<api.ApiClients> {
  await work.sync();
  const [{ colleagues }, { apiTokens }] = await Promise.all([
    ask(operations.colleagues, {}),
    ask(operations.apiTokens, {}),
  ]);
  const state = own(work);
  const clients = [];
  for (const { id } of state.members.filter((one) => one.roles.includes("api"))) {
    const known = colleagues.find((one) => one.id === id);
    const handle = known?.handle ?? "";
    clients.push({
      id,
      handle,
      names: { mn: known?.name ?? "", en: known?.nameEn ?? "" },
      unfetched: (await items.get<Waiting>(`client/${handle}`))?.member === id,
      tokens: apiTokens
        .filter(({ member }) => member.id === id)
        .map((one) => ({ ...one, member: one.member.id, createdAt: undefined })),
    });
  }
  return { version: state.lastVersion, clients };
}

/** The keys are kept first: an answer that is lost loses none, and who repeats it goes on with the same ones. */
export async function addApiClient({ work, items }: At, seen: number, { handle, names }: api.NewNames): Promise<void> {
  await work.sync();
  const kept = await items.get<Waiting>(`client/${handle}`);
  const made = kept === null ? await generateMemberSecrets() : await secretsOf(kept);
  const member = kept?.member ?? newId();
  if (kept === null) {
    await items.put(`client/${handle}`, { member, sign: b64(made.sign.seed), kem: b64(made.kem.seed) });
  }
  const state = own(work);
  if (state.members.some(({ id }) => id === member)) {
    await handOverTheRest(work);
    return;
  }
  const waits = (await candidates(work)).some(({ id }) => id === member);
  try {
    if (!waits) {
      const keys = { id: member, key: b64(made.sign.public), kem: b64(made.kem.public) };
      const named = { handle, name: names.mn, nameEn: names.en };
      await ask(operations.addPartner, { names: named, keys, role: "api" });
    }
  } catch (error) {
    if (error instanceof Failed && error.problem.kind === "refused") await items.drop(`client/${handle}`);
    throw error;
  }
  const listed: RosterMember = { ...publicKeys(made, member), roles: ["api"] };
  await publish({ work, items }, seen, [...state.members, listed], { renew: false, fresh: [made.kem.public] });
}

/** As ortoo/cli/partners.py writes it. */
export async function clientKeys({ work, items }: At, member: string): Promise<string> {
  const { handle, kept } = await waitingKeys(items, member);
  const { sign, kem } = kept;
  const { network, agency } = work.who;
  const file = { hub: location.origin, network, anchor: work.network.anchor, agency, handle, member, sign, kem };
  return `${JSON.stringify(file, null, 1)}\n`;
}

export async function dropClientKeys({ items }: At, member: string): Promise<void> {
  await items.drop(`client/${(await waitingKeys(items, member)).handle}`);
}

export async function issueToken(
  _: At,
  member: string,
  name: string,
  scopes: readonly string[],
  days: number,
): Promise<string> {
  return (await ask(operations.issueApiToken, { member, name, scopes, days }, { once: true })).issueApiToken.token;
}

export async function revokeToken(_: At, id: string): Promise<void> {
  await ask(operations.revokeApiToken, { id });
}

async function waitingKeys(items: Items, member: string): Promise<{ readonly handle: string; readonly kept: Waiting }> {
  const { colleagues } = await ask(operations.colleagues, {});
  const handle = colleagues.find(({ id }) => id === member)?.handle ?? "";
  const kept = await items.get<Waiting>(`client/${handle}`);
  if (kept?.member !== member) throw new Refused("not_found", { member });
  return { handle, kept };
}

async function secretsOf({ sign, kem }: Waiting) {
  return { sign: await SigningKey.of(unb64(sign)), kem: await KemKey.of(unb64(kem)) };
}

// --- who waits ------------------------------------------------------------------------------------------------------------

/** The numbers are made here, of the keys that would be signed. */
async function candidates(work: Work) {
  const { candidates: given } = await ask(operations.candidates, {});
  const { network, agency } = work.who;
  const members = own(work).members;
  return Promise.all(
    given.map(async ({ member, key, kem: text, roles, since }) => {
      const kem = unb64(text);
      const keys: MemberKeys = { id: member.id, key, kem: b64(await sha256(kem)) };
      await checkPublicKey(kem, keys.kem);
      const { id, handle, name, nameEn } = member;
      const again = members.some((one) => one.id === id);
      const number = await safetyNumber(network, agency, keys);
      return { id, handle, names: { mn: name, en: nameEn }, roles, since, again, number, keys, kem };
    }),
  );
}

function expectedOf({ id, handle, name, nameEn, roles, expiresAt }: operations.InviteMutation["invite"]["listed"]) {
  return { id, handle, names: { mn: name, en: nameEn }, roles, until: expiresAt };
}

function rolesOf(roles: readonly string[]): RosterMember["roles"] {
  return asSet(new Set(roles)) as RosterMember["roles"];
}

const digits = (text: string): string => text.replace(/\D/g, "");

/** Bytes for a paper: base32 in groups of four, small letters (ortoo/administration.py: grouped). */
function grouped(bytes: Uint8Array): string {
  const letters = "abcdefghijklmnopqrstuvwxyz234567";
  let [held, bits, text] = [0, 0, ""];
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) text += letters[(held >> (bits - 5)) & 31];
  }
  if (bits > 0) text += letters[(held << (5 - bits)) & 31];
  return text.replace(/.{4}(?=.)/g, "$& ");
}
