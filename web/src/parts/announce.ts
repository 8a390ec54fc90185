import { type ReadonlySignal, signal } from "@preact/signals";

interface Said {
  readonly text: string;
  /** Told apart from the same words said before. */
  readonly turn: number;
}

const polite = signal<Said>({ text: "", turn: 0 });
const assertive = signal<Said>({ text: "", turn: 0 });

/** What the live regions hold. */
export const announced: { readonly polite: ReadonlySignal<Said>; readonly assertive: ReadonlySignal<Said> } = {
  polite,
  assertive,
};

/** Have it read out once: after what is being read, or at once. Never a name or a word of a referral. */
export const announce = (text: string, how: "polite" | "assertive" = "polite"): void => {
  const region = how === "polite" ? polite : assertive;
  region.value = { text, turn: region.value.turn + 1 };
};
