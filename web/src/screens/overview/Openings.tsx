import { useSignal } from "@preact/signals";
import { Button } from "../../parts/Button.tsx";
import { Heading } from "../../parts/Heading.tsx";
import { Icon } from "../../parts/Icon.tsx";
import { words } from "../../words/current.ts";
import { moment } from "../../words/dates.ts";
import { overseeing } from "../../words/overseeing.ts";
import type { Agency, Vault } from "../../worker/api.ts";
import { SelectField } from "../send/Selects.tsx";
import { PagedList } from "./asked.tsx";
import { namesOf, shortId } from "./naming.ts";

interface OpeningsProps {
  readonly vault: Pick<Vault, "openings">;
  readonly agencies: readonly Agency[];
  readonly onOpen: (referral: string) => void;
}

/** Who opened what, when, in the whole network. */
export const Openings = ({ vault, agencies, onOpen }: OpeningsProps) => {
  const [said, ours] = [words.value, overseeing.value];
  const by = useSignal("");
  const nameOf = namesOf(agencies, said.language);
  return (
    <div class="stack wide">
      <Heading>{ours("overseeing.openings")}</Heading>
      <p class="hint">{ours("openings.about")}</p>
      <SelectField
        id="openings-agency"
        label={ours("openings.agency")}
        value={by.value}
        options={agencies.map((one) => [one.id, nameOf(one.id)] as const)}
        none={ours("trail.any")}
        onChange={(value) => {
          by.value = value;
        }}
      />
      <PagedList ask={(after) => vault.openings(by.value === "" ? null : by.value, after)} of={by.value}>
        {(one) => (
          <>
            <p>
              {moment(said, Date.parse(one.at))} · <strong>{nameOf(one.agency)}</strong> ·{" "}
              {ours("timeline.member", { id: shortId(one.member) })}
            </p>
            <p>
              {nameOf(one.sender)} <Icon name="onward" /> {nameOf(one.recipient)} ·{" "}
              {ours("looks.referral", { id: shortId(one.referral) })}
            </p>
            <Button icon="onward" onPress={() => onOpen(one.referral)}>
              {ours("trail.timeline")}
              <span class="unseen">
                : {nameOf(one.sender)}, {nameOf(one.recipient)}
              </span>
            </Button>
          </>
        )}
      </PagedList>
    </div>
  );
};
