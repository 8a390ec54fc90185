import { useEffect } from "preact/hooks";
import { Band } from "../../parts/Band.tsx";
import { Button } from "../../parts/Button.tsx";
import { Several } from "../../parts/Choice.tsx";
import { Field } from "../../parts/Field.tsx";
import { Heading } from "../../parts/Heading.tsx";
import { Waiting } from "../../parts/Waiting.tsx";
import { words } from "../../words/current.ts";
import { day, dayOfYear, moment } from "../../words/dates.ts";
import { label, labels } from "../../words/labels.ts";
import { plain } from "../../words/words.ts";
import type { ListedMember, WaitingMember } from "../../worker/agency-api.ts";
import { faultAt } from "../fault.ts";
import { Cancel, Faults, NameFields, nameIn, type PageProps } from "./parts.tsx";

/** Who waits comes first: nobody else can let them in. */
export const Members = ({ state, ways }: PageProps) => {
  const said = words.value;
  const { members } = state;
  const people = members.people.value;
  useEffect(() => void members.load(), [members]);
  const invite = () => ways.go("invite");
  return (
    <>
      <Heading>{said("agency.members")}</Heading>
      <Faults state={state} />
      {people === null && state.doing.looking.value && <Waiting />}
      {people !== null && people.waiting.length > 0 && (
        <section class="stack wide" aria-labelledby="waiting">
          <h2 id="waiting">{said("agency.waiting")}</h2>
          <ul class="cards">
            {people.waiting.map((one) => (
              <Waits key={one.id} one={one} state={state} ways={ways} />
            ))}
          </ul>
        </section>
      )}
      <Button look="main" icon="plus" onPress={invite}>
        {said("agency.invite")}
      </Button>
      {people !== null && (
        <ul class="cards" aria-label={said("agency.members")}>
          {people.members
            .filter((one) => !one.roles.includes("api"))
            .map((one) => (
              <Listed key={one.id} one={one} state={state} ways={ways} />
            ))}
        </ul>
      )}
      {people !== null && people.expected.length > 0 && (
        <section class="stack wide" aria-labelledby="expected">
          <h2 id="expected">{said("agency.expected")}</h2>
          <ul class="cards">
            {people.expected.map((one) => (
              <li class="card" key={one.id}>
                <p>
                  <strong>{nameIn(one.names)}</strong> · {plain(one.handle)}
                </p>
                <p class="hint">
                  {labels(said.language, "roles", one.roles)} ·{" "}
                  {said("agency.until", { at: moment(said, Date.parse(one.until)) })}
                </p>
                <Button look="quiet" onPress={() => void members.withdraw(one.id)}>
                  {said("agency.withdraw")}
                  <span class="unseen"> {nameIn(one.names)}</span>
                </Button>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
};

type Row = Pick<PageProps, "state" | "ways">;

const Waits = ({ one, state, ways }: Row & { readonly one: WaitingMember }) => {
  const said = words.value;
  const isPerson = !one.roles.includes("api") && !one.roles.includes("recovery");
  return (
    <li class="card is-waiting">
      <p>
        <strong>{nameIn(one.names)}</strong> · {plain(one.handle)}
      </p>
      <p class="hint">
        {labels(said.language, "roles", one.roles)} ·{" "}
        {said("agency.since", { at: moment(said, Date.parse(one.since)) })}
      </p>
      {one.again && <p>{said("agency.came_back")}</p>}
      {!isPerson && <p>{said("agency.half_made")}</p>}
      <div class="buttons">
        {isPerson && (
          <Button
            look="main"
            onPress={() => {
              state.members.beginComparing();
              ways.go("compare", one.id);
            }}
          >
            {said("agency.compare")}
            <span class="unseen"> {nameIn(one.names)}</span>
          </Button>
        )}
        <Button onPress={() => void state.members.turnAway(one.id)}>
          {said("agency.turn_away")}
          <span class="unseen"> {nameIn(one.names)}</span>
        </Button>
      </div>
    </li>
  );
};

const Listed = ({ one, state, ways }: Row & { readonly one: ListedMember }) => {
  const said = words.value;
  const isPerson = !one.roles.includes("recovery");
  const seen = one.lastSeen === null ? null : dayOfYear(said, Date.parse(`${one.lastSeen}T12:00:00+08:00`));
  return (
    <li class="card">
      <p>
        <strong>{nameIn(one.names)}</strong> · {plain(one.handle)}
        {one.self && ` · ${said("agency.you")}`}
      </p>
      <p class="hint">
        {labels(said.language, "roles", one.roles)}
        {isPerson && ` · ${seen === null ? said("agency.never_seen") : said("agency.seen", { day: seen })}`}
      </p>
      <div class="buttons">
        {isPerson && (
          <Button
            look="quiet"
            onPress={() => {
              state.members.beginRoles(one);
              ways.go("roles", one.id);
            }}
          >
            {said("agency.roles")}
            <span class="unseen"> {nameIn(one.names)}</span>
          </Button>
        )}
        {!state.members.isLast(one.id) && (
          <Button look="quiet" onPress={() => ways.go("end", one.id)}>
            {said("agency.end")}
            <span class="unseen"> {nameIn(one.names)}</span>
          </Button>
        )}
      </div>
      {state.members.isLast(one.id) && <p class="hint">{said("agency.last")}</p>}
    </li>
  );
};

const ROLES = ["focal_point", "administrator", "coordinator"] as const;

const RoleBoxes = ({ state, me }: Pick<PageProps, "state" | "me">) => {
  const said = words.value;
  const { roles } = state.members;
  // Coordinators are of agencies that may coordinate.
  const shown = ROLES.filter((code) => code !== "coordinator" || me.roles.includes(code) || roles.value.includes(code));
  return (
    <Several
      id="agency-roles"
      legend={said("agency.roles")}
      value={roles}
      options={shown.map((code) => ({
        value: code as string,
        label: label(said.language, "roles", code),
        hint: said(`agency.role.${code}`),
      }))}
      error={faultAt(said, state.doing.faults.value, "agency-roles")}
    />
  );
};

export const Invite = ({ state, me, ways }: PageProps) => {
  const said = words.value;
  const { members } = state;
  useEffect(() => {
    if (members.handle.value === "") members.beginInviting(me.agency.id);
  }, [members, me]);
  return (
    <form
      class="stack"
      noValidate
      onSubmit={async (event) => {
        event.preventDefault();
        if (await members.invite()) ways.go("paper");
      }}
    >
      <Heading>{said("agency.invite")}</Heading>
      <Faults state={state} />
      <NameFields state={state} of={members} />
      <RoleBoxes state={state} me={me} />
      <div class="buttons">
        <Button look="main" busy={state.doing.busy.value}>
          {said("agency.invite.do")}
        </Button>
        <Cancel ways={ways} />
      </div>
    </form>
  );
};

/** For the hand of whoever is invited: on paper, never by message. */
export const Paper = ({ state, ways }: PageProps) => {
  const said = words.value;
  const { members } = state;
  const paper = members.paper.value;
  const done = () => {
    members.beginInviting("");
    members.handle.value = "";
    ways.finish("members", "agency.invited");
  };
  if (paper === null) {
    return (
      <>
        <Heading>{said("agency.paper")}</Heading>
        <p>{said("agency.paper.gone")}</p>
        <Button onPress={() => ways.finish("members")}>{said("agency.to_members")}</Button>
      </>
    );
  }
  return (
    <>
      <Heading>{said("agency.paper")}</Heading>
      <p class="no-print">{said("agency.paper.how")}</p>
      <dl class="paper">
        <dt>{said("agency.paper.for")}</dt>
        <dd>{nameIn(paper.expected.names)}</dd>
        <dt>{said("agency.paper.hub")}</dt>
        <dd>{paper.hub}</dd>
        <dt>{said("agency.paper.code")}</dt>
        <dd class="groups">{paper.code}</dd>
        <dt>{said("agency.paper.fingerprint")}</dt>
        <dd class="groups">{paper.fingerprint}</dd>
      </dl>
      <p>{said("agency.paper.until", { day: day(said, Date.parse(paper.expected.until)) })}</p>
      <p>{said("agency.paper.then")}</p>
      <div class="buttons no-print">
        <Button look="main" icon="print" onPress={() => window.print()}>
          {said("agency.print")}
        </Button>
        <Button onPress={done}>{said("agency.paper.done")}</Button>
      </div>
    </>
  );
};

/** The numbers are heard from the person, then held against those of the keys that would be signed. */
export const Compare = ({ state, ways, id }: PageProps) => {
  const said = words.value;
  const { members, doing } = state;
  const who = members.waiting(id);
  useEffect(() => {
    if (members.people.value === null) void members.load();
  }, [members]);
  if (members.isStopped.value && who !== null) return <Stopped state={state} ways={ways} who={who} />;
  if (who === null) {
    return (
      <>
        <Heading>{said("agency.compare")}</Heading>
        <Faults state={state} />
        {doing.looking.value ? <Waiting /> : <p>{said("agency.not_waiting")}</p>}
      </>
    );
  }
  const name = nameIn(who.names);
  const finish = (isDone: boolean) => {
    if (isDone && !members.isStopped.value) ways.finish("members", "agency.confirmed");
  };
  return (
    <form
      class="stack"
      noValidate
      onSubmit={async (event) => {
        event.preventDefault();
        finish(await members.compare(who));
      }}
    >
      <Heading>{said("agency.compare.ask", { name })}</Heading>
      <Faults state={state} />
      <p>{said("agency.compare.how")}</p>
      <p>
        {said("agency.compare.roles")} <strong>{labels(said.language, "roles", who.roles)}</strong>
      </p>
      {who.again && <Band tone="wait">{said("agency.came_back.key")}</Band>}
      {members.isShown.value ? (
        <>
          <p>{said("agency.compare.groups")}</p>
          <p class="number">{who.number}</p>
          <div class="buttons">
            <Button
              look="main"
              icon="check"
              busy={doing.busy.value}
              onPress={async () => finish(await members.confirm(who, who.number))}
            >
              {said("agency.compare.match")}
            </Button>
            <Button
              look="grave"
              icon="cross"
              onPress={() => {
                members.isStopped.value = true;
              }}
            >
              {said("agency.compare.differ")}
            </Button>
          </div>
        </>
      ) : (
        <>
          <Field
            id="agency-heard"
            kind="groups"
            label={said("agency.compare.groups")}
            hint={said("agency.compare.hint")}
            value={members.heard}
            error={faultAt(said, doing.faults.value, "agency-heard")}
          />
          <Button look="main" busy={doing.busy.value}>
            {said("agency.compare.do")}
          </Button>
          <Button
            look="quiet"
            icon="show"
            onPress={() => {
              members.isShown.value = true;
            }}
          >
            {said("agency.compare.show")}
          </Button>
        </>
      )}
      <Cancel ways={ways} />
    </form>
  );
};

const Stopped = ({ state, ways, who }: Row & { readonly who: WaitingMember }) => {
  const said = words.value;
  return (
    <>
      <Heading>{said("agency.stopped")}</Heading>
      <Faults state={state} />
      <Band tone="late">{said("agency.stopped.why", { name: nameIn(who.names) })}</Band>
      <p>{said("agency.stopped.then")}</p>
      <div class="buttons">
        <Button
          look="grave"
          busy={state.doing.busy.value}
          onPress={async () => {
            if (await state.members.turnAway(who.id)) ways.finish("members", "agency.turned_away");
          }}
        >
          {said("agency.turn_away")}
        </Button>
        <Button onPress={() => ways.finish("members")}>{said("agency.to_members")}</Button>
      </div>
    </>
  );
};

export const Roles = ({ state, me, ways, id }: PageProps) => {
  const said = words.value;
  const { members, doing } = state;
  const who = members.member(id);
  useEffect(() => {
    if (members.people.value === null) void members.load();
  }, [members]);
  if (who === null) return <Missing state={state} ways={ways} title={said("agency.roles")} />;
  return (
    <form
      class="stack"
      noValidate
      onSubmit={async (event) => {
        event.preventDefault();
        if (await members.changeRoles(who.id)) ways.finish("members", "agency.roles.done");
      }}
    >
      <Heading>{said("agency.roles.of", { name: nameIn(who.names) })}</Heading>
      <Faults state={state} />
      {members.isLast(who.id) && <p>{said("agency.last")}</p>}
      <RoleBoxes state={state} me={me} />
      <div class="buttons">
        <Button look="main" busy={doing.busy.value}>
          {said("agency.save")}
        </Button>
        <Cancel ways={ways} />
      </div>
      {!who.self && (
        <>
          <h2>{said("agency.again")}</h2>
          <p>{said("agency.again.why")}</p>
          <Button
            busy={doing.busy.value}
            onPress={async () => {
              if (await members.inviteAgain(who)) ways.go("paper");
            }}
          >
            {said("agency.again.do")}
          </Button>
        </>
      )}
    </form>
  );
};

/** What becomes of the keys is said before it is done: it cannot be undone. */
export const End = ({ state, ways, id }: PageProps) => {
  const said = words.value;
  const { members, doing } = state;
  const who = members.member(id);
  useEffect(() => {
    if (members.people.value === null) void members.load();
  }, [members]);
  if (who === null) return <Missing state={state} ways={ways} title={said("agency.end")} />;
  const name = nameIn(who.names);
  return (
    <>
      <Heading>{said("agency.end.of", { name })}</Heading>
      <Faults state={state} />
      <ul class="told">
        <li>{said("agency.end.session")}</li>
        <li>{said("agency.end.key")}</li>
        <li>{said("agency.end.others")}</li>
        <li>{said("agency.end.read")}</li>
        {who.self && <li>{said("agency.end.self")}</li>}
      </ul>
      <p>{said("agency.no_undo")}</p>
      <div class="buttons">
        <Button
          look="grave"
          busy={doing.busy.value}
          onPress={async () => {
            if (await members.end(who.id)) ways.finish("members", "agency.ended");
          }}
        >
          {said("agency.end.do", { name })}
        </Button>
        <Cancel ways={ways} />
      </div>
    </>
  );
};

const Missing = ({ state, ways, title }: Row & { readonly title: string }) => (
  <>
    <Heading>{title}</Heading>
    <Faults state={state} />
    {state.doing.looking.value ? <Waiting /> : <p>{words.value("agency.no_member")}</p>}
    <Button onPress={() => ways.finish("members")}>{words.value("agency.to_members")}</Button>
  </>
);
