import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Problem } from "../../failed.ts";
import { Band } from "../../parts/Band.tsx";
import { Fold } from "../../parts/Fold.tsx";
import type { HubTime } from "../../parts/hub-time.ts";
import { words } from "../../words/current.ts";
import { momentSeenFrom } from "../../words/dates.ts";
import { fieldLabel, fieldLines } from "../../words/fields.ts";
import { problemOf, problemText } from "../../words/problems.ts";
import type { Evidence as Shown } from "../../worker/api.ts";
import { Files } from "./Files.tsx";
import type { Holding } from "./state.ts";

export interface EvidenceProps {
  readonly state: Holding;
  readonly time: HubTime;
}

/** How she gave her decisions: to the agency before which she did, and to no other. Fetched when it is looked at. */
export const Evidence = ({ state, time }: EvidenceProps) => (
  <Fold title={words.value("evidence.title")}>{() => <Given state={state} time={time} />}</Fold>
);

/** Of decisions under which nothing was sent: no referral leads to them. */
export const Unsent = ({ files, time }: Pick<Holding, "files"> & Pick<EvidenceProps, "time">) => {
  const shown = useSignal<{ readonly id: string } | null>({ id: "" });
  useEffect(
    () => () => {
      shown.value = null;
    },
    [shown],
  );
  return <Given state={{ files, shown }} time={time} />;
};

const Given = ({ state, time }: EvidenceProps) => {
  const said = words.value;
  const [found, problem] = [useSignal<readonly Shown[] | null>(null), useSignal<Problem | null>(null)];
  const id = state.shown.value?.id;
  useEffect(() => {
    if (id === undefined) return;
    (id === "" ? state.files.unsentEvidence() : state.files.evidence(id)).then(
      (evidence) => {
        if (state.shown.value?.id === id) found.value = evidence; // else left meanwhile, or locked
      },
      (error: unknown) => {
        problem.value = problemOf(error);
      },
    );
  }, [id]);
  return (
    <div class="stack">
      <p class="hint">{said(id === "" ? "evidence.unsent.about" : "evidence.only_yours")}</p>
      {problem.value && (
        <div role="alert" class="wide">
          <Band tone="late">{problemText(said, problem.value)}</Band>
        </div>
      )}
      {found.value?.length === 0 && <p role="status">{said("evidence.none")}</p>}
      {found.value?.map((one) => (
        <OneOf key={one.decision} evidence={one} state={state} time={time} />
      ))}
    </div>
  );
};

const OneOf = ({ evidence: { decision, at, part }, state, time }: EvidenceProps & { readonly evidence: Shown }) => {
  const said = words.value;
  return (
    <section class="stack">
      <h3>{said("evidence.of", { at: momentSeenFrom(said, Date.parse(at), time.now()) })}</h3>
      {part.status === "readable" ? (
        <dl class="fields">
          {part.fields.map(([field, value]) => (
            <div key={field}>
              <dt>{fieldLabel(said, part.name, field)}</dt>
              {fieldLines(said, part.name, field, value).map((line, place) => (
                <dd key={place}>{line}</dd>
              ))}
            </div>
          ))}
        </dl>
      ) : (
        <p>{said(part.status === "damaged" ? "referral.damaged" : "referral.part_gone")}</p>
      )}
      {part.files?.[0] && <Files files={part.files} event={null} decision={decision} state={state} />}
    </section>
  );
};
