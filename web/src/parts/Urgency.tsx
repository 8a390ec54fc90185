import { words } from "../words/current.ts";
import { label } from "../words/labels.ts";

const SHAPES = {
  immediate: { tone: "late", points: "8,1 15,15 1,15" },
  urgent: { tone: "wait", points: "8,0 16,8 8,16 0,8" },
  standard: { tone: "plain", points: "2,2 14,2 14,14 2,14" },
} as const;

/** ▲ ◆ ■ and the word: drawn, since not every font has these shapes. */
export const Urgency = ({ code }: { readonly code: string }) => {
  const shape = Object.hasOwn(SHAPES, code) ? SHAPES[code as keyof typeof SHAPES] : SHAPES.standard;
  return (
    <span class={`urgency tone-${shape.tone}`}>
      <svg aria-hidden="true" width="14" height="14" viewBox="0 0 16 16" fill="currentColor">
        <polygon points={shape.points} />
      </svg>
      <span>{label(words.value.language, "urgency", code)}</span>
    </span>
  );
};
