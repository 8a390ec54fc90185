/**
 * The agency's feed, live: each entry once and in order, from the sequence after the last one that was taken in. A line
 * that is lost is taken up again behind that entry, however often.
 */

import { type Client, createClient } from "graphql-ws";
import type { Operation } from "./query.ts";
import { pause, refusedBy } from "./query.ts";

export interface FeedEntry {
  readonly sequence: number;
  readonly kind: string;
  readonly referral: string | null;
  readonly event: string | null;
  readonly at: string;
}

/** What a follower is told. lost and back: of the line; ended: the hub does not know this member any more. */
export interface Follower {
  taken(entry: FeedEntry): void | Promise<void>;
  line(live: boolean): void;
  ended(code: string): void;
}

const SIGNED_OUT = [4401, 4403]; // close codes of graphql-transport-ws
const QUIET = 12_000; // milliseconds between pings, and for their answer: a dead line is seen within twice that

type Follow = Operation<{ readonly feed: FeedEntry }, { readonly after: number }>;

/** Follow the member's feed behind `after`, until the returned function is called. url: of the socket, same origin. */
export function follow(operation: Follow, url: string, member: string, after: number, follower: Follower): () => void {
  let last = after;
  let over = false;
  let client: Client | null = null;
  let tries = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const again = () => {
    if (over) return;
    follower.line(false);
    timer = setTimeout(begin, pause(tries));
    tries += 1;
  };

  const begin = () => {
    client = dial(url, member, () => {
      tries = 0;
      follower.line(true);
    });
    const mine = client;
    const ended = (error?: unknown) => {
      if (over || client !== mine) return;
      client = null;
      void mine.dispose();
      const code = endedBy(error);
      if (code === null) return again();
      over = true;
      follower.ended(code);
    };
    void take(mine, ended);
  };

  // One entry after the other: the next is taken when this one has been.
  const take = async (mine: Client, ended: (error?: unknown) => void) => {
    // The hash in place of the text; graphql-ws insists on a text beside it.
    const asked = { query: "", documentId: operation.id, operationName: operation.name, variables: { after: last } };
    try {
      for await (const answer of mine.iterate<{ feed: FeedEntry }>(asked)) {
        if (over) return;
        if (answer.errors?.length) throw answer.errors;
        const entry = answer.data!.feed;
        if (entry.sequence <= last) continue;
        await follower.taken(entry);
        last = entry.sequence;
      }
      ended();
    } catch (error) {
      ended(error);
    }
  };

  begin();
  return () => {
    over = true;
    clearTimeout(timer);
    void client?.dispose();
  };
}

function dial(url: string, member: string, live: () => void): Client {
  let answered = true;
  let silence: ReturnType<typeof setTimeout> | undefined;
  const client = createClient({
    url,
    connectionParams: { member },
    lazy: true,
    retryAttempts: 0,
    keepAlive: QUIET,
    on: {
      connected: live,
      ping: (received) => {
        if (received) return;
        answered = false;
        silence = setTimeout(() => answered || client.terminate(), QUIET);
      },
      pong: (received) => {
        if (!received) return;
        answered = true;
        clearTimeout(silence);
      },
      closed: () => clearTimeout(silence),
    },
  });
  return client;
}

/** The code with which the hub has ended it for good; null where it is only the line. */
function endedBy(error: unknown): string | null {
  const close = (error as { code?: unknown } | null)?.code;
  if (typeof close === "number") return SIGNED_OUT.includes(close) ? "signed_out" : null;
  const first = Array.isArray(error) ? error[0] : null;
  const { problem } = first ? refusedBy(first) : { problem: null };
  return problem?.kind === "refused" ? problem.code : null;
}
