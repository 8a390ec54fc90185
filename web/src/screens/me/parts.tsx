import { Button } from "../../parts/Button.tsx";
import { ErrorSummary } from "../../parts/ErrorSummary.tsx";
import { Field } from "../../parts/Field.tsx";
import { Heading } from "../../parts/Heading.tsx";
import { words } from "../../words/current.ts";
import type { PlainKey } from "../../words/mn.ts";
import { faultAt, worded } from "../fault.ts";
import type { OwnPage } from "./pages.ts";
import type { OwnState } from "./state.ts";

/** What every page about the own account has. finish: back to a list, and what is said there. */
export interface OwnProps {
  readonly state: OwnState;
  readonly id: string | null;
  readonly go: (page: OwnPage, id?: string | null) => void;
  readonly finish: (page: OwnPage, done: PlainKey) => void;
  readonly back: () => void;
  readonly forget: () => Promise<void>;
}

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
