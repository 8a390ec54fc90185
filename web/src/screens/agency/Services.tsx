import { useEffect } from "preact/hooks";
import { Band } from "../../parts/Band.tsx";
import { Button } from "../../parts/Button.tsx";
import { Heading } from "../../parts/Heading.tsx";
import { Waiting } from "../../parts/Waiting.tsx";
import { words } from "../../words/current.ts";
import { weekdayTime } from "../../words/dates.ts";
import { label, labels, placeName } from "../../words/labels.ts";
import { plain, type Words } from "../../words/words.ts";
import type { Offer, OwnService } from "../../worker/agency-api.ts";
import { hoursText } from "./hours.ts";
import type { PageProps } from "./parts.tsx";
import { Faults, nameIn } from "./parts.tsx";

/** One row for each service, with what changes from day to day; each change can be undone for ten seconds. */
export const Services = ({ state, me, time, ways, id }: PageProps) => {
  const said = words.value;
  const { services } = state;
  const found = services.services.value;
  useEffect(() => void services.load(), [services]);
  return (
    <>
      <Heading>{said("agency.services")}</Heading>
      <Faults state={state} />
      {found === null && state.doing.looking.value && <Waiting />}
      {found !== null && (
        <section class="card" aria-label={said("agency.contact")}>
          <p>
            <strong>{said(found.receiving ? "agency.receiving.on" : "agency.receiving.off")}</strong>
          </p>
          <p class="hint">
            {[found.contact.place && placeName(said, found.contact.place), found.contact.phone, found.contact.dutyPhone]
              .filter(Boolean)
              .map((text) => plain(text))
              .join(" · ")}
          </p>
          <div class="buttons">
            <Button busy={state.doing.busy.value} onPress={() => void services.setReceiving()}>
              {said(found.receiving ? "agency.receiving.stop" : "agency.receiving.start")}
            </Button>
            <Button
              look="quiet"
              onPress={() => {
                services.beginContact();
                ways.go("contact");
              }}
            >
              {said("agency.contact.change")}
            </Button>
          </div>
          <Undo state={state} me={me} time={time} ways={ways} id={id} of={null} />
        </section>
      )}
      {found?.services.length === 0 && <p>{said("agency.services.none")}</p>}
      {found !== null && found.services.length > 0 && (
        <ul class="cards" aria-label={said("agency.services")}>
          {found.services.map((one) => (
            <Service key={one.id} one={one} state={state} me={me} time={time} ways={ways} id={id} />
          ))}
        </ul>
      )}
      <Button
        look="main"
        icon="plus"
        onPress={() => {
          services.beginTyping(null, said.language);
          ways.go("service");
        }}
      >
        {said("agency.service.add")}
      </Button>
    </>
  );
};

const Service = ({ one, ...page }: PageProps & { readonly one: OwnService }) => {
  const said = words.value;
  const { state, time, ways } = page;
  const { services, doing } = state;
  const busy = doing.busy.value;
  const { offer } = one;
  const now = time.minute.value;
  const isFull = one.fullUntil !== null && Date.parse(one.fullUntil) > now;
  const about = `service-${one.id}`;
  return (
    <li class="card">
      <h2 id={about}>{nameIn(offer.names)}</h2>
      <p>
        <span class={isFull || !one.accepting || one.free === 0 ? "state tone-late" : "state tone-done"}>
          {standing(said, one, now)}
        </span>
      </p>
      <p class="hint">{aboutText(said, offer)}</p>
      <div class="buttons">
        <Button
          look={isFull ? "main" : "plain"}
          pressed={isFull}
          busy={busy}
          describedBy={about}
          onPress={() => void services.fullTonight(one, time.now())}
        >
          {said("agency.full")}
        </Button>
        <Button pressed={one.accepting} busy={busy} describedBy={about} onPress={() => void services.setAccepting(one)}>
          {said("agency.accepting")}
        </Button>
      </div>
      {offer.capacity !== null && (
        <fieldset class="free">
          <legend>{said("agency.free", { count: one.free ?? 0, most: offer.capacity })}</legend>
          <Button
            icon="minus"
            busy={busy || one.free === 0}
            describedBy={about}
            onPress={() => void services.changeFree(one, -1)}
          >
            {said("agency.free.less")}
          </Button>
          <Button
            icon="plus"
            busy={busy || offer.taken === 0}
            describedBy={about}
            onPress={() => void services.changeFree(one, 1)}
          >
            {said("agency.free.more")}
          </Button>
        </fieldset>
      )}
      <Undo {...page} of={one.id} />
      <div class="buttons">
        <Button
          look="quiet"
          describedBy={about}
          onPress={() => {
            services.beginTyping(one, said.language);
            ways.go("service", one.id);
          }}
        >
          {said("agency.service.change")}
        </Button>
        <Button look="quiet" describedBy={about} onPress={() => ways.go("end-service", one.id)}>
          {said("agency.service.end")}
        </Button>
      </div>
    </li>
  );
};

const Undo = ({ state, of }: PageProps & { readonly of: string | null }) => {
  const said = words.value;
  const { undoable } = state.services;
  return (
    <div role="status">
      {undoable.value?.of === of && (
        <Band
          tone="done"
          action={
            <Button busy={state.doing.busy.value} onPress={() => void state.services.undo()}>
              {said("app.undo")}
            </Button>
          }
        >
          {said("agency.changed")}
        </Band>
      )}
    </div>
  );
};

/** Why it takes nobody, or that it does. */
const standing = (said: Words, one: OwnService, now: number): string => {
  if (!one.accepting) return said("agency.standing.off");
  if (one.fullUntil !== null && Date.parse(one.fullUntil) > now) {
    return said("agency.standing.full", { until: weekdayTime(said, Date.parse(one.fullUntil), now) });
  }
  if (one.free === 0) return said("agency.standing.taken");
  return said(one.openNow ? "agency.standing.open" : "agency.standing.closed");
};

const aboutText = (said: Words, offer: Offer): string => {
  const hours = hoursText(offer.schedule, said.language).split("\n").join(", ");
  const ages = { from: offer.minAge ?? 0, to: offer.maxAge ?? 120 };
  return [
    label(said.language, "services", offer.code),
    hours === "00:00-24:00" ? said("agency.always") : hours || said("agency.office_hours"),
    labels(said.language, "languages", offer.languages),
    offer.places.map((place) => placeName(said, place)).join(", "),
    ...(offer.minAge === null && offer.maxAge === null ? [] : [said("agency.ages", ages)]),
  ].join(" · ");
};
