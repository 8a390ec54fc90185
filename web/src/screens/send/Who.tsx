import { Band } from "../../parts/Band.tsx";
import { Button } from "../../parts/Button.tsx";
import { HintAndError } from "../../parts/Field.tsx";
import type { HubTime } from "../../parts/hub-time.ts";
import { Icon } from "../../parts/Icon.tsx";
import { Waiting } from "../../parts/Waiting.tsx";
import { words } from "../../words/current.ts";
import { momentSeenFrom } from "../../words/dates.ts";
import { label, labels, placeInFull } from "../../words/labels.ts";
import { count } from "../../words/numbers.ts";
import { problemText } from "../../words/problems.ts";
import { plain, type Words } from "../../words/words.ts";
import type { Candidate, Found, Given } from "../../worker/api.ts";
import { isRefused } from "./filled.ts";
import type { SendProps } from "./parts.ts";
import { SelectField } from "./Selects.tsx";
import { faultAt, nameOf, StepForm } from "./Step.tsx";
import type { SendState } from "./state.ts";
import { whyNotText } from "./why-not.ts";

export const WhoStep = ({ state, time }: SendProps) => {
  const said = words.value;
  const found = state.found.value;
  const again = state.again.value;
  const problem = state.problem.value;
  const takes = (one: Candidate) => one.gives.some((given) => given.takesNow);
  // Chosen without being among those that were found: out of sight it would go there unseen.
  const lost = state.filled.value!.recipients.filter((to) => !found?.candidates.some((one) => one.agency === to));
  return (
    <StepForm state={state} title={said("send.who")} onNext={() => state.next("who")}>
      {again && (
        <Band tone="note" icon="again">
          {said("send.instead_of", {
            agency: nameOf(state, again.counterpart),
            state: label(said.language, "states", again.state),
          })}
        </Band>
      )}
      {problem && (
        <div role="alert" class="wide">
          <Band tone="late" action={<Button onPress={() => void state.find()}>{said("app.retry")}</Button>}>
            {problemText(said, problem)}
          </Band>
        </div>
      )}
      {found === null && !problem && <Waiting />}
      {found !== null && (
        <>
          {found.from === "kept" && (
            <Band tone="wait" icon="offline">
              {said("send.as_kept", { at: momentSeenFrom(said, Date.parse(found.at), time.now()) })}
            </Band>
          )}
          {found.from === "directory" && (
            <Band tone="wait" icon="offline">
              {said("send.directory_only")}
            </Band>
          )}
          {found.from !== "directory" && !found.candidates.some(takes) && (
            <Band tone="wait">{said("send.nobody_takes")}</Band>
          )}
          <fieldset class="field wide">
            <legend class="unseen">{said("send.who")}</legend>
            <HintAndError
              id="send-who"
              hint={said(again ? "send.who.one" : "send.who.hint")}
              error={faultAt(state, "send-who")}
            />
            <div class="candidates">
              {found.candidates.map((one, place) => (
                <CandidateCard
                  key={one.agency}
                  id={place === 0 ? "send-who" : `send-who-${one.agency}`}
                  candidate={one}
                  state={state}
                  time={time}
                />
              ))}
              {lost.map((agency) => (
                <label class="option candidate" key={agency} htmlFor={`send-who-${agency}`}>
                  <input
                    id={`send-who-${agency}`}
                    type="checkbox"
                    checked
                    onChange={() => choose(state, agency, false)}
                  />
                  <span>
                    <strong>{nameOf(state, agency)}</strong>
                    <span class="hint">{said("send.not_found_now")}</span>
                  </span>
                </label>
              ))}
            </div>
          </fieldset>
          {found.from !== "directory" && (
            <SelectField
              id="send-other"
              label={said("send.other_agency")}
              value=""
              none={said("send.choose")}
              options={othersOf(state, found)}
              onChange={(agency) => agency !== "" && choose(state, agency, true)}
            />
          )}
          <div class="buttons">
            <Button look="main">{said("send.continue")}</Button>
            {!found.candidates.some(takes) && (
              <Button onPress={() => void state.keep()}>{said("send.keep_draft")}</Button>
            )}
          </div>
        </>
      )}
    </StepForm>
  );
};

/** Whoever was not found, by name. */
const othersOf = (state: SendState, found: Found): readonly (readonly [string, string])[] => {
  const there = new Set([...found.candidates.map((one) => one.agency), ...state.filled.value!.recipients]);
  return state.agencies.value
    .filter(({ id, suspended }) => id !== state.own && !suspended && !there.has(id))
    .map(({ id }) => [id, nameOf(state, id)] as const)
    .sort(([, one], [, other]) => one.localeCompare(other, "und"));
};

/** Several may be asked; what goes to another agency goes to one. */
const choose = (state: SendState, agency: string, isChosen: boolean) => {
  const { recipients } = state.filled.value!;
  const others = state.again.value === null ? recipients.filter((one) => one !== agency) : [];
  state.change({ recipients: isChosen ? [...others, agency] : others });
};

interface CardProps {
  readonly id: string;
  readonly candidate: Candidate;
  readonly state: SendState;
  readonly time: HubTime;
}

const CandidateCard = ({ id, candidate, state, time }: CardProps) => {
  const said = words.value;
  const filled = state.filled.value!;
  const isHers = isRefused(filled, candidate.agency, candidate.kind);
  const isOne = state.again.value !== null;
  return (
    <label class="option candidate" htmlFor={id}>
      <input
        id={id}
        type={isOne ? "radio" : "checkbox"}
        name="send-who"
        value={candidate.agency}
        checked={filled.recipients.includes(candidate.agency)}
        aria-describedby={`${id}-gives`}
        onChange={({ currentTarget }) => choose(state, candidate.agency, currentTarget.checked)}
      />
      <span>
        <strong>{plain(candidate.names[said.language])}</strong>
        <span id={`${id}-gives`} class="candidate-gives">
          {candidate.gives.map((given) => (
            <span key={given.service} class={given.takesNow ? "tone-done" : "tone-plain"}>
              <Icon name={given.takesNow ? "check" : "cross"} />
              <span>{givenText(said, given, time.now())}</span>
            </span>
          ))}
          {candidate.gives.length === 0 && <span>{label(said.language, "agency_kinds", candidate.kind)}</span>}
          {isHers && (
            <span class="tone-late">
              <Icon name="hide" />
              <span>{said("send.she_refused")}</span>
            </span>
          )}
          {isOne && !isHers && (
            <span class={candidate.grant ? "tone-done" : "tone-wait"}>
              <Icon name={candidate.grant ? "check" : "person"} />
              <span>{said(candidate.grant ? "send.she_agreed" : "send.ask_her_first")}</span>
            </span>
          )}
          {(candidate.place || candidate.phone) && (
            <span class="soft">
              {[candidate.place && placeInFull(said, candidate.place), plain(candidate.phone)]
                .filter(Boolean)
                .join(" · ")}
            </span>
          )}
        </span>
      </span>
    </label>
  );
};

/** «Хамгаалах байр: сул 3 / 14 · одоо нээлттэй · Монгол», or why not. */
const givenText = (said: Words, given: Given, now: number): string => {
  const room =
    given.capacity === null
      ? []
      : [said("send.room", { free: count(given.free ?? 0), capacity: count(given.capacity) })];
  const standing = given.takesNow
    ? [said(given.openNow ? "send.open_now" : "send.takes")]
    : given.whyNot.map((reason) => whyNotText(said, reason, now));
  const languages = labels(said.language, "languages", given.languages);
  return `${label(said.language, "services", given.service)}: ${[...room, ...standing, languages].join(" · ")}`;
};
