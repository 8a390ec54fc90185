/** The calls of sending, as the vault serves them. What they do is fetched when it is first needed, or after signing in. */

import type * as api from "./api.ts";
import type { At } from "./sending.ts";

const load = () => import("./sending.ts");

/** What a referral came to after which its form is not needed any more. */
const OVER: readonly string[] = ["closed", "withdrawn", "expired"];

export interface SendingCalls {
  readonly calls: api.Sending;
  /** There is a line (again): what waits goes out. */
  readonly lineBack: (at: At) => void;
  readonly arrived: (at: At, kind: string, referral: string | null) => Promise<void>;
}

/** working: who is at work, or a refusal: asked at once, so that what is saved at the lock still is. */
export function sendingCalls(working: () => At, tell: (happening: api.Happening) => void): SendingCalls {
  const now = async () => [working(), await load()] as const;
  return {
    calls: {
      keepFile: async (file, keepMetadata) => {
        const { items } = working();
        return (await import("./files.ts")).keepFile(items, file, keepMetadata);
      },
      dropFiles: async (unwanted) => {
        const { items } = working();
        const files = await import("./files.ts");
        files.named({ unwanted });
        await files.sweep(items);
      },
      find: async (wanted) => {
        const [at, sending] = await now();
        return sending.find(at, wanted);
      },
      ownPlace: async () => {
        const [at, sending] = await now();
        return sending.ownPlace(at);
      },
      drafts: async () => {
        const [at, sending] = await now();
        return sending.drafts(at);
      },
      draft: async (id) => {
        const [at, sending] = await now();
        return sending.draft(at, id);
      },
      saveDraft: async (draft) => {
        const [at, sending] = await now();
        await sending.saveDraft(at, draft);
      },
      dropDraft: async (id) => {
        const [at, sending] = await now();
        await sending.dropDraft(at, id);
      },
      send: async (draft, form, covered) => {
        const [at, sending] = await now();
        return sending.send(at, draft, form, covered, tell);
      },
      again: async (id) => {
        const [at, sending] = await now();
        return sending.again(at, id);
      },
      newReceipt: async (mode) => {
        const [at, sending] = await now();
        return sending.newReceipt(at, mode);
      },
    },
    lineBack: (at) => {
      load().then(
        (sending) => sending.resume(at, tell),
        () => undefined, // not fetched: the next line tries again
      );
    },
    arrived: async (at, kind, referral) => {
      if (referral !== null && OVER.includes(kind)) await (await load()).ended(at, referral);
    },
  };
}
