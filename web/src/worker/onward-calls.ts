/** The calls of passing on, as the vault serves them. What they do is fetched when it is first needed. */

import type { PassingOn } from "./api.ts";
import type { At } from "./onward.ts";

const load = () => import("./onward.ts");

/** working: who is at work, or a refusal: asked at once, the code may take a while. */
export function onwardCalls(working: () => At): PassingOn {
  return {
    forward: async (id, to, sections) => {
      const at = working();
      return (await load()).forward(at, id, to, sections);
    },
    chain: async (id) => {
      const at = working();
      return (await load()).chain(at, id);
    },
  };
}
