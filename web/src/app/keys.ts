/** Milliseconds within which the second key has to follow. */
const SOON = 1000;

/** What is looked at of a key that was pressed. */
export interface Pressed {
  readonly key: string;
  readonly code: string;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly target: unknown;
}

/** What a single key, or two after another, asks for. */
export type Asked = "inbox" | "send" | "find" | "keyboard";

const TYPING = new Set(["INPUT", "TEXTAREA", "SELECT"]);

const isTyping = (target: unknown): boolean =>
  typeof target === "object" && target !== null && "tagName" in target && TYPING.has(String(target.tagName));

/**
 * The Latin letter or sign of a key, whatever script is typed: under a Cyrillic layout the one that stands in its place on
 * the keyboard.
 */
const latin = ({ key, code, shiftKey }: Pressed): string => {
  if (/^[\x21-\x7e]$/.test(key)) return key.toLowerCase();
  if (code === "Slash") return shiftKey ? "?" : "/";
  return /^Key[A-Z]$/.test(code) ? code.slice(3).toLowerCase() : "";
};

/** `n` a new one, `/` to look for something, `?` all keys, `g` then `i` the inbox. Never while something is typed. at: in milliseconds. */
export const askedByKeys = () => {
  let began = Number.NEGATIVE_INFINITY;
  return (pressed: Pressed, at: number): Asked | null => {
    const begun = at - began <= SOON;
    began = Number.NEGATIVE_INFINITY;
    if (pressed.altKey || pressed.ctrlKey || pressed.metaKey || isTyping(pressed.target)) return null;
    switch (latin(pressed)) {
      case "g":
        began = at;
        return null;
      case "i":
        return begun ? "inbox" : null;
      case "n":
        return "send";
      case "/":
        return "find";
      case "?":
        return "keyboard";
      default:
        return null;
    }
  };
};
