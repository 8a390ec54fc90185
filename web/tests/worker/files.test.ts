import "fake-indexeddb/auto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Items, openStore, type Store } from "../../src/device/store.ts";
import { Opening, PIECE, Sealing } from "../../src/protocol/attachments.ts";
import { b64, sha256, utf8 } from "../../src/protocol/documents.ts";
import { randomBytes } from "../../src/protocol/sealing.ts";
import type { Draft } from "../../src/worker/api.ts";
import { keepFile, named, sweep } from "../../src/worker/files.ts";
import { sweepFiles } from "../../src/worker/sweeping.ts";

let store: Store;
let items: Items;

beforeEach(async () => {
  store = await openStore();
  items = await store.items(randomBytes(32), "network", "member");
});
afterEach(() => store.close());

/** All that lies in the device's store. */
const lying = (): Promise<readonly Uint8Array[]> =>
  new Promise((done, failed) => {
    const opening = indexedDB.open("ortoo");
    opening.onerror = failed;
    opening.onsuccess = () => {
      const all = opening.result.transaction("s").objectStore("s").getAll();
      all.onsuccess = () => {
        opening.result.close();
        done(all.result);
      };
    };
  });

const drafted = (files: object): Draft => ({ id: "one", filled: { files } }) as unknown as Draft;

describe("a file that was picked", () => {
  test("lies here in sealed pieces while a draft names it, and is gone with the draft", async () => {
    const before = (await lying()).length;
    const text = utf8("Цэцэгмаа ".repeat(80_000)); // more than a piece
    const kept = await keepFile(items, new File([text], "..\\=a/b.txt"), false);
    if (!("file" in kept)) throw new Error(kept.fault);
    const { file } = kept;
    expect(file).toMatchObject({ name: "b.txt", size: text.length, cleaned: false, sha256: b64(await sha256(text)) });
    expect(text.length).toBeGreaterThan(PIECE);
    for (const raw of await lying()) expect(new TextDecoder().decode(raw)).not.toContain("Цэцэгмаа");

    await sweep(items); // of this session: a draft may name it yet
    expect(await items.piece(`file/${file.id}`, 1)).not.toBeNull();
    await items.put("draft/one", drafted({ needs: [file] }));
    named({ needs: [file] });
    await sweep(items);
    expect(await items.piece(`file/${file.id}`, 1)).not.toBeNull();

    await items.drop("draft/one");
    await sweep(items);
    expect(items.names("file/")).toEqual([]);
    expect((await lying()).length).toBe(before + 1); // the index
  });

  test("stays, whatever is tidied up while it is being picked or moves on", async () => {
    for (let one = 0; one < 12; one += 1) await items.put(`form/${one}`, { filled: {}, text: "x".repeat(20_000) });
    const first = await keepFile(items, new File(["one"], "1.txt"), false);
    if (!("file" in first)) throw new Error(first.fault);
    await items.put("draft/one", drafted({ needs: [first.file] }));
    named({ needs: [first.file] });
    for (let round = 0; round < 5; round += 1) {
      const sweeping = sweep(items);
      await new Promise((done) => setTimeout(done, round));
      const picked = keepFile(items, new File(["two"], "2.txt"), false);
      const moved = items.put(`outbox/${round}`, { draft: drafted({ needs: [first.file] }) });
      const dropped = items.drop(round === 0 ? "draft/one" : `outbox/${round - 1}`);
      await Promise.all([sweeping, moved, dropped]);
      const second = await picked;
      if (!("file" in second)) throw new Error(second.fault);
      for (const { file } of [first, second]) expect(await items.piece(`file/${file.id}`, 0)).not.toBeNull();
    }
  });

  test.each(["undone/c", "deed/c"])("lies here while it is evidence of %s, and is gone with that", async (name) => {
    const kept = await keepFile(items, new File([utf8("signed")], "form.pdf"), true);
    if (!("file" in kept)) throw new Error(kept.fault);
    const files = [kept.file];
    await items.put(name, { deed: { do: "decide", evidence: { fields: {}, files } } });
    await sweepFiles(items, { evidence: files });
    expect(items.names("file/")).toEqual([`file/${kept.file.id}`]);
    await items.drop(name);
    await sweepFiles(items);
    expect(items.names("file/")).toEqual([]);
  });

  test("is not kept where a photo or film cannot be cleaned, and is where it is evidence", async () => {
    const film = new File([utf8("\0\0\0\x10ftypisom")], "film.mp4");
    expect(await keepFile(items, film, false)).toEqual({ fault: "not_clean" });
    expect(items.names("file/")).toEqual([]);
    const kept = await keepFile(items, film, true);
    expect(kept).toMatchObject({ file: { name: "film.mp4", cleaned: false } });
  });

  test("of nothing is a file, too", async () => {
    expect(await keepFile(items, new File([], ""), false)).toMatchObject({ file: { name: "file", size: 0 } });
  });
});

describe("a sealed file", () => {
  const PART = "needs/file-1";
  const sealedOf = async (text: Uint8Array<ArrayBuffer>) => {
    const seal = { key: randomBytes(32), salt: randomBytes(24) };
    const read = async (at: number, length: number) => text.slice(at, at + length);
    const sealing = await Sealing.of(seal, utf8("context"), text.length, read);
    const said = { part: PART, name: "x", type: "x", size: text.length, sha256: b64(await sha256(text)) };
    return { seal, said, sealing, raw: await sealing.slice(0, sealing.size), stored: await sealing.stored() };
  };

  test.each([0, 1, 1023, 1024, 16_383, 16_384, 100_000])(
    "of %i bytes is the same from any place, and opens",
    async (size) => {
      const text = Uint8Array.from({ length: size }, (_, at) => at % 251);
      const { seal, said, sealing, raw, stored } = await sealedOf(text);
      expect(stored).toEqual({ size: raw.length, sha256: b64(await sha256(raw)) });
      for (const [from, to] of [
        [0, 10],
        [50, 90],
        [56, raw.length],
        [raw.length - 20, raw.length],
      ] as const)
        expect(await sealing.slice(from, to)).toEqual(raw.slice(from, to));
      const opening = await Opening.of(seal.key, utf8("context"), said, { name: PART, ...stored });
      const first = await opening.take(raw.slice(0, 777));
      const rest = await opening.take(raw.slice(777));
      const whole = [...first, ...rest, ...(await opening.end())];
      expect(Uint8Array.from(whole)).toEqual(text);
    },
  );

  test("with one bit changed is refused, wherever it is", async () => {
    const { seal, said, raw, stored } = await sealedOf(new Uint8Array(40_000));
    for (const at of [0, 30, 60, 20_000, raw.length - 1]) {
      const changed = raw.slice();
      changed[at]! ^= 1;
      const opened = async () => {
        const opening = await Opening.of(seal.key, utf8("context"), said, { name: PART, ...stored });
        await opening.take(changed);
        await opening.end();
      };
      await expect(opened()).rejects.toThrow();
    }
  });
});
