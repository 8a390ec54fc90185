/** For whom there is no feed: whether there is a line, and a session, looked at now and then. */

import { Failed } from "../failed.ts";
import type { Follower } from "./feed.ts";
import * as operations from "./operations.ts";
import { ask } from "./query.ts";

const EVERY = 20_000; // milliseconds

/** Look until the returned function is called. */
export function attend(follower: Pick<Follower, "line" | "ended">): () => void {
  let over = false;
  let was: boolean | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tell = (live: boolean) => {
    if (!over && live !== was) follower.line(live);
    was = live;
  };
  const look = async () => {
    try {
      await ask(operations.me, {}, { once: true });
      tell(true);
    } catch (error) {
      const problem = error instanceof Failed ? error.problem : null;
      if (problem?.kind === "refused" && !over) {
        over = true;
        follower.ended(problem.code);
      }
      tell(false);
    }
    if (!over) timer = setTimeout(look, EVERY);
  };
  void look();
  return () => {
    over = true;
    clearTimeout(timer);
  };
}
