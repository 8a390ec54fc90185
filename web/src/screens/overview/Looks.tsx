import { Heading } from "../../parts/Heading.tsx";
import { words } from "../../words/current.ts";
import { moment } from "../../words/dates.ts";
import { count } from "../../words/numbers.ts";
import { overseeing } from "../../words/overseeing.ts";
import { plain } from "../../words/words.ts";
import type { Agency, Vault } from "../../worker/api.ts";
import type { Look } from "../../worker/overseeing-api.ts";
import { PagedList } from "./asked.tsx";
import { type NameOf, namesOf, shortId } from "./naming.ts";

interface LooksProps {
  readonly vault: Pick<Vault, "looks">;
  readonly agencies: readonly Agency[];
}

/** The coordinators' own trail. */
export const Looks = ({ vault, agencies }: LooksProps) => {
  const ours = overseeing.value;
  const nameOf = namesOf(agencies, words.value.language);
  return (
    <div class="stack wide">
      <Heading>{ours("overseeing.looks")}</Heading>
      <p class="hint">{ours("looks.about")}</p>
      <PagedList ask={(after) => vault.looks(after)} of={vault}>
        {(one) => <Row one={one} nameOf={nameOf} />}
      </PagedList>
    </div>
  );
};

const Row = ({ one, nameOf }: { readonly one: Look; readonly nameOf: NameOf }) => {
  const [said, ours] = [words.value, overseeing.value];
  const what = `looks.${one.what}`;
  const filter = Object.entries(one.wanted).map(([name, value]) => plain(`${name}: ${value}`));
  return (
    <>
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
    </>
  );
};
