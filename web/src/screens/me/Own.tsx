import { useLayoutEffect, useState } from "preact/hooks";
import { Band } from "../../parts/Band.tsx";
import { words } from "../../words/current.ts";
import type { Me, Vault } from "../../worker/api.ts";
import { Authenticator, Kit, Passphrase } from "./Account.tsx";
import { Device, Sessions } from "./Device.tsx";
import { Notifications } from "./Notifications.tsx";
import { NewPasskey, Passkeys, RemovePasskey } from "./Passkeys.tsx";
import type { OwnPage } from "./pages.ts";
import { ownState } from "./state.ts";

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
