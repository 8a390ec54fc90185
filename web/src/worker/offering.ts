/** What the own agency gives, kept by its administrators. The hub holds the limits; a service is said whole each time. */

import * as operations from "../hub/operations.ts";
import { ask } from "../hub/query.ts";
import { newId } from "../protocol/documents.ts";
import { Refused } from "../protocol/errors.ts";
import type * as api from "./agency-api.ts";
import type { At } from "./rosters.ts";

type Answered = operations.SetFullMutation["setFull"];

export async function ownServices({ work }: At): Promise<api.OwnServices> {
  const { services: found } = await ask(operations.services, { handle: work.who.agency });
  if (found === null) throw new Refused("not_found");
  const { place, phone, dutyPhone, email, receiving } = found.contact;
  return { receiving, contact: { place, phone, dutyPhone, email }, services: found.services.map(serviceOf) };
}

export async function saveService(_: At, id: string | null, offer: api.Offer): Promise<api.OwnService> {
  const { names, ...said } = offer;
  const service = { ...said, name: names.mn, nameEn: names.en };
  return serviceOf((await ask(operations.saveService, { id: id ?? newId(), service })).saveService);
}

/** Counted from what the hub has now: a colleague may have changed it meanwhile. */
export async function changeFree(at: At, id: string, by: number): Promise<api.OwnService> {
  const found = (await ownServices(at)).services.find((one) => one.id === id);
  if (found === undefined || found.offer.capacity === null) throw new Refused("not_found");
  const taken = Math.min(found.offer.capacity, Math.max(0, found.offer.taken - by));
  return saveService(at, id, { ...found.offer, taken });
}

export async function setFull(_: At, id: string, until: string | null): Promise<api.OwnService> {
  return until === null
    ? serviceOf((await ask(operations.clearFull, { id })).clearFull)
    : serviceOf((await ask(operations.setFull, { id, until })).setFull);
}

export async function setAccepting(_: At, id: string, accepting: boolean): Promise<api.OwnService> {
  return serviceOf((await ask(operations.setAccepting, { id, accepting })).setAccepting);
}

export async function endService(_: At, id: string): Promise<void> {
  await ask(operations.endService, { id });
}

export async function setReceiving(_: At, receiving: boolean): Promise<void> {
  await ask(operations.setReceiving, { receiving });
}

export async function saveContact(_: At, contact: api.Contact): Promise<void> {
  await ask(operations.saveContact, { contact });
}

function serviceOf(given: Answered): api.OwnService {
  const { id, free, accepting, fullUntil, openNow, name, nameEn, agency: _, changedAt: __, ...said } = given;
  return { id, free, accepting, fullUntil, openNow, offer: { ...said, names: { mn: name, en: nameEn } } };
}
