import type { Sessions } from "../../app/session.ts";
import { hasPasskeys } from "../../device/passkey.ts";
import { Button } from "../../parts/Button.tsx";
import { Choice } from "../../parts/Choice.tsx";
import { ErrorSummary } from "../../parts/ErrorSummary.tsx";
import { Field } from "../../parts/Field.tsx";
import { Heading } from "../../parts/Heading.tsx";
import { words } from "../../words/current.ts";
import { plain } from "../../words/words.ts";
import type { Known } from "../../worker/api.ts";
import { faultAt, worded } from "../fault.ts";
import type { UnlockState } from "./state.ts";

interface UnlockProps {
  readonly state: UnlockState;
  readonly session: Sessions;
  readonly known: readonly Known[];
  /** The hub has ended the session. */
  readonly ended: boolean;
}

/** Over the work, which waits behind it: nothing of it is in the document. */
export const Unlock = (props: UnlockProps) => {
  const { isForgetting, isSecond } = props.state;
  if (isForgetting.value) return <Forget state={props.state} />;
  return props.ended && isSecond.value ? <Second state={props.state} /> : <Ask {...props} />;
};

const Second = ({ state }: { readonly state: UnlockState }) => {
  const said = words.value;
  const faults = state.faults.value;
  return (
    <form
      class="stack"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void state.signIn();
      }}
    >
      <Heading>{said("sign_in.second")}</Heading>
      <ErrorSummary of={state.faults} errors={worded(said, faults)} />
      <Field
        id="second"
        label={said("ended.second")}
        hint={said("ended.second.hint")}
        value={state.second}
        fills="one-time-code"
        error={faultAt(said, faults, "second")}
      />
      <Button look="main" icon="lock" busy={state.busy.value}>
        {said("unlock.do")}
      </Button>
      {hasPasskeys() && (
        <Button icon="key" busy={state.busy.value} onPress={() => void state.signInByPasskey()}>
          {said("sign_in.passkey")}
        </Button>
      )}
      <div role="status">{state.busy.value && said("sign_in.opening")}</div>
    </form>
  );
};

const Ask = ({ state, session, known, ended }: UnlockProps) => {
  const said = words.value;
  const faults = state.faults.value;
  const [only] = known;
  return (
    <form
      class="stack"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void state.unlock();
      }}
    >
      <Heading>{said(ended ? "ended.title" : "unlock.title")}</Heading>
      <ErrorSummary of={state.faults} errors={worded(said, faults)} />
      <p>{said(ended ? "ended.why" : "unlock.kept")}</p>
      {known.length > 1 ? (
        <Choice
          id="who"
          legend={said("unlock.who")}
          value={state.login}
          options={known.map((one) => ({ value: one.login, label: one.login }))}
          error={faultAt(said, faults, "who")}
        />
      ) : (
        <p>
          {said("sign_in.login")}: <strong>{plain(only?.login ?? "")}</strong>
        </p>
      )}
      <Field
        id="passphrase"
        kind="passphrase"
        label={said("sign_in.passphrase")}
        value={state.passphrase}
        fills="current-password"
        error={faultAt(said, faults, "passphrase")}
      />
      <Button look="main" icon="lock" busy={state.busy.value}>
        {said(ended ? "sign_in.continue" : "unlock.do")}
      </Button>
      <div role="status">{state.busy.value && said("sign_in.opening")}</div>
      <div class="buttons">
        {!ended && known.some(({ passkeys }) => passkeys.length > 0) && hasPasskeys() && (
          <Button icon="key" busy={state.busy.value} onPress={() => void state.unlockByPasskey()}>
            {said("unlock.passkey")}
          </Button>
        )}
        <Button look="quiet" onPress={session.other}>
          {said("unlock.other")}
        </Button>
        <Button
          look="quiet"
          onPress={() => {
            state.isForgetting.value = true;
          }}
        >
          {said("unlock.forget")}
        </Button>
      </div>
    </form>
  );
};

const Forget = ({ state }: { readonly state: UnlockState }) => {
  const said = words.value;
  return (
    <div class="stack">
      <Heading>{said("unlock.forget")}</Heading>
      <ErrorSummary of={state.faults} errors={worded(said, state.faults.value)} />
      <p>{said("unlock.forget.sure")}</p>
      <div class="buttons">
        <Button look="grave" busy={state.busy.value} onPress={() => void state.forget()}>
          {said("unlock.forget")}
        </Button>
        <Button
          onPress={() => {
            state.isForgetting.value = false;
          }}
        >
          {said("app.cancel")}
        </Button>
      </div>
    </div>
  );
};
