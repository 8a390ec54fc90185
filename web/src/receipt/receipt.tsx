import { effect } from "@preact/signals";
import { render } from "preact";
import { leave, watchLeaving } from "../device/leave.ts";
import { calls } from "./calls.ts";
import { Page } from "./Page.tsx";
import { preferred, said, speak } from "./said.ts";
import { codeIn, receiptState } from "./state.ts";
import "../parts/tokens.css";
import "../parts/parts.css";
import "./receipt.css";

// The code is out of the address before anything else is done; it was never in what was asked of the hub.
const code = codeIn(location.hash);
if (location.hash !== "") history.replaceState(null, "", location.pathname);

const state = receiptState(calls, code);
const leaving = {
  end: () => state.clear(),
  site: "/leave",
  clock: "/app/clock.html",
};
watchLeaving(leaving);

await speak(preferred(navigator.languages));
effect(() => {
  document.documentElement.lang = said.value.language;
  document.title = said.value("title");
});
render(<Page state={state} onLeave={() => leave(leaving)} />, document.getElementById("app")!);
