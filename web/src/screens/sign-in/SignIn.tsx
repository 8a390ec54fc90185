import { useEffect } from "preact/hooks";
import { hasPasskeys } from "../../device/passkey.ts";
import { Band } from "../../parts/Band.tsx";
import { Button } from "../../parts/Button.tsx";
import { ErrorSummary } from "../../parts/ErrorSummary.tsx";
import { Field } from "../../parts/Field.tsx";
import { Heading } from "../../parts/Heading.tsx";
import { words } from "../../words/current.ts";
import { plain } from "../../words/words.ts";
import type { Names } from "../../worker/api.ts";
import { faultAt, worded } from "../fault.ts";
import type { SignInState } from "./state.ts";

/** A form does what its main button does, also on Enter; it never sends anything by itself. */
const sends = (act: () => Promise<void>) => (event: Event) => {
  event.preventDefault();
  void act();
};

interface SignInProps {
  readonly state: SignInState;
  readonly onFirstDay: () => void;
}

export const SignIn = ({ state, onFirstDay }: SignInProps) => {
  const said = words.value;
  const faults = state.faults.value;
  return (
    <form class="stack" noValidate onSubmit={sends(state.begin)}>
      <Heading>{said("sign_in.title")}</Heading>
      <ErrorSummary of={state.faults} errors={worded(said, faults)} />
      <Field
        id="login"
        label={said("sign_in.login")}
        value={state.login}
        fills="username"
        error={faultAt(said, faults, "login")}
      />
      <Field
        id="passphrase"
        kind="passphrase"
        label={said("sign_in.passphrase")}
        hint={said("sign_in.passphrase.hint")}
        value={state.passphrase}
        fills="current-password"
        error={faultAt(said, faults, "passphrase")}
      />
      <Continue state={state} />
      <Button look="quiet" onPress={onFirstDay}>
        {said("join.door")}
      </Button>
      <p class="hint">{said("sign_in.lost")}</p>
    </form>
  );
};

export const SecondStep = ({ state }: { readonly state: SignInState }) => {
  const said = words.value;
  const faults = state.faults.value;
  const byRecovery = state.byRecovery.value;
  return (
    <form class="stack" noValidate onSubmit={sends(state.finish)}>
      <Heading>{said("sign_in.second")}</Heading>
      <ErrorSummary of={state.faults} errors={worded(said, faults)} />
      {byRecovery ? (
        <Field
          key="recovery"
          id="recovery"
          label={said("sign_in.recovery")}
          hint={said("sign_in.recovery.hint")}
          value={state.recovery}
          error={faultAt(said, faults, "recovery")}
        />
      ) : (
        <Field
          key="digits"
          id="digits"
          kind="digits"
          label={said("sign_in.digits")}
          hint={said("sign_in.digits.hint")}
          value={state.digits}
          fills="one-time-code"
          error={faultAt(said, faults, "digits")}
        />
      )}
      <Continue state={state} />
      {hasPasskeys() && (
        <Button icon="key" busy={state.busy.value} onPress={() => void state.finishByPasskey()}>
          {said("sign_in.passkey")}
        </Button>
      )}
      <Button
        look="quiet"
        onPress={() => {
          state.byRecovery.value = !byRecovery;
        }}
      >
        {said(byRecovery ? "sign_in.use_digits" : "sign_in.use_recovery")}
      </Button>
    </form>
  );
};

export const Fingerprint = ({ state }: { readonly state: SignInState }) => {
  const said = words.value;
  const faults = state.faults.value;
  return (
    <form class="stack" noValidate onSubmit={sends(state.vouch)}>
      <Heading>{said("sign_in.fingerprint.title")}</Heading>
      <ErrorSummary of={state.faults} errors={worded(said, faults)} />
      <p>{said("sign_in.fingerprint.why")}</p>
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

interface WaitingForProps {
  readonly state: SignInState;
  readonly number: string;
  readonly administrators: readonly Names[];
}

export const WaitingForConfirmation = ({ state, number, administrators }: WaitingForProps) => {
  const said = words.value;
  const names = administrators.map((one) => plain(one[said.language])).join(" · ");
  const faults = state.faults.value;
  useEffect(state.watch, [state]);
  return (
    <div class="stack">
      <Heading>{said("sign_in.waiting.title")}</Heading>
      <ErrorSummary of={state.faults} errors={worded(said, faults)} />
      <p>{said("sign_in.waiting")}</p>
      <p class="number">{plain(number)}</p>
      {names && <p>{said("sign_in.waiting.who", { names })}</p>}
      <p>{said("join.waiting.turns")}</p>
      <Button look="main" busy={state.busy.value} onPress={() => void state.check()}>
        {said("sign_in.waiting.check")}
      </Button>
      <div role="status">{state.isStill.value && said("sign_in.waiting.still")}</div>
    </div>
  );
};

const Continue = ({ state }: { readonly state: SignInState }) => (
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
