/** What a coordinator looks at. The counterpart of ortoo/overseeing.py, and of what ortoo/coordinating.py lists. */

import * as operations from "../hub/operations.ts";
import { ask } from "../hub/query.ts";
import { type Document, kindOfEnvelope, read, signers, unb64, verify } from "../protocol/documents.ts";
import { Refused } from "../protocol/errors.ts";
import { checkPublicKey } from "../protocol/hpke.ts";
import { safetyNumber } from "../protocol/keys.ts";
import type { Admission } from "../protocol/schemas.ts";
import type { Newest } from "./logged.ts";
import type { Network } from "./network.ts";
import type * as api from "./overseeing-api.ts";
import { check, hashOf } from "./proving.ts";

const PAGE = 50;
const FILE = 5 * 60_000; // milliseconds, for a file of 5,000 rows on a bad line

const TYPES: Readonly<Record<api.Format, string>> = {
  csv: "text/csv",
  json: "application/json",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
};

/** Who is at work, as far as it matters here. */
export interface At {
  readonly work: { readonly network: Network; readonly newest: () => Promise<Newest | null> };
}

const asked = (wanted: api.Wanted) => ({ overdue: false, unanswered: false, withoutConsent: false, ...wanted });

export async function trail(_: At, wanted: api.Wanted, after: string | null): Promise<api.Paged<api.Passed>> {
  const { overseen } = await ask(operations.overseen, { first: PAGE, after, ...asked(wanted) });
  return pageOf(overseen);
}

export async function exportTrail({ work }: At, format: api.Format, wanted: api.Wanted): Promise<api.ExportedFile> {
  const options = { once: true, within: FILE }; // each is logged
  const { exportTrail: made } = await ask(operations.exportTrail, { format, ...asked(wanted) }, options);
  const content = unb64(made.content);
  const record = await read(made.record, "record");
  await verify(record, unb64(work.network.directory.network.body.hub_key));
  if (record.body.on?.sha256 !== (await hashOf(content))) throw new Refused("hash_mismatch", { field: "record" });
  return { name: made.name, content: new Blob([content], { type: TYPES[format] }), rows: made.rows };
}

export async function timeline({ work }: At, id: string): Promise<api.Timeline | null> {
  const { timeline: told } = await ask(operations.timeline, { id });
  if (told === null) return null;
  await work.network.sync(null); // the policy is the newest directory's, and the hub's time is asked
  const { found, ...checked } = await check(work.network, await work.newest(), told.lines);
  const lines = found.map(({ mark, place }, at) => ({ ...told.lines[at]!, mark, place }));
  return { referral: told.referral, lines, ...checked };
}

export async function openings(_: At, agency: string | null, after: string | null): Promise<api.Paged<api.Opening>> {
  const variables = { first: PAGE, after, agency, referral: null, since: null, until: null };
  return pageOf((await ask(operations.openings, variables)).openings);
}

export async function looks(_: At, after: string | null): Promise<api.Paged<api.Look>> {
  const variables = { first: PAGE, after, agency: null, what: null, since: null };
  const { rows, ...page } = pageOf((await ask(operations.looks, variables)).looks);
  return { rows: rows.map((one) => ({ ...one, wanted: textsOf(one.wanted) })), ...page };
}

export async function statistics(_: At, period: string | null): Promise<api.Statistics> {
  return (await ask(operations.statistics, { period })).statistics;
}

export async function admissions({ work: { network } }: At): Promise<api.Admissions> {
  await network.sync(null);
  const [{ applications }, { proposals }] = await Promise.all([
    ask(operations.applications, {}),
    ask(operations.proposals, {}),
  ]);
  return {
    applicants: await Promise.all(applications.map((one) => applicantOf(network, one))),
    proposed: await Promise.all(proposals.map((one) => proposedOf(network, one))),
  };
}

type Application = operations.ApplicationsQuery["applications"][number];

async function applicantOf({ directory }: Network, one: Application): Promise<api.Applicant> {
  const { member, key } = one.admin;
  const kem = unb64(one.admin.kem);
  const hash = await hashOf(kem);
  await checkPublicKey(kem, hash);
  return {
    handle: one.handle,
    kind: one.kind,
    names: { mn: one.name, en: one.nameEn },
    administrator: { mn: member.name, en: member.nameEn },
    number: await safetyNumber(directory.id, one.handle, { id: member.id, key, kem: hash }),
  };
}

async function proposedOf(
  { directory }: Network,
  { envelope, taken }: operations.ProposalsQuery["proposals"][number],
): Promise<api.Proposed> {
  const document: Document = await read(envelope, kindOfEnvelope(envelope) === "network" ? "network" : "admission");
  const { coordinators, threshold } = directory.network.body;
  const signed = await signers(
    document,
    coordinators.map((one) => unb64(one.key)),
  );
  const about = document.kind === "admission" ? (document.body as Admission) : null;
  return {
    id: hex(document.hash).slice(0, 8),
    about: about?.agency ?? null,
    what: about === null ? "network" : whatOf(about, directory.now().agency(about.agency)?.admission.body ?? null),
    signatures: signed.size,
    threshold,
    taken,
  };
}

function whatOf(body: Admission, before: Admission | null): api.Proposed["what"] {
  if (before === null) return "admits";
  if (body.admin !== null) return "readmits";
  if (body.suspended === before.suspended) return "changes";
  return body.suspended ? "suspends" : "reinstates";
}

interface Connection<Row> {
  readonly edges: readonly { readonly node: Row }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

function pageOf<Row>({ edges, pageInfo }: Connection<Row>): api.Paged<Row> {
  return { rows: edges.map(({ node }) => node), after: pageInfo.hasNextPage ? pageInfo.endCursor : null };
}

/** A filter as the hub kept it: whatever is in it, as text. */
function textsOf(json: string): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(JSON.parse(json) as object).map(([name, value]) => [name, String(value)]));
}

function hex(raw: Uint8Array): string {
  return Array.from(raw, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
