import type { Language } from "../../words/words.ts";
import { plain } from "../../words/words.ts";
import type { Agency } from "../../worker/api.ts";

/** What agencies are called; the handle itself where the directory has no such agency. */
export type NameOf = (handle: string) => string;

export const namesOf =
  (agencies: readonly Agency[], language: Language): NameOf =>
  (handle) => {
    const found = agencies.find((one) => one.id === handle);
    return found === undefined ? plain(handle) : plain(found.names[language]);
  };

/** The end of an id, by which it is told apart: what is before it is mostly time. */
export const shortId = (id: string): string => plain(id.slice(-8));
