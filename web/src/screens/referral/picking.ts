import { signal } from "@preact/signals";
import type { Problem } from "../../failed.ts";
import { problemOf } from "../../words/problems.ts";
import type { KeptFile, Vault } from "../../worker/api.ts";
import { MOST_FILES } from "../send/filled.ts";
import type { Unattached } from "../send/state.ts";
import type { Picking } from "../send/TellFiles.tsx";

const NOTE = "note";

/** The files that go with what is written to the other side. */
export interface PickedForNote extends Picking {
  readonly files: () => readonly KeptFile[];
  /** They were sent; or nobody wants them: then they leave this device. */
  readonly clear: (sent: boolean) => void;
}

export const pickingForNote = (
  vault: Pick<Vault, "keepFile" | "dropFiles">,
  failed: (problem: Problem) => void,
): PickedForNote => {
  const filled = signal<{ readonly files: { readonly [NOTE]: readonly KeptFile[] } }>({ files: { note: [] } });
  const attaching = signal<string | null>(null);
  const unattached = signal<readonly Unattached[]>([]);
  let turn = 0;
  const files = () => filled.value.files.note;
  const change = (note: readonly KeptFile[]) => {
    filled.value = { files: { note } };
  };
  const drop = (unwanted: readonly KeptFile[]) => {
    if (unwanted.length > 0) vault.dropFiles(unwanted).catch(() => undefined); // the next sweep finds them
  };
  return {
    filled,
    attaching,
    unattached,
    files,
    attach: async (section, picked, keepMetadata) => {
      if (attaching.value !== null) return;
      const mine = turn;
      attaching.value = section;
      unattached.value = [];
      try {
        for (const file of picked) {
          const taken =
            files().length < MOST_FILES ? await vault.keepFile(file, keepMetadata) : ({ fault: "too_many" } as const);
          if (mine !== turn) return "file" in taken ? drop([taken.file]) : undefined;
          if ("file" in taken) change([...files(), taken.file]);
          else unattached.value = [...unattached.value, { section, name: file.name, fault: taken.fault }];
        }
      } catch (error) {
        if (mine === turn) failed(problemOf(error));
      } finally {
        if (mine === turn) attaching.value = null;
      }
    },
    detach: (_, id) => {
      drop(files().filter((one) => one.id === id));
      change(files().filter((one) => one.id !== id));
    },
    clear: (sent) => {
      turn += 1;
      if (!sent) drop(files());
      change([]);
      attaching.value = null;
      unattached.value = [];
    },
  };
};
