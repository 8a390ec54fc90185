import { useSignal } from "@preact/signals";
import type { Problem } from "../../failed.ts";
import { Band } from "../../parts/Band.tsx";
import { Button } from "../../parts/Button.tsx";
import { Several } from "../../parts/Choice.tsx";
import { words } from "../../words/current.ts";
import { label } from "../../words/labels.ts";
import { problemOf, problemText } from "../../words/problems.ts";
import { sectionName } from "../../words/sentences.ts";
import { plain } from "../../words/words.ts";
import type { Agency, Link, Referral, Vault } from "../../worker/api.ts";
import { agencyName } from "../inbox/order.ts";
import { SelectField } from "../send/Selects.tsx";

export interface OnwardProps {
  readonly vault: Pick<Vault, "forward" | "chain">;
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
  const isTried = useSignal(false);
  const readable = referral.parts.filter((part) => part.status === "readable" && !part.name.includes("/"));
  const others = agencies
    .filter(({ id, suspended }) => !suspended && ![own, referral.counterpart].includes(id))
    .map(({ id, names }) => [id, plain(names[language])] as const)
    .sort(([, one], [, other]) => one.localeCompare(other, "und"));
  const send = async () => {
    isTried.value = true;
    if (busy.value || to.value === "" || sections.value.length === 0) return;
    [busy.value, problem.value, sentTo.value] = [true, null, null];
    try {
      sentTo.value = (await vault.forward(referral.id, to.value, sections.value)).counterpart;
      [to.value, sections.value, isTried.value] = ["", [], false];
    } catch (error) {
      problem.value = problemOf(error);
    } finally {
      busy.value = false;
    }
  };
  return (
    <details class="wide more">
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
        <Button look="main" icon="onward" busy={busy.value}>
          {said("onward.title")}
        </Button>
      </form>
    </details>
  );
};

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
