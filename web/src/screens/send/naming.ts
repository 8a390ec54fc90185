import { words } from "../../words/current.ts";
import { label } from "../../words/labels.ts";
import type { Naming } from "../../words/sentences.ts";
import { plain } from "../../words/words.ts";
import type { SendState } from "./state.ts";

/** An agency as the sentences name it: with the service that is asked of it, else its kind. */
export const namingOf =
  (state: Pick<SendState, "agencies" | "filled" | "candidate">, language = words.value.language): Naming =>
  (id) => {
    const agency = state.agencies.value.find((one) => one.id === id);
    if (agency === undefined) return undefined;
    const asked = state.filled.value?.services ?? [];
    const gives = state.candidate(id)?.gives.find((one) => asked.includes(one.service));
    const what = gives ? label(language, "services", gives.service) : label(language, "agency_kinds", agency.kind);
    return { name: plain(agency.names[language]), what };
  };
