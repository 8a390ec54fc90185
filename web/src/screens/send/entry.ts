import { type ReadonlySignal, signal } from "@preact/signals";
import type { Navigation } from "../../app/navigation.ts";
import { Failed } from "../../failed.ts";
import type { DraftRow, Happening, Vault } from "../../worker/api.ts";
import type { SendState } from "./state.ts";

type Screens = typeof import("./Send.tsx");

/** What is there of sending before its screens are fetched: the drafts, and the ways in. */
export interface SendEntry {
  readonly rows: ReadonlySignal<readonly DraftRow[]>;
  /** null: not fetched yet. */
  readonly screens: ReadonlySignal<{ readonly Send: Screens["Send"]; readonly state: SendState } | null>;
  /** The screens could not be fetched. */
  readonly isMissing: ReadonlySignal<boolean>;
  /** Fetch the screens, so that they are there without a line. */
  readonly fetch: () => Promise<void>;
  readonly look: () => Promise<void>;
  readonly begin: () => void;
  readonly open: (draft: string) => void;
  /** Send to another agency what went to this one. */
  readonly elsewhere: (referral: string) => void;
  readonly discard: (draft: string) => Promise<void>;
  readonly heard: (happening: Happening) => void;
  /** Somebody is at work (again). */
  readonly resume: () => void;
  readonly clear: () => void;
}

/** own: the agency at work. now: by the hub's clock. sent: the lists are otherwise. */
export const sendEntry = (
  vault: Vault,
  ways: Navigation,
  own: () => string,
  now: () => number,
  sent: () => void,
): SendEntry => {
  const rows = signal<readonly DraftRow[]>([]);
  const screens = signal<{ readonly Send: Screens["Send"]; readonly state: SendState } | null>(null);
  const isMissing = signal(false);
  let turn = 0;
  let isFresh = true; // since the page was loaded

  const look = async () => {
    const mine = turn;
    try {
      const found = await vault.drafts();
      if (mine === turn) rows.value = found;
    } catch (error) {
      if (!(error instanceof Failed)) throw error; // locked meanwhile, or a store that cannot be read: told elsewhere
    }
  };

  const changed = (isSent = false) => {
    void look();
    if (isSent) sent();
  };

  let fetching: Promise<void> | null = null;
  const fetch = async () => {
    isMissing.value = false;
    fetching ??= import("./Send.tsx").then(({ Send, sendState }) => {
      screens.value = { Send, state: sendState(vault, ways, own, now, changed) };
    });
    try {
      await fetching;
    } catch {
      fetching = null;
      isMissing.value = true;
    }
  };

  const at = (enter: (state: SendState) => Promise<void>) => {
    void fetch().then(() => screens.value && enter(screens.value.state));
  };

  const enter = (draft: string) => {
    at((state) => state.open(draft));
    ways.go({ at: "send", step: "need" });
  };

  return {
    rows,
    screens,
    isMissing,
    fetch,
    look,
    begin: () => {
      at((state) => state.begin());
      ways.reset({ at: "send", step: "need" });
    },
    open: enter,
    elsewhere: (referral) => {
      at((state) => state.elsewhere(referral));
      ways.go({ at: "send", step: "who" });
    },
    discard: async (draft) => {
      await vault.dropDraft(draft);
      await look();
    },
    heard: (happening) => {
      screens.value?.state.heard(happening);
      if (happening.type !== "sent" && happening.type !== "returned") return;
      void look();
      sent();
    },
    resume: () => {
      const wasFresh = isFresh;
      isFresh = false;
      void screens.value?.state.resume();
      void look().then(() => {
        // The page went away under it: back to where it was.
        const open = rows.value.find((row) => row.isOpen);
        if (wasFresh && open !== undefined && ways.screen.value.at === "inbox") enter(open.id);
      });
    },
    clear: () => {
      turn += 1;
      screens.value?.state.clear();
      rows.value = [];
    },
  };
};
