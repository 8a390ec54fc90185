import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { Band } from "../../parts/Band.tsx";
import { Button } from "../../parts/Button.tsx";
import { ErrorSummary } from "../../parts/ErrorSummary.tsx";
import { Field } from "../../parts/Field.tsx";
import { Heading } from "../../parts/Heading.tsx";
import { words } from "../../words/current.ts";
import { labels } from "../../words/labels.ts";
import { plain } from "../../words/words.ts";
import { faultAt, worded } from "../fault.ts";
import { type FirstDayState, firstDayState, type JoinStep, type Ways } from "./state.ts";
import "./first-day.css";

interface FirstDayProps {
  readonly vault: Parameters<typeof firstDayState>[0];
  readonly ways: Ways;
  readonly step: JoinStep;
  /** From a link, once. */
  readonly paper: { readonly code: string; readonly fingerprint: string } | null;
}

/** From the paper to the kit, one question a screen. What was typed goes with the page: nothing is made before the end. */
export const FirstDay = ({ vault, ways, step, paper }: FirstDayProps) => {
  const [state] = useState(() => firstDayState(vault, ways, () => words.value.language, paper));
  // After a reload in the midst of it nothing of it is there: it begins with the paper.
  const at = state.invited.value === null ? "paper" : step;
  const Shown = STEPS[at];
  return <Shown key={at} state={state} />;
};

interface StepProps {
  readonly state: FirstDayState;
}

const sends = (act: () => void) => (event: Event) => {
  event.preventDefault();
  act();
};

const Top = ({ state, title }: StepProps & { readonly title: string }) => {
  const faults = state.faults.value;
  return (
    <>
      <Heading>{title}</Heading>
      <ErrorSummary of={faults} errors={worded(words.value, faults)} />
    </>
  );
};

const Continue = ({ state }: StepProps) => (
  <>
    <Button look="main" busy={state.busy.value}>
      {words.value("sign_in.continue")}
    </Button>
    <div role="status" class="wide">
      {state.busy.value && (
        <Band tone="note" icon="clock">
          {words.value("sign_in.opening")}
        </Band>
      )}
    </div>
  </>
);

const Paper = ({ state }: StepProps) => {
  const said = words.value;
  const faults = state.faults.value;
  return (
    <form class="stack" noValidate onSubmit={sends(() => void state.take())}>
      <Top state={state} title={said("join.paper.title")} />
      <p>{said("join.paper")}</p>
      <Field
        id="code"
        label={said("join.code")}
        hint={said("join.code.hint")}
        value={state.code}
        error={faultAt(said, faults, "code")}
      />
      <Field
        id="fingerprint"
        kind="lines"
        label={said("sign_in.fingerprint")}
        hint={said("sign_in.fingerprint.hint")}
        value={state.fingerprint}
        error={faultAt(said, faults, "fingerprint")}
      />
      <Continue state={state} />
    </form>
  );
};

const Passphrase = ({ state }: StepProps) => {
  const said = words.value;
  const faults = state.faults.value;
  const invited = state.invited.value;
  const isOwn = state.isOwn.value;
  const change = (own: boolean) => {
    state.isOwn.value = own;
    state.another();
  };
  return (
    <form class="stack" noValidate onSubmit={sends(() => void state.choose())}>
      <Top state={state} title={said("join.passphrase.title")} />
      {invited && (
        <p>
          {said("join.invited", { name: plain(invited.names[said.language]), agency: plain(invited.agency) })}{" "}
          {labels(said.language, "roles", invited.roles)}
        </p>
      )}
      <Field
        id="login"
        label={said("sign_in.login")}
        hint={said("join.login.hint")}
        value={state.login}
        fills="username"
        error={faultAt(said, faults, "login")}
      />
      {!isOwn && (
        <div class="stack">
          <p>{said("join.passphrase.offered")}</p>
          <p class="offered">{state.offered.value}</p>
          <Button onPress={state.another}>{said("join.passphrase.another")}</Button>
        </div>
      )}
      <Field
        id="passphrase"
        kind="passphrase"
        label={said(isOwn ? "join.passphrase.own" : "join.passphrase.type")}
        hint={said(isOwn ? "join.passphrase.own.hint" : "join.passphrase.type.hint")}
        value={state.passphrase}
        fills="new-password"
        error={faultAt(said, faults, "passphrase")}
      />
      <Continue state={state} />
      <Button look="quiet" onPress={() => change(!isOwn)}>
        {said(isOwn ? "join.passphrase.offer" : "join.passphrase.mine")}
      </Button>
    </form>
  );
};

const Authenticator = ({ state }: StepProps) => {
  const said = words.value;
  const faults = state.faults.value;
  const shown = state.authenticator.value;
  return (
    <form class="stack" noValidate onSubmit={sends(() => void state.enrol())}>
      <Top state={state} title={said("join.authenticator.title")} />
      <p>{said("join.authenticator")}</p>
      {shown && <Qr text={shown.uri} label={said("join.authenticator.qr")} />}
      <p>{said("join.authenticator.typed")}</p>
      {shown && <p class="offered">{inFours(shown.secret)}</p>}
      <Field
        id="digits"
        kind="digits"
        label={said("sign_in.digits")}
        hint={said("join.authenticator.digits")}
        value={state.digits}
        fills="one-time-code"
        error={faultAt(said, faults, "digits")}
      />
      <Continue state={state} />
    </form>
  );
};

const Kit = ({ state }: StepProps) => {
  const said = words.value;
  const faults = state.faults.value;
  const invited = state.invited.value;
  return (
    <form class="stack" noValidate onSubmit={sends(state.printed)}>
      <Top state={state} title={said("join.kit.title")} />
      <p>{said("join.kit")}</p>
      <section class="kit" aria-labelledby="kit-name">
        <h2 id="kit-name">{said("join.kit.paper")}</h2>
        <dl>
          <dt>{said("join.kit.hub")}</dt>
          <dd>{location.host}</dd>
          <dt>{said("sign_in.login")}</dt>
          <dd>{plain(state.login.value.trim())}</dd>
          <dt>{said("sign_in.fingerprint")}</dt>
          <dd class="groups">{invited?.fingerprint}</dd>
          <dt>{said("join.kit.codes")}</dt>
          <dd>
            <ol>
              {state.codes.value.map((code) => (
                <li key={code} class="groups">
                  {code}
                </li>
              ))}
            </ol>
          </dd>
        </dl>
        <p>{said("join.kit.keep")}</p>
      </section>
      <div>
        <Button onPress={() => print()}>{said("join.kit.print")}</Button>
      </div>
      <p>{said("join.kit.type")}</p>
      {state.asked.value.map((one, place) => (
        <div class="wide" key={place}>
          <Field
            id={`typed-${place}`}
            label={said("join.kit.group", { code: one.code + 1, group: one.group + 1 })}
            value={state.typed[place]!}
            error={faultAt(said, faults, `typed-${place}`)}
          />
        </div>
      ))}
      <div>
        <Button look="main">{said("sign_in.continue")}</Button>
      </div>
    </form>
  );
};

const STEPS = { paper: Paper, passphrase: Passphrase, authenticator: Authenticator, kit: Kit } as const;

const inFours = (text: string): string => text.match(/.{1,4}/g)?.join(" ") ?? "";

/** What an authenticator scans, dark on light in both themes. The drawer is fetched with it; the text stands beside it. */
const Qr = ({ text, label }: { readonly text: string; readonly label: string }) => {
  const [drawn] = useState(() => signal<{ readonly size: number; readonly path: string } | null>(null));
  useEffect(() => {
    import("uqr").then(
      ({ encode }) => {
        const { data, size } = encode(text, { border: 4 });
        const squares = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])));
        drawn.value = { size, path: squares.join("") };
      },
      () => {}, // the line: what is typed does as well
    );
  }, [text, drawn]);
  if (drawn.value === null) return null;
  const { size, path } = drawn.value;
  return (
    <svg class="qr" role="img" aria-label={label} viewBox={`0 0 ${size} ${size}`}>
      <rect width={size} height={size} fill="#ffffff" />
      <path d={path} fill="#000000" />
    </svg>
  );
};
