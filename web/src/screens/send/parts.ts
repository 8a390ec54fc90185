import type { HubTime } from "../../parts/hub-time.ts";
import type { DraftRow, Me } from "../../worker/api.ts";
import type { SendPage } from "./filled.ts";
import type { SendState } from "./state.ts";

/** What every step has. */
export interface SendProps {
  readonly state: SendState;
  readonly step: SendPage;
  readonly me: Me;
  readonly time: HubTime;
  readonly drafts: readonly DraftRow[];
  readonly onDraft: (id: string) => void;
  /** Whether another place is shown now; else it is only locked over. */
  readonly hasLeft: () => boolean;
  readonly onDone: () => void;
}
