/** The administrator's calls, as the vault serves them. What they do is fetched when it is first needed. */

import type { Administering } from "./agency-api.ts";
import type { At } from "./rosters.ts";

const MEMBERS = [
  "people",
  "invite",
  "withdrawInvitation",
  "turnAway",
  "numbersMatch",
  "confirmMember",
  "changeRoles",
  "endMember",
  "agencyKey",
  "changeKey",
  "vouchFor",
  "apiClients",
  "addApiClient",
  "clientKeys",
  "dropClientKeys",
  "issueToken",
  "revokeToken",
] as const;
const SERVICES = [
  "ownServices",
  "saveService",
  "changeFree",
  "setFull",
  "setAccepting",
  "endService",
  "setReceiving",
  "saveContact",
] as const;

type Called = (typeof MEMBERS)[number] | (typeof SERVICES)[number];
type Call = (at: At, ...args: readonly never[]) => Promise<unknown>;

/** As a module has it: with who is at work before all else. */
type Served<Name extends Called> = {
  readonly [Each in Name]: (at: At, ...args: Parameters<Administering[Each]>) => ReturnType<Administering[Each]>;
};

const members = (): Promise<Served<(typeof MEMBERS)[number]>> => import("./administering.ts");
const services = (): Promise<Served<(typeof SERVICES)[number]>> => import("./offering.ts");

/** working: who is at work, or a refusal: asked at once, the code may take a while. */
export function administeringCalls(working: () => At): Administering {
  const later =
    (load: () => Promise<Call>) =>
    async (...args: readonly never[]) => {
      const at = working();
      return (await load())(at, ...args);
    };
  const calls = [
    ...MEMBERS.map((name) => [name, later(async () => (await members())[name])] as const),
    ...SERVICES.map((name) => [name, later(async () => (await services())[name])] as const),
  ];
  return Object.fromEntries(calls) as unknown as Pick<Administering, Called>;
}
