import { useEffect } from "preact/hooks";
import { Button } from "../../parts/Button.tsx";
import { Field } from "../../parts/Field.tsx";
import { words } from "../../words/current.ts";
import { faultAt } from "../fault.ts";
import { AuthenticatorSecret } from "../first-day/AuthenticatorSecret.tsx";
import { KitPaper } from "../first-day/KitPaper.tsx";
import { NewPassphrase } from "../first-day/NewPassphrase.tsx";
import { Do, type OwnProps, PresentPassphrase, sends, Top } from "./parts.tsx";

/** What it does to other devices and to passkeys is said first. */
export const Passphrase = ({ state, finish, back }: OwnProps) => {
  const said = words.value;
  const change = async () => {
    if (await state.changePassphrase()) finish("sessions", "own.passphrase.done");
  };
  return (
    <form class="stack" noValidate onSubmit={sends(change)}>
      <Top state={state} title={said("own.passphrase")} />
      <p>{said("own.passphrase.about")}</p>
      <PresentPassphrase state={state} />
      <NewPassphrase state={state.next} error={faultAt(said, state.doing.faults.value, "new-passphrase")} />
      <Do state={state} word="own.passphrase.do" back={back} />
    </form>
  );
};

export const Kit = ({ state, back }: OwnProps) => {
  const said = words.value;
  const kit = state.kit.value;
  if (kit !== null) {
    return (
      <div class="stack">
        <Top state={state} title={said("join.kit.title")} />
        <p>{said("join.kit")}</p>
        <KitPaper login={state.login} {...kit} />
        <div class="buttons">
          <Button look="main" icon="print" onPress={() => print()}>
            {said("join.kit.print")}
          </Button>
          <Button
            onPress={() => {
              state.forgetKit();
              back();
            }}
          >
            {said("own.kit.have")}
          </Button>
        </div>
      </div>
    );
  }
  const make = async () => {
    await state.newKit();
  };
  return (
    <form class="stack" noValidate onSubmit={sends(make)}>
      <Top state={state} title={said("own.kit")} />
      <p>{said("own.kit.about")}</p>
      <PresentPassphrase state={state} />
      <Do state={state} word="own.kit.do" back={back} />
    </form>
  );
};

export const Authenticator = ({ state, finish, back }: OwnProps) => {
  const said = words.value;
  const shown = state.authenticator.value;
  useEffect(() => void state.beginAuthenticator(), [state]);
  const change = async () => {
    if (await state.changeAuthenticator()) finish("sessions", "own.authenticator.done");
  };
  return (
    <form class="stack" noValidate onSubmit={sends(change)}>
      <Top state={state} title={said("own.authenticator")} />
      <p>{said("own.authenticator.about")}</p>
      {shown && <AuthenticatorSecret {...shown} />}
      <Field
        id="digits"
        kind="digits"
        label={said("sign_in.digits")}
        hint={said("join.authenticator.digits")}
        value={state.digits}
        fills="one-time-code"
        error={faultAt(said, state.doing.faults.value, "digits")}
      />
      <PresentPassphrase state={state} />
      <Do state={state} word="own.authenticator.do" back={back} />
    </form>
  );
};
