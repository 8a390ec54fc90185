/** A referral (protocol §5): one agency asks one agency, under the person's consent for that agency. */

import type { SealedFile } from "./attachments.ts";
import type { Decisions } from "./consent.ts";
import * as consent from "./consent.ts";
import type { Agency, Directory, View } from "./directory.ts";
import type { Bytes, Document, Instant, SigningKey } from "./documents.ts";
import { canonical, checkClock, compareText, parse, sign, stamp, unb64 } from "./documents.ts";
import { Refused } from "./errors.ts";
import type {
  As,
  Author,
  Authority,
  Consent,
  File,
  Json,
  Named,
  Referral,
  Role,
  Routing,
  Section,
  Signed,
} from "./schemas.ts";
import * as schemas from "./schemas.ts";
import type { Binding, Blobs, Reader } from "./sealing.ts";
import { base, checkBlobs, checkForm, NO_CONSENT, sealSet } from "./sealing.ts";
import * as vocabulary from "./vocabulary.ts";

export const WHO_SENDS: readonly Role[] = ["focal_point", "api"];
export const NEVER_SENT: readonly string[] = ["evidence", "note"];

/** A whole that a hub can accept: the signed document and the blobs that travel beside it. */
export interface SealedReferral {
  readonly document: Document<Referral>;
  readonly blobs: Blobs;
}

/** Who signs, for which agency, relying on which directory. */
export interface Signer {
  readonly agency: string;
  readonly member: string;
  readonly key: SigningKey;
  readonly directory: Directory;
}

export function authorOf({ agency, member }: Signer): Author {
  return { agency, member };
}

/**
 * A section as it is sealed: `{section, fields, files}` in canonical form.
 *
 * `not_canonical` or `limit_exceeded` for what no reader would take: fractions, non-ASCII names, depth.
 */
export function sectionText(
  section: string,
  fields: Readonly<Record<string, Json>>,
  files: readonly File[] = [],
): Bytes {
  const text = canonical({ section, fields, files } satisfies Section);
  parse(text, { maxText: null });
  return text;
}

/** The section that a part holds. `cannot_open` where the author sealed something else under this name. */
export function readSection(part: string, text: Uint8Array): Section {
  const section = fitted(part, text, schemas.section);
  if (section.section !== part) throw new Refused("cannot_open", { part });
  return section;
}

/** What was sealed under this name, if it is what it should be; else `cannot_open`. */
export function fitted<T>(part: string, text: Uint8Array, schema: schemas.Schema<T>): T {
  try {
    return schemas.fit(parse(text, { maxText: null }), schema);
  } catch (error) {
    throw error instanceof Refused ? new Refused("cannot_open", { part }) : error;
  }
}

/** Public keys of epochs by their hash. */
export type PublicKeys = ReadonlyMap<string, Bytes>;

/** An agency of the directory as a reader of these parts. RangeError where its key is not among the public ones. */
export function readerOf(view: View, agency: string, as: As, publicKeys: PublicKeys, parts: Iterable<string>): Reader {
  const epoch = view.agency(agency)?.epoch ?? null;
  if (epoch === null) throw new Refused("not_found", { reader: agency });
  const publicKey = publicKeys.get(epoch.kem);
  if (publicKey === undefined) throw new RangeError("the key of this epoch was not given");
  return { agency, as, epoch: epoch.n, publicKey, parts: new Set(parts) };
}

/** Seal these parts for sender and recipient (and an exception's reviewer) and sign. It checks no consent. */
export async function seal(
  signer: Signer,
  given: {
    readonly id: string;
    readonly to: string;
    readonly routing: Routing;
    readonly decision: Document<Consent>;
    readonly texts: ReadonlyMap<string, Uint8Array>;
    readonly publicKeys: PublicKeys;
    readonly at: Instant;
    readonly parent?: Named | null;
    /** Of the parts, sealed before for this very referral. */
    readonly files?: readonly SealedFile[];
  },
): Promise<SealedReferral> {
  const { id, to, routing, decision, texts, publicKeys, files = [] } = given;
  const parts = [...texts.keys(), ...files.map((one) => one.said.part)];
  const { directory } = signer;
  const [view, head] = [directory.now(), directory.head]; // the same, whatever is appended meanwhile
  const readers = [
    readerOf(view, to, "recipient", publicKeys, parts),
    readerOf(view, signer.agency, "sender", publicKeys, parts),
  ];
  const { exception } = decision.body;
  if (exception !== null) {
    const justification = parts.filter((part) => base(part) === "justification");
    readers.push(readerOf(view, exception.reviewer, "reviewer", publicKeys, justification));
  }
  const network = view.network.body.network;
  const { sealed, blobs } = await sealSet(
    bindingBy(signer, network, id, decision),
    texts,
    readers,
    new Map(files.map((one) => [one.said.part, one])),
  );
  const body: Referral = {
    network,
    at: stamp(given.at),
    directory: head,
    author: authorOf(signer),
    id,
    to,
    routing,
    authority: consent.authorityOf(decision),
    parent: given.parent ?? null,
    sealed,
  };
  return { document: await sign("referral", body, signer.key), blobs };
}

/** What the seals of a signer's new document are bound to. */
export function bindingBy(signer: Signer, network: string, document: string, decision: Document<Consent>): Binding {
  return { network, document, owner: signer.agency, authorKey: signer.key.public, consent: decision.hash };
}

/** What the seals of a verified document are bound to: its author's key as of the size that it states. */
export function bindingOf(
  { body }: Document<Consent | (Signed & { readonly id: string; readonly authority: Authority | null })>,
  view: View,
): Binding {
  const author = view.member(body.author.agency, body.author.member);
  if (author === null) throw new Refused("key_unknown", { field: "author" });
  const said = { network: body.network, owner: body.author.agency, authorKey: unb64(author.key) };
  if ("recorder" in body) return { ...said, document: schemas.documentId(body), consent: NO_CONSENT };
  if (body.authority === null) throw new RangeError("nothing is sealed without an authority");
  return { ...said, document: body.id, consent: unb64(body.authority.sha256) };
}

// --- what hub and reader check ---------------------------------------------------------------------------------------

/**
 * All that can be verified without opening (§5), in the order of §13. Gives the view at the size that it states.
 *
 * `decisions` are those of its consent id that the caller may see. What only a hub knows (ids, what has changed since
 * that size) is checked there.
 */
export async function check(
  { document, blobs }: SealedReferral,
  directory: Directory,
  decisions: Decisions,
  now: Instant,
): Promise<View> {
  const { body } = document;
  checkShape(body);
  const view = await directory.checkSigned(document, WHO_SENDS);
  await checkBlobs(body.sealed, blobs);
  checkConsent(body, view, decisions, now);
  checkClock(body.at, now);
  checkSuspension(body, view);
  return view;
}

/** What a referral's own fields must agree on: `malformed`, `limit_exceeded`. */
export function checkShape(body: Referral): void {
  const { routing, sealed } = body;
  checkForm(sealed);
  if (!vocabulary.codes("urgency").has(routing.urgency)) throw new Refused("malformed", { field: "routing.urgency" });
  const services = vocabulary.codes("services");
  if (!routing.services.every((code) => services.has(code))) {
    throw new Refused("malformed", { field: "routing.services" });
  }
  if (!vocabulary.codes("languages").has(routing.language)) {
    throw new Refused("malformed", { field: "routing.language" });
  }
  if (body.to === body.author.agency) throw new Refused("malformed", { field: "to" });
  const sections = vocabulary.codes("sections");
  for (const { name } of sealed.parts) {
    if (!sections.has(base(name)) || NEVER_SENT.includes(base(name))) throw new Refused("malformed", { part: name });
  }
  const roles = new Map(sealed.readers.map((one) => [one.as, one.agency]));
  if (roles.size !== sealed.readers.length) throw new Refused("malformed", { field: "sealed.readers" });
  if (roles.get("sender") !== body.author.agency) throw new Refused("malformed", { reader: body.author.agency });
  if (roles.get("recipient") !== body.to) throw new Refused("malformed", { reader: body.to });
}

/** The rule of §7 for each part and reader, then the authority, then the basis. */
export function checkConsent(body: Referral, view: View, decisions: Decisions, now: Instant): void {
  const keys = keysOf(body);
  const all = recipientFirst(body);
  const asked = body.sealed.parts.length > 0 ? all : all.slice(0, 1); // of nothing: what the recipient may not read
  const faults = asked.map(({ agency }) => faultOf(agency, keys.get(agency)!, view, decisions, now));
  const told = consent.firstToldOf(faults.filter((fault) => fault !== null));
  if (told !== null) throw told;
  const decision = consent.checkAuthority(decisions, body.authority, body.to);
  consent.checkMinor(decision.body, body.routing.minor);
  checkException(body, view, decision.body);
  checkKeys(body);
}

function recipientFirst({ sealed }: Referral): readonly schemas.SealedReader[] {
  const order: readonly As[] = ["recipient", "reviewer", "sender"];
  return sealed.readers.toSorted((one, other) => order.indexOf(one.as) - order.indexOf(other.as));
}

function faultOf(
  agency: string,
  parts: readonly string[],
  view: View,
  decisions: Decisions,
  now: Instant,
): Refused | null {
  const { kind } = agencyIn(view, agency);
  return consent.refusalOf(() => {
    if (parts.length === 0) consent.checkReaderWithoutKey(decisions, { agency, kind, at: now });
    consent.checkParts(decisions, { agency, kind, parts, at: now });
  });
}

/** A suspended agency neither sends nor receives (§3). A hub asks its newest view, too. */
export function checkSuspension(body: Referral, view: View): void {
  for (const handle of [body.author.agency, body.to]) {
    if (agencyIn(view, handle).suspended) throw new Refused("recipient_suspended", { reader: handle });
  }
}

function checkException(body: Referral, view: View, decision: Consent): void {
  const reviewer = body.sealed.readers.find((one) => one.as === "reviewer")?.agency ?? null;
  const isJustified = body.sealed.parts.some((part) => part.name === "justification");
  if ((decision.exception !== null) !== isJustified) throw new Refused("basis_not_allowed", { part: "justification" });
  if (reviewer !== (decision.exception?.reviewer ?? null)) {
    throw new Refused("basis_not_allowed", { field: "sealed.readers" });
  }
  if (reviewer === null) return;
  if (reviewer === body.author.agency || reviewer === body.to) {
    throw new Refused("basis_not_allowed", { field: "sealed.readers" });
  }
  if (!agencyIn(view, reviewer).may.includes("review")) throw new Refused("basis_not_allowed", { reader: reviewer });
}

/** Sender and recipient read every part of it; a reviewer the justification alone. */
export function checkKeys(body: Referral): void {
  const keys = keysOf(body);
  const names = body.sealed.parts.map((part) => part.name);
  for (const { agency, as } of body.sealed.readers) {
    const expected = names.filter((part) => as !== "reviewer" || base(part) === "justification");
    const held = keys.get(agency)!;
    const wrong = [
      ...expected.filter((part) => !held.includes(part)),
      ...held.filter((part) => !expected.includes(part)),
    ];
    for (const part of wrong.sort(compareText)) throw new Refused("malformed", { part, reader: agency });
  }
}

/** The parts that each reader has a key for. */
function keysOf({ sealed }: Referral): ReadonlyMap<string, readonly string[]> {
  return new Map(
    sealed.readers.map(({ agency }) => [
      agency,
      sealed.keys.filter((key) => key.agency === agency).map((key) => key.part),
    ]),
  );
}

function agencyIn(view: View, handle: string): Agency {
  const agency = view.agency(handle);
  if (agency === null) throw new Refused("epoch_stale", { reader: handle });
  return agency;
}
