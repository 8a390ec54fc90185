import { describe, expect, test } from "vitest";
import { b64 } from "../../src/protocol/documents.ts";
import { draw, keyOf } from "../../src/protocol/receipt.ts";
import { keyIn, publicPart } from "../../src/worker/own-code.ts";

const NETWORK = "0197a000-0000-7000-8000-000000000001";

describe("what her phone shows of her code", () => {
  test("is its key, however it is typed, in 14 groups that do not hold the code", async () => {
    const code = draw();
    const { public: key } = await keyOf(code, NETWORK);
    const part = await publicPart(key, NETWORK);
    expect(part.split(" ").map((group) => group.length)).toEqual(Array(14).fill(4));
    for (const typed of [part, part.toUpperCase(), part.replaceAll(" ", "-"), part.replaceAll(" ", "")])
      expect(b64(await keyIn(typed, NETWORK))).toBe(b64(key));
    expect(part).not.toContain(code.slice(0, 9));
  });

  test("with any letter otherwise, too short, or for another network, is no key", async () => {
    const { public: key } = await keyOf(draw(), NETWORK);
    const part = await publicPart(key, NETWORK);
    for (let place = 0; place < part.length; place += 1) {
      if (part[place] === " ") continue;
      const slip = `${part.slice(0, place)}${part[place] === "a" ? "b" : "a"}${part.slice(place + 1)}`;
      await expect(keyIn(slip, NETWORK)).rejects.toMatchObject({ code: "malformed" });
    }
    await expect(keyIn(part.slice(0, -1), NETWORK)).rejects.toMatchObject({ code: "malformed" });
    await expect(keyIn(part, NETWORK.replace("1", "2"))).rejects.toMatchObject({ code: "malformed" });
  });
});
