import type { Sentence, SentenceKind, Voice } from "../words/sentences.ts";
import { Icon, type IconName } from "./Icon.tsx";

const LOOKS: Readonly<Record<SentenceKind, { readonly icon: IconName; readonly tone: string }>> = {
  may_read: { icon: "show", tone: "done" },
  reads_nothing: { icon: "hide", tone: "plain" },
  refused: { icon: "hide", tone: "late" },
  stays: { icon: "lock", tone: "plain" },
  basis: { icon: "note", tone: "plain" },
};

/** Sentences of consent, one under the other, as one list. */
export const Sentences = ({ of, voice }: { readonly of: readonly Sentence[]; readonly voice: Voice }) => (
  <ul class="sentences">
    {of.map((sentence) => (
      <li key={sentence.text} class={`sentence ${voice} tone-${LOOKS[sentence.kind].tone}`}>
        <Icon name={LOOKS[sentence.kind].icon} />
        <span>{sentence.text}</span>
      </li>
    ))}
  </ul>
);
