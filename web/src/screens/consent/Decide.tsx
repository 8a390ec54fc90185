import { Button } from "../../parts/Button.tsx";
import { Choice } from "../../parts/Choice.tsx";
import { Sentences } from "../../parts/Sentences.tsx";
import { words } from "../../words/current.ts";
import { label } from "../../words/labels.ts";
import { ofDecision } from "../../words/sentences.ts";
import { HOWS, MoreOfDecision } from "../send/Decision.tsx";
import { Evidence } from "../send/Evidence.tsx";
import { columnsOf, SECTIONS } from "../send/filled.ts";
import { Nobody } from "../send/Nobody.tsx";
import { namingOf } from "../send/naming.ts";
import { faultAt, StepForm } from "../send/Step.tsx";
import { lens } from "../send/state.ts";
import { WhoReads } from "../send/WhoReads.tsx";
import { childsWord, isChilds, meantBy } from "./deciding.ts";
import { EvidenceGoes, type PageProps, Trouble } from "./parts.tsx";

/** She is asked anew: it begins with what stands, and becomes the next version of what is otherwise. */
export const Decide = ({ state, time, onBack }: PageProps) => {
  const said = words.value;
  const filled = state.filled.value!;
  const columns = columnsOf(filled);
  const naming = namingOf(state);
  const isOwn = isChilds(filled);
  const meant = isOwn ? childsWord(state.stands.value!, filled, state.kindOf) : meantBy(filled, state.kindOf);
  const sentences = meant.flatMap(({ to, granted, refused }) =>
    ofDecision(said, "her", { sections: [], purposes: [], until: null, ...granted, to, refused }, naming),
  );
  const agree = async () => {
    if (await state.agree()) onBack();
  };
  return (
    <StepForm state={state} title={said("later.decide")} onNext={() => void agree()}>
      <span id="consent-stands" tabIndex={-1} />
      <Trouble state={state} />
      <p class="her">{said("her.before")}</p>
      <p>{said("later.decide.about")}</p>
      {filled.minor && <WhoseWord state={state} />}
      <WhoReads state={state} columns={isOwn ? [] : columns} there={SECTIONS} now={time.now()} />
      <Nobody state={state} />
      <section class="wide stack" aria-labelledby="consent-said">
        <h2 id="consent-said">{said("send.as_she_hears")}</h2>
        <Sentences voice="her" of={sentences} />
        <p class="hint">{said("her.limits")}</p>
      </section>
      <Choice
        id="send-how"
        legend={said("send.how")}
        look="chips"
        value={lens(
          () => filled.how,
          (how) => state.change({ how }),
        )}
        options={HOWS.map((value) => ({ value, label: label(said.language, "consent_given_how", value) }))}
        error={faultAt(state, "send-how")}
      />
      <Evidence state={state} />
      <MoreOfDecision state={state} columns={columns} there={SECTIONS} />
      <p class="hint">{said("later.signed")}</p>
      <div role="status">
        <EvidenceGoes state={state} />
      </div>
      <div class="buttons">
        <Button look="main" busy={state.busy.value || state.attaching.value !== null}>
          {said("send.she_agrees")}
        </Button>
        <Button onPress={() => void state.discard().then(onBack)}>{said("later.as_before")}</Button>
      </div>
    </StepForm>
  );
};

const WORDS = ["guardian", "person"] as const;

/** For a child its guardian decides; what the child refused ends by its own word alone. */
const WhoseWord = ({ state }: Pick<PageProps, "state">) => {
  const said = words.value;
  return (
    <Choice
      id="later-by"
      legend={said("send.by")}
      value={lens(
        () => state.filled.value!.by,
        (by) => state.change({ by }),
      )}
      options={WORDS.map((value) => ({
        value,
        label: value === "person" ? said("later.child") : label(said.language, "consent_given_by", value),
        hint: value === "person" ? said("later.child.hint") : said("later.guardian"),
      }))}
    />
  );
};
