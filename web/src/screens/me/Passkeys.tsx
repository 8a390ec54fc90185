import { useEffect } from "preact/hooks";
import { hasPasskeys } from "../../device/passkey.ts";
import { Button } from "../../parts/Button.tsx";
import { Field } from "../../parts/Field.tsx";
import { Waiting } from "../../parts/Waiting.tsx";
import { words } from "../../words/current.ts";
import { day } from "../../words/dates.ts";
import { plain } from "../../words/words.ts";
import { faultAt } from "../fault.ts";
import { Do, type OwnProps, PresentPassphrase, sends, Top } from "./parts.tsx";

export const Passkeys = ({ state, go }: OwnProps) => {
  const said = words.value;
  const found = state.passkeys.value;
  useEffect(() => void state.loadPasskeys(), [state]);
  return (
    <>
      <Top state={state} title={said("own.passkeys")} />
      <p>{said("own.passkeys.about")}</p>
      {found === null && state.doing.looking.value && <Waiting />}
      {found?.length === 0 && <p>{said("own.passkeys.none")}</p>}
      {found !== null && found.length > 0 && (
        <ul class="own-list" aria-label={said("own.passkeys")}>
          {found.map((one) => (
            <li key={one.id}>
              <p>
                <strong>{plain(one.name)}</strong> · {said(one.opens ? "own.passkey.opens" : "own.passkey.second")}
              </p>
              <p class="hint">
                {said("own.since", { day: day(said, Date.parse(one.createdAt)) })}
                {one.usedAt !== null && ` · ${said("own.used", { day: day(said, Date.parse(one.usedAt)) })}`}
              </p>
              <Button look="quiet" onPress={() => go("remove-passkey", one.id)}>
                {said("own.passkey.remove")}
                <span class="unseen"> {plain(one.name)}</span>
              </Button>
            </li>
          ))}
        </ul>
      )}
      {hasPasskeys() ? (
        <Button look="main" icon="plus" onPress={() => go("new-passkey")}>
          {said("own.passkey.add")}
        </Button>
      ) : (
        <p>{said("own.passkeys.cannot")}</p>
      )}
    </>
  );
};

export const NewPasskey = ({ state, finish, back }: OwnProps) => {
  const said = words.value;
  const add = async () => {
    if (await state.addPasskey()) finish("passkeys", "own.passkey.added");
  };
  return (
    <form class="stack" noValidate onSubmit={sends(add)}>
      <Top state={state} title={said("own.passkey.add")} />
      <Field
        id="name"
        label={said("own.passkey.name")}
        hint={said("own.passkey.name.hint")}
        value={state.name}
        maxLength={80}
        error={faultAt(said, state.doing.faults.value, "name")}
      />
      <PresentPassphrase state={state} />
      <Do state={state} word="own.passkey.add" back={back} />
    </form>
  );
};

export const RemovePasskey = ({ state, id, finish, back }: OwnProps) => {
  const said = words.value;
  const one = state.passkeys.value?.find((passkey) => passkey.id === id);
  useEffect(() => {
    if (state.passkeys.value === null) void state.loadPasskeys();
  }, [state]);
  const remove = async () => {
    if (id !== null && (await state.removePasskey(id))) finish("passkeys", "own.passkey.removed");
  };
  return (
    <form class="stack" noValidate onSubmit={sends(remove)}>
      <Top state={state} title={said("own.passkey.remove")} />
      {one !== undefined && (
        <p>
          <strong>{plain(one.name)}</strong>
        </p>
      )}
      <p>{said(one?.opens ? "own.passkey.remove.opens" : "own.passkey.remove.about")}</p>
      <PresentPassphrase state={state} />
      <Do state={state} word="own.passkey.remove" back={back} grave />
    </form>
  );
};
