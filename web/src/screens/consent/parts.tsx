/** What the pages of a person's decision have in common. */

import { Band } from "../../parts/Band.tsx";
import { Carried } from "../../parts/Carried.tsx";
import type { HubTime } from "../../parts/hub-time.ts";
import { words } from "../../words/current.ts";
import { problemText } from "../../words/problems.ts";
import type { Me, Vault } from "../../worker/api.ts";
import type { ConsentPage } from "./pages.ts";
import type { ConsentState } from "./state.ts";

export interface ConsentProps {
  readonly vault: Vault;
  readonly me: Me;
  readonly time: HubTime;
  /** A referral that was sent under it. */
  readonly referral: string;
  readonly page: ConsentPage;
  readonly onGo: (page: ConsentPage) => void;
  readonly onBack: () => void;
  /** What was decided, or sent, is otherwise now. */
  readonly onDone: () => void;
  /** Send to another agency what this one was sent. */
  readonly onElsewhere: () => void;
}

export interface PageProps extends Omit<ConsentProps, "page" | "vault"> {
  readonly vault: Vault;
  readonly state: ConsentState;
}

/** How far the files are that go with what she decides. */
export const EvidenceGoes = ({ state }: { readonly state: ConsentState }) => {
  const carried = state.carried.value;
  return carried && <Carried way="file.carried" over={carried.over} all={carried.all} />;
};

/** What went wrong, beside the fields. */
export const Trouble = ({ state }: { readonly state: ConsentState }) => {
  const problem = state.problem.value;
  return (
    <div role="alert" class="wide">
      {problem && <Band tone="late">{problemText(words.value, problem)}</Band>}
    </div>
  );
};
