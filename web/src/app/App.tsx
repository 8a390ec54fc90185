import type { ComponentChildren } from "preact";
import type { Kept } from "../device/preferences.ts";
import type { Releases } from "../device/release.ts";
import type { HubTime } from "../parts/hub-time.ts";
import { Waiting } from "../parts/Waiting.tsx";
import type { HeldAgency } from "../screens/agency/state.ts";
import { Doors } from "../screens/doors/Doors.tsx";
import { Find } from "../screens/find/Find.tsx";
import type { FindState } from "../screens/find/state.ts";
import { Desk } from "../screens/inbox/Desk.tsx";
import type { InboxState } from "../screens/inbox/state.ts";
import type { UnlockState } from "../screens/lock/state.ts";
import { Unlock } from "../screens/lock/Unlock.tsx";
import { Keyboard } from "../screens/me/Keyboard.tsx";
import { Me } from "../screens/me/Me.tsx";
import type { OwnPage } from "../screens/me/pages.ts";
import type { ReferralState } from "../screens/referral/state.ts";
import type { SendEntry } from "../screens/send/entry.ts";
import { Sending } from "../screens/send/Sending.tsx";
import { Fingerprint, SecondStep, SignIn, WaitingForConfirmation } from "../screens/sign-in/SignIn.tsx";
import type { SignInState } from "../screens/sign-in/state.ts";
import type { Me as Member, Vault } from "../worker/api.ts";
import { Frame } from "./Frame.tsx";
import { later } from "./later.tsx";
import type { Lines } from "./line.ts";
import type { Navigation } from "./navigation.ts";
import { placeAt, placesOf, type Screen, TITLES } from "./screens.ts";
import type { Sessions } from "./session.ts";

const Agency = later(async () => (await import("../screens/agency/Agency.tsx")).Agency);
const Consent = later(async () => (await import("../screens/consent/Consent.tsx")).Consent);
const Overview = later(async () => (await import("../screens/overview/Overview.tsx")).Overview);
const Own = later(async () => (await import("../screens/me/Own.tsx")).Own);
const FirstDay = later(async () => (await import("../screens/first-day/FirstDay.tsx")).FirstDay);

/** All that lives as long as the page. */
export interface Parts {
  readonly vault: Vault;
  /** What a link to the first day brought. */
  readonly paper: { readonly code: string; readonly fingerprint: string } | null;
  readonly navigation: Navigation;
  readonly session: Sessions;
  readonly signIn: SignInState;
  readonly unlock: UnlockState;
  readonly inbox: InboxState;
  readonly referral: ReferralState;
  readonly send: SendEntry;
  readonly find: FindState;
  readonly agency: HeldAgency;
  readonly time: HubTime;
  readonly kept: Kept;
  readonly line: Lines;
  readonly releases: Releases;
  readonly onBack: () => void;
  readonly onLeave: () => void;
  readonly receiptPage: string | null;
}

export const App = (parts: Parts) => {
  const { navigation, session, kept, onBack, onLeave } = parts;
  const now = session.now.value;
  const screen = navigation.screen.value;
  const alarm = parts.line.alarm.value;
  const isLocked = now.at === "locked";
  return (
    <Frame
      kept={kept}
      onLeave={onLeave}
      onBack={!isLocked && navigation.depth.value > 1 ? onBack : null}
      places={now.at === "work" ? placesOf(now.me) : []}
      at={isLocked ? null : placeAt(screen.at)}
      onGo={(to) => (to.at === "send" ? parts.send.begin() : navigation.reset(to))}
      isPractice={now.at === "work" && now.me.practice}
      line={now.at === "work" ? parts.line.now.value : null}
      clockOff={now.at === "work" ? parts.line.clockOff.value : 0}
      // Never under a form: it begins anew.
      release={TITLES[screen.at] === "title.form" ? "none" : parts.releases.next.value}
      onRelease={parts.releases.use}
      problem={alarm === null ? session.problem.value : { kind: "refused", code: alarm, fields: {} }}
      evidence={parts.line.evidence.value}
    >
      {/* A new key for each screen: its heading takes the focus anew. */}
      <div
        class={isAtDesk(screen) && now.at === "work" ? "screen wide" : "screen"}
        key={now.at === "starting" || isLocked ? now.at : screen.at === "consent" ? screen.at : placeAt(screen.at)}
      >
        {now.at === "starting" && <Waiting />}
        {isLocked && <Unlock state={parts.unlock} session={session} known={now.known} ended={now.ended} />}
        {(now.at === "out" || now.at === "work") && shown(parts, screen)}
      </div>
    </Frame>
  );
};

const isAtDesk = ({ at }: Screen): boolean => placeAt(at) === "inbox" && at !== "consent";

const shown = (parts: Parts, screen: Screen): ComponentChildren => {
  const { navigation, session, signIn } = parts;
  switch (screen.at) {
    case "doors":
      return (
        <Doors
          onSignIn={() => {
            signIn.clear();
            navigation.go({ at: "sign-in" });
          }}
          receiptPage={parts.receiptPage}
        />
      );
    case "sign-in":
      return <SignIn state={signIn} onFirstDay={() => navigation.go({ at: "join", step: "paper" })} />;
    case "join":
      return (
        <FirstDay
          vault={parts.vault}
          ways={{
            go: (step) => navigation.go({ at: "join", step }),
            back: navigation.back,
            kit: () => navigation.reset({ at: "join", step: "kit" }),
            wait: (waiting) => navigation.reset({ at: "waiting", ...waiting }),
          }}
          step={screen.step}
          paper={parts.paper}
        />
      );
    case "second-step":
      return <SecondStep state={signIn} />;
    case "fingerprint":
      return <Fingerprint state={signIn} />;
    case "waiting":
      return <WaitingForConfirmation state={signIn} number={screen.number} administrators={screen.administrators} />;
    default:
      return session.now.value.at === "work" ? atWork(parts, session.now.value.me, screen) : null;
  }
};

/** Whoever is signed in. */
const atWork = (parts: Parts, me: Member, screen: Screen): ComponentChildren => {
  const { navigation, vault, referral, time, onBack } = parts;
  const whose = { vault, me, time };
  switch (screen.at) {
    case "inbox":
    case "referral":
      return (
        <Desk
          {...whose}
          inbox={parts.inbox}
          referral={referral}
          line={parts.line}
          id={screen.at === "referral" ? screen.id : null}
          drafts={parts.send}
          onFind={() => navigation.go({ at: "find" })}
          onOpen={(id) => (screen.at === "referral" ? navigation.replace : navigation.go)({ at: "referral", id })}
          onConsent={(id) => navigation.go({ at: "consent", id, page: "shown" })}
        />
      );
    case "consent":
      return (
        <Consent
          {...whose}
          key={screen.id}
          referral={screen.id}
          page={screen.page}
          onGo={(page) => navigation.go({ at: "consent", id: screen.id, page })}
          onBack={onBack}
          onDone={() => {
            void referral.anew();
            void parts.inbox.load();
          }}
          onElsewhere={() => parts.send.elsewhere(screen.id)}
        />
      );
    case "find":
      return (
        <Find
          state={parts.find}
          own={me.agency.id}
          time={time}
          onOpen={(id) => navigation.go({ at: "referral", id })}
        />
      );
    case "send":
      return (
        <Sending
          entry={parts.send}
          step={screen.step}
          me={me}
          time={time}
          hasLeft={() => navigation.screen.value.at !== "send"}
          onDone={() => navigation.reset({ at: "inbox" })}
        />
      );
    case "overview":
      return (
        <Overview
          {...whose}
          referral={referral}
          page={screen.page}
          id={screen.id}
          onGo={(page, id) => navigation.go({ at: "overview", page, id })}
          onReset={(page) => navigation.reset({ at: "overview", page, id: null })}
        />
      );
    case "agency":
      return (
        <Agency
          held={parts.agency}
          me={me}
          time={time}
          page={screen.page}
          id={screen.id}
          onGo={(page, id) => navigation.go({ at: "agency", page, id })}
          onReset={(page) => navigation.reset({ at: "agency", page, id: null })}
          onBack={onBack}
        />
      );
    case "me":
      return ofMe(parts, me, screen.page, screen.id);
    default:
      return null;
  }
};

const ofMe = (parts: Parts, me: Member, page: OwnPage | "keyboard" | null, id: string | null): ComponentChildren => {
  const { navigation, session, kept, vault } = parts;
  const go = (to: OwnPage | "keyboard", of: string | null = null) => navigation.go({ at: "me", page: to, id: of });
  if (page === null) return <Me me={me} kept={kept} session={session} onGo={go} />;
  if (page === "keyboard") return <Keyboard kept={kept} />;
  return (
    <Own
      vault={vault}
      me={me}
      page={page}
      id={id}
      onGo={go}
      onFinish={(to) => {
        navigation.reset({ at: "me", page: null, id: null });
        go(to);
      }}
      onBack={parts.onBack}
      onForget={async () => {
        await vault.forget(me.login);
        session.forgottenHere();
      }}
    />
  );
};
