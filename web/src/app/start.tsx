import { computed, effect, untracked } from "@preact/signals";
import { render } from "preact";
import { whenIdle } from "../device/idle.ts";
import { leave, watchLeaving } from "../device/leave.ts";
import type { Kept } from "../device/preferences.ts";
import type { Releases } from "../device/release.ts";
import { announce } from "../parts/announce.ts";
import { hubTime } from "../parts/hub-time.ts";
import type { HeldAgency } from "../screens/agency/state.ts";
import { findState } from "../screens/find/state.ts";
import { inboxState } from "../screens/inbox/state.ts";
import { unlockState } from "../screens/lock/state.ts";
import { referralState } from "../screens/referral/state.ts";
import { sendEntry } from "../screens/send/entry.ts";
import { signInState } from "../screens/sign-in/state.ts";
import { speak, words } from "../words/current.ts";
import type { Vault } from "../worker/api.ts";
import { App } from "./App.tsx";
import { guard } from "./guard.ts";
import { askedByKeys } from "./keys.ts";
import { lines } from "./line.ts";
import { navigation } from "./navigation.ts";
import { placesOf, type Screen, TITLES } from "./screens.ts";
import { sessions } from "./session.ts";
import "../parts/tokens.css";
import "../parts/parts.css";
import "./frame.css";

interface Start {
  /** Their language is loaded. */
  readonly kept: Kept;
  readonly vault: Vault;
  /** Rejects if the worker behind the vault cannot start. */
  readonly dead: Promise<never>;
  readonly releases: Releases;
  /** End the worker behind the vault, and with it every key. */
  readonly end: () => void;
  /** Where Leave leads. */
  readonly site: string;
  readonly clock: string;
  readonly receiptPage: string | null;
}

/** Whether this browser keeps nothing of ours; false where it does not say. */
const isFirstVisit = async (): Promise<boolean> => {
  try {
    return (await indexedDB.databases()).every(({ name }) => name !== "ortoo");
  } catch {
    return false;
  }
};

/** The address of whoever is at work, which says nothing. */
const HOME = "/app/";

/** Milliseconds after which the line may be used for what can wait. */
const SETTLED = 3000;

/** What a link to the first day has behind `#`: code and fingerprint. It is wiped from the address at once. */
const paperOf = (hash: string): { readonly code: string; readonly fingerprint: string } | null => {
  const [, code, fingerprint] = /^#([a-z2-7]{26})\.([a-z2-7]{52})$/.exec(hash) ?? [];
  return code === undefined || fingerprint === undefined ? null : { code, fingerprint };
};

/** Put the client on the page. */
export const start = async (
  root: Element,
  { kept, vault, dead, releases, end, site, clock, receiptPage }: Start,
): Promise<void> => {
  const leaving = { end, site, clock };
  watchLeaving(leaving);

  const ways = navigation({ at: "doors" });
  const paper = paperOf(location.hash);
  if (location.hash !== "") history.replaceState(history.state, "", location.pathname);
  if (paper !== null) ways.go({ at: "join", step: "paper" });
  const session = sessions(vault, ways, () => location.reload());
  const line = lines();
  const time = hubTime();
  const own = () => (session.now.value.at === "work" ? session.now.value.me.agency.id : "");
  const inbox = inboxState(vault, own, (count, isImmediate) =>
    announce(words.peek()("inbox.new.said", { count }), isImmediate ? "assertive" : "polite"),
  );
  const referral = referralState(vault, () => void inbox.load());
  const send = sendEntry(vault, ways, own, time.now, () => void inbox.load());
  const find = findState(vault);
  const agency: HeldAgency = { vault, now: null };
  vault.watch((happening) => {
    line.heard(happening);
    inbox.heard(happening);
    referral.heard(happening);
    send.heard(happening);
    find.heard(happening);
    if (happening.type === "ended") session.ended(happening.code);
    if (happening.type === "signed_out") session.closed();
    if (happening.type === "stepped" && happening.problem !== null) session.failed(happening.problem);
  });
  const isAtWork = computed(() => session.now.value.at === "work");
  // The service worker answers there: a reload needs no line. Behind it lies an entry from before the work began.
  const comeHome = () => {
    if (location.pathname !== HOME) history.replaceState(history.state, "", HOME);
  };
  const { back } = guard(ways, history, (heard) =>
    addEventListener("popstate", () => {
      if (isAtWork.peek()) comeHome();
      heard();
    }),
  );

  effect(() => {
    speak(kept.now.value.language).catch(() => {
      // The other language did not arrive: what is there stays.
      announce(words.peek()("problem.line"));
      kept.change({ language: words.peek().language });
    });
  });
  effect(() => {
    const said = words.value;
    document.documentElement.lang = said.language;
    const title = session.now.value.at === "locked" ? "title.page" : TITLES[ways.screen.value.at];
    document.title = `${said("app.name")} · ${said(title)}`;
  });
  const putAway = () => {
    inbox.clear();
    referral.clear();
    send.clear();
    find.clear();
    agency.now?.state.clear();
  };
  const take = () => {
    comeHome();
    send.resume();
    vault.clockOff().then(
      (off) => {
        time.isAheadBy(off);
        line.clockOff.value = off;
      },
      () => undefined, // the device's own clock, as before
    );
    setTimeout(() => void releases.keep(), SETTLED);
  };
  effect(() => {
    const does = isAtWork.value ? take : putAway;
    untracked(does); // else what they read would call them again
  });
  // Once the inbox stands there is room on the line: then sending works without one too.
  effect(() => {
    if (inbox.boxes.value !== null) void send.fetch();
  });
  const seeKeyboard = (from: Screen) => {
    if (from.at !== "me" || from.page !== "keyboard") ways.go({ at: "me", page: "keyboard", id: null });
  };
  const asked = askedByKeys();
  document.addEventListener("keydown", (event) => {
    const now = session.now.value;
    const asks = asked(event, event.timeStamp);
    if (now.at !== "work") return;
    if (event.altKey && event.key === "ArrowLeft" && ways.depth.value > 1) {
      event.preventDefault();
      back();
    }
    if (asks === null || !kept.now.value.singleKeys) return;
    const { screen } = ways;
    const worksHere = placesOf(now.me).some(({ screen }) => screen.at === "inbox");
    if (asks === "keyboard") seeKeyboard(screen.value);
    else if (!worksHere) return;
    else if (asks === "inbox") ways.reset({ at: "inbox" });
    else if (asks === "send") send.begin();
    else if (screen.value.at !== "find") ways.go({ at: "find" });
    event.preventDefault();
  });
  // A file that is dropped beside its place would be shown by the browser, in a tab.
  document.addEventListener("dragover", (event) => {
    if (event.defaultPrevented || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "none";
  });
  effect(() => {
    document.documentElement.dataset.theme = kept.now.value.theme;
  });
  effect(() =>
    isAtWork.value
      ? whenIdle(
          () => kept.now.peek().lockAfter * 60_000,
          () => void session.lock(),
        )
      : undefined,
  );

  render(
    <App
      vault={vault}
      paper={paper}
      navigation={ways}
      session={session}
      signIn={signInState(vault, ways, session.signedIn)}
      unlock={unlockState(vault, session)}
      inbox={inbox}
      referral={referral}
      send={send}
      find={find}
      agency={agency}
      time={time}
      kept={kept}
      line={line}
      releases={releases}
      onBack={back}
      onLeave={() => leave(leaving)}
      receiptPage={receiptPage}
    />,
    root,
  );
  // Where nothing was ever kept, nobody can be known: the doors open before the worker is even there.
  if (await isFirstVisit()) session.nobody();
  await session.begin(dead);
};
