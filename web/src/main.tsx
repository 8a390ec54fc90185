import { start } from "./app/start.tsx";
import { scriptUrls } from "./app/trusted.ts";
import { preferences } from "./device/preferences.ts";
import { releases } from "./device/release.ts";
import { Failed } from "./failed.ts";
import { speak } from "./words/current.ts";
import { connect } from "./worker/rpc.ts";
import workerUrl from "./worker/worker.ts?worker&url";

const SERVICE_WORKER = "/sw.js";
const kept = preferences();
// The words first: on a bad line the worker, which nobody waits for yet, would take half of it.
await speak(kept.now.value.language);

const url = scriptUrls([workerUrl, SERVICE_WORKER]);
const worker = new Worker(url(workerUrl), { type: "module" });

// A worker that does not even start answers nothing: that is told like a line that is broken.
const dead = new Promise<never>((_, failed) => {
  worker.addEventListener("error", () => failed(new Failed({ kind: "line" })), { once: true });
});

await start(document.getElementById("app")!, {
  kept,
  vault: connect(worker),
  dead,
  releases: releases(() => url(SERVICE_WORKER), navigator.serviceWorker ?? null),
  end: () => worker.terminate(),
  site: "/leave",
  clock: "/app/clock.html",
  receiptPage: "/r/",
});
