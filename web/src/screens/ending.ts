/** What ends an agency's access, or a part of it: nobody asks whether what stands on the screen shall go. */
export const ENDING: ReadonlySet<string> = new Set(["withdrawn", "narrowed", "expired", "recalled", "overturned"]);
