import { effect, signal } from "@preact/signals";
import { type ComponentChildren, render } from "preact";
import { Frame } from "../src/app/Frame.tsx";
import { guard } from "../src/app/guard.ts";
import { navigation } from "../src/app/navigation.ts";
import { type Place, placesOf } from "../src/app/screens.ts";
import { type Leaving, leave, watchLeaving } from "../src/device/leave.ts";
import { preferences } from "../src/device/preferences.ts";
import { Band } from "../src/parts/Band.tsx";
import { Button } from "../src/parts/Button.tsx";
import { Chips, Choice, Several } from "../src/parts/Choice.tsx";
import { Clock } from "../src/parts/Clock.tsx";
import { DateParts } from "../src/parts/DateParts.tsx";
import { ErrorSummary } from "../src/parts/ErrorSummary.tsx";
import { Field } from "../src/parts/Field.tsx";
import { Heading } from "../src/parts/Heading.tsx";
import { hubTime } from "../src/parts/hub-time.ts";
import { Icon, iconNames } from "../src/parts/Icon.tsx";
import { List } from "../src/parts/List.tsx";
import { Sentences } from "../src/parts/Sentences.tsx";
import { StateWord } from "../src/parts/StateWord.tsx";
import { Urgency } from "../src/parts/Urgency.tsx";
import { Waiting } from "../src/parts/Waiting.tsx";
import { Doors } from "../src/screens/doors/Doors.tsx";
import type { Fault } from "../src/screens/fault.ts";
import { Desk } from "../src/screens/inbox/Desk.tsx";
import { inboxState } from "../src/screens/inbox/state.ts";
import { Unlock } from "../src/screens/lock/Unlock.tsx";
import { Me } from "../src/screens/me/Me.tsx";
import { referralState } from "../src/screens/referral/state.ts";
import { Fingerprint, SecondStep, SignIn, WaitingForConfirmation } from "../src/screens/sign-in/SignIn.tsx";
import { speak, words } from "../src/words/current.ts";
import { codes, label, placeInFull } from "../src/words/labels.ts";
import { ofPlan } from "../src/words/sentences.ts";
import type { Me as Member } from "../src/worker/api.ts";
import "../src/parts/tokens.css";
import "../src/parts/parts.css";
import "../src/app/frame.css";
import { agencies, pages, referrals } from "./referrals.ts";
import "./gallery.css";

/*
 * Every part in every state, and every screen as it looks in each of its states: for eyes, axe and pictures. Not built
 * into what is served. Address: ?show=parts|shell|doors|sign-in|…&language=mn|en&theme=light|dark
 */

const asked = new URLSearchParams(location.search);
const language = asked.get("language") === "en" ? "en" : "mn";
const theme = asked.get("theme") === "dark" ? "dark" : "light";

const nothing = () => {};
const later = async () => {};
const HOUR = 3_600_000;

// A clock that stands, so that pictures are alike: 25 November 2026, 19:00 in Ulaanbaatar.
const NOW = Date.parse("2026-11-25T11:00:00Z");
const time = hubTime(() => NOW);

const member: Member = {
  login: "dulmaa@mrc-umnugobi",
  member: "m",
  handle: "dulmaa",
  names: { mn: "Дулмаа", en: "Dulmaa" },
  agency: {
    id: "a",
    kind: "resource_centre",
    names: { mn: "Өмнөговь аймгийн Шилжин суурьшигчдын мэдээллийн төв", en: "MRC Umnugobi" },
    suspended: false,
  },
  roles: ["focal_point"],
  practice: true,
};

const plan = {
  recipients: [
    {
      to: "mgec",
      sections: ["needs", "identity", "contact", "safety"],
      purposes: ["give_service"],
      until: Date.parse("2027-02-23T16:00:00Z"),
    },
  ],
  agreed: [],
  refusals: [
    { to: "kind:police", sections: ["*"] },
    { to: "mgec", sections: ["account"] },
  ],
  stays: ["account", "medical"],
  basis: "informed_consent",
};

const naming = (agency: string) =>
  agency === "mgec"
    ? { name: language === "mn" ? "МЖЭТТ" : "MGEC", what: label(language, "services", "shelter") }
    : undefined;

const Part = ({ name, children }: { readonly name: string; readonly children: ComponentChildren }) => (
  <section class="stack" aria-label={name}>
    <h2>{name}</h2>
    {children}
  </section>
);

interface GalleryRow {
  readonly id: string;
  readonly due: { readonly kind: string; readonly at: number; readonly ours: boolean };
  readonly urgency: string;
  readonly service: string;
  readonly state: string;
}

const rows: readonly GalleryRow[] = Array.from({ length: 50_000 }, (_, place) => ({
  id: `row-${place}`,
  due: {
    kind: ["acknowledge", "decide", "answer", "report", "delete"][place % 5]!,
    at: NOW + (place - 3) * 0.4 * HOUR,
    ours: place % 4 !== 3,
  },
  urgency: codes("urgency")[place % 3]!,
  service: codes("services")[place % 36]!,
  state: codes("states")[place % 13]!,
}));

const faults = signal([1, 2, 3]);

const short = "problem.line" as const;

const AllParts = () => {
  const said = words.value;
  const need = label(language, "fields", "needs.need_in_own_words");
  const options = codes("urgency").map((value) => ({
    value,
    label: <Urgency code={value} />,
    hint: said("clock.said.acknowledge", { by: "19:42" }),
  }));
  const services = codes("services").map((value) => ({ value, label: label(language, "services", value) }));
  return (
    <div class="stack gallery">
      <Heading>{said("app.name")}</Heading>
      <Part name="Button">
        <div class="buttons">
          <Button look="main" onPress={nothing}>
            {said("sign_in.continue")}
          </Button>
          <Button onPress={nothing}>{said("app.cancel")}</Button>
          <Button look="quiet" onPress={nothing}>
            {said("unlock.other")}
          </Button>
          <Button look="grave" onPress={nothing}>
            {said("unlock.forget")}
          </Button>
          <Button look="main" busy onPress={nothing}>
            {said("sign_in.opening")}
          </Button>
          <Button icon="leave" onPress={nothing}>
            {said("app.leave")}
          </Button>
        </div>
      </Part>
      <Part name="Band">
        <Band tone="note">{said("app.release")}</Band>
        <Band tone="wait" icon="offline" action={<Button onPress={nothing}>{said("app.retry")}</Button>}>
          {said("app.offline")} {said("app.offline.since", { at: "18:42" })}
        </Band>
        <Band tone="late">{said("problem.key_mismatch")}</Band>
        <Band tone="done">{said("app.saved")}</Band>
      </Part>
      <Part name="ErrorSummary">
        <ErrorSummary
          of={faults}
          errors={[
            { id: "own-words", text: said("problem.limit_exceeded") },
            { id: "born", text: said("date.not_a_date") },
            { id: null, text: said("problem.line") },
          ]}
        />
      </Part>
      <Part name="Field">
        <Field id="plain-field" label={said("sign_in.login")} value={signal("dulmaa")} />
        <Field
          id="own-words"
          kind="lines"
          label={need}
          value={signal("Өнөө шөнө хонох газар хэрэгтэй")}
          hint={said("app.saved")}
          error={said("problem.limit_exceeded")}
        />
        <Field id="secret" kind="passphrase" label={said("sign_in.passphrase")} value={signal("өвс ган уул")} />
        <Field id="digits" kind="digits" label={said("sign_in.digits")} value={signal("123456")} />
      </Part>
      <Part name="DateParts">
        <DateParts
          id="born"
          legend={label(language, "fields", "identity.date_of_birth")}
          value={signal({ year: "1998", month: "13", day: "14" })}
          error={said("date.not_a_date")}
        />
      </Part>
      <Part name="Choice">
        <Choice
          id="urgency"
          legend={label(language, "fields", "needs.when_needed")}
          value={signal("immediate")}
          options={options}
        />
        <Choice
          id="unchosen"
          legend={said("me.theme")}
          value={signal("")}
          options={options.slice(0, 2)}
          error={said("sign_in.needs_login")}
        />
        <Several
          id="several"
          legend={label(language, "fields", "needs.communication")}
          value={signal(["interpreter"])}
          options={codes("communication_needs")
            .slice(0, 3)
            .map((value) => ({ value, label: label(language, "communication_needs", value) }))}
        />
        <Chips
          id="services"
          legend={label(language, "fields", "needs.services")}
          value={signal(["shelter", "psychosocial"])}
          options={services.slice(0, 9)}
        />
      </Part>
      <Part name="Sentences">
        <Sentences of={ofPlan(said, "her", plan, naming)} voice="her" />
        <Sentences of={ofPlan(said, "worker", plan, naming)} voice="worker" />
        <p>{said("her.before")}</p>
        <p>{said("her.limits")}</p>
      </Part>
      <Part name="Clock">
        {rows.slice(0, 6).map((row) => (
          <p key={row.id}>
            <Clock due={row.due} time={time} />
          </p>
        ))}
        <p>
          <Clock due={{ kind: "answer", at: NOW + 90 * HOUR, ours: true, standsUntil: NOW + 86 * HOUR }} time={time} />
        </p>
      </Part>
      <Part name="StateWord">
        <p class="buttons">
          {codes("states").map((code) => (
            <StateWord key={code} code={code} />
          ))}
        </p>
      </Part>
      <Part name="List">
        <List
          label={said("inbox.needs")}
          items={rows}
          keyOf={(row) => row.id}
          onOpen={nothing}
          rowHeight={4.5}
          row={(row) => (
            <>
              <Clock due={row.due} time={time} />
              <br />
              <Urgency code={row.urgency} /> · {label(language, "services", row.service)}
              <br />
              {placeInFull(said, "MN-053.dalanzadgad")} · <StateWord code={row.state} />
            </>
          )}
        />
      </Part>
      <Part name="Waiting">
        <Waiting onCancel={nothing} />
        <p>{said(short)}</p>
      </Part>
      <Part name="Icon">
        <ul class="icons">
          {iconNames.map((name) => (
            <li key={name}>
              <Icon name={name} /> {name}
            </li>
          ))}
        </ul>
      </Part>
    </div>
  );
};

const signIn = (faults: readonly Fault[], busy = false, byRecovery = false) => ({
  login: signal("dulmaa"),
  passphrase: signal(""),
  digits: signal(""),
  recovery: signal(""),
  fingerprint: signal(""),
  byRecovery: signal(byRecovery),
  busy: signal(busy),
  faults: signal(faults),
  begin: later,
  finish: later,
  finishByPasskey: later,
  vouch: later,
  check: async () => {},
  isStill: signal(false),
  watch: () => () => {},
  clear: nothing,
});

const known = (count: number) =>
  ["dulmaa@mrc-umnugobi", "oyuna@mrc-umnugobi"].slice(0, count).map((login) => ({
    login,
    agency: "a",
    names: member.names,
    passkeys: count > 1 ? ["cGFzc2tleQ"] : [],
    prf: count > 1 ? new Uint8Array(32) : null,
  }));

const session = {
  now: signal({ at: "work" as const, me: member }),
  problem: signal(null),
  signedIn: nothing,
  unlocked: nothing,
  waits: nothing,
  lock: later,
  signOut: later,
  ended: () => {},
  nobody: () => {},
  other: nothing,
  begin: later,
  forgotten: nothing,
  forgottenHere: nothing,
  failed: nothing,
  closed: nothing,
};

const unlock = (faults: readonly Fault[], isForgetting = false) => ({
  login: signal(""),
  passphrase: signal(""),
  busy: signal(false),
  faults: signal(faults),
  isForgetting: signal(isForgetting),
  unlockByPasskey: later,
  signInByPasskey: later,
  isSecond: signal(false),
  second: signal(""),
  signIn: async () => undefined,
  unlock: later,
  forget: later,
});

const kept = preferences();

const lines = {
  now: signal({ live: true, at: NOW }),
  alarm: signal(null),
  evidence: signal(null),
  clockOff: signal(0),
  heard: nothing,
};
const drafts = {
  rows: signal([]),
  look: later,
  begin: nothing,
  open: nothing,
  discard: later,
  elsewhere: nothing,
};
const atDesk = (id: string | null, prepare: (referral: ReturnType<typeof referralState>) => void = nothing) => {
  const given = async (asked: string) => referrals(NOW)[asked]!;
  const inbox = inboxState(
    { page: async (box) => pages(NOW)[box], agencies: async () => agencies },
    () => "a",
    () => {},
  );
  const referral = referralState(
    {
      show: given,
      open: given,
      step: given,
      resend: given,
      marks: async (all) => new Map(all.map(({ document }) => [document, document === "s2" ? "missing" : "logged"])),
      agencies: async () => agencies,
      fetchFile: async () => new Blob([]),
      stopFetching: async () => {},
      evidence: async () => [],
      unsentEvidence: async () => [],
      fetchEvidence: async () => new Blob([]),
      keepFile: async () => ({ fault: "unreadable" }),
      dropFiles: async () => {},
      watch: () => () => {},
    },
    () => {},
  );
  if (id !== null) void referral.go(id).then(() => prepare(referral));
  return (
    <Desk
      vault={{
        forward: async () => Promise.reject(new Error("nothing is sent")),
        undecided: async () => [],
        chain: async () => [],
        watch: () => () => {},
      }}
      inbox={inbox}
      referral={referral}
      me={member}
      time={time}
      line={lines}
      drafts={drafts}
      id={id}
      onFind={nothing}
      onConsent={nothing}
      onOpen={nothing}
    />
  );
};

const shows: Readonly<Record<string, () => ComponentChildren>> = {
  parts: () => <AllParts />,
  doors: () => <Doors onSignIn={nothing} receiptPage={null} />,
  "two-doors": () => <Doors onSignIn={nothing} receiptPage="#" />,
  "sign-in": () => <SignIn onFirstDay={nothing} state={signIn([])} />,
  "sign-in-faults": () => (
    <SignIn
      onFirstDay={nothing}
      state={signIn([
        { field: "login", key: "sign_in.needs_login" },
        { field: "passphrase", key: "sign_in.needs_passphrase" },
      ])}
    />
  ),
  "sign-in-busy": () => <SignIn onFirstDay={nothing} state={signIn([], true)} />,
  "second-step": () => <SecondStep state={signIn([{ field: null, key: "sign_in.wrong" }])} />,
  "second-step-recovery": () => <SecondStep state={signIn([], false, true)} />,
  fingerprint: () => <Fingerprint state={signIn([{ field: "fingerprint", key: "sign_in.needs_fingerprint" }])} />,
  waiting: () => (
    <WaitingForConfirmation
      state={signIn([])}
      number="407122908836150266470915"
      administrators={[
        { mn: "Дэлгэр", en: "Delger" },
        { mn: "Оюун", en: "Oyun" },
      ]}
    />
  ),
  unlock: () => <Unlock state={unlock([])} session={session} known={known(1)} ended={false} />,
  "unlock-ended": () => <Unlock state={unlock([])} session={session} known={known(1)} ended={true} />,
  "unlock-several": () => (
    <Unlock
      state={unlock([{ field: "who", key: "sign_in.needs_login" }])}
      session={session}
      known={known(2)}
      ended={false}
    />
  ),
  "unlock-forget": () => <Unlock state={unlock([], true)} session={session} known={known(1)} ended={false} />,
  inbox: () => atDesk(null),
  "referral-unopened": () => atDesk("r1"),
  "referral-opened": () => atDesk("r2"),
  "referral-names": () =>
    atDesk("r2", (state) => {
      state.areNamesShown.value = true;
    }),
  "referral-decline": () =>
    atDesk("r2", (state) => {
      state.choose("declined");
      void state.send();
    }),
  "referral-withdrawn": () => atDesk("r3"),
  "referral-sender": () => atDesk("r4"),
  offline: () => <Me me={member} kept={kept} session={session} onGo={nothing} />,
  me: () => <Me me={member} kept={kept} session={session} onGo={nothing} />,
};

const DESK = ["inbox", "unopened", "opened", "names", "decline", "withdrawn", "sender"].map((name) =>
  name === "inbox" ? name : `referral-${name}`,
);
const AT_WORK = new Set(["parts", "me", "offline", ...DESK]);

// As the bar will be with more places: it must hold their words in both languages.
const places: readonly Place[] = [
  ...placesOf(member),
  { screen: { at: "doors" }, word: "place.send", icon: "send" },
  { screen: { at: "doors" }, word: "place.agency", icon: "people" },
];

kept.change({ language, theme });
await speak(language);
effect(() => void speak(kept.now.value.language));
effect(() => {
  document.documentElement.lang = words.value.language;
});
document.documentElement.dataset.theme = theme;
const show = asked.get("show") ?? "parts";
document.title = show;

// The shell as it is, over screens that lead nowhere: Back, Leave, language and focus are the real ones.
const ways = navigation({ at: "doors" });
const { back } = guard(ways, history, (heard) => addEventListener("popstate", heard));
const leaving: Leaving = {
  end: () => {
    document.documentElement.dataset.ended = "yes";
  },
  site: "app/clock.html?site",
  clock: "app/clock.html",
};
const typed = signIn([]);
const Shell = () => {
  const { at } = ways.screen.value;
  return (
    <Frame
      kept={kept}
      places={[]}
      at={at}
      onGo={ways.reset}
      onBack={ways.depth.value > 1 ? back : null}
      onLeave={() => leave(leaving)}
      clockOff={0}
      isPractice={false}
      release="none"
      onRelease={() => undefined}
      line={null}
      evidence={null}
      problem={null}
    >
      <div class="screen" key={at}>
        {at === "doors" && <Doors receiptPage={null} onSignIn={() => ways.go({ at: "sign-in" })} />}
        {at === "sign-in" && (
          <SignIn onFirstDay={nothing} state={{ ...typed, begin: async () => ways.go({ at: "second-step" }) }} />
        )}
        {at === "second-step" && <SecondStep state={typed} />}
      </div>
    </Frame>
  );
};
if (show === "shell") watchLeaving(leaving);

render(
  show === "shell" ? (
    <Shell />
  ) : (
    <Frame
      kept={kept}
      places={AT_WORK.has(show) ? places : []}
      at={DESK.includes(show) ? "inbox" : "me"}
      onGo={nothing}
      onBack={show === "parts" || show.includes("doors") || show.startsWith("unlock") ? null : nothing}
      onLeave={nothing}
      clockOff={0}
      isPractice={AT_WORK.has(show)}
      release={show === "release" ? "ready" : "none"}
      onRelease={nothing}
      line={AT_WORK.has(show) ? { live: show !== "offline", at: NOW } : null}
      evidence={null}
      problem={show === "offline" ? { kind: "refused", code: "key_mismatch", fields: {} } : null}
    >
      <div class={DESK.includes(show) ? "screen wide" : "screen"}>{(shows[show] ?? shows.parts!)()}</div>
    </Frame>
  ),
  document.getElementById("app")!,
);
document.documentElement.dataset.shows = Object.keys(shows).join(" ");
