import type { IconName } from "../parts/Icon.tsx";
import type { ConsentPage } from "../screens/consent/pages.ts";
import type { JoinStep } from "../screens/first-day/state.ts";
import type { OwnPage } from "../screens/me/pages.ts";
import type { SendPage } from "../screens/send/filled.ts";
import type { PlainKey } from "../words/mn.ts";
import type { Me, Names } from "../worker/api.ts";

/** Where one can be. It stands in memory only: neither address nor history nor title tells it. */
export type Screen =
  | { readonly at: "doors" }
  | { readonly at: "sign-in" }
  | { readonly at: "second-step" }
  | { readonly at: "fingerprint" }
  | { readonly at: "join"; readonly step: JoinStep }
  | { readonly at: "waiting"; readonly number: string; readonly administrators: readonly Names[] }
  | { readonly at: "inbox" }
  | { readonly at: "referral"; readonly id: string }
  /** What was decided, under which this referral was sent. */
  | { readonly at: "consent"; readonly id: string; readonly page: ConsentPage }
  | { readonly at: "find" }
  | { readonly at: "send"; readonly step: SendPage }
  | { readonly at: "overview"; readonly page: OverviewPage; readonly id: string | null }
  | { readonly at: "agency"; readonly page: AgencyPage; readonly id: string | null }
  | { readonly at: "me"; readonly page: OwnPage | "keyboard" | null; readonly id: string | null };

/** A page of the administrator's place. */
export type AgencyPage =
  | "members"
  | "invite"
  | "paper"
  | "compare"
  | "roles"
  | "end"
  | "keys"
  | "change-key"
  | "services"
  | "service"
  | "end-service"
  | "contact"
  | "clients"
  | "new-client"
  | "client-keys"
  | "new-token"
  | "token";

/** A page of the coordinator's place. */
export type OverviewPage = "due" | "review" | "trail" | "timeline" | "openings" | "statistics" | "admissions" | "looks";

/** The neutral word of the title. */
export const TITLES: Readonly<Record<Screen["at"], PlainKey>> = {
  doors: "title.page",
  "sign-in": "title.form",
  "second-step": "title.form",
  fingerprint: "title.form",
  join: "title.form",
  waiting: "title.page",
  inbox: "title.inbox",
  referral: "title.page",
  consent: "title.form",
  find: "title.list",
  send: "title.form",
  overview: "title.list",
  agency: "title.page",
  me: "title.me",
};

/** A place of the bar or rail. */
export interface Place {
  readonly screen: Screen;
  readonly word: PlainKey;
  readonly icon: IconName;
}

const INBOX: Place = { screen: { at: "inbox" }, word: "place.inbox", icon: "inbox" };
const SEND: Place = { screen: { at: "send", step: "need" }, word: "place.send", icon: "plus" };
const AGENCY: Place = {
  screen: { at: "agency", page: "members", id: null },
  word: "place.agency",
  icon: "people",
};
const OVERVIEW: Place = { screen: { at: "overview", page: "due", id: null }, word: "place.overview", icon: "show" };
const ME: Place = { screen: { at: "me", page: null, id: null }, word: "place.me", icon: "person" };

/** The places that work and that the member's roles reach, in the order of the bar. */
export const placesOf = (me: Pick<Me, "roles">): readonly Place[] => [
  ...(me.roles.includes("focal_point") ? [INBOX, SEND] : []),
  ...(me.roles.includes("administrator") ? [AGENCY] : []),
  ...(me.roles.includes("coordinator") ? [OVERVIEW] : []),
  ME,
];

/** Where work begins. */
export const homeOf = (me: Pick<Me, "roles">): Screen => placesOf(me)[0]!.screen;

/** The place of the bar to which a screen belongs. */
export const placeAt = (at: Screen["at"]): Screen["at"] =>
  at === "referral" || at === "consent" || at === "find" ? "inbox" : at;
