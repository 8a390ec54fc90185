import { useState } from "preact/hooks";
import { Band } from "../../parts/Band.tsx";
import { Button } from "../../parts/Button.tsx";
import { ErrorSummary } from "../../parts/ErrorSummary.tsx";
import { Field } from "../../parts/Field.tsx";
import { Heading } from "../../parts/Heading.tsx";
import { words } from "../../words/current.ts";
import { labels } from "../../words/labels.ts";
import { plain } from "../../words/words.ts";
import { faultAt, worded } from "../fault.ts";
import { AuthenticatorSecret } from "./AuthenticatorSecret.tsx";
import { KitPaper } from "./KitPaper.tsx";
import { NewPassphrase } from "./NewPassphrase.tsx";
import { type FirstDayState, firstDayState, type JoinStep, type Ways } from "./state.ts";

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
      <ErrorSummary of={state.faults} errors={worded(words.value, faults)} />
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
      <NewPassphrase state={state} error={faultAt(said, faults, "new-passphrase")} />
      <Continue state={state} />
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
      {shown && <AuthenticatorSecret {...shown} />}
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
      <KitPaper login={state.login.value.trim()} fingerprint={invited?.fingerprint ?? ""} codes={state.codes.value} />
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
