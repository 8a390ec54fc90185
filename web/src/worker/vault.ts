/**
 * The only holder of keys: signs in and unlocks, and hands the screens plaintext and plain data. Runs in a worker; what it
 * holds is gone with it.
 */

import { type Account, type Items, openStore, type Store } from "../device/store.ts";
import { Failed } from "../failed.ts";
import { type Follower, follow } from "../hub/feed.ts";
import * as operations from "../hub/operations.ts";
import { attend } from "../hub/presence.ts";
import { actAs, ask } from "../hub/query.ts";
import { type Bytes, b64, read, SigningKey, unb64 } from "../protocol/documents.ts";
import { Refused } from "../protocol/errors.ts";
import { KemKey } from "../protocol/hpke.ts";
import { openKeyring, prfInput, publicKeys, type Stretched, safetyNumber, stretch } from "../protocol/keys.ts";
import type { Keyring } from "../protocol/schemas.ts";
import { administeringCalls } from "./administering-calls.ts";
import type * as api from "./api.ts";
import { consentingCalls, DEEDS } from "./consenting-calls.ts";
import { Contradicted } from "./evidence.ts";
import { joiningCalls } from "./joining.ts";
import { Keeper } from "./keeping.ts";
import { Network } from "./network.ts";
import { onwardCalls, passingOf } from "./onward-calls.ts";
import { overseeingCalls } from "./overseeing-calls.ts";
import { ownCalls } from "./own-calls.ts";
import { ungrouped } from "./paper.ts";
import { Seen } from "./seen.ts";
import { sendingCalls } from "./sending-calls.ts";
import { evidenceOf, referralOf, rowOf } from "./showing.ts";
import { itemsOf, keyringKey, keyringKeyByPasskey } from "./unlocking.ts";
import { STEPS, Work } from "./work.ts";

// What a hub shows that nobody may act on.
const ALARMS = ["checkpoint_rollback", "directory_fork", "checkpoint_unwitnessed", "proof_invalid", "key_mismatch"];
const TRY_EVERY = 10_000; // milliseconds, between tries to end a session at the hub
const WAITING = ["outbox/", "onward/", DEEDS, STEPS]; // items that wait for the line
const AGAIN = 15_000; // milliseconds, between tries of what waits
const SWEEP = 60_000; // milliseconds, between looks at what has run out
const HELD = 5 * 60_000; // milliseconds for which a stretched passphrase waits for the second step

/** A sign-in that has begun. done: what the hub answered, where the network's fingerprint is still asked for. */
interface Begun {
  readonly login: string;
  readonly network: string;
  readonly stretched: Stretched;
  readonly until: number;
  readonly account: Account | null;
  readonly done: operations.SignInMutation["signIn"] | null;
  /** Of the network, once the keyring or the paper vouched for it. */
  readonly anchor: string | null;
}

/** Somebody who waits to be confirmed. */
interface Pending {
  readonly account: Account;
  readonly kk: Bytes;
  readonly items: Items;
  readonly network: Network;
}

/** Somebody at work. */
interface AtWork {
  readonly seen: Seen;
  readonly account: Account;
  readonly store: Store;
  readonly keeper: Keeper;
  /** Of an authenticator that is being taken. */
  readonly held: { totp: Bytes | null };
  readonly keyring: Keyring;
  readonly items: Items;
  readonly work: Work;
  readonly me: api.Me;
  readonly stop: () => void;
  /** Whether the feed is connected. */
  readonly isLive: () => boolean;
}

/** url: of the hub's socket. */
export async function newVault(url: string): Promise<api.Vault> {
  const store = await openStore();
  const watching = new Set<(happening: api.Happening) => void>();
  const tell = (happening: api.Happening) => {
    for (const told of watching) told(happening);
  };
  let begun: Begun | null = null;
  let now: AtWork | null = null;
  let pending: Pending | null = null;
  let confirming: Promise<api.Me | null> | null = null;
  // Whoever was about to work when another tab took over, or it was locked, does not.
  let turn = 0;

  const working = (): AtWork => now ?? locked();

  const end = () => {
    turn += 1;
    now?.stop();
    now = null;
    begun = null;
    pending = null;
    joining.drop();
    actAs(null);
  };

  const sending = sendingCalls(working, tell);
  const consenting = consentingCalls(working, tell);
  const passingOn = onwardCalls(working, tell);

  /** The hub has no session for it any more: what is kept stays sealed, and the next time it signs in. */
  const over = async ({ login }: Account) => {
    end();
    const kept = await accountOf(store, login);
    if (kept !== null) await store.keep({ ...kept, session: false });
  };

  /** End the session of whoever has signed out. `still_open` where the hub cannot hear of it now. */
  const endSession = async (): Promise<void> => {
    const ending = (await store.accounts()).filter((one) => one.isEnding);
    if (ending.length === 0) return;
    for (const one of ending) {
      try {
        await ask(operations.signOut, {}, { once: true, as: one.member });
      } catch (error) {
        const isOver = error instanceof Failed && error.problem.kind === "refused"; // it knows of none
        if (!isOver) throw new Failed({ kind: "device", code: "still_open" });
      }
      await store.keep({ ...one, isEnding: false });
    }
    tell({ type: "signed_out" });
  };

  /** What the hub refuses because the session has run out or was ended elsewhere, ends it here too. */
  const guarded =
    <A extends readonly unknown[], R>(call: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      const who = now?.account ?? pending?.account ?? null;
      try {
        return await refusing(alarming(call))(...args);
      } catch (error) {
        const code = error instanceof Failed && error.problem.kind === "refused" ? error.problem.code : null;
        if (code === "signed_out" && who !== null) {
          await over(who);
          tell({ type: "ended", code });
        }
        throw error;
      }
    };

  /** What this device found of the network that it must not believe is told on every screen, whatever was asked. */
  const alarming =
    <A extends readonly unknown[], R>(call: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      try {
        return await call(...args);
      } catch (error) {
        if (error instanceof Refused && ALARMS.includes(error.code)) {
          const evidence = error instanceof Contradicted ? { evidence: error.evidence } : {};
          tell({ type: "alarm", code: error.code, ...evidence });
        }
        throw error;
      }
    };

  const guardedAll = <Calls extends object>(calls: Calls): Calls =>
    Object.fromEntries(Object.entries(calls).map(([name, call]) => [name, guarded(call)])) as Calls;

  const joining = joiningCalls(async (account, kk) => {
    await store.keep(account);
    actAs(account.member);
    const items = await store.items(kk, account.network, account.member);
    const network = await directoryOf(account.anchor, items);
    return wait({ account, kk, items, network });
  });

  const wait = async (who: Pending): Promise<api.Waiting> => {
    pending = who;
    return waiting(who.account, await keyringOf(who.account, who.kk));
  };

  /** To work, or to waiting for an administrator. */
  const enter = async (who: Pending): Promise<api.SignedIn> => {
    const { account, kk, items, network } = who;
    if (await isConfirmed(who)) return { at: "work", me: await take(account, kk, network, items) };
    await store.keep(account);
    return { at: "waiting", ...(await wait(who)) };
  };

  /** Take up work with an open keyring: the directory first, then the feed. */
  const take = async (account: Account, kk: Bytes, network: Network, items: Items): Promise<api.Me> => {
    const mine = turn;
    const keyring = await keyringOf(account, kk);
    const secrets = { sign: await SigningKey.of(unb64(keyring.sign)), kem: await KemKey.of(unb64(keyring.kem)) };
    const who = { network: account.network, agency: account.agency, member: account.member };
    const work = await Work.of(who, network, secrets, keyring, items);
    const letGo = await alone(account.member, () => {
      end();
      tell({ type: "ended", code: "another_tab" });
    });
    const seen = new Seen(items, () => network.ruleTime());
    let after = 0;
    try {
      await items.begin(); // another tab may have written until now
      await work.begin();
      await store.keep(account);
      after = (await items.get<number>("feed")) ?? 0;
      await seen.sweep();
      if (mine !== turn) locked();
    } catch (error) {
      letGo();
      throw error;
    }
    const me = meOf(account, network);
    const keeper = new Keeper(store, account, kk);
    work.onEpochs = () => keeper.save(work);
    work.onCarried = (of, over, all) => tell({ type: "carried", of, over, all });
    let isLive = false;
    const at = { work, items, seen, isLive: () => isLive };
    const lineBack = async () => {
      await alarming(() => work.catchUp())();
      await work.resume((referral, problem) => tell({ type: "stepped", referral, problem }));
    };
    const goOn = () => {
      sending.lineBack(at);
      consenting.lineBack(at);
      passingOn.lineBack(at);
      lineBack().catch(() => undefined); // told as an alarm, or tried again with the next line
    };
    const isWaiting = () => WAITING.some((prefix) => items.names(prefix).length > 0);
    const follower: Follower = {
      taken: async (entry) => {
        await sending.arrived(at, entry.kind, entry.referral);
        const { referral } = entry;
        if (referral !== null) await seen.changed(referral, () => shownOf(at, referral)).catch(() => undefined);
        await items.put("feed", entry.sequence); // last: it comes again to a page that was closed meanwhile
        tell({ type: "arrived", kind: entry.kind, referral: entry.referral });
      },
      line: (live) => {
        isLive = live;
        tell({ type: "line", live, at: new Date(network.now()).toISOString() });
        if (live) goOn();
      },
      ended: (code) => void over(account).then(() => tell({ type: "ended", code })),
    };
    // The feed is for whoever works on referrals (its subscription refuses all others).
    const unfollow = me.roles.includes("focal_point")
      ? follow(operations.follow, url, account.member, after, follower)
      : attend(follower);
    const sweeping = setInterval(() => void seen.sweep().catch(() => undefined), SWEEP);
    // An answer can be lost while the socket lives.
    const trying = setInterval(() => {
      if (isLive && isWaiting()) goOn();
      if (isLive && work.log.isWaiting) alarming(() => work.look())().catch(() => undefined);
    }, AGAIN);
    const stop = () => {
      clearInterval(trying);
      clearInterval(sweeping);
      unfollow();
      items.close();
      letGo();
    };
    end();
    actAs(account.member);
    now = { account, store, keeper, held: { totp: null }, keyring, me, stop, ...at };
    keeper.save(work).catch((error: unknown) => {
      if (error instanceof Refused) tell({ type: "alarm", code: error.code });
    });
    return me;
  };

  const signIn = async (second: api.SecondFactor, paper?: string): Promise<api.SignedIn> => {
    if (begun === null || Date.now() > begun.until) throw new Failed({ kind: "device", code: "unlock_expired" });
    const { login, network, stretched, account: before } = begun;
    await endSession(); // its cookie would be taken for the new one's
    const done = begun.done ?? (await handIn(begun, second));
    begun = { ...begun, done };
    actAs(done.member.id);
    const known = { network, member: done.member.id, agency: done.member.agency };
    const kk = await keyringKey({ ...known, keyring: done.keyring }, stretched);
    const keyring = await openKeyring(unb64(done.keyring.sealed), kk, {
      ...known,
      version: done.keyring.version,
      newestSeen: before?.keyring.version ?? 0,
    });
    const anchor = begun.anchor ?? (paper === undefined ? await vouched(keyring) : b64(ungrouped(paper, 32)));
    if (anchor === null) return { at: "fingerprint" };
    const items = await itemsOf(store, kk, known, before);
    const directory = await directoryOf(anchor, items);
    await directory.sync(keyring.seen);
    begun = { ...begun, anchor };
    const names = { mn: done.member.name, en: done.member.nameEn };
    const account: Account = {
      ...known,
      ...{
        login,
        anchor,
        names,
        handle: done.member.handle,
        device: done.device ?? before?.device ?? null,
        session: true,
      },
      keyring: { version: done.keyring.version, sealed: done.keyring.sealed, unlocks: done.keyring.unlocks },
    };
    return enter({ account, kk, items, network: directory });
  };

  const unlocked = async (account: Account, kk: Bytes): Promise<api.SignedIn> => {
    actAs(account.member);
    const items = await store.items(kk, account.network, account.member);
    const network = await directoryOf(account.anchor, items);
    if ((await items.get("directory")) === null) await network.sync((await keyringOf(account, kk)).seen);
    return enter({ account, kk, items, network });
  };

  const confirmed = async (): Promise<api.Me | null> => {
    const who = pending ?? locked();
    await who.network.sync(null);
    if (await isConfirmed(who)) return take(who.account, who.kk, who.network, who.items);
    if ((await ask(operations.waiting, {})).waiting === null) throw new Refused("not_found", { field: "waiting" });
    return null;
  };

  /** Files that come, and are not wanted any more. */
  const unwanted = new Set<string>();
  const coming = (of: string) => {
    unwanted.delete(of);
    return (over: number, all: number) => {
      if (unwanted.delete(of)) throw new Failed({ kind: "device", code: "stopped" });
      tell({ type: "carried", of, over, all });
    };
  };

  const vault: api.Vault = {
    clockOff: async () => now?.work.network.clockOff ?? 0,
    known: guarded(async () => {
      const kept = (await store.accounts()).filter((one) => one.session);
      return Promise.all(kept.map(knownOf));
    }),

    begin: guarded(async (login, passphrase) => {
      const account = await accountOf(store, login);
      const network = account?.network ?? (await ask(operations.network, {})).network.id;
      const stretched = await stretch(passphrase, login, network);
      begun = {
        login,
        network,
        stretched,
        until: Date.now() + HELD,
        account,
        done: null,
        anchor: account?.anchor ?? null,
      };
    }),
    signIn: guarded(signIn),
    unlock: guarded(async (login, passphrase) => {
      const account = await accountOf(store, login);
      if (account?.session !== true) throw new Failed({ kind: "device", code: "locked" });
      return unlocked(account, await keyringKey(account, await stretch(passphrase, login, account.network)));
    }),
    unlockByPasskey: guarded(async (login, passkey, secret) => {
      const account = await accountOf(store, login);
      if (account?.session !== true) throw new Failed({ kind: "device", code: "locked" });
      return unlocked(account, await keyringKeyByPasskey(account, passkey, secret));
    }),
    askPasskey: guarded(async () => (await ask(operations.beginPasskeySignIn, {})).beginPasskeySignIn),
    confirmed: guarded(() => {
      confirming ??= confirmed().finally(() => {
        confirming = null;
      });
      return confirming;
    }),
    invited: guarded(joining.invited),
    authenticator: guarded(joining.authenticator),
    enrol: guarded(joining.enrol),
    lock: guarded(async () => end()),
    signOut: guarded(async () => {
      const who = now?.account ?? pending?.account;
      if (who === undefined) return;
      const { login } = who;
      await over(who);
      const kept = await accountOf(store, login);
      if (kept !== null) await store.keep({ ...kept, isEnding: true });
      await endSession();
    }),
    forget: guarded(async (login) => {
      const items = now?.account.login === login ? now.items : null;
      end();
      await store.forget(login, items);
    }),

    agencies: guarded(async () => agenciesOf(working().work.network)),
    overview: guarded(async () => {
      working();
      return (await import("./overview.ts")).overview();
    }),
    page: guarded(async (box, first, after, filter) => {
      const { work, seen } = working();
      const asked = () => pageOf(work, box, first, after, filter);
      if (Object.values(filter).some((one) => one)) return asked();
      if (after === null) return seen.page(box, asked);
      const page = await asked();
      await seen.further(box, page);
      return page;
    }),
    search: guarded(async (words) => working().seen.search(words)),
    show: guarded(async (id) => {
      const at = working();
      const referral = await at.seen.referral(id, () => shownOf(at, id));
      const waits = await at.work.waitingOn(id);
      const passing = passingOf(at.items, id);
      return { ...referral, ...(waits && { waits }), ...(passing.length > 0 && { passing }) };
    }),
    open: guarded(async (id) => {
      const at = working();
      const opened = async () => {
        const { referral, parts } = await at.work.open(id);
        return referralOf(referral, parts, at.work.who);
      };
      const found = await at.seen.newest(id, opened, () => shownOf(at, id));
      return at.seen.referral(id, async () => found);
    }),
    step: guarded(async (id, type, reason, note, files) => {
      const at = working();
      await at.work.step(id, type, reason, note, files);
      return at.seen.referral(id, () => shownOf(at, id));
    }),

    marks: guarded(async (documents) => working().work.marks(documents)),

    resend: guarded(async (id) => {
      const at = working();
      await at.work.resend(id);
      return at.seen.referral(id, () => shownOf(at, id));
    }),

    fetchFile: guarded(async (id, event, part) => {
      const { work } = working();
      return (await import("./files.ts")).fetchFile(work, id, event, part, coming(`${id} ${part}`));
    }),

    stopFetching: guarded(async (of) => {
      unwanted.add(of);
    }),

    evidence: guarded(async (id) => {
      const { work } = working();
      const { referral } = await work.fetch(id);
      return (await work.evidence(referral.decision.body.consent)).map(evidenceOf);
    }),

    unsentEvidence: guarded(async () => {
      const { work } = working();
      const found: api.Evidence[] = [];
      for (const one of await work.unsent()) found.push(...(await work.evidence(one)).map(evidenceOf));
      return found
        .filter(({ part }) => part.status !== "gone")
        .sort((one, other) => Date.parse(other.at) - Date.parse(one.at));
    }),

    fetchEvidence: guarded(async (decision, part) => {
      const { work } = working();
      return (await import("./files.ts")).fetchEvidence(work, decision, part, coming(`${decision} ${part}`));
    }),

    ...guardedAll(sending.calls),
    ...guardedAll(passingOn.calls),
    ...guardedAll(consenting.calls),
    ...guardedAll(administeringCalls(working)),
    ...guardedAll(ownCalls(working)),
    ...guardedAll(overseeingCalls(working)),

    watch: (told) => {
      watching.add(told);
      return () => watching.delete(told);
    },
  };
  const again = () => void endSession().catch(() => undefined);
  setInterval(again, TRY_EVERY);
  again();
  return vault;
}

/**
 * One tab at a time works for a member: whoever unlocks takes over, and the other one is told that it was `taken`. Gives
 * how to let go. (Where a browser has no locks, nobody is told.)
 */
function alone(member: string, taken: () => void): Promise<() => void> {
  return new Promise((begun) => {
    let isOurs = true;
    const hold = () =>
      new Promise<void>((release) => {
        begun(() => {
          isOurs = false;
          release();
        });
      });
    if (navigator.locks === undefined) void hold();
    else
      navigator.locks.request(`ortoo ${member}`, { steal: true }, hold).catch(() => {
        if (isOurs) taken();
        begun(() => {}); // where it was never ours
      });
  });
}

async function shownOf({ work }: Pick<AtWork, "work">, id: string): Promise<api.Referral> {
  const { referral, parts } = await work.show(id);
  return referralOf(referral, parts, work.who);
}

async function pageOf(
  work: Work,
  box: api.Box,
  first: number,
  after: string | null,
  filter: api.Filter,
): Promise<api.Page> {
  const variables = { first, after, overdue: false, ...filter };
  const page =
    box === "inbox" ? (await ask(operations.inbox, variables)).inbox : (await ask(operations.outbox, variables)).outbox;
  const rows = [];
  for (const { node, tier } of page.edges) rows.push(await rowOf(work, node, tier as api.Tier));
  return { rows, after: page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null, counts: page.counts };
}

/** A rule of the protocol that is met on the device is told as the hub tells it. */
function refusing<A extends readonly unknown[], R>(call: (...args: A) => Promise<R>): (...args: A) => Promise<R> {
  return async (...args) => {
    try {
      return await call(...args);
    } catch (error) {
      if (error instanceof Refused) throw new Failed({ kind: "refused", code: error.code, fields: error.at });
      throw error;
    }
  };
}

function locked(): never {
  throw new Failed({ kind: "device", code: "locked" });
}

// --- signing in ---------------------------------------------------------------------------------------------------------

async function handIn({ login, stretched, account }: Begun, second: api.SecondFactor) {
  const factor = { totp: null, recovery: null, passkey: null, ...second };
  const variables = {
    ...{ login, auth: b64(stretched.auth), second: factor },
    ...{ device: account?.device ?? null, name: deviceName(navigator.userAgent) },
  };
  return (await ask(operations.signIn, variables, { once: true })).signIn;
}

/** What the list of sessions calls this device: browser and system, and no more of it. */
export function deviceName(agent: string): string {
  const found = (names: readonly string[]) => names.find((name) => agent.includes(name));
  const browser = found(["Firefox", "Edg", "Chrome", "Safari"])?.replace("Edg", "Edge");
  const system = found(["Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux"])?.replace("Mac OS", "Mac");
  return [browser, system].filter(Boolean).join(", ");
}

async function knownOf({ login, agency, names, network, keyring }: Account): Promise<api.Known> {
  const passkeys = keyring.unlocks.flatMap(({ passkey }) => passkey ?? []);
  return { login, agency, names, passkeys, prf: passkeys.length > 0 ? await prfInput(network) : null };
}

async function keyringOf({ keyring, network, member }: Account, kk: Bytes): Promise<Keyring> {
  return openKeyring(unb64(keyring.sealed), kk, { network, member, version: keyring.version, newestSeen: 0 });
}

/**
 * The anchor that the hub names, if the keyring can vouch for it: what another device saw is held against the directory
 * that follows from it, so that another network can't be passed off.
 */
async function vouched(keyring: Keyring): Promise<string | null> {
  if (keyring.seen === null || keyring.seen.directory.size === 0) return null;
  const { directory } = await ask(operations.directory, { after: 0, first: 1 });
  return directory.entries[0] === undefined ? null : (await read(directory.entries[0], "network")).sha256;
}

async function directoryOf(anchor: string, items: Items): Promise<Network> {
  const network = new Network(anchor);
  const kept = await items.get<Network["kept"]>("directory");
  if (kept !== null) await network.resume(kept);
  return network;
}

async function accountOf(store: Store, login: string): Promise<Account | null> {
  return (await store.accounts()).find((one) => one.login === login) ?? null;
}

/** In the roster with the very key of this device. Whoever comes back may stand there with the one that was lost. */
async function isConfirmed({ account, kk, network }: Pending): Promise<boolean> {
  const listed = network.directory.now().member(account.agency, account.member);
  if (listed === null) return false;
  const sign = await SigningKey.of(unb64((await keyringOf(account, kk)).sign));
  return listed.key === b64(sign.public);
}

/** Who enrolled and is not in the roster yet: the number to read out, and to whom. */
async function waiting({ network, agency, member }: Account, keyring: Keyring): Promise<api.Waiting> {
  const secrets = { sign: await SigningKey.of(unb64(keyring.sign)), kem: await KemKey.of(unb64(keyring.kem)) };
  const number = await safetyNumber(network, agency, publicKeys(secrets, member));
  const { waiting: told } = await ask(operations.waiting, {});
  const administrators = (told?.administrators ?? []).map((one) => ({ mn: one.name, en: one.nameEn }));
  return { number, administrators };
}

function meOf(account: Account, network: Network): api.Me {
  const { login, member, handle, names, agency } = account;
  const view = network.directory.now();
  const roles = view.member(agency, member)?.roles ?? [];
  const own = agenciesOf(network).find((one) => one.id === agency);
  if (own === undefined) throw new Refused("not_found");
  return { login, member, handle, names, agency: own, roles, practice: view.network.body.practice };
}

function agenciesOf(network: Network): readonly api.Agency[] {
  const all = network.directory.now().agencies();
  return all.map(({ handle, kind, suspended, admission }) => ({
    id: handle,
    kind,
    suspended,
    names: admission.body.names,
    ...(admission.body.may.includes("review") ? ({ reviews: true } as const) : {}),
  }));
}
