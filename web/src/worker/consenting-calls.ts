/** The calls about later decisions, as the vault serves them. What they do is fetched when it is first needed. */

import { b64 } from "../protocol/documents.ts";
import type * as api from "./api.ts";
import type { Consenting } from "./consent-api.ts";
import type { At } from "./consenting.ts";

const load = () => import("./consenting.ts");

export const DEEDS = "deed/"; // names of what is kept of them, while it waits for the line

export interface ConsentingCalls {
  readonly calls: Consenting;
  /** There is a line (again): what waits is handed in. */
  readonly lineBack: (at: At) => void;
}

/** working: who is at work, or a refusal: asked at once, the code may take a while. */
export function consentingCalls(working: () => At, tell: (happening: api.Happening) => void): ConsentingCalls {
  return {
    calls: {
      consented: async (referral) => {
        const at = working();
        return (await load()).consented(at, referral);
      },
      redecide: async (referral, deed, shown) => {
        const at = working();
        return (await load()).redecide(at, referral, deed, shown, tell);
      },
      whatHolds: async (referral) => {
        const at = working();
        return (await load()).whatHolds(at, referral);
      },
      ownReceipt: async (part, mode) => {
        const { work } = working();
        const { keyIn } = await import("./own-code.ts");
        return { key: b64(await keyIn(part, work.network.directory.id)), mode };
      },
      saveDeed: async (referral, deed, shown) => {
        const at = working();
        await (await load()).saveDeed(at, referral, deed, shown);
      },
    },
    lineBack: (at) => {
      if (at.items.names(DEEDS).length === 0) return;
      load().then(
        (consenting) => consenting.resume(at, tell),
        () => undefined, // not fetched: the next line tries again
      );
    },
  };
}
