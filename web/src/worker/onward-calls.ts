/** The calls of passing on, as the vault serves them. What they do is fetched when it is first needed. */

import type { Items } from "../device/store.ts";
import type { Happening, PassingOn } from "./api.ts";
import type { At } from "./onward.ts";

const load = () => import("./onward.ts");
const PREFIX = "onward/";

export interface OnwardCalls {
  readonly calls: PassingOn;
  /** There is a line (again): what waits goes out. */
  readonly lineBack: (at: At) => void;
}

/** working: who is at work, or a refusal: asked at once, the code may take a while. */
export function onwardCalls(working: () => At, tell: (happening: Happening) => void): OnwardCalls {
  return {
    calls: {
      forward: async (id, to, sections, files, agreed) => {
        const at = working();
        return (await load()).forward(at, id, to, sections, files, agreed);
      },
      undecided: async (id) => {
        const at = working();
        return (await load()).undecided(at, id);
      },
      chain: async (id) => {
        const at = working();
        return (await load()).chain(at, id);
      },
    },
    lineBack: (at) => {
      if (at.items.names(PREFIX).length === 0) return;
      load()
        .then((onward) => onward.resume(at, (of, to, problem) => tell({ type: "passed", of, to, problem })))
        .catch(() => undefined); // not fetched, or not answered: the next line tries again
    },
  };
}

/** To whom something of this referral is on its way. */
export function passingOf(items: Items, of: string): readonly string[] {
  const names = items.names(`${PREFIX}${of} `).map((name) => name.split(" ")[1] ?? "");
  return [...new Set(names)];
}
