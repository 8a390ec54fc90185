import { describe, expect, test } from "vitest";
import { guard } from "../../src/app/guard.ts";
import { lines } from "../../src/app/line.ts";
import { navigation } from "../../src/app/navigation.ts";
import { scriptUrls } from "../../src/app/trusted.ts";

/** The entries of a tab, as the standard has them: pushing forgets what lay ahead, back tells of it. */
const tab = () => {
  const entries: unknown[] = ["elsewhere", null];
  let heard = () => {};
  let at = 1;
  return {
    history: {
      get state() {
        return entries[at];
      },
      pushState: (state: unknown) => {
        entries.splice(at + 1, entries.length, state);
        at += 1;
      },
      back: () => {
        at -= 1;
        if (at >= 1) heard();
      },
    },
    onBack: (listener: () => void) => {
      heard = listener;
    },
    entries,
    where: () => (at === 0 ? "elsewhere" : "here"),
  };
};

describe("the way back", () => {
  test("is a stack in memory", () => {
    const ways = navigation({ at: "doors" });
    ways.go({ at: "sign-in" });
    ways.go({ at: "second-step" });
    ways.replace({ at: "fingerprint" });
    expect([ways.screen.value.at, ways.depth.value]).toEqual(["fingerprint", 3]);
    expect([ways.back(), ways.screen.value.at]).toEqual([true, "sign-in"]);
    ways.reset({ at: "me", page: null, id: null });
    expect([ways.back(), ways.screen.value.at]).toEqual([false, "me"]);
  });

  test("of the phone goes one screen back each time, and leaves from the first", () => {
    const [ways, { history, onBack, where, entries }] = [navigation({ at: "doors" }), tab()];
    guard(ways, history, onBack);
    ways.go({ at: "sign-in" });
    ways.go({ at: "second-step" });
    expect(entries).toHaveLength(3); // one guard, however many screens
    history.back();
    expect([ways.screen.value.at, where()]).toEqual(["sign-in", "here"]);
    history.back();
    expect([ways.screen.value.at, where()]).toEqual(["doors", "here"]);
    history.back();
    expect(where()).toBe("elsewhere");
  });

  test("of the page's own button is the same way, so that no press is lost afterwards", () => {
    const [ways, { history, onBack, where }] = [navigation({ at: "doors" }), tab()];
    const { back } = guard(ways, history, onBack);
    ways.go({ at: "sign-in" });
    back();
    expect([ways.screen.value.at, where()]).toEqual(["doors", "here"]);
    history.back();
    expect(where()).toBe("elsewhere");
  });

  test("leads out at once after beginning anew", () => {
    const [ways, { history, onBack, where }] = [navigation({ at: "doors" }), tab()];
    guard(ways, history, onBack);
    ways.go({ at: "sign-in" });
    ways.reset({ at: "me", page: null, id: null });
    history.back();
    expect([ways.screen.value.at, where()]).toEqual(["me", "elsewhere"]);
  });

  test("writes nothing about the screens into the history", () => {
    const [ways, { history, onBack, entries }] = [navigation({ at: "doors" }), tab()];
    guard(ways, history, onBack);
    ways.go({ at: "waiting", number: "4071", administrators: [{ mn: "Дэлгэр", en: "Delger" }] });
    expect(entries).toEqual(["elsewhere", null, "guard"]);
  });
});

describe("the policy of scripts", () => {
  const url = scriptUrls(["/assets/worker-abc.js", "/app/service-worker.js"], "https://ortoo.example");

  test("knows the two addresses of ours", () => {
    expect(url("/assets/worker-abc.js")).toBe("https://ortoo.example/assets/worker-abc.js");
    expect(url("https://ortoo.example/app/service-worker.js")).toBe("https://ortoo.example/app/service-worker.js");
  });

  test.each([
    "/assets/other.js",
    "/assets/worker-abc.js?x",
    "https://evil.example/assets/worker-abc.js",
    "//evil.example/assets/worker-abc.js",
    "data:text/javascript,1",
    "blob:https://ortoo.example/1",
    "javascript:1",
    "",
  ])("refuses %s", (other) => expect(() => url(other)).toThrow(TypeError));

  test("makes one policy, by the name that the page's own policy allows", () => {
    const made: string[] = [];
    const checked = scriptUrls(["/w.js"], "https://ortoo.example", {
      createPolicy: (name, rules) => {
        made.push(name);
        return { createScriptURL: (asked) => ({ trusted: rules.createScriptURL(asked) }) };
      },
    });
    expect([made, checked("/w.js")]).toEqual([["ortoo"], { trusted: "https://ortoo.example/w.js" }]);
    expect(() => checked("/x.js")).toThrow(TypeError);
  });
});

describe("the line", () => {
  test("is told with the time of the last contact", () => {
    const line = lines();
    expect(line.now.value).toBeNull();
    line.heard({ type: "line", live: false, at: "2026-11-25T10:42:00Z" });
    expect(line.now.value).toEqual({ live: false, at: Date.parse("2026-11-25T10:42:00Z") });
  });

  test("keeps the first alarm, whatever comes after it", () => {
    const line = lines();
    line.heard({ type: "alarm", code: "directory_fork" });
    line.heard({ type: "alarm", code: "throttled" });
    line.heard({ type: "line", live: true, at: "2026-11-25T10:42:00Z" });
    expect(line.alarm.value).toBe("directory_fork");
  });
});
