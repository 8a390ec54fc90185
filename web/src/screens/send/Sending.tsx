import { Band } from "../../parts/Band.tsx";
import { Button } from "../../parts/Button.tsx";
import type { HubTime } from "../../parts/hub-time.ts";
import { Waiting } from "../../parts/Waiting.tsx";
import { words } from "../../words/current.ts";
import type { Me } from "../../worker/api.ts";
import type { SendEntry } from "./entry.ts";
import type { SendPage } from "./filled.ts";

interface SendingProps {
  readonly entry: SendEntry;
  readonly step: SendPage;
  readonly me: Me;
  readonly time: HubTime;
  readonly hasLeft: () => boolean;
  readonly onDone: () => void;
}

/** The screens of sending, which are fetched apart. */
export const Sending = ({ entry, ...props }: SendingProps) => {
  const said = words.value;
  const screens = entry.screens.value;
  if (screens !== null)
    return <screens.Send {...props} state={screens.state} drafts={entry.rows.value} onDraft={entry.open} />;
  if (!entry.isMissing.value) return <Waiting />;
  return (
    <div role="alert">
      <Band tone="late" action={<Button onPress={() => void entry.fetch()}>{said("app.retry")}</Button>}>
        {said("send.not_fetched")}
      </Band>
    </div>
  );
};
