import { words } from "../words/current.ts";
import { label } from "../words/labels.ts";

const TONES: ReadonlyMap<string, string> = new Map([
  ["sent", "note"],
  ["more_asked", "wait"],
  ["accepted", "done"],
  ["under_way", "done"],
  ["declined", "late"],
  ["handed_back", "late"],
  ["recalled", "late"],
  ["withdrawn", "late"],
  ["expired", "late"],
]);

/** The state of a referral: always the word, its colour beside it. */
export const StateWord = ({ code }: { readonly code: string }) => (
  <span class={`state tone-${TONES.get(code) ?? "plain"}`}>{label(words.value.language, "states", code)}</span>
);
