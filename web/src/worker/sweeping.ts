import type { Items } from "../device/store.ts";
import type { FilesBySection } from "./api.ts";
import type { Deed } from "./consent-api.ts";

/** Files that nothing names any more go. now: those that what was just kept names from now on. */
export async function sweepFiles(items: Items, now?: FilesBySection): Promise<void> {
  if (items.names("file/").length === 0) return;
  const files = await import("./files.ts");
  files.named(now);
  await files.sweep(items);
}

/** The files that go with what she decides later. */
export function evidenceOf(deed: Deed | null | undefined): FilesBySection {
  return deed?.do === "decide" && deed.evidence !== undefined ? { evidence: deed.evidence.files } : {};
}
