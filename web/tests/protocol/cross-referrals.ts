/**
 * Directories, drafts, steps and readers of the browser, asked from outside as cross.ts is: tests/web/ has Python on
 * the other end. A directory is named by the root that it has.
 */

import { openCheckpoint, parsePolicy } from "../../src/protocol/checkpoint.ts";
import * as consent from "../../src/protocol/consent.ts";
import { Directory } from "../../src/protocol/directory.ts";
import type { Bytes } from "../../src/protocol/documents.ts";
import { b64, newId, read, SigningKey, unb64 } from "../../src/protocol/documents.ts";
import * as events from "../../src/protocol/events.ts";
import { KemKey } from "../../src/protocol/hpke.ts";
import type { PublicKeys, SealedReferral, Signer } from "../../src/protocol/referral.ts";
import * as referral from "../../src/protocol/referral.ts";
import { decide, partsAllowed, seal, sealAgain } from "../../src/worker/drafting.ts";
import type { Form, Grant } from "../../src/worker/form.ts";
import { partsFor } from "../../src/worker/form.ts";
import type { Part, VerifiedReferral } from "../../src/worker/reading.ts";
import { partNamesOf, Reader } from "../../src/worker/reading.ts";
import type { Answers, Question } from "./cross.ts";
import { answer, blobsOf, travelling } from "./cross.ts";

const DIRECTORIES = new Map<string, Directory>();

function directoryOf({ root }: Question): Directory {
  const found = DIRECTORIES.get(root);
  if (found === undefined) throw new RangeError("replay it first");
  return found;
}

async function signerOf(asked: Question): Promise<Signer> {
  const { agency, member, seed } = asked.signer;
  return { agency, member, key: await SigningKey.of(unb64(seed)), directory: directoryOf(asked) };
}

function publicKeysOf({ public_keys }: Question): PublicKeys {
  return new Map(Object.entries<string>(public_keys).map(([kem, key]): [string, Bytes] => [kem, unb64(key)]));
}

/** A form as Python writes it. */
function formOf({ form }: Question): Form {
  const { routing, recipients, sections, consent: said } = form;
  const { given_by, given_how, retain_days, grants, refusals, exception, ...rest } = said;
  return {
    routing,
    recipients,
    sections: new Map(Object.entries(sections)),
    consent: {
      ...rest,
      givenBy: given_by,
      givenHow: given_how,
      retainDays: retain_days,
      receipt: null,
      grants: new Map(Object.entries<Grant>(grants)),
      refusals: new Map(Object.entries<string[]>(refusals)),
      exception: exception && { reviewer: exception.reviewer, tellAfterDays: exception.tell_after_days },
    },
  };
}

const sealedOf = ({ document, blobs }: SealedReferral) => ({ envelope: document.envelope, blobs: travelling(blobs) });

async function verified(asked: Question): Promise<{ readonly reader: Reader; readonly of: VerifiedReferral }> {
  const epochs = new Map<number, KemKey>();
  for (const [n, seed] of Object.entries<string>(asked.epochs)) epochs.set(Number(n), await KemKey.of(unb64(seed)));
  const opened = new Map(Object.entries<string>(asked.opened));
  const reader = new Reader(asked.agency, directoryOf(asked), epochs, opened);
  return { reader, of: await reader.verify(asked.answer, Date.parse(asked.now)) };
}

function told(part: Part<unknown>): unknown {
  const { name, status } = part;
  if (part.status === "damaged") return { name, status, problem: part.problem.code };
  return part.status === "readable" ? { name, status, holds: part.holds } : { name, status };
}

const ANSWERS: Answers = {
  replay: async ({ entries, anchor }) => {
    const directory = new Directory(anchor);
    for (const entry of entries) await directory.append(entry);
    DIRECTORIES.set(directory.head.root, directory);
    const view = directory.now();
    const agencies = view.agencies().map((one) => ({
      handle: one.handle,
      kind: one.kind,
      may: one.may,
      suspended: one.suspended,
      members: one.members,
      epoch: one.epoch,
    }));
    return { head: directory.head, network: view.network.sha256, agencies };
  },
  append: async ({ root, entry }) => {
    await directoryOf({ root }).copy().append(entry);
  },
  open_checkpoint: async ({ note, origin, policy }) => {
    const { checkpoint, cosigned } = await openCheckpoint(note, origin, await parsePolicy(policy));
    return { size: checkpoint.size, root: b64(checkpoint.root), cosigned: [...cosigned] };
  },
  check_referral: async (asked) => {
    const document = await read(asked.envelope, "referral");
    const decisions: string[] = asked.decisions;
    const known = consent.decisionsOf(await Promise.all(decisions.map((one) => read(one, "consent"))));
    await referral.check({ document, blobs: blobsOf(asked.blobs) }, directoryOf(asked), known, Date.parse(asked.now));
    return true;
  },
  parts_for: (asked) => partsFor(formOf(asked), asked.agency, asked.kind),
  draft: async (asked) => {
    const [form, signer, at] = [formOf(asked), await signerOf(asked), Date.parse(asked.at)];
    const decisions = await decide(form, signer, at);
    const referrals = await seal(form, signer, decisions, publicKeysOf(asked), at);
    return { decisions: decisions.map((one) => one.envelope), referrals: referrals.map(sealedOf) };
  },
  draft_again: async (asked) => {
    const [form, signer, at] = [formOf(asked), await signerOf(asked), Date.parse(asked.at)];
    const decision = await read(asked.decision, "consent");
    const agency = decision.body.to;
    const kind = signer.directory.now().agency(agency)?.kind ?? "";
    const parts = partsAllowed(form, { agency, kind, at }, consent.decisionsOf([decision]));
    return sealedOf(await sealAgain(form, signer, { to: agency, decision, parts }, publicKeysOf(asked), at));
  },
  step: async (asked) => {
    const decision = await read(asked.decision, "consent");
    const made = await events.make(await signerOf(asked), {
      id: newId(),
      referral: await read(asked.referral, "referral"),
      prev: asked.prev,
      type: asked.type,
      at: Date.parse(asked.at),
      reason: asked.reason,
      note: asked.note === null ? null : { text: asked.note, decision, publicKeys: publicKeysOf(asked) },
    });
    return { envelope: made.document.envelope, blobs: travelling(made.blobs) };
  },
  verify: async (asked) => {
    const { reader, of } = await verified(asked);
    return {
      id: of.id,
      as: of.as,
      state: of.state,
      head: of.head,
      parts: partNamesOf(of),
      deletion_owed_since: of.deletionOwedSince,
      epochs: [...reader.epochsNeeded(of, Date.parse(asked.now))],
      steps: of.steps.map((one) => ({
        id: one.id,
        agency: one.agency,
        as: one.as,
        type: one.type,
        reason: one.reason,
        note: one.note && told(one.note),
      })),
    };
  },
  parts: async (asked) => {
    const { reader, of } = await verified(asked);
    return (await reader.parts(of, asked.sealed, Date.parse(asked.later))).map(told);
  },
};

if (import.meta.main) await answer(ANSWERS);
