import { type Signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Problem } from "../../failed.ts";
import { Band } from "../../parts/Band.tsx";
import { Button } from "../../parts/Button.tsx";
import { Several } from "../../parts/Choice.tsx";
import { Sentences } from "../../parts/Sentences.tsx";
import { words } from "../../words/current.ts";
import { codes, label } from "../../words/labels.ts";
import { problemOf, problemText } from "../../words/problems.ts";
import { ofDecision, sectionName } from "../../words/sentences.ts";
import { sizeText } from "../../words/sizes.ts";
import { plain } from "../../words/words.ts";
import type { Agency, Link, Referral, Vault } from "../../worker/api.ts";
import { agencyName } from "../inbox/order.ts";
import { SelectField } from "../send/Selects.tsx";
import { lens } from "../send/state.ts";

export interface OnwardProps {
  readonly vault: Pick<Vault, "forward" | "undecided" | "chain" | "watch">;
  readonly referral: Referral;
  readonly agencies: readonly Agency[];
  readonly own: string;
}

/** Whoever was sent it passes on what it may read; whoever sent it sees where it went. */
export const Onward = (props: OnwardProps) =>
  props.referral.as === "sender" ? <Chain {...props} /> : <PassOn {...props} />;

const PassOn = ({ vault, referral, agencies, own }: OnwardProps) => {
  const said = words.value;
  const { language } = said;
  const [to, sections, busy] = [useSignal(""), useSignal<readonly string[]>([]), useSignal(false)];
  const [problem, sentTo] = [useSignal<Problem | null>(null), useSignal<string | null>(null)];
  const [isTried, left] = [useSignal(false), useSignal<readonly string[]>([])];
  const passing = useSignal<readonly string[]>(referral.passing ?? []);
  const [undecided, agreed] = [useSignal<readonly string[]>([]), useSignal<Agreeing>(NOTHING)];
  const readable = referral.parts.filter((part) => part.status === "readable" && !part.name.includes("/"));
  const files = readable
    .filter(({ name }) => sections.value.includes(name))
    .flatMap((part) => (part.files ?? []).map((file) => file));
  const going = files.filter(({ part }) => !left.value.includes(part)).map(({ part }) => part);
  const isToAsk = undecided.value.includes(to.value);
  const others = agencies
    .filter(({ id, suspended }) => !suspended && ![own, referral.counterpart].includes(id))
    .map(({ id, names }) => [id, plain(names[language])] as const)
    .sort(([, one], [, other]) => one.localeCompare(other, "und"));
  useEffect(
    () =>
      vault.watch((happening) => {
        if (happening.type !== "passed" || happening.of !== referral.id) return;
        passing.value = passing.value.filter((one) => one !== happening.to);
        problem.value = happening.problem;
        sentTo.value = happening.problem === null ? happening.to : null;
      }),
    [vault, referral.id],
  );
  const look = async () => {
    if (!referral.decision.purposes.includes(COORDINATE)) return;
    try {
      undecided.value = await vault.undecided(referral.id);
    } catch (error) {
      problem.value = problemOf(error);
    }
  };
  const send = async () => {
    isTried.value = true;
    const isMissing = isToAsk && (agreed.value.how === "" || agreed.value.purposes.length === 0);
    if (busy.value || to.value === "" || sections.value.length === 0 || isMissing) return;
    [busy.value, problem.value, sentTo.value] = [true, null, null];
    try {
      const { until } = referral.decision;
      const decided = isToAsk && until !== null ? { ...agreed.value, sections: sections.value, until } : undefined;
      const row = await vault.forward(referral.id, to.value, sections.value, going, decided);
      if (row === null) passing.value = [...new Set([...passing.value, to.value])];
      else sentTo.value = row.counterpart;
      undecided.value = undecided.value.filter((one) => one !== to.value);
      [to.value, sections.value, left.value, agreed.value, isTried.value] = ["", [], [], NOTHING, false];
    } catch (error) {
      problem.value = problemOf(error);
    } finally {
      busy.value = false;
    }
  };
  return (
    <details class="wide more" onToggle={({ currentTarget }) => currentTarget.open && void look()}>
      <summary>{said("onward.title")}</summary>
      <form
        class="stack"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <p>{said("onward.about")}</p>
        <div role="alert" class="wide">
          {problem.value && <Band tone="late">{faultText(problem.value)}</Band>}
        </div>
        <div role="status" class="wide">
          {passing.value.map((agency) => (
            <Band tone="wait" icon="offline" key={agency}>
              {said("onward.waits", { agency: plain(agencyName(agencies, agency, language)) })}
            </Band>
          ))}
          {sentTo.value !== null && (
            <Band tone="done">
              {said("onward.sent", { agency: plain(agencyName(agencies, sentTo.value, language)) })}
            </Band>
          )}
        </div>
        <SelectField
          id="onward-to"
          label={said("onward.to")}
          value={to.value}
          none={said("send.choose")}
          error={isTried.value && to.value === "" ? said("onward.needs_to") : null}
          options={others}
          onChange={(agency) => {
            to.value = agency;
          }}
        />
        <Several
          id="onward-sections"
          legend={said("onward.sections")}
          value={sections}
          error={isTried.value && sections.value.length === 0 ? said("onward.needs_sections") : null}
          options={readable.map(({ name }) => ({ value: name, label: sectionName(said, "worker", name) }))}
        />
        {files.length > 0 && (
          <Several
            id="onward-files"
            legend={said("onward.files")}
            value={lens(
              () => going,
              (chosen) => {
                left.value = files.map(({ part }) => part).filter((part) => !chosen.includes(part));
              },
            )}
            options={files.map(({ part, name, size }) => ({
              value: part,
              label: `${plain(name)} · ${sizeText(language, size)}`,
            }))}
          />
        )}
        {isToAsk && (
          <Agreement
            referral={referral}
            agency={agencies.find(({ id }) => id === to.value)!}
            sections={sections.value}
            agreed={agreed}
            isTried={isTried.value}
          />
        )}
        <Button look="main" icon="onward" busy={busy.value}>
          {said(isToAsk ? "onward.agreed" : "onward.title")}
        </Button>
      </form>
    </details>
  );
};

const COORDINATE = "coordinate";

/** What she says on an agency on which she had decided nothing. */
interface Agreeing {
  readonly purposes: readonly string[];
  readonly how: string;
}

const NOTHING: Agreeing = { purposes: [], how: "" };

interface AgreementProps {
  readonly referral: Referral;
  readonly agency: Agency;
  readonly sections: readonly string[];
  readonly agreed: Signal<Agreeing>;
  readonly isTried: boolean;
}

/** Her decision on a third agency, within what the own agency holds, which coordinates: read out to her, and asked. */
const Agreement = ({ referral, agency, sections, agreed, isTried }: AgreementProps) => {
  const said = words.value;
  const { language } = said;
  const { purposes, until } = referral.decision;
  const { how } = agreed.value;
  const decision = { to: agency.id, sections, purposes: agreed.value.purposes, until, refused: [] };
  return (
    <section class="stack wide" aria-labelledby="onward-asked">
      <h3 id="onward-asked">{said("onward.ask", { agency: plain(agency.names[language]) })}</h3>
      <p>{said("onward.ask.about")}</p>
      <Several
        id="onward-purposes"
        legend={said("onward.purposes")}
        value={lens(
          () => agreed.value.purposes,
          (chosen) => {
            agreed.value = { ...agreed.value, purposes: chosen };
          },
        )}
        error={isTried && agreed.value.purposes.length === 0 ? said("onward.needs_purposes") : null}
        options={purposes
          .filter((code) => code !== COORDINATE)
          .map((value) => ({ value, label: label(language, "purposes", value) }))}
      />
      {sections.length > 0 && agreed.value.purposes.length > 0 && (
        <Sentences
          voice="her"
          of={ofDecision(said, "her", decision, () => ({
            name: plain(agency.names[language]),
            what: label(language, "agency_kinds", agency.kind),
          }))}
        />
      )}
      <SelectField
        id="onward-how"
        label={said("send.how")}
        value={how}
        none={said("send.choose")}
        error={isTried && how === "" ? said("onward.needs_how") : null}
        options={HOWS.map((code) => [code, label(language, "consent_given_how", code)])}
        onChange={(code) => {
          agreed.value = { ...agreed.value, how: code };
        }}
      />
    </section>
  );
};

/** How it was given; with her own phone comes later. */
const HOWS = codes("consent_given_how").filter((code) => code !== "own_device");

/** What she did not agree to is said as that. */
const faultText = (problem: Problem): string => {
  const isHers = problem.kind === "refused" && ["grant_missing", "grant_refused"].includes(problem.code);
  return isHers ? words.value("onward.not_agreed") : problemText(words.value, problem);
};

const Chain = ({ vault, referral, agencies }: OnwardProps) => {
  const said = words.value;
  const { language } = said;
  const [links, problem] = [useSignal<readonly Link[] | null>(null), useSignal<Problem | null>(null)];
  const look = async () => {
    problem.value = null;
    try {
      links.value = await vault.chain(referral.id);
    } catch (error) {
      problem.value = problemOf(error);
    }
  };
  const named = (id: string) => plain(agencyName(agencies, id, language));
  return (
    <details class="wide more" onToggle={({ currentTarget }) => currentTarget.open && void look()}>
      <summary>{said("onward.chain")}</summary>
      <div role="alert" class="wide">
        {problem.value && <Band tone="late">{problemText(said, problem.value)}</Band>}
      </div>
      <ul class="chain">
        {links.value?.map((link) => (
          <li key={link.id}>
            {link.parent === null
              ? said("onward.sent_by", { from: named(link.sender), to: named(link.recipient) })
              : said("onward.passed_by", { from: named(link.sender), to: named(link.recipient) })}
            {" · "}
            {label(language, "states", link.state)}
          </li>
        ))}
      </ul>
    </details>
  );
};
