/** A day to people, an instant to the rule: in this one place one becomes the other. As ortoo/days.py. */

export const HOUR = 3_600_000; // milliseconds
export const DAY = 24 * HOUR;
export const ULAANBAATAR = 8 * HOUR; // ahead of UTC; no summer time since 2017

/** The day in Ulaanbaatar, counted. */
export const dayNumber = (at: number): number => Math.floor((at + ULAANBAATAR) / DAY);

/** Where "for so many days" ends: with that day in Ulaanbaatar. */
export const endOfDay = (at: number, days: number): number => (dayNumber(at) + days + 1) * DAY - ULAANBAATAR;

/** A moment of the last day on which something that ends at `until` may be read. */
export const lastDay = (until: number): number => until - 1000;

/** Where "tonight" ends: at the next 08:00. */
export const endOfNight = (at: number): number => {
  const morning = dayNumber(at) * DAY + 8 * HOUR - ULAANBAATAR;
  return morning > at ? morning : morning + DAY;
};
