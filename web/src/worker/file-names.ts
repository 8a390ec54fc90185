import { utf8 } from "../protocol/documents.ts";

const LONGEST_NAME = 120; // bytes
const NO_LETTER = /[/\\<>:"|?*]|(?! )[\p{C}\p{Z}]/gu;
const DEVICE = /^(con|prn|aux|nul|(com|lpt)[0-9])$/;

/** A name that is one file's, on every system, as ortoo/attached.py has it: no folder, nothing hidden or turned round, no option. */
export function cleanName(name: string): string {
  const last = name.replaceAll("\\", "/").split("/").at(-1)!.normalize("NFC");
  const kept = stripped(last.replace(NO_LETTER, "_"));
  const dot = kept.lastIndexOf(".");
  let [stem, ending] = dot < 0 ? [kept, ""] : [kept.slice(0, dot), kept.slice(dot)];
  if (stem === "" || utf8(ending).length - 1 > 16) [stem, ending] = [kept, ""];
  if (DEVICE.test(stem.split(".")[0]!.trim().toLowerCase())) stem = `_${stem}`;
  let room = LONGEST_NAME - utf8(ending).length;
  let short = "";
  for (const letter of stem) {
    room -= utf8(letter).length;
    if (room < 0) break;
    short += letter;
  }
  return (stripped(short) || "file") + ending;
}

function stripped(text: string): string {
  return text.replace(/^[-. ]+|[. ]+$/g, "");
}
