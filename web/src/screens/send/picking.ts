import { type ReadonlySignal, signal } from "@preact/signals";
import type { Problem } from "../../failed.ts";
import { problemOf } from "../../words/problems.ts";
import type { FileFault, FilesBySection, Vault } from "../../worker/api.ts";
import { filesIn, MOST_FILES } from "./filled.ts";

/** A file that was not taken. */
export interface Unattached {
  readonly section: string;
  readonly name: string;
  readonly fault: FileFault | "too_many";
}

/** What files are picked for: a form, or a note. */
export interface Picking {
  readonly filled: ReadonlySignal<{ readonly files?: FilesBySection } | null>;
  /** The section whose files are taken in at this moment. */
  readonly attaching: ReadonlySignal<string | null>;
  readonly unattached: ReadonlySignal<readonly Unattached[]>;
  readonly attach: (section: string, files: readonly File[], keepMetadata: boolean) => Promise<void>;
  readonly detach: (section: string, id: string) => void;
}

export interface Picked extends Picking {
  /** What it was picked for is left: what is being taken in at this moment does not stay. */
  readonly leave: () => void;
}

/** put: all that is picked now. */
export const picking = (
  vault: Pick<Vault, "keepFile" | "dropFiles">,
  filled: Picking["filled"],
  put: (files: FilesBySection) => void,
  failed: (problem: Problem) => void,
): Picked => {
  const attaching = signal<string | null>(null);
  const unattached = signal<readonly Unattached[]>([]);
  let turn = 0;
  let before: Promise<void> = Promise.resolve();
  const files = (): FilesBySection => filled.value?.files ?? {};

  const take = async (mine: number, ...[section, picked, keepMetadata]: Parameters<Picking["attach"]>) => {
    if (mine !== turn || filled.value === null) return;
    attaching.value = section;
    unattached.value = [];
    try {
      for (const file of picked) {
        const taken =
          filesIn({ files: files() }) < MOST_FILES
            ? await vault.keepFile(file, keepMetadata)
            : ({ fault: "too_many" } as const);
        if (mine !== turn) {
          if ("file" in taken) await vault.dropFiles([taken.file]);
          return;
        }
        if ("file" in taken) put({ ...files(), [section]: [...(files()[section] ?? []), taken.file] });
        else unattached.value = [...unattached.value, { section, name: file.name, fault: taken.fault }];
      }
    } catch (error) {
      if (mine === turn) failed(problemOf(error)); // else the next sweep finds it
    } finally {
      if (mine === turn) attaching.value = null;
    }
  };
  return {
    filled,
    attaching,
    unattached,
    attach: (...wanted) => {
      const mine = turn;
      before = before.then(() => take(mine, ...wanted)); // one after the other: none is passed over
      return before;
    },
    detach: (section, id) => put({ ...files(), [section]: (files()[section] ?? []).filter((one) => one.id !== id) }),
    leave: () => {
      turn += 1;
      attaching.value = null;
      unattached.value = [];
    },
  };
};
