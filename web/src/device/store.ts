/**
 * What this device keeps: accounts that may unlock it, and one member's sealed items. Items lie under keys that say
 * nothing, their sizes padded, each bound to its name: what somebody reads, moves or swaps in the store opens nowhere.
 */

import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import { Failed } from "../failed.ts";
import { type Bytes, b64, ctx, utf8 } from "../protocol/documents.ts";
import { expand } from "../protocol/keys.ts";
import { pad, seal, unpad, unseal } from "../protocol/sealing.ts";

/** An account as the device has it: nothing in it opens anything by itself. seen: the newest keyring version. */
export interface Account {
  readonly login: string;
  readonly network: string;
  readonly anchor: string;
  readonly member: string;
  readonly agency: string;
  readonly handle: string;
  readonly names: { readonly mn: string; readonly en: string };
  readonly device: string | null;
  /** Whether the hub still has a session for it, as far as is known here: else it signs in, and does not unlock. */
  readonly session: boolean;
  /** Its member signed out while there was no line: the hub's session is still to be ended. */
  readonly isEnding?: boolean;
  /** While the keyring gets another KK: this one, sealed under that, so that what is kept here is not lost with an answer. */
  readonly moving?: string;
  readonly keyring: Keyring;
}

export interface Keyring {
  readonly version: number;
  readonly sealed: string;
  readonly unlocks: readonly {
    readonly id: string;
    readonly method: string;
    readonly sealed: string;
    /** The credential's id, of a passkey. */
    readonly passkey: string | null;
  }[];
}

interface Schema extends DBSchema {
  a: { key: string; value: Account };
  s: { key: string; value: Bytes };
}

const NAME = "ortoo";
const INDEX = "index";

type Database = IDBPDatabase<Schema>;

/** The device's store. Fails with `no_store` where the browser keeps nothing (some private windows). */
export async function openStore(): Promise<Store> {
  try {
    const database = await openDB<Schema>(NAME, 1, {
      upgrade: (fresh) => {
        fresh.createObjectStore("a");
        fresh.createObjectStore("s");
      },
    });
    return new Store(database);
  } catch {
    throw new Failed({ kind: "device", code: "no_store" });
  }
}

export class Store {
  private readonly database: Database;

  constructor(database: Database) {
    this.database = database;
  }

  async accounts(): Promise<readonly Account[]> {
    return this.database.getAll("a");
  }

  async keep(account: Account): Promise<void> {
    await kept(this.database.put("a", account, account.login));
  }

  /** Remove an account and all that was sealed for it: without its keyring nothing of that can be found or opened. */
  async forget(login: string, items: Items | null): Promise<void> {
    if (items !== null) await items.dropAll();
    await kept(this.database.delete("a", login));
  }

  /** The sealed items of a member, opened with the keyring's own key. */
  async items(kk: Bytes, network: string, member: string): Promise<Items> {
    const items = new Items(this.database, await expand(kk, ctx("device")), network, member);
    await items.begin();
    return items;
  }

  close(): void {
    this.database.close();
  }
}

/**
 * One member's sealed items by name. Names are looked up in an index that is sealed like them. The index has one writer:
 * one tab at a time works for a member.
 */
export class Items {
  private index = new Map<string, string>();
  /** The write before: each begins with the index that it left. */
  private turn: Promise<unknown> = Promise.resolve();
  private isClosed = false;

  private readonly database: Database;
  private key: Bytes;
  private readonly network: string;
  private readonly member: string;

  constructor(database: Database, key: Bytes, network: string, member: string) {
    this.database = database;
    this.key = key;
    this.network = network;
    this.member = member;
  }

  async begin(): Promise<void> {
    const kept = await this.read(await this.place(INDEX), INDEX);
    this.index = new Map(Object.entries((kept ?? {}) as Record<string, string>));
  }

  /** Nothing is written any more: somebody else may. */
  close(): void {
    this.isClosed = true;
  }

  names(prefix: string): readonly string[] {
    return [...this.index.keys()].filter((name) => name.startsWith(prefix)).sort();
  }

  /** The item; null where there is none. `cannot_open` (Refused) where it is not what was kept. */
  async get<T>(name: string): Promise<T | null> {
    const at = this.index.get(name);
    return at === undefined ? null : ((await this.read(at, name)) as T | null);
  }

  /** Keep an item, whole or not at all: with the index, in one transaction. `store_full` where there is no room. */
  put(name: string, item: unknown): Promise<void> {
    return this.inTurn(() => this.putNow(name, item));
  }

  private async putNow(name: string, item: unknown): Promise<void> {
    const at = this.index.get(name) ?? b64(crypto.getRandomValues(new Uint8Array(16)));
    const index = new Map(this.index).set(name, at);
    await this.write([at, await this.sealed(name, item)], null, index);
  }

  /**
   * Keep a piece of what an item names, which is sealed already under a key that the item holds, beside the item: it goes
   * with it. The index knows nothing of pieces, so that there can be many.
   */
  async putPiece(name: string, number: number, piece: Bytes): Promise<void> {
    const at = this.index.get(name);
    if (at === undefined || this.isClosed) throw new Failed({ kind: "device", code: "locked" });
    await kept(this.database.put("s", piece, `${at}.${number}`));
  }

  async piece(name: string, number: number): Promise<Bytes | null> {
    const at = this.index.get(name);
    return at === undefined ? null : ((await this.database.get("s", `${at}.${number}`)) ?? null);
  }

  drop(name: string): Promise<void> {
    return this.inTurn(() => this.dropNow(name));
  }

  private async dropNow(name: string): Promise<void> {
    const at = this.index.get(name);
    if (at === undefined) return;
    const index = new Map(this.index);
    index.delete(name);
    await this.write(null, at, index);
  }

  /** Drop what is found to be needed no more, while nothing else is kept or dropped. */
  dropFound(find: () => Promise<readonly string[]>): Promise<void> {
    return this.inTurn(async () => {
      for (const name of await find()) await this.dropNow(name);
    });
  }

  dropAll(): Promise<void> {
    return this.inTurn(() => this.dropAllNow());
  }

  private async dropAllNow(): Promise<void> {
    const transaction = this.database.transaction("s", "readwrite");
    const all = [...this.index.values(), await this.place(INDEX)];
    await kept(Promise.all([...all.map((at) => transaction.store.delete(withPieces(at))), transaction.done]));
    this.index = new Map();
  }

  /** Seal all of it under another KK, whole or not at all, with the account that opens to it. */
  rekey(kk: Bytes, account: Account): Promise<void> {
    return this.inTurn(() => this.rekeyNow(kk, account));
  }

  private async rekeyNow(kk: Bytes, account: Account): Promise<void> {
    const next = new Items(this.database, await expand(kk, ctx("device")), this.network, this.member);
    const sealed: [place: string, item: Bytes][] = [];
    for (const [name, at] of this.index) sealed.push([at, await next.sealed(name, await this.read(at, name))]);
    sealed.push([await next.place(INDEX), await next.sealed(INDEX, Object.fromEntries(this.index))]);
    const before = await this.place(INDEX);
    if (this.isClosed) throw new Failed({ kind: "device", code: "locked" });
    const transaction = this.database.transaction(["a", "s"], "readwrite", { durability: "strict" });
    const store = transaction.objectStore("s");
    await kept(
      Promise.all([
        store.delete(before),
        ...sealed.map(([at, item]) => store.put(item, at)),
        transaction.objectStore("a").put(account, account.login),
        transaction.done,
      ]),
    );
    this.key = next.key;
  }

  /** One write at a time: two at once would each leave an index without the other's item. */
  private inTurn(write: () => Promise<void>): Promise<void> {
    const done = this.turn.then(write);
    this.turn = done.catch(() => undefined);
    return done;
  }

  private async write(item: [string, Bytes] | null, gone: string | null, index: Map<string, string>): Promise<void> {
    const [at, sealed] = [await this.place(INDEX), await this.sealed(INDEX, Object.fromEntries(index))];
    if (this.isClosed) throw new Failed({ kind: "device", code: "locked" });
    const transaction = this.database.transaction("s", "readwrite", { durability: "strict" });
    const writes = [transaction.store.put(sealed, at), transaction.done];
    if (item !== null) writes.push(transaction.store.put(item[1], item[0]));
    if (gone !== null) writes.push(transaction.store.delete(withPieces(gone)));
    await kept(Promise.all(writes));
    this.index = index;
  }

  private async read(at: string, name: string): Promise<unknown> {
    const sealed = await this.database.get("s", at);
    if (sealed === undefined) return null;
    return JSON.parse(new TextDecoder().decode(unpad(await unseal(this.key, this.context(name), sealed))));
  }

  private async sealed(name: string, item: unknown): Promise<Bytes> {
    return seal(this.key, this.context(name), pad(utf8(JSON.stringify(item)), "item"));
  }

  private context(name: string): Bytes {
    return ctx("item", this.network, this.member, name);
  }

  /** Where the index lies: the same for this member each time, and nobody else can tell whose it is. */
  private async place(name: string): Promise<string> {
    return b64((await expand(this.key, ctx("place", name))).slice(0, 16));
  }
}

/** An item's own place and those of its pieces: no other place begins with it. */
function withPieces(at: string): IDBKeyRange {
  return IDBKeyRange.bound(at, `${at}/`, false, true); // "/" follows "."
}

/** What a full or broken store does to a write, told as what it is. */
async function kept<T>(writing: Promise<T>): Promise<T> {
  try {
    return await writing;
  } catch (error) {
    const full = error instanceof DOMException && error.name === "QuotaExceededError";
    throw new Failed({ kind: "device", code: full ? "store_full" : "no_store" });
  }
}
