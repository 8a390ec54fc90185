import type { Words } from "./words.ts";

/** 5,120: the same in both languages, since Chromium counts Mongolian as English anyway. Whole numbers. */
export const count = (number: number): string => String(Math.trunc(number)).replace(/\B(?=(\d{3})+$)/g, ",");

/** A small count of people is never told exactly: it could point at one of them. */
export const few = (words: Words, number: number | null): string =>
  number === null || number < 5 ? words("number.few") : count(number);
