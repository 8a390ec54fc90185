/**
 * One operation of the contract, sent by its hash (the hub knows the text), with the cookie that it set at sign-in.
 *
 * Repeated where the line fails, and after a 5xx, never after a refusal: what is repeated is idempotent.
 */

import { Failed } from "../failed.ts";

/** A trusted document: `id` is the hash under which the hub knows it. */
export interface Operation<Result, Variables> {
  readonly id: string;
  readonly name: string;
  /** Phantoms, so that a call is checked against the contract. */
  readonly result?: Result;
  readonly variables?: Variables;
}

const TRIES = 5;
const TRIES_WITHOUT_LINE = 2; // once none came through: whoever waits for what is kept here does not wait for each
const FIRST_PAUSE = 250; // milliseconds; doubles with each try
const LONGEST_PAUSE = 15_000;
const WITHIN = 30_000; // milliseconds, for one answer
const NOT_IN_TIME = [408, 429, 500, 502, 503, 504];

let member: string | null = null;

/** As whom the hub is asked, of those who share this browser: each has a cookie. null: as nobody. */
export function actAs(id: string | null): void {
  member = id;
}

let hasLine = true; // as the last request found it

/**
 * Ask the hub. Rejects with `Failed`: refused, hub or line. once: not repeated by itself, each try counts. asNobody: without
 * any cookie. as: another member than who is at work. within: milliseconds for one answer, where much is carried.
 */
export async function ask<R, V>(
  operation: Operation<R, V>,
  variables: V,
  {
    once = false,
    asNobody = false,
    as = member,
    until,
    within = WITHIN,
  }: {
    readonly once?: boolean;
    readonly asNobody?: boolean;
    readonly as?: string | null;
    readonly until?: AbortSignal;
    readonly within?: number;
  } = {},
): Promise<R> {
  const body = JSON.stringify({ documentId: operation.id, operationName: operation.name, variables });
  const most = once ? 1 : hasLine ? TRIES : TRIES_WITHOUT_LINE;
  for (let tries = 0; tries < most; tries += 1) {
    if (tries > 0) await rest(pause(tries - 1), until);
    if (until?.aborted) break;
    const answer = await post(body, as, asNobody ? "omit" : "same-origin", within, until);
    if (answer !== null) hasLine = true;
    if (answer !== null && !NOT_IN_TIME.includes(answer.status)) return dataOf(await jsonOf(answer));
    if (answer === null && tries === most - 1) hasLine = false;
  }
  throw new Failed({ kind: "line" });
}

async function post(
  body: string,
  as: string | null,
  credentials: RequestCredentials,
  within: number,
  until: AbortSignal | undefined,
): Promise<Response | null> {
  const signals = [AbortSignal.timeout(within), ...(until ? [until] : [])];
  try {
    return await fetch("/graphql", {
      method: "POST",
      body,
      headers: {
        "Content-Type": "application/json",
        Accept: "application/graphql-response+json, application/json;q=0.9",
        ...(as !== null && { "Ortoo-Member": as }),
      },
      credentials,
      cache: "no-store",
      redirect: "error",
      signal: AbortSignal.any(signals),
    });
  } catch {
    return null; // no line, or not in time
  }
}

/** Milliseconds before another try: doubling, bounded, and spread so that many clients do not come back at once. */
export function pause(tries: number): number {
  const spread = 0.5 + (crypto.getRandomValues(new Uint8Array(1))[0]! / 255) * 0.5;
  return Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.min(tries, 10)) * spread;
}

export function rest(milliseconds: number, until?: AbortSignal): Promise<void> {
  return new Promise((done) => {
    setTimeout(done, milliseconds);
    until?.addEventListener("abort", () => done(), { once: true });
  });
}

async function jsonOf(answer: Response): Promise<unknown> {
  try {
    return await answer.json();
  } catch {
    throw badAnswer();
  }
}

/** The data of an answer. Its first error is a refusal, or a fault of the hub with the incident's number. */
export function dataOf<R>(answer: unknown): R {
  const { data, errors } = (answer ?? {}) as { data?: unknown; errors?: unknown };
  if (Array.isArray(errors) && errors.length > 0) throw refusedBy(errors[0]);
  if (typeof data !== "object" || data === null) throw badAnswer();
  return data as R;
}

/** An error of an answer or of a socket, as what it means. */
export function refusedBy(error: unknown): Failed {
  const said = (error as { extensions?: Record<string, unknown> } | null)?.extensions ?? {};
  const code = typeof said.code === "string" ? said.code : "bad_answer";
  if (typeof said.incident === "string") return new Failed({ kind: "hub", code, incident: said.incident });
  const plain = Object.entries(said).filter(
    (one): one is [string, string | number] => one[0] !== "code" && ["string", "number"].includes(typeof one[1]),
  );
  return new Failed({ kind: "refused", code, fields: Object.fromEntries(plain) });
}

export function badAnswer(): Failed {
  return new Failed({ kind: "hub", code: "bad_answer", incident: null });
}
