import type { ComponentChildren } from "preact";
import { Icon, type IconName } from "./Icon.tsx";

interface ButtonProps {
  readonly children: ComponentChildren;
  /** main: the one filled button of a screen. grave: what cannot be undone. */
  readonly look?: "main" | "plain" | "quiet" | "grave";
  readonly icon?: IconName;
  readonly wide?: boolean;
  /** It works on something: it stays where it is and keeps the focus, and does nothing when touched again. */
  readonly busy?: boolean;
  readonly id?: string;
  readonly describedBy?: string;
  readonly pressed?: boolean;
  /** It shows more, and hides it again. */
  readonly expanded?: boolean;
  readonly onPress?: () => void;
}

/** A button. Without onPress it sends the form in which it stands. */
export const Button = (props: ButtonProps) => {
  const { look = "plain", icon, wide = false, busy = false, onPress } = props;
  const pressed = (event: Event) => {
    if (busy) event.preventDefault();
    else onPress?.();
  };
  return (
    <button
      type={onPress ? "button" : "submit"}
      class={`button ${look}${wide ? " wide" : ""}`}
      id={props.id}
      aria-disabled={busy || undefined}
      aria-describedby={props.describedBy}
      aria-pressed={props.pressed}
      aria-expanded={props.expanded}
      onClick={pressed}
    >
      {icon && <Icon name={icon} />}
      <span>{props.children}</span>
    </button>
  );
};
