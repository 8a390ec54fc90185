import { type ReadonlySignal, signal } from "@preact/signals";
import type { Language } from "../words/words.ts";

/** What may stand unsealed on the device, since it says nothing of anybody: language, colours, when to lock. */
export interface Preferences {
  readonly language: Language;
  readonly theme: Theme;
  /** Minutes without a touch after which it locks. */
  readonly lockAfter: number;
  /** Whether a single letter is a key. */
  readonly singleKeys: boolean;
}

export type Theme = "system" | "light" | "dark";

export const LOCK_AFTER: readonly number[] = [1, 2, 5, 10, 15];

const PLACE = "look";

/** What was kept, as far as it makes sense. languages: those that the browser asks for, the dearest first. */
export const understood = (kept: string | null, languages: readonly string[]): Preferences => {
  const { language, theme, lockAfter, singleKeys } = parsed(kept);
  return {
    language: language === "mn" || language === "en" ? language : preferred(languages),
    theme: theme === "light" || theme === "dark" ? theme : "system",
    lockAfter: LOCK_AFTER.find((minutes) => minutes === lockAfter) ?? 5,
    singleKeys: singleKeys !== false,
  };
};

/** English where it is asked for and Mongolian is not before it. Whoever asks for neither gets Mongolian. */
const preferred = (languages: readonly string[]): Language =>
  languages.map((one) => one.toLowerCase().slice(0, 2)).find((one) => one === "mn" || one === "en") === "en"
    ? "en"
    : "mn";

const parsed = (kept: string | null): Readonly<Record<string, unknown>> => {
  try {
    const found: unknown = JSON.parse(kept ?? "{}");
    return typeof found === "object" && found !== null ? (found as Record<string, unknown>) : {};
  } catch {
    return {};
  }
};

export interface Kept {
  readonly now: ReadonlySignal<Preferences>;
  readonly change: (to: Partial<Preferences>) => void;
}

/** The preferences of this device. A browser that keeps nothing forgets them with the page. */
export const preferences = (): Kept => {
  const now = signal(understood(read(), navigator.languages));
  return {
    now,
    change: (to) => {
      now.value = { ...now.value, ...to };
      write(JSON.stringify(now.value));
    },
  };
};

const read = (): string | null => {
  try {
    return localStorage.getItem(PLACE);
  } catch {
    return null;
  }
};

const write = (text: string): void => {
  try {
    localStorage.setItem(PLACE, text);
  } catch {
    // A browser that keeps nothing: it is asked again next time.
  }
};
