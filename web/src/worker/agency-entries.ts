/**
 * What the directory says of the own agency, entry by entry; and which of it nobody here is known to have made: a roster
 * in this member's name that this device did not make, one that a recovery kit signed, what the coordinators changed.
 *
 * What stood there when this device first looked is not asked about. An entry of another administrator is theirs.
 */

import type { Items } from "../device/store.ts";
import type { Agency } from "../protocol/directory.ts";
import type { RosterMember } from "../protocol/schemas.ts";
import type * as api from "./agency-api.ts";
import type { Names } from "./api.ts";
import type { Work } from "./work.ts";

/** upto: the size of the directory when this device first looked; null: it has not. */
interface Known {
  readonly upto: number | null;
  readonly made: readonly string[];
}

const NAME = "agency/entries";
const NOTHING: Known = { upto: null, made: [] };

const known = async (items: Items): Promise<Known> => (await items.get<Known>(NAME)) ?? NOTHING;

/** This device makes this entry: said before it is published, so that a lost answer makes no stranger of it. */
export async function madeHere(items: Items, entry: string): Promise<void> {
  const before = await known(items);
  await items.put(NAME, { ...before, made: [...before.made, entry] });
}

export const vouched = madeHere;

interface Found {
  readonly entries: readonly api.AgencyEntry[];
  readonly strange: readonly api.AgencyEntry[];
}

/** The newest first. names: of the agency's members. */
export async function entriesOf(work: Work, items: Items, names: ReadonlyMap<string, Names>): Promise<Found> {
  const { directory } = work.network;
  const before = await known(items);
  const upto = before.upto ?? directory.size;
  if (before.upto === null) await items.put(NAME, { ...before, upto });
  const entries: api.AgencyEntry[] = [];
  const strange: api.AgencyEntry[] = [];
  let was: Agency | null = null;
  for (let size = 1; size <= directory.size; size += 1) {
    const is = directory.at(size).agency(work.who.agency);
    const entry = is === null ? null : entryOf(work, was, is, names);
    if (entry !== null) {
      entries.unshift(entry);
      const isTheirs = is!.roster?.sha256 === entry.sha256 && isAnotherAdministrator(work, was, is!);
      if (size > upto && !isTheirs && !before.made.includes(entry.sha256)) strange.unshift(entry);
    }
    was = is;
  }
  return { entries, strange };
}

function entryOf(
  work: Work,
  was: Agency | null,
  is: Agency,
  names: ReadonlyMap<string, Names>,
): api.AgencyEntry | null {
  if (is.admission.sha256 !== was?.admission.sha256) {
    const { sha256, body } = is.admission;
    const suspended = was !== null && was.suspended === is.suspended ? null : is.suspended;
    return { sha256, at: body.at, by: null, joined: [], left: [], epoch: null, suspended };
  }
  if (is.roster === null || is.roster.sha256 === was?.roster?.sha256) return null;
  const { sha256, body } = is.roster;
  const { member } = body.author;
  const [before, after] = [was?.members ?? [], is.members];
  const named = (some: readonly RosterMember[]) => some.map(({ id }) => names.get(id) ?? null);
  return {
    sha256,
    at: body.at,
    by: { names: names.get(member) ?? null, self: member === work.who.member },
    joined: named(after.filter((one) => !before.some(({ id }) => id === one.id))),
    left: named(before.filter((one) => !after.some(({ id }) => id === one.id))),
    epoch: body.epoch.n === was?.epoch?.n ? null : body.epoch.n,
    suspended: null,
  };
}

/** By somebody else of the agency who was an administrator, and no recovery kit. */
function isAnotherAdministrator(work: Work, was: Agency | null, is: Agency): boolean {
  const author = is.roster?.body.author.member;
  if (author === undefined || author === work.who.member) return false;
  return was?.members.some(({ id, roles }) => id === author && roles.includes("administrator")) ?? false;
}
