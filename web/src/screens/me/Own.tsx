import { useLayoutEffect, useState } from "preact/hooks";
import { Band } from "../../parts/Band.tsx";
import { Button } from "../../parts/Button.tsx";
import { ErrorSummary } from "../../parts/ErrorSummary.tsx";
import { Field } from "../../parts/Field.tsx";
import { Heading } from "../../parts/Heading.tsx";
import { words } from "../../words/current.ts";
import type { PlainKey } from "../../words/mn.ts";
import type { Me, Vault } from "../../worker/api.ts";
import { faultAt, worded } from "../fault.ts";
import { Authenticator, Kit, Passphrase } from "./Account.tsx";
import { Device, Sessions } from "./Device.tsx";
import { Notifications } from "./Notifications.tsx";
import { NewPasskey, Passkeys, RemovePasskey } from "./Passkeys.tsx";
import type { OwnPage } from "./pages.ts";
import { type OwnState, ownState } from "./state.ts";

/** What every page about the own account has. finish: back to a list, and what is said there. */
export interface OwnProps {
  readonly state: OwnState;
  readonly id: string | null;
  readonly go: (page: OwnPage, id?: string | null) => void;
  readonly finish: (page: OwnPage, done: PlainKey) => void;
  readonly back: () => void;
  readonly forget: () => Promise<void>;
}

interface OwnPlaceProps {
  readonly vault: Vault;
  readonly me: Me;
  readonly page: OwnPage;
  readonly id: string | null;
  readonly onGo: (page: OwnPage, id: string | null) => void;
  readonly onFinish: (page: OwnPage) => void;
  readonly onBack: () => void;
  readonly onForget: () => Promise<void>;
}

const PAGES = {
  sessions: Sessions,
  passphrase: Passphrase,
  kit: Kit,
  authenticator: Authenticator,
  passkeys: Passkeys,
  "new-passkey": NewPasskey,
  "remove-passkey": RemovePasskey,
  notifications: Notifications,
  device: Device,
} as const satisfies Record<OwnPage, unknown>;

/** The own account, a page at a time. */
export const Own = ({ vault, me, page, id, onGo, onFinish, onBack, onForget }: OwnPlaceProps) => {
  const [state] = useState(() => ownState(vault, me.login, () => words.value.language));
  const { doing } = state;
  useLayoutEffect(() => {
    state.wipe();
    return state.wipe;
  }, [state, page]);
  const Page = PAGES[page];
  return (
    <div class="stack">
      <div role="status" class="wide">
        {doing.done.value && <Band tone="done">{words.value(doing.done.value)}</Band>}
      </div>
      <div class="stack wide" key={`${page} ${id}`}>
        <Page
          state={state}
          id={id}
          go={(to, of = null) => {
            doing.say(null);
            onGo(to, of);
          }}
          finish={(to, done) => {
            onFinish(to);
            doing.say(done);
          }}
          back={onBack}
          forget={onForget}
        />
      </div>
    </div>
  );
};

export const Top = ({ state, title }: { readonly state: OwnState; readonly title: string }) => {
  const faults = state.doing.faults.value;
  return (
    <>
      <Heading>{title}</Heading>
      <ErrorSummary of={state.doing.faults} errors={worded(words.value, faults)} />
    </>
  );
};

/** Of whoever changes how the account is signed in to. */
export const PresentPassphrase = ({ state }: { readonly state: OwnState }) => {
  const said = words.value;
  return (
    <Field
      id="passphrase"
      kind="passphrase"
      label={said("own.passphrase.present")}
      value={state.passphrase}
      fills="current-password"
      error={faultAt(said, state.doing.faults.value, "passphrase")}
    />
  );
};

interface DoProps {
  readonly state: OwnState;
  readonly word: PlainKey;
  readonly back: () => void;
  readonly grave?: boolean;
}

/** The button of the form, and the way out of it. */
export const Do = ({ state, word, back, grave = false }: DoProps) => {
  const said = words.value;
  const isBusy = state.doing.busy.value;
  return (
    <>
      <div class="buttons">
        <Button look={grave ? "grave" : "main"} busy={isBusy}>
          {said(word)}
        </Button>
        <Button onPress={back}>{said("app.cancel")}</Button>
      </div>
      <div role="status">{isBusy && said("sign_in.opening")}</div>
    </>
  );
};

export const sends = (act: () => Promise<void>) => (event: Event) => {
  event.preventDefault();
  void act();
};
