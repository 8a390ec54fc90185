import { useEffect } from "preact/hooks";
import { Button } from "../../parts/Button.tsx";
import { Several } from "../../parts/Choice.tsx";
import { Field } from "../../parts/Field.tsx";
import { Heading } from "../../parts/Heading.tsx";
import { Waiting } from "../../parts/Waiting.tsx";
import { words } from "../../words/current.ts";
import { day, dayOfYear } from "../../words/dates.ts";
import { plain } from "../../words/words.ts";
import type { ApiClient, ClientToken } from "../../worker/agency-api.ts";
import { faultAt } from "../fault.ts";
import { SCOPES } from "./clients-state.ts";
import { Cancel, Faults, NameFields, nameIn, type PageProps } from "./parts.tsx";

/** Partner systems: each a member without a person, with keys of its own and tokens that run out. */
export const Clients = ({ state, me, ways }: PageProps) => {
  const said = words.value;
  const { clients } = state;
  const found = clients.clients.value;
  useEffect(() => void clients.load(), [clients]);
  return (
    <>
      <Heading>{said("agency.clients")}</Heading>
      <Faults state={state} />
      {found === null && state.doing.looking.value && <Waiting />}
      {found?.clients.length === 0 && <p>{said("agency.clients.none")}</p>}
      {found !== null && found.clients.length > 0 && (
        <ul class="cards" aria-label={said("agency.clients")}>
          {found.clients.map((one) => (
            <Client key={one.id} one={one} state={state} ways={ways} />
          ))}
        </ul>
      )}
      <Button
        look="main"
        icon="plus"
        onPress={() => {
          clients.beginAdding(me.agency.id);
          ways.go("new-client");
        }}
      >
        {said("agency.client.add")}
      </Button>
    </>
  );
};

type Row = Pick<PageProps, "state" | "ways">;

const Client = ({ one, state, ways }: Row & { readonly one: ApiClient }) => {
  const said = words.value;
  const about = `client-${one.id}`;
  return (
    <li class="card">
      <h2 id={about}>{nameIn(one.names)}</h2>
      <p class="hint">{plain(one.handle)}</p>
      {one.unfetched && (
        <>
          <p>{said("agency.client.unfetched")}</p>
          <Button look="main" icon="key" describedBy={about} onPress={() => ways.go("client-keys", one.id)}>
            {said("agency.client.fetch")}
          </Button>
        </>
      )}
      {one.tokens.length === 0 && <p>{said("agency.tokens.none")}</p>}
      {one.tokens.length > 0 && (
        <ul class="tokens">
          {one.tokens.map((token) => (
            <TokenRow key={token.id} token={token} state={state} ways={ways} />
          ))}
        </ul>
      )}
      <div class="buttons">
        <Button
          describedBy={about}
          onPress={() => {
            state.clients.beginToken();
            ways.go("new-token", one.id);
          }}
        >
          {said(one.tokens.length === 0 ? "agency.token.make" : "agency.token.next")}
        </Button>
        <Button look="quiet" describedBy={about} onPress={() => ways.go("end", one.id)}>
          {said("agency.client.end")}
        </Button>
      </div>
    </li>
  );
};

const TokenRow = ({ token, state }: Row & { readonly token: ClientToken }) => {
  const said = words.value;
  return (
    <li>
      <p>
        <strong>{plain(token.name)}</strong> ·{" "}
        {token.scopes.map((one) => said(`agency.scope.${one as Scope}`)).join(", ")}
      </p>
      <p class="hint">
        {token.expiresAt !== null && said("agency.until", { at: day(said, Date.parse(token.expiresAt)) })} ·{" "}
        {said("agency.token.used", { day: dayOfYear(said, Date.parse(token.usedAt)) })}
      </p>
      <Button look="quiet" busy={state.doing.busy.value} onPress={() => void state.clients.revoke(token.id)}>
        {said("agency.token.revoke")}
        <span class="unseen"> {plain(token.name)}</span>
      </Button>
    </li>
  );
};

type Scope = (typeof SCOPES)[number];

export const NewClient = ({ state, ways }: PageProps) => {
  const said = words.value;
  const { clients, doing } = state;
  useEffect(() => {
    if (clients.clients.value === null) void clients.load();
  }, [clients]);
  return (
    <form
      class="stack"
      noValidate
      onSubmit={async (event) => {
        event.preventDefault();
        const id = await clients.add();
        if (id !== null) ways.go("client-keys", id);
      }}
    >
      <Heading>{said("agency.client.add")}</Heading>
      <Faults state={state} />
      <p>{said("agency.client.what")}</p>
      <NameFields state={state} of={clients} />
      <div class="buttons">
        <Button look="main" busy={doing.busy.value}>
          {said("agency.client.add.do")}
        </Button>
        <Cancel ways={ways} />
      </div>
    </form>
  );
};

/** Its keys wait here, sealed, until somebody says that they are where they belong. */
export const ClientKeys = ({ state, ways, id }: PageProps) => {
  const said = words.value;
  const { clients, doing } = state;
  const keys = clients.keys.value;
  useEffect(() => () => clients.hideSecrets(), [clients]);
  return (
    <>
      <Heading>{said("agency.client.keys")}</Heading>
      <Faults state={state} />
      <p>{said("agency.client.keys.how")}</p>
      {keys === null ? (
        <Button look="main" icon="show" busy={doing.busy.value} onPress={() => void clients.showKeys(id ?? "")}>
          {said("agency.client.keys.show")}
        </Button>
      ) : (
        <>
          <Secret id="client-keys" label={said("agency.client.keys")} text={keys} />
          <div class="buttons">
            <Copy text={keys} />
            <Button
              busy={doing.busy.value}
              onPress={async () => {
                if (await clients.dropKeys(id ?? "")) ways.finish("clients", "agency.client.keys.dropped");
              }}
            >
              {said("agency.client.keys.drop")}
            </Button>
          </div>
        </>
      )}
      <Button look="quiet" onPress={() => ways.finish("clients")}>
        {said("agency.to_clients")}
      </Button>
    </>
  );
};

export const NewToken = ({ state, ways, id }: PageProps) => {
  const said = words.value;
  const { clients, doing } = state;
  const error = (field: string) => faultAt(said, doing.faults.value, field);
  return (
    <form
      class="stack"
      noValidate
      onSubmit={async (event) => {
        event.preventDefault();
        if (await clients.issue(id ?? "")) ways.go("token", id);
      }}
    >
      <Heading>{said("agency.token.make")}</Heading>
      <Faults state={state} />
      <p>{said("agency.token.overlap")}</p>
      <Field
        id="token-name"
        label={said("agency.token.name")}
        hint={said("agency.token.name.hint")}
        value={clients.tokenName}
        maxLength={80}
        error={error("token-name")}
      />
      <Several
        id="token-scopes"
        legend={said("agency.token.scopes")}
        value={clients.scopes}
        options={SCOPES.map((value) => ({ value: value as string, label: said(`agency.scope.${value}`) }))}
        error={error("token-scopes")}
      />
      <Field
        id="token-days"
        kind="digits"
        label={said("agency.token.days")}
        hint={said("agency.token.days.hint")}
        value={clients.days}
        error={error("token-days")}
      />
      <div class="buttons">
        <Button look="main" busy={doing.busy.value}>
          {said("agency.token.make.do")}
        </Button>
        <Cancel ways={ways} />
      </div>
    </form>
  );
};

export const Token = ({ state, ways }: PageProps) => {
  const said = words.value;
  const token = state.clients.token.value;
  useEffect(() => () => state.clients.hideSecrets(), [state]);
  return (
    <>
      <Heading>{said("agency.token")}</Heading>
      {token === null ? (
        <p>{said("agency.token.gone")}</p>
      ) : (
        <>
          <p>{said("agency.token.once")}</p>
          <Secret id="token" label={said("agency.token")} text={token} />
          <Copy text={token} />
        </>
      )}
      <Button onPress={() => ways.finish("clients")}>{said("agency.to_clients")}</Button>
    </>
  );
};

/** Never to a spell-checker; chosen whole by a touch. */
const Secret = ({ id, label, text }: { readonly id: string; readonly label: string; readonly text: string }) => (
  <div class="field wide">
    <label htmlFor={id}>{label}</label>
    <textarea
      class="input secret"
      id={id}
      readOnly
      rows={text.length > 200 ? 11 : 2}
      spellcheck={false}
      autocomplete="off"
      value={text}
      onFocus={(event) => event.currentTarget.select()}
    />
  </div>
);

const Copy = ({ text }: { readonly text: string }) => (
  <Button look="main" onPress={() => void navigator.clipboard.writeText(text)}>
    {words.value("agency.copy")}
  </Button>
);
