import { useEffect } from "preact/hooks";
import { Band } from "../../parts/Band.tsx";
import { Button } from "../../parts/Button.tsx";
import { Choice, Several } from "../../parts/Choice.tsx";
import { Field } from "../../parts/Field.tsx";
import { Waiting } from "../../parts/Waiting.tsx";
import { words } from "../../words/current.ts";
import { codes, label } from "../../words/labels.ts";
import { faultAt } from "../fault.ts";
import { type OwnProps, sends, Top } from "./parts.tsx";

const HOURS = ["8", "12", "17"];

/** By e-mail: of what, when. What is immediate waits for no hour. */
export const Notifications = (props: OwnProps) => {
  const { state } = props;
  const said = words.value;
  const told = state.told.value;
  useEffect(() => void state.loadTold(), [state]);
  return (
    <>
      <Top state={state} title={said("own.notifications")} />
      {told === null && state.doing.looking.value && <Waiting />}
      {told?.available === false && <p>{said("own.mail.none")}</p>}
      {told?.available && <Form {...props} />}
    </>
  );
};

const Form = ({ state }: OwnProps) => {
  const said = words.value;
  const faults = state.doing.faults.value;
  const told = state.told.value;
  const save = async () => {
    if (await state.saveTold()) state.doing.say("own.mail.saved");
  };
  const hours = [...new Set([...HOURS, ...(state.digest.value === "" ? [] : [state.digest.value])])];
  return (
    <>
      {told !== null && told.address !== "" && <Address {...{ state }} />}
      <form class="stack wide" noValidate onSubmit={sends(save)}>
        <p>{said("own.mail.about")}</p>
        <p class="own-sample">
          <span class="hint">{said("own.mail.sample")}</span>
          <strong>{said("own.mail.subject")}</strong>
        </p>
        <Field
          id="address"
          label={said("own.mail.address")}
          hint={said("own.mail.address.hint")}
          value={state.address}
          error={faultAt(said, faults, "address")}
        />
        <Choice
          id="mail-language"
          legend={said("app.language")}
          value={state.language}
          options={(["mn", "en"] as const).map((value) => ({ value, label: said(`app.${value}`) }))}
        />
        <Several
          id="urgencies"
          legend={said("own.mail.urgencies")}
          value={state.urgencies}
          options={codes("urgency").map((value) => ({ value, label: label(said.language, "urgency", value) }))}
        />
        <Choice
          id="mail-hours"
          legend={said("own.mail.hours")}
          hint={said("own.mail.immediate")}
          value={state.hours}
          options={[
            { value: "any", label: said("own.mail.hours.any") },
            { value: "working", label: said("own.mail.hours.working") },
          ]}
        />
        <Choice
          id="mail-digest"
          legend={said("own.mail.digest")}
          value={state.digest}
          options={[
            { value: "", label: said("own.mail.digest.none") },
            ...hours.map((value) => ({
              value,
              label: said("own.mail.digest.at", { time: `${value.padStart(2, "0")}:00` }),
            })),
          ]}
        />
        <Button look="main" busy={state.doing.busy.value}>
          {said("own.save")}
        </Button>
      </form>
    </>
  );
};

/** An address counts once the code that was sent there was typed back in. */
const Address = ({ state }: Pick<OwnProps, "state">) => {
  const said = words.value;
  const told = state.told.value;
  if (told === null) return null;
  if (told.refused) return <Band tone="late">{said("own.mail.refused")}</Band>;
  if (told.confirmed) return <Band tone="done">{said("own.mail.confirmed")}</Band>;
  const confirm = async () => {
    if (await state.confirmAddress()) state.doing.say("own.mail.confirmed");
  };
  return (
    <form class="stack wide" noValidate onSubmit={sends(confirm)}>
      <Field
        id="code"
        kind="groups"
        label={said("own.mail.code")}
        hint={said("own.mail.code.hint")}
        value={state.code}
        fills="one-time-code"
        error={faultAt(said, state.doing.faults.value, "code")}
      />
      <Button busy={state.doing.busy.value}>{said("own.mail.confirm")}</Button>
    </form>
  );
};
