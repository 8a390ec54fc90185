import type { Language } from "./words.ts";

/** How large a file is, roughly: 3.4 MB, 12 kB. Never nothing. */
export const sizeText = (language: Language, bytes: number): string => {
  const [kilo, mega] = language === "mn" ? ["КБ", "МБ"] : ["kB", "MB"];
  const thousands = Math.ceil(bytes / 1000);
  return thousands < 1000 ? `${thousands} ${kilo}` : `${(bytes / 1_000_000).toFixed(1)} ${mega}`;
};
