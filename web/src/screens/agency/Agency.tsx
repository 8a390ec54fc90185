import { useEffect } from "preact/hooks";
import type { AgencyPage } from "../../app/screens.ts";
import { Band } from "../../parts/Band.tsx";
import type { HubTime } from "../../parts/hub-time.ts";
import { Tabs } from "../../parts/Tabs.tsx";
import { words } from "../../words/current.ts";
import type { Me } from "../../worker/api.ts";
import { ClientKeys, Clients, NewClient, NewToken, Token } from "./Clients.tsx";
import { ChangeKey, Keys, Strange } from "./Keys.tsx";
import { Compare, End, Invite, Members, Paper, Roles } from "./Members.tsx";
import type { Ways } from "./parts.tsx";
import { ContactForm, EndService, ServiceForm } from "./ServiceForm.tsx";
import { Services } from "./Services.tsx";
import { type AgencyState, agencyState, type HeldAgency } from "./state.ts";
import "./agency.css";

interface AgencyProps {
  readonly held: HeldAgency;
  readonly me: Me;
  readonly time: HubTime;
  readonly page: AgencyPage;
  readonly id: string | null;
  readonly onGo: (page: AgencyPage, id: string | null) => void;
  readonly onReset: (page: AgencyPage) => void;
  readonly onBack: () => void;
}

const TABS = ["members", "keys", "services", "clients"] as const;

const PAGES = {
  members: Members,
  invite: Invite,
  paper: Paper,
  compare: Compare,
  roles: Roles,
  end: End,
  keys: Keys,
  "change-key": ChangeKey,
  services: Services,
  service: ServiceForm,
  "end-service": EndService,
  contact: ContactForm,
  clients: Clients,
  "new-client": NewClient,
  "client-keys": ClientKeys,
  "new-token": NewToken,
  token: Token,
} as const satisfies Record<AgencyPage, unknown>;

/** The administrator's place. A page at a time; the four lists are one touch from each other. */
export const Agency = ({ held, me, time, page, id, onGo, onReset, onBack }: AgencyProps) => {
  const said = words.value;
  const state = stateOf(held, me);
  const { doing, keys } = state;
  useEffect(() => {
    if (keys.key.value === null) void keys.load();
  }, [keys]);
  useEffect(() => doing.fail([]), [doing, page, id]);
  const ways: Ways = {
    go: (to, of = null) => {
      doing.fail([]);
      doing.say(null);
      onGo(to, of);
    },
    finish: (to, done) => {
      onReset(to);
      doing.say(done ?? null);
    },
    back: onBack,
  };
  const Page = PAGES[page];
  const isList = TABS.some((tab) => tab === page);
  return (
    <div class="agency stack">
      <Strange state={state} />
      {isList && (
        <Tabs
          label={said("agency.parts")}
          pages={TABS}
          at={page}
          nameOf={(tab) => said(`agency.${tab}`)}
          onGo={(tab) => ways.finish(tab)}
        />
      )}
      <div role="status">{doing.done.value && <Band tone="done">{said(doing.done.value)}</Band>}</div>
      <div class="stack wide" key={`${page} ${id}`}>
        <Page state={state} me={me} time={time} ways={ways} id={id} />
      </div>
    </div>
  );
};

/** What was typed is there again after unlocking, for the same member alone. */
const stateOf = (held: HeldAgency, me: Me): AgencyState => {
  if (held.now?.of !== me.login) held.now = { of: me.login, state: agencyState(held.vault) };
  return held.now.state;
};
