import type { ComponentChildren } from "preact";
import { Icon, type IconName } from "./Icon.tsx";

type Tone = "note" | "wait" | "late" | "done";

const ICONS: Readonly<Record<Tone, IconName>> = { note: "note", wait: "clock", late: "warning", done: "check" };

interface BandProps {
  readonly tone: Tone;
  readonly icon?: IconName;
  readonly children: ComponentChildren;
  /** What can be done about it. */
  readonly action?: ComponentChildren;
}

/** One thing that is so for the whole page: a shape, words, perhaps a button. Who has to hear of it is told apart. */
export const Band = ({ tone, icon = ICONS[tone], children, action }: BandProps) => (
  <div class={`band tone-${tone}`}>
    <p class="band-words">
      <Icon name={icon} />
      <span>{children}</span>
    </p>
    {action}
  </div>
);
