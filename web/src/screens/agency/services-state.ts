import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { endOfNight } from "../../days.ts";
import type { Language } from "../../words/words.ts";
import type { Contact, Offer, OwnService, OwnServices } from "../../worker/agency-api.ts";
import type { Vault } from "../../worker/api.ts";
import type { Doing } from "../doing.ts";
import type { Fault } from "../fault.ts";
import { taking } from "../taking.ts";
import { exceptionsText, exceptionsTyped, hoursText, hoursTyped } from "./hours.ts";

const UNDO_FOR = 10_000; // milliseconds

/** A service as it is typed. */
export interface Typed {
  readonly code: Signal<string>;
  readonly nameMn: Signal<string>;
  readonly nameEn: Signal<string>;
  readonly places: Signal<readonly string[]>;
  readonly languages: Signal<readonly string[]>;
  readonly hours: Signal<string>;
  readonly exceptions: Signal<string>;
  readonly holidays: Signal<"" | "auto" | "open" | "closed">;
  readonly minAge: Signal<string>;
  readonly maxAge: Signal<string>;
  readonly genders: Signal<readonly string[]>;
  readonly dependants: Signal<"" | "yes" | "no">;
  readonly capacity: Signal<string>;
  readonly taken: Signal<string>;
}

export interface TypedContact {
  readonly place: Signal<string>;
  readonly phone: Signal<string>;
  readonly dutyPhone: Signal<string>;
  readonly email: Signal<string>;
}

export interface ServicesState {
  readonly services: ReadonlySignal<OwnServices | null>;
  readonly typed: Typed;
  readonly contact: TypedContact;
  /** The change that can still be undone: of this service, or of the agency. */
  readonly undoable: ReadonlySignal<{ readonly of: string | null } | null>;
  readonly load: () => Promise<void>;
  readonly service: (id: string | null) => OwnService | null;
  readonly fullTonight: (service: OwnService, now: number) => Promise<boolean>;
  readonly changeFree: (service: OwnService, by: number) => Promise<boolean>;
  readonly setAccepting: (service: OwnService) => Promise<boolean>;
  readonly setReceiving: () => Promise<boolean>;
  readonly undo: () => Promise<boolean>;
  readonly beginTyping: (service: OwnService | null, language: Language) => void;
  readonly save: (id: string | null) => Promise<boolean>;
  readonly end: (id: string) => Promise<boolean>;
  readonly beginContact: () => void;
  readonly saveContact: () => Promise<boolean>;
  readonly clear: () => void;
}

export const servicesState = (vault: Vault, doing: Doing): ServicesState => {
  const services = signal<OwnServices | null>(null);
  const undoable = signal<{ readonly of: string | null; readonly back: () => Promise<unknown> } | null>(null);
  const typed: Typed = {
    code: signal(""),
    nameMn: signal(""),
    nameEn: signal(""),
    places: signal<readonly string[]>([]),
    languages: signal<readonly string[]>([]),
    hours: signal(""),
    exceptions: signal(""),
    holidays: signal("auto"),
    minAge: signal(""),
    maxAge: signal(""),
    genders: signal<readonly string[]>([]),
    dependants: signal("yes"),
    capacity: signal(""),
    taken: signal(""),
  };
  const contact: TypedContact = { place: signal(""), phone: signal(""), dutyPhone: signal(""), email: signal("") };
  let timer: ReturnType<typeof setTimeout> | undefined;

  const taken = taking();

  const load = () => taken.into(services, vault.ownServices());
  /** Done at once; for ten seconds it can be undone. */
  const change = (of: string | null, call: () => Promise<unknown>, back: () => Promise<unknown>) =>
    doing.attempt(async () => {
      await call();
      await load();
      clearTimeout(timer);
      const mine = { of, back };
      undoable.value = mine;
      timer = setTimeout(() => {
        if (undoable.value === mine) undoable.value = null;
      }, UNDO_FOR);
    });

  return {
    services,
    typed,
    contact,
    undoable,
    load: () => doing.look(load),
    service: (id) => services.value?.services.find((one) => one.id === id) ?? null,
    fullTonight: ({ id, fullUntil }, now) => {
      const isFull = fullUntil !== null && Date.parse(fullUntil) > now;
      const until = isFull ? null : new Date(endOfNight(now)).toISOString();
      return change(
        id,
        () => vault.setFull(id, until),
        () => vault.setFull(id, isFull ? fullUntil : null),
      );
    },
    changeFree: ({ id }, by) =>
      change(
        id,
        () => vault.changeFree(id, by),
        () => vault.changeFree(id, -by),
      ),
    setAccepting: ({ id, accepting }) =>
      change(
        id,
        () => vault.setAccepting(id, !accepting),
        () => vault.setAccepting(id, accepting),
      ),
    setReceiving: () => {
      const receiving = services.value?.receiving ?? true;
      return change(
        null,
        () => vault.setReceiving(!receiving),
        () => vault.setReceiving(receiving),
      );
    },
    undo: () => {
      const { back } = undoable.value ?? {};
      undoable.value = null;
      return doing.attempt(async () => {
        await back?.();
        await load();
      });
    },
    beginTyping: (service, language) => typeIn(typed, service?.offer ?? null, language),
    save: async (id) => {
      const before = services.value?.services.find((one) => one.id === id)?.offer ?? null;
      const read = offerOf(typed);
      doing.fail("faults" in read ? read.faults : []);
      if ("faults" in read) return false;
      const { offer } = read;
      if (id === null || before === null) {
        return doing.attempt(async () => {
          await vault.saveService(id, offer);
          await load();
        });
      }
      return change(
        id,
        () => vault.saveService(id, offer),
        () => vault.saveService(id, before),
      );
    },
    end: (id) =>
      doing.attempt(async () => {
        await vault.endService(id);
        await load();
      }),
    beginContact: () => {
      const now: Contact = services.value?.contact ?? { place: "", phone: "", dutyPhone: "", email: "" };
      for (const name of ["place", "phone", "dutyPhone", "email"] as const) contact[name].value = now[name];
    },
    saveContact: () => {
      const before = services.value?.contact;
      const { place, phone, dutyPhone, email } = contact;
      const said = {
        place: place.value,
        phone: phone.value.trim(),
        dutyPhone: dutyPhone.value.trim(),
        email: email.value.trim(),
      };
      return change(
        null,
        () => vault.saveContact(said),
        async () => before && vault.saveContact(before),
      );
    },
    clear: () => {
      taken.clear();
      clearTimeout(timer);
      undoable.value = null;
      services.value = null;
    },
  };
};

const typeIn = (typed: Typed, offer: Offer | null, language: Language): void => {
  typed.code.value = offer?.code ?? "";
  typed.nameMn.value = offer?.names.mn ?? "";
  typed.nameEn.value = offer?.names.en ?? "";
  typed.places.value = offer?.places ?? [];
  typed.languages.value = offer?.languages ?? ["mn"];
  typed.hours.value = hoursText(offer?.schedule ?? [], language);
  typed.exceptions.value = exceptionsText(offer?.exceptions ?? []);
  typed.holidays.value = offer === null ? "auto" : offer.openOnHolidays ? "open" : "closed";
  typed.minAge.value = numberText(offer?.minAge);
  typed.maxAge.value = numberText(offer?.maxAge);
  typed.genders.value = offer?.genders ?? [];
  typed.dependants.value = offer?.dependants === false ? "no" : "yes";
  typed.capacity.value = numberText(offer?.capacity);
  typed.taken.value = offer?.capacity === null || offer === null ? "" : String(offer.taken);
};

const numberText = (number: number | null | undefined): string =>
  number === null || number === undefined ? "" : String(number);

/** A whole number; null: not said; undefined: none. */
const numberOf = (text: string, most: number): number | null | undefined => {
  const bare = text.replace(/\s/g, "");
  if (bare === "") return null;
  const number = /^\d{1,6}$/.test(bare) ? Number(bare) : Number.NaN;
  return number <= most ? number : undefined;
};

const OLDEST = 120; // years
const MOST_TAKEN = 100_000;
const MOST_PLACES = 60;

/** What was typed, or what has to be put right: the limits are the hub's (agencies/services.py). */
export const offerOf = (typed: Typed): { readonly offer: Offer } | { readonly faults: readonly Fault[] } => {
  const schedule = hoursTyped(typed.hours.value);
  const exceptions = exceptionsTyped(typed.exceptions.value);
  const [minAge, maxAge] = [numberOf(typed.minAge.value, OLDEST), numberOf(typed.maxAge.value, OLDEST)];
  const [capacity, taken] = [numberOf(typed.capacity.value, MOST_TAKEN), numberOf(typed.taken.value, MOST_TAKEN)];
  const names = { mn: typed.nameMn.value.trim(), en: typed.nameEn.value.trim() };
  const areAges = minAge !== undefined && maxAge !== undefined && (minAge ?? 0) <= (maxAge ?? OLDEST);
  const areCounted = capacity !== undefined && taken !== undefined && (capacity !== null || !taken);
  const rules: readonly (readonly [isRight: boolean, fault: Fault])[] = [
    [typed.code.value !== "", { field: "service-code", key: "agency.needs_code" }],
    [names.mn !== "" && names.mn.length <= 200, { field: "service-name", key: "agency.needs_name" }],
    [names.en !== "" && names.en.length <= 200, { field: "service-name-en", key: "agency.needs_name" }],
    [
      typed.places.value.length > 0 && typed.places.value.length <= MOST_PLACES,
      { field: "service-places", key: "agency.needs_places" },
    ],
    [typed.languages.value.length > 0, { field: "service-languages", key: "agency.needs_languages" }],
    [schedule !== null, { field: "service-hours", key: "agency.needs_hours" }],
    [exceptions !== null, { field: "service-exceptions", key: "agency.needs_exceptions" }],
    [areAges, { field: "service-min-age", key: "agency.needs_ages" }],
    [areCounted, { field: "service-capacity", key: "agency.needs_capacity" }],
  ];
  const faults = rules.filter(([isRight]) => !isRight).map(([, fault]) => fault);
  if (faults.length > 0 || schedule === null || exceptions === null || !areAges || !areCounted) return { faults };
  const { holidays, code, places, languages, genders, dependants } = typed;
  return {
    offer: {
      code: code.value,
      names,
      places: places.value,
      languages: languages.value,
      schedule,
      exceptions,
      openOnHolidays: holidays.value === "auto" ? null : holidays.value === "open",
      minAge,
      maxAge,
      genders: genders.value,
      dependants: dependants.value !== "no",
      capacity,
      taken: taken ?? 0,
    },
  };
};
