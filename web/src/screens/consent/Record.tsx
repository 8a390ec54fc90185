import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Band } from "../../parts/Band.tsx";
import { Button } from "../../parts/Button.tsx";
import { Heading } from "../../parts/Heading.tsx";
import { hand } from "../../parts/hand.ts";
import { Waiting } from "../../parts/Waiting.tsx";
import { words } from "../../words/current.ts";
import { day, moment } from "../../words/dates.ts";
import { problemOf, problemText } from "../../words/problems.ts";
import { ofBasis, ofDecision, ofTakenBack } from "../../words/sentences.ts";
import { plain, type Words, wordsOf } from "../../words/words.ts";
import { namingOf } from "../send/naming.ts";
import type { PageProps } from "./parts.tsx";
import { type Both, recordOf } from "./record.ts";
import type { ConsentState } from "./state.ts";

/** Her decisions for others, as a file; and for herself, in the sentences that were read to her, in both languages. */
export const Record = ({ state, vault, referral, time }: PageProps) => {
  const said = words.value;
  const both = useSignal<Both | null>(null);
  const load = async () => {
    const [{ mn }, { en }] = await Promise.all([import("../../words/mn.ts"), import("../../words/en.ts")]);
    both.value = [wordsOf("mn", mn), wordsOf("en", en)];
  };
  useEffect(() => void load().catch(() => state.trouble({ kind: "line" })), [state]);
  const save = async () => {
    const consented = state.stands.value!;
    try {
      const holds = await vault.whatHolds(referral);
      const text = recordOf(consented, holds, state.agencies.value, both.value!);
      hand(new Blob([text], { type: "application/json" }), "record.json");
    } catch (error) {
      state.trouble(problemOf(error));
    }
  };
  const problem = state.problem.value;
  return (
    <>
      <Heading>{said("later.record")}</Heading>
      <div role="alert" class="wide no-print">
        {problem && <Band tone="late">{problemText(said, problem)}</Band>}
      </div>
      {both.value === null && problem === null && <Waiting />}
      {both.value?.map((one) => (
        <InWords key={one.language} state={state} said={one} now={time.now()} />
      ))}
      {both.value && (
        <div class="buttons no-print">
          <Button look="main" icon="print" onPress={() => print()}>
            {said("later.record.print")}
          </Button>
          <Button onPress={() => void save()}>{said("later.record.save")}</Button>
        </div>
      )}
    </>
  );
};

interface InWordsProps {
  readonly state: ConsentState;
  readonly said: Words;
  readonly now: number;
}

const InWords = ({ state, said, now }: InWordsProps) => {
  const { language } = said;
  const { recorder, decisions, takenBack, basis, isExceptional } = state.stands.value!;
  const agencyIn = (id: string) => state.agencies.value.find((one) => one.id === id);
  const naming = namingOf(state, language);
  const sentences = [
    ...decisions.flatMap((one) => ofDecision(said, "her", one, naming)),
    ofBasis(said, basis),
    ...takenBack.flatMap((one) => ofTakenBack(said, one, naming)),
  ];
  const last = Math.max(...decisions.map(({ at }) => Date.parse(at)));
  return (
    <section lang={language} class="consent-record wide stack">
      <h2>{said(isExceptional ? "without.mark" : "decisions.title")}</h2>
      <ul>
        {[...new Set(sentences.map(({ text }) => text))].map((text) => (
          <li key={text} class="her">
            {text}
          </li>
        ))}
      </ul>
      <p>
        {said("decisions.recorded", {
          agency: plain(agencyIn(recorder)?.names[language] ?? recorder),
          day: day(said, last),
        })}
      </p>
      <p>{said("decisions.printed", { moment: moment(said, now) })}</p>
    </section>
  );
};
