/** Milliseconds within which the second key has to follow. */
const SOON = 1000;

/** What is looked at of a key that was pressed. */
export interface Pressed {
  readonly key: string;
  readonly altKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly target: unknown;
}

const TYPING = new Set(["INPUT", "TEXTAREA", "SELECT"]);

const isTyping = (target: unknown): boolean =>
  typeof target === "object" && target !== null && "tagName" in target && TYPING.has(String(target.tagName));

/** `n`: a new one. Never while something is typed. */
export const asksForNew = ({ key, altKey, ctrlKey, metaKey, target }: Pressed): boolean =>
  key === "n" && !altKey && !ctrlKey && !metaKey && !isTyping(target);

/** `/`: to look for something. Never while something is typed. */
export const asksToFind = ({ key, altKey, ctrlKey, metaKey, target }: Pressed): boolean =>
  key === "/" && !altKey && !ctrlKey && !metaKey && !isTyping(target);

/** `g`, then `i`: to the inbox. Never while something is typed. at: in milliseconds. */
export const goesToInbox = () => {
  let began = Number.NEGATIVE_INFINITY;
  return ({ key, altKey, ctrlKey, metaKey, target }: Pressed, at: number): boolean => {
    const begun = at - began <= SOON;
    began = Number.NEGATIVE_INFINITY;
    if (altKey || ctrlKey || metaKey || isTyping(target)) return false;
    if (key === "g") began = at;
    return key === "i" && begun;
  };
};
