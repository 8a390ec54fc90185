import { signal } from "@preact/signals";
import type { Problem } from "../../failed.ts";
import type { FilesBySection, KeptFile, Vault } from "../../worker/api.ts";
import { type Picking, picking } from "../send/picking.ts";

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
  const filled = signal<{ readonly files: FilesBySection }>({ files: {} });
  const put = (files: FilesBySection) => {
    filled.value = { files };
  };
  const picked = picking(vault, filled, put, failed);
  const files = () => filled.value.files.note ?? [];
  const drop = (unwanted: readonly KeptFile[]) => {
    if (unwanted.length > 0) vault.dropFiles(unwanted).catch(() => undefined); // the next sweep finds them
  };
  return {
    ...picked,
    files,
    detach: (section, id) => {
      drop(files().filter((one) => one.id === id));
      picked.detach(section, id);
    },
    clear: (sent) => {
      picked.leave();
      if (!sent) drop(files());
      put({});
    },
  };
};
