import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { later } from "../../app/later.tsx";
import { lastDay } from "../../days.ts";
import { Band } from "../../parts/Band.tsx";
import { Button } from "../../parts/Button.tsx";
import { Carried } from "../../parts/Carried.tsx";
import { Choice } from "../../parts/Choice.tsx";
import { Clock } from "../../parts/Clock.tsx";
import { ErrorSummary } from "../../parts/ErrorSummary.tsx";
import { Field } from "../../parts/Field.tsx";
import { Heading } from "../../parts/Heading.tsx";
import type { HubTime } from "../../parts/hub-time.ts";
import { Icon } from "../../parts/Icon.tsx";
import { Sentences } from "../../parts/Sentences.tsx";
import { StateWord } from "../../parts/StateWord.tsx";
import { Urgency } from "../../parts/Urgency.tsx";
import { Waiting } from "../../parts/Waiting.tsx";
import { words } from "../../words/current.ts";
import { day, momentSeenFrom } from "../../words/dates.ts";
import { fieldLabel, fieldLines, namesSomebody } from "../../words/fields.ts";
import { codes, label, labels, placeInFull } from "../../words/labels.ts";
import { problemText } from "../../words/problems.ts";
import { ofDecision, sectionName } from "../../words/sentences.ts";
import { plain } from "../../words/words.ts";
import type { Agency, Part, Referral as Shown, Step } from "../../worker/api.ts";
import { agencyName, canGoElsewhere, endsSoon, owedFirst } from "../inbox/order.ts";
import {
  type Answer,
  answersOf,
  lostOf,
  mustOpen,
  noteRule,
  REASONS,
  undoneBy,
  usualOf,
  warningsOf,
} from "./answers.ts";
import type { EvidenceProps } from "./Evidence.tsx";
import type { OnwardProps } from "./Onward.tsx";
import { loggedOf, type ReferralState, readableAt } from "./state.ts";
import { isOfException, WithoutConsent } from "./WithoutConsent.tsx";
import "./referral.css";

const Evidence = later<EvidenceProps>(async () => (await import("./Evidence.tsx")).Evidence);
const Files = later(async () => (await import("./Files.tsx")).Files);
const TellFiles = later(async () => (await import("../send/TellFiles.tsx")).TellFiles);

interface ReferralProps {
  readonly state: ReferralState;
  readonly own: string;
  readonly time: HubTime;
  readonly vault: OnwardProps["vault"];
  readonly onRetry: () => void;
  /** Send it to another agency. */
  readonly onElsewhere: () => void;
  /** What becomes of her decision. */
  readonly onConsent?: () => void;
}

/** One referral: what has to be known first, what may be read, who reads what, what happened, what can be answered. */
export const Referral = ({ state, own, time, vault, onRetry, onElsewhere, onConsent }: ReferralProps) => {
  const said = words.value;
  const referral = state.shown.value && readableAt(state.shown.value, time.minute.value);
  const problem = state.problem.value;
  const trouble = problem && problem.kind !== "line" && problemText(said, problem);
  if (referral === null) {
    return problem === null ? (
      <Waiting />
    ) : (
      <div role="alert">
        <Band tone="late" action={<Button onPress={onRetry}>{said("app.retry")}</Button>}>
          {problemText(said, problem)}
        </Band>
      </div>
    );
  }
  const agencies = state.agencies.value;
  const owed = owedFirst(referral, own);
  const isClosed = mustOpen(referral);
  const warnings = warningsOf(said, referral.parts);
  const unsent = state.unsent.value.get(referral.id);
  const overtaken = state.overtaken.value;
  return (
    <article class="referral stack">
      <Heading>
        <Urgency code={referral.urgency} />
        <span class="of">{labels(said.language, "services", referral.services)}</span>
      </Heading>
      <p class="line-clock">
        {owed && (
          <>
            <Clock due={{ kind: owed.kind, at: Date.parse(owed.dueAt), ours: owed.agency === own }} time={time} /> ·{" "}
          </>
        )}
        <StateWord code={referral.state} />
      </p>
      <div role="status" class="stack wide">
        {overtaken && (
          <Band tone="wait">
            {said("state.overtaken", {
              state: label(said.language, "states", overtaken.state),
              at: momentSeenFrom(said, Date.parse(overtaken.at), time.now()),
            })}
          </Band>
        )}
        {state.newer.value && (
          <Band
            tone="note"
            icon="again"
            action={<Button onPress={state.showNewer}>{said("referral.newer.show")}</Button>}
          >
            {said("referral.newer")}
          </Band>
        )}
        {referral.seenAt !== undefined && (
          <Band tone="wait" icon="offline">
            {said("referral.seen_at", { at: momentSeenFrom(said, Date.parse(referral.seenAt), time.now()) })}
          </Band>
        )}
        {unsent && (
          <Band
            tone="wait"
            icon="offline"
            action={
              <Button busy={state.busy.value} onPress={() => void state.again()}>
                {said("app.retry")}
              </Button>
            }
          >
            {said("referral.unsent")}
          </Band>
        )}
      </div>
      <div role="alert" class="wide">
        {trouble && <Band tone="late">{trouble}</Band>}
        {problem?.kind === "line" && !unsent && <Band tone="late">{said("problem.line")}</Band>}
      </div>
      <Lost of={referral} />
      {warnings.length > 0 && (
        <section class="warnings wide" aria-labelledby="warnings">
          <h2 id="warnings">
            <Icon name="warning" /> {said("referral.warnings")}
          </h2>
          <ul>
            {warnings.map((warning) => (
              <li key={warning}>{warning}</li>
            ))}
          </ul>
        </section>
      )}
      {referral.without && <WithoutConsent of={referral.without} agencies={agencies} time={time} />}
      {referral.minor && (
        <Band tone="wait" icon="person">
          {said("referral.minor")}
        </Band>
      )}
      <Facts referral={referral} agencies={agencies} time={time} />
      {isClosed ? (
        <section class="stack wide">
          <p>{said("referral.opening")}</p>
          <Button look="main" icon="show" busy={state.busy.value} onPress={() => void state.open()}>
            {said("referral.open")}
          </Button>
        </section>
      ) : (
        <Parts parts={referral.parts} state={state} />
      )}
      {canGoElsewhere(referral) && (
        <Button look="main" icon="onward" onPress={onElsewhere}>
          {said("verb.choose_another")}
        </Button>
      )}
      <Answers key={referral.id} referral={referral} state={state} isClosed={isClosed} />
      <section class="stack wide" aria-labelledby="who-reads">
        <h2 id="who-reads">{said(whoReads(referral))}</h2>
        <InLog of={referral.decision.document} state={state} />
        <Sentences
          voice="worker"
          of={ofDecision(said, "worker", referral.decision, (id) => {
            const agency = agencies.find((one) => one.id === id);
            return agency && { name: plain(agency.names[said.language]), what: kindOf(agency) };
          })}
        />
        {referral.isRecorder && onConsent && (
          <>
            {endsSoon(referral, time.minute.value) && (
              <Band tone="wait">{said("later.ends", { day: day(said, lastDay(Date.parse(referral.until!))) })}</Band>
            )}
            <Button icon="person" onPress={onConsent}>
              {said("later.open")}
            </Button>
          </>
        )}
        {referral.isRecorder && <Evidence state={state} time={time} />}
      </section>
      {mayGoOn(referral) && <Onward vault={vault} referral={referral} agencies={agencies} own={own} />}
      <section class="stack wide" aria-labelledby="timeline">
        <h2 id="timeline">{said("referral.timeline")}</h2>
        <ol class="timeline">
          <li>
            <span class="hint">{momentSeenFrom(said, Date.parse(referral.sentAt), time.now())}</span>{" "}
            {label(said.language, "states", "sent")} <InLog of={referral.document} state={state} />
          </li>
          {referral.steps.map((step) => (
            <StepWords key={step.id} step={step} agencies={agencies} time={time} state={state} />
          ))}
        </ol>
        {loggedOf(referral).some(({ document }) => state.marks.value.get(document) === "missing") && (
          <Band tone="late">{said("log.missing.about")}</Band>
        )}
      </section>
    </article>
  );
};

const Onward = later<OnwardProps>(async () => (await import("./Onward.tsx")).Onward);

/** Where something is open that may go on; or where it went. */
const mayGoOn = ({ as, parts }: Shown): boolean =>
  as === "sender" || (as === "recipient" && parts.some((part) => part.status === "readable"));

/** Why what was there is gone, and what is owed since. */
const Lost = ({ of }: { readonly of: Shown }) => {
  const said = words.value;
  const lost = lostOf(of).map((key) => said(key));
  return lost.length === 0 ? null : <Band tone="late">{lost.join(" ")}</Band>;
};

const kindOf = (agency: Agency): string => label(words.value.language, "agency_kinds", agency.kind);

interface FactsProps {
  readonly referral: Shown;
  readonly agencies: readonly Agency[];
  readonly time: HubTime;
}

const Facts = ({ referral, agencies, time }: FactsProps) => {
  const said = words.value;
  const { language } = said;
  return (
    <dl class="facts">
      <dt>{said(referral.as === "sender" ? "referral.to" : "referral.from")}</dt>
      <dd>{plain(agencyName(agencies, referral.counterpart, language))}</dd>
      <dt>{said("referral.place")}</dt>
      <dd>{placeInFull(said, referral.place)}</dd>
      <dt>{said("referral.language")}</dt>
      <dd>{label(language, "languages", referral.language)}</dd>
      <dt>{said("referral.sent")}</dt>
      <dd>{momentSeenFrom(said, Date.parse(referral.sentAt), time.now())}</dd>
      {referral.until !== null && (
        <>
          <dt>{said(referral.without ? "without.read_until" : "referral.until")}</dt>
          <dd>{day(said, lastDay(Date.parse(referral.until)))}</dd>
        </>
      )}
    </dl>
  );
};

/** What the sentences are on: who may read what; or, of what is gone, to what she had agreed. */
const whoReads = ({ parts, without }: Shown) => {
  if (!isGone(parts)) return "referral.who_reads";
  return without ? "without.read_it" : "referral.was_agreed";
};

/** Whatever was granted of it is gone. */
const isGone = (parts: readonly Part[]): boolean => {
  const granted = parts.filter((part) => part.status !== "not_granted");
  return granted.length > 0 && granted.every((part) => part.status === "gone");
};

const Parts = ({ parts, state }: { readonly parts: readonly Part[]; readonly state: ReferralState }) => {
  const said = words.value;
  const areNamesShown = state.areNamesShown.value;
  const notShared = parts.filter((part) => part.status === "not_granted");
  const shown = parts.filter((part) => part.status !== "not_granted");
  const allGone = isGone(parts);
  const hasNames = shown.some(
    (part) => part.status === "readable" && part.fields.some(([field]) => namesSomebody(part.name, field)),
  );
  return (
    <section class="stack wide">
      {hasNames && (
        <Button
          icon={areNamesShown ? "hide" : "show"}
          onPress={() => {
            state.areNamesShown.value = !areNamesShown;
          }}
        >
          {said(areNamesShown ? "referral.names.hide" : "referral.names.show")}
        </Button>
      )}
      {allGone && <p>{said("referral.gone")}</p>}
      {!allGone &&
        shown.map((part) => <PartWords key={part.name} part={part} areNamesShown={areNamesShown} state={state} />)}
      {notShared.length > 0 && (
        <p>
          {said("referral.not_shared", {
            sections: notShared.map((part) => sectionName(said, "worker", part.name)).join(" · "),
          })}
        </p>
      )}
    </section>
  );
};

interface PartProps {
  readonly part: Part;
  readonly areNamesShown: boolean;
  readonly state: ReferralState;
}

const PartWords = ({ part, areNamesShown, state }: PartProps) => {
  const said = words.value;
  const files = part.files ?? [];
  const name = sectionName(said, "worker", part.name);
  const isHidden = part.name === "identity" && !areNamesShown;
  switch (part.status) {
    case "readable":
      return (
        <details class="part" open={!isHidden} key={`${part.name} ${isHidden}`}>
          <summary>
            {name}
            {isHidden && ` (${said("referral.hidden")})`}
          </summary>
          {part.fields.length === 0 && part.text === null && files.length === 0 && <p>{said("referral.empty_part")}</p>}
          <dl class="fields">
            {part.fields.map(([field, value]) => (
              <div key={field}>
                <dt>{fieldLabel(said, part.name, field)}</dt>
                {namesSomebody(part.name, field) && !areNamesShown ? (
                  <dd class="hint">{said("name.hidden")}</dd>
                ) : (
                  fieldLines(said, part.name, field, value).map((line, place) => <dd key={place}>{line}</dd>)
                )}
              </div>
            ))}
          </dl>
          {part.text !== null && <p class="written">{plain(part.text)}</p>}
          {files[0] && <Files files={files} event={null} state={state} />}
        </details>
      );
    case "damaged":
      return (
        <Band tone="late">
          {name}: {said("referral.damaged")}
        </Band>
      );
    case "gone":
      return (
        <p>
          {name}: {said("referral.part_gone")}
        </p>
      );
    default:
      return (
        <p>
          {name}: {said("referral.not_yet")}
        </p>
      );
  }
};

interface StepProps {
  readonly step: Step;
  readonly agencies: readonly Agency[];
  readonly time: HubTime;
  readonly state: ReferralState;
}

const StepWords = ({ step, agencies, time, state }: StepProps) => {
  const said = words.value;
  const { language } = said;
  const reasons = Object.hasOwn(REASONS, step.type) ? REASONS[step.type as Answer] : undefined;
  return (
    <li>
      <span class="hint">{momentSeenFrom(said, Date.parse(step.at), time.now())}</span>{" "}
      {label(language, "steps", step.type)} · {plain(agencyName(agencies, step.agency, language))}
      {step.reason !== null && ` · ${plain(reasons ? label(language, reasons, step.reason) : step.reason)}`}{" "}
      <InLog of={step.document} state={state} />
      {step.note !== null && <NoteWords note={step.note} />}
      {step.note?.status === "readable" && step.note.files?.[0] && (
        <Files files={step.note.files} event={step.id} state={state} />
      )}
    </li>
  );
};

const IN_LOG = { logged: "check", promised: "more", missing: "cross" } as const;

/** Whether what was signed was proven, on this device, to be in the log. */
const InLog = ({ of, state }: { readonly of: string; readonly state: ReferralState }) => {
  const mark = state.marks.value.get(of);
  return mark === undefined ? null : (
    <span class={`in-log ${mark}`}>
      <Icon name={IN_LOG[mark]} /> {words.value(`log.${mark}`)}
    </span>
  );
};

const NoteWords = ({ note }: { readonly note: Part }) => {
  const said = words.value;
  if (note.status === "readable") return <p class="written note">{plain(note.text ?? "")}</p>;
  if (note.status === "damaged") return <p>{said("referral.damaged")}</p>;
  return <p class="hint">{said(note.status === "gone" ? "referral.part_gone" : "referral.hidden")}</p>;
};

interface AnswersProps {
  readonly referral: Shown;
  readonly state: ReferralState;
  readonly isClosed: boolean;
}

/** So many stand in two rows at the thumb of a phone, the last being “More”. */
const AT_THE_THUMB = 4;

const Answers = ({ referral, state, isClosed }: AnswersProps) => {
  const said = words.value;
  const isMore = useSignal(false);
  const answers = answersOf(referral);
  const usual = usualOf(referral, isClosed);
  const answering = state.answering.value;
  if (state.unsent.value.has(referral.id)) return null;
  if (answering !== null) return <AnswerForm referral={referral} state={state} answer={answering} />;
  if (answers.length === 0) return null;
  // The usual one first; each of the others is as good, and none of them is filled.
  const ordered = usual === null ? answers : [usual, ...answers.filter((answer) => answer !== usual)];
  const first = ordered.length > AT_THE_THUMB ? ordered.slice(0, AT_THE_THUMB - 1) : ordered;
  const button = (answer: Answer) => (
    <Button
      key={answer}
      look={answer === usual ? "main" : "plain"}
      busy={state.busy.value}
      onPress={() => {
        isMore.value = false;
        state.choose(answer);
      }}
    >
      {said(`answer.${answer}`)}
    </Button>
  );
  return (
    <section class={isMore.value ? "answers all" : "answers"} aria-label={said("referral.answers")}>
      <div class="buttons">
        {first.map(button)}
        {first.length < ordered.length && (
          <>
            <Button
              icon="more"
              expanded={isMore.value}
              onPress={() => {
                isMore.value = !isMore.value;
              }}
            >
              {said("answer.more")}
            </Button>
            <div class="further">{ordered.slice(first.length).map(button)}</div>
          </>
        )}
      </div>
    </section>
  );
};

interface FormProps {
  readonly referral: Shown;
  readonly state: ReferralState;
  readonly answer: Answer;
}

/** What the answer means is said first; then it is sent. */
const AnswerForm = ({ referral, state, answer }: FormProps) => {
  const said = words.value;
  const { language } = said;
  const reasons = REASONS[answer];
  const note = noteRule(answer, referral.state, state.reason.value);
  const undone = undoneBy(answer, referral.as);
  const [faults, carried] = [state.faults.value, state.carried.value];
  const at = (field: "reason" | "note") => {
    const fault = faults.find((one) => one.field === field);
    return fault ? said(fault.key) : null;
  };
  useEffect(() => document.getElementById("answer-title")?.focus(), []);
  return (
    <section class="answer-form wide" aria-labelledby="answer-title">
      <form
        class="stack"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void state.send();
        }}
      >
        <h2 id="answer-title" tabIndex={-1}>
          {said(`answer.${answer}`)}
        </h2>
        <ErrorSummary
          of={state.faults}
          errors={faults.map(({ field, key }) => ({ id: `answer-${field}`, text: said(key) }))}
        />
        {answer === "accepted" && <p>{said("referral.accept.about")}</p>}
        {isOfException(answer) && <p>{said(`without.${answer}.about`)}</p>}
        <p>{said(referral.as === "sender" ? "referral.recipient_sees" : "referral.sender_sees")}</p>
        {undone !== null && (
          <p>
            {undone.length > 0
              ? said("referral.undone_by", { steps: undone.map((one) => said(`answer.${one}`)).join(" · ") })
              : said("referral.not_undone")}
          </p>
        )}
        {reasons && (
          <Choice
            id="answer-reason"
            look="chips"
            legend={said(answer === "closed" ? "referral.outcome" : "referral.reason")}
            value={state.reason}
            options={codes(reasons).map((value) => ({ value, label: label(language, reasons, value) }))}
            error={at("reason")}
          />
        )}
        {note !== "none" && (
          <Field
            id="answer-note"
            kind="lines"
            label={said("referral.note")}
            hint={said("referral.note_hint")}
            value={state.note}
            error={at("note")}
          />
        )}
        {note !== "none" && <TellFiles section="note" title={said("file.add_to_note")} state={state.picked} />}
        <div role="status">
          {state.busy.value && carried !== null && <Carried way="file.carried" over={carried.over} all={carried.all} />}
        </div>
        <div class="buttons">
          <Button look="main" busy={state.busy.value}>
            {said(state.busy.value ? "answer.sending" : "answer.send")}
          </Button>
          <Button onPress={() => state.choose(null)}>{said("app.cancel")}</Button>
        </div>
      </form>
    </section>
  );
};
