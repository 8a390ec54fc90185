import { useSignal } from "@preact/signals";
import { Band } from "../../parts/Band.tsx";
import { Button } from "../../parts/Button.tsx";
import { Field } from "../../parts/Field.tsx";
import { Heading } from "../../parts/Heading.tsx";
import { words } from "../../words/current.ts";
import { label } from "../../words/labels.ts";
import { overseeing } from "../../words/overseeing.ts";
import { plain } from "../../words/words.ts";
import type { Agency, Vault } from "../../worker/api.ts";
import type { Applicant, Proposed } from "../../worker/overseeing-api.ts";
import { Asked, useAsked } from "./asked.tsx";
import { type NameOf, namesOf } from "./naming.ts";

interface AdmissionsProps {
  readonly vault: Pick<Vault, "admissions">;
  readonly agencies: readonly Agency[];
}

/** Who waits, whose number is to be compared, who has signed. A coordinator's key is in no browser: signing is a command. */
export const Admissions = ({ vault, agencies }: AdmissionsProps) => {
  const [said, ours] = [words.value, overseeing.value];
  const asked = useAsked(() => vault.admissions(), vault);
  const nameOf = namesOf(agencies, said.language);
  const suspended = agencies.filter((one) => one.suspended);
  return (
    <div class="stack wide">
      <Heading>{ours("overseeing.admissions")}</Heading>
      <Asked of={asked}>
        {({ applicants, proposed }) => (
          <>
            <h2>{ours("admissions.applicants")}</h2>
            {applicants.length === 0 && <p>{ours("admissions.applicants.none")}</p>}
            <ul class="overview-rows wide">
              {applicants.map((one) => (
                <Waits key={one.number} one={one} />
              ))}
            </ul>
            <h2>{ours("admissions.proposed")}</h2>
            {proposed.length === 0 && <p>{ours("admissions.proposed.none")}</p>}
            <ul class="overview-rows wide">
              {proposed.map((one) => (
                <Document key={one.id} one={one} nameOf={nameOf} />
              ))}
            </ul>
          </>
        )}
      </Asked>
      <h2>{ours("admissions.suspended")}</h2>
      {suspended.length === 0 && <p>{ours("admissions.suspended.none")}</p>}
      <ul class="overview-rows wide">
        {suspended.map((one) => (
          <li key={one.id}>
            <p>
              {nameOf(one.id)} ({one.id})
            </p>
            <Command of={`ortoo coordinators reinstate ${one.id}`} />
          </li>
        ))}
      </ul>
    </div>
  );
};

/** The number is typed as it was heard and shown nowhere: who sees it nods at it. So the command line has it. */
const Waits = ({ one }: { readonly one: Applicant }) => {
  const [said, ours] = [words.value, overseeing.value];
  const [heard, matches] = [useSignal(""), useSignal<boolean | null>(null)];
  return (
    <li>
      <p>
        <strong>{plain(one.names[said.language])}</strong> ({plain(one.handle)}) ·{" "}
        {label(said.language, "agency_kinds", one.kind)}
      </p>
      <p>{ours("admissions.administrator", { name: plain(one.administrator[said.language]) })}</p>
      <form
        class="stack no-print"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          matches.value = digitsOf(heard.value) === digitsOf(one.number);
        }}
      >
        <p>{ours("admissions.compare")}</p>
        <Field
          id={`admissions-heard-${one.handle}`}
          kind="groups"
          label={ours("admissions.heard")}
          value={heard}
          error={matches.value === false ? ours("admissions.differs") : null}
        />
        <Button>{ours("admissions.do")}</Button>
      </form>
      <div role="status">
        {matches.value && (
          <>
            <Band tone="done">{ours("admissions.matches")}</Band>
            <Command of={`ortoo coordinators admit ${plain(one.handle)}`} />
          </>
        )}
      </div>
    </li>
  );
};

const digitsOf = (typed: string): string => typed.replace(/\D/g, "");

const Document = ({ one, nameOf }: { readonly one: Proposed; readonly nameOf: NameOf }) => {
  const ours = overseeing.value;
  return (
    <li>
      <p>
        <strong>{ours(`admissions.${one.what}`)}</strong>
        {one.about !== null && `: ${nameOf(one.about)}`}
      </p>
      <p>{ours("admissions.signed", { count: one.signatures, threshold: one.threshold })}</p>
      {one.taken ? <p>{ours("admissions.taken")}</p> : <Command of={`ortoo coordinators sign ${one.id}`} />}
    </li>
  );
};

const Command = ({ of }: { readonly of: string }) => (
  <p>
    {overseeing.value("admissions.sign")} <code>{of}</code>
  </p>
);
