import { start } from "./app/start.tsx";
import { scriptUrls } from "./app/trusted.ts";
import { connect } from "./worker/rpc.ts";
import worker from "./worker/worker.ts?worker&url";

const url = scriptUrls([worker]);
const keys = new Worker(url(worker), { type: "module" });

await start(document.getElementById("app")!, {
  vault: connect(keys),
  end: () => keys.terminate(),
  site: "about:blank",
  clock: "/clock.html",
  receiptPage: null,
});
