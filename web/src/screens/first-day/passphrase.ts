import type { Language } from "../../words/words.ts";

const GROUPS = 5; // of four letters: 5 × 12.8 bits, as `ortoo/account.py`

/** Letters that are told apart when they are spoken: 85 pairs in either script. */
const SCRIPTS: Readonly<Record<Language, readonly [consonants: string, vowels: string]>> = {
  en: ["bcdfghjklmnprstvz", "aeiou"],
  mn: ["бвгджзлмнпрстхцчш", "аэиоу"],
};

/** A passphrase that can be spoken: five groups of four letters in the script of the language, 64 bits. */
export const newPassphrase = (language: Language): string => {
  const [consonants, vowels] = SCRIPTS[language];
  const pairs = [...consonants].flatMap((consonant) => [...vowels].map((vowel) => consonant + vowel));
  return Array.from({ length: GROUPS }, () => drawn(pairs) + drawn(pairs)).join("-");
};

/** One of them, each as likely. */
export const drawn = <T>(of: readonly T[]): T => {
  const most = 256 - (256 % of.length);
  for (;;) {
    const [byte] = crypto.getRandomValues(new Uint8Array(1));
    if (byte! < most) return of[byte! % of.length]!;
  }
};

const LEAST = 16;
const LEAST_DIFFERENT = 8;

/** Whether one of a person's own is too easily guessed: short, of few letters, or around the login. */
export const isWeak = (passphrase: string, login: string): boolean => {
  const letters = passphrase.normalize("NFKC").toLowerCase().replace(/\s/g, "");
  const name = login.trim().normalize("NFKC").toLowerCase();
  const rest = name === "" ? letters : letters.replaceAll(name, "");
  return [...rest].length < LEAST || new Set(rest).size < LEAST_DIFFERENT;
};
