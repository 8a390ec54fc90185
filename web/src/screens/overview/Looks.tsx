import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Problem } from "../../failed.ts";
import { Button } from "../../parts/Button.tsx";
import { Heading } from "../../parts/Heading.tsx";
import { Waiting } from "../../parts/Waiting.tsx";
import { words } from "../../words/current.ts";
import { moment } from "../../words/dates.ts";
import { count } from "../../words/numbers.ts";
import { overseeing } from "../../words/overseeing.ts";
import { problemOf } from "../../words/problems.ts";
import { plain } from "../../words/words.ts";
import type { Agency, Vault } from "../../worker/api.ts";
import type { Look } from "../../worker/overseeing-api.ts";
import { Failing } from "./asked.tsx";
import { type NameOf, namesOf, shortId } from "./naming.ts";

interface LooksProps {
  readonly vault: Pick<Vault, "looks">;
  readonly agencies: readonly Agency[];
}

/** The coordinators' own trail. */
export const Looks = ({ vault, agencies }: LooksProps) => {
  const ours = overseeing.value;
  const rows = useSignal<readonly Look[] | null>(null);
  const [after, problem] = [useSignal<string | null>(null), useSignal<Problem | null>(null)];
  const load = async () => {
    problem.value = null;
    try {
      const page = await vault.looks(after.value);
      rows.value = [...(rows.value ?? []), ...page.rows];
      after.value = page.after;
    } catch (error) {
      problem.value = problemOf(error);
    }
  };
  useEffect(() => void load(), [vault]);
  const nameOf = namesOf(agencies, words.value.language);
  return (
    <div class="stack wide">
      <Heading>{ours("overseeing.looks")}</Heading>
      <p class="hint">{ours("looks.about")}</p>
      {problem.value && <Failing problem={problem.value} onAgain={() => void load()} />}
      {rows.value === null && problem.value === null && <Waiting />}
      {rows.value?.length === 0 && <p>{ours("overseeing.none")}</p>}
      <ul class="overview-rows wide">
        {rows.value?.map((one, place) => (
          <Row key={place} one={one} nameOf={nameOf} />
        ))}
      </ul>
      {after.value !== null && <Button onPress={() => void load()}>{ours("overseeing.more")}</Button>}
    </div>
  );
};

const Row = ({ one, nameOf }: { readonly one: Look; readonly nameOf: NameOf }) => {
  const [said, ours] = [words.value, overseeing.value];
  const what = `looks.${one.what}`;
  const filter = Object.entries(one.wanted).map(([name, value]) => plain(`${name}: ${value}`));
  return (
    <li>
      <p>
        {moment(said, Date.parse(one.at))} · <strong>{ours.has(what) ? ours(what) : plain(one.what)}</strong>
      </p>
      <p>
        {nameOf(one.agency)} · {ours("timeline.member", { id: shortId(one.member) })}
      </p>
      <p class="hint">
        {ours("looks.rows", { count: count(one.count) })}
        {one.referral !== null && ` · ${ours("looks.referral", { id: shortId(one.referral) })}`}
        {filter.length > 0 && ` · ${filter.join(" · ")}`}
      </p>
    </li>
  );
};
