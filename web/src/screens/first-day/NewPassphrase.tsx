import type { ReadonlySignal, Signal } from "@preact/signals";
import { Button } from "../../parts/Button.tsx";
import { Field } from "../../parts/Field.tsx";
import { words } from "../../words/current.ts";
import "./first-day.css";

interface NewPassphraseProps {
  readonly state: {
    readonly offered: ReadonlySignal<string>;
    readonly isOwn: Signal<boolean>;
    readonly passphrase: Signal<string>;
    readonly another: () => void;
  };
  readonly error: string | null;
}

/** One that is offered, typed once more; or one of her own. */
export const NewPassphrase = ({ state, error }: NewPassphraseProps) => {
  const said = words.value;
  const isOwn = state.isOwn.value;
  const change = () => {
    state.isOwn.value = !isOwn;
    state.another();
  };
  return (
    <div class="stack wide">
      {!isOwn && (
        <div class="stack">
          <p>{said("join.passphrase.offered")}</p>
          <p class="offered">{state.offered.value}</p>
          <Button onPress={state.another}>{said("join.passphrase.another")}</Button>
        </div>
      )}
      <Field
        id="new-passphrase"
        kind="passphrase"
        label={said(isOwn ? "join.passphrase.own" : "join.passphrase.type")}
        hint={said(isOwn ? "join.passphrase.own.hint" : "join.passphrase.type.hint")}
        value={state.passphrase}
        fills="new-password"
        error={error}
      />
      <Button look="quiet" onPress={change}>
        {said(isOwn ? "join.passphrase.offer" : "join.passphrase.mine")}
      </Button>
    </div>
  );
};
