import "fake-indexeddb/auto";
import { expect, test } from "vitest";
import { openStore } from "../../src/device/store.ts";
import { randomBytes } from "../../src/protocol/sealing.ts";
import type { Happening } from "../../src/worker/api.ts";
import { type At, resume } from "../../src/worker/sending.ts";

test("what goes out while another one is being sent did not come back", async () => {
  const store = await openStore();
  const items = await store.items(randomBytes(32), "network", "member");
  for (const id of ["a", "b"]) await items.put(`outbox/${id}`, { draft: { id }, form: {}, covered: true, sealed: {} });
  const get = items.get.bind(items);
  items.get = async <T>(name: string) => {
    const found = await get<T>(name);
    if (name === "outbox/a") await items.drop("outbox/b"); // its answer came in the foreground
    return found;
  };
  const work = {
    mustBeWhole: () => {
      throw new Error("not now");
    },
  };
  const told: Happening[] = [];
  await resume({ items, work, isLive: () => true } as unknown as At, (happening) => told.push(happening));
  expect(told).toEqual([]);
  expect(items.names("outbox/")).toEqual(["outbox/a"]);
  store.close();
});
