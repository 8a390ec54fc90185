import { lastDay } from "../days.ts";
import { Button } from "../parts/Button.tsx";
import { Heading } from "../parts/Heading.tsx";
import { Icon, type IconName } from "../parts/Icon.tsx";
import { day, moment } from "../words/dates.ts";
import { plain } from "../words/words.ts";
import { agencyName, basisName, purposeNames, sectionNames, severalName } from "./naming.ts";
import { Aloud, InTheLog, isWrong, Trouble } from "./parts.tsx";
import { type Said, said } from "./said.ts";
import { holdersOf, isLaw, type ReceiptState } from "./state.ts";

type Shown = NonNullable<ReceiptState["shown"]["value"]>;
type Holder = NonNullable<Shown["holders"]>[number];

interface Card {
  readonly key: string;
  readonly name: string;
  readonly icon: IconName;
  readonly lines: readonly string[];
}

/** One card an agency: what it reads, why, until when, what it did. Refusals are cards, too. */
export const ShownScreen = ({ state }: { readonly state: ReceiptState }) => {
  const shown = state.shown.value;
  if (shown === null) return null;
  const reads = new Set(holdersOf(shown));
  const all = shown.holders ?? [];
  const inOrder = [...all.filter((one) => reads.has(one)), ...all.filter((one) => !reads.has(one))];
  const cards = inOrder.map((one) => cardOf(said.value, one));
  const isSilent = shown.holders === null;
  const who = agencyName(said.value, shown.recorder);
  const decided = all.filter((one) => one.basis !== null);
  const isPassedOn = decided.length > 0 && decided.every((one) => one.reviewer !== null);
  const by = isPassedOn ? "shown.passed_on" : "shown.recorder";
  const aloud = cards.map((one) => [one.name, ...one.lines].join(". ")).join(". ");
  return (
    <div class="stack">
      <Heading>{said.value(isSilent ? "shown.silent.title" : "shown.title")}</Heading>
      <p>{said.value(isSilent ? "shown.silent" : by, { agency: who })}</p>
      {shown.recorder.phone !== "" && <p>{said.value("shown.phone", { phone: plain(shown.recorder.phone) })}</p>}
      {!isSilent && holdersOf(shown).length === 0 && <p class="strong">{said.value("shown.nobody")}</p>}
      {isWrong(state.log.value) && <InTheLog state={state} logged="log.logged" />}
      <ul class="cards">
        {cards.map((card) => (
          <li class="card" key={card.key}>
            <h2>
              <Icon name={card.icon} />
              <span>{card.name}</span>
            </h2>
            {card.lines.map((line) => (
              <p key={line}>{line}</p>
            ))}
          </li>
        ))}
      </ul>
      {!isWrong(state.log.value) && <InTheLog state={state} logged="log.logged" />}
      <Trouble state={state} />
      {!isSilent && <Aloud text={aloud} />}
      {isLaw(shown) ? (
        <p class="strong">{said.value("fault.basis")}</p>
      ) : (
        <Button look="main" wide onPress={() => state.go({ at: "choose" })}>
          {said.value("take.open")}
        </Button>
      )}
    </div>
  );
};

const cardOf = (said: Said, one: Holder): Card => ({
  key: one.to,
  name: one.agency ? agencyName(said, one.agency) : severalName(said, one.to),
  icon: one.sections.length > 0 && !isOver(one) ? "show" : "hide",
  lines: [
    ...without(said, one),
    ...mayRead(said, one),
    ...refused(said, one),
    ...one.referrals.flatMap((sent) => became(said, sent)),
  ],
});

/** What was sent there is closed again, though her yes still holds for another time. */
const isOver = (one: Holder): boolean =>
  one.referrals.length > 0 && one.referrals.every((sent) => sent.parts.length === 0);

const without = (said: Said, { basis, reviewer }: Holder): readonly string[] =>
  reviewer === null
    ? []
    : [
        said("shown.without", { basis: basisName(said, basis) }),
        said("shown.reviewer", { agency: agencyName(said, reviewer), phone: plain(reviewer.phone) }).trim(),
      ];

const mayRead = (said: Said, one: Holder): readonly string[] => {
  if (one.sections.length > 0)
    return [
      said(isOver(one) ? (one.reviewer === null ? "shown.agreed" : "shown.could") : "shown.reads", {
        sections: sectionNames(said, one.sections),
      }),
      said("shown.purpose", { purposes: purposeNames(said, one.purposes) }),
      ...(one.until === null ? [] : [said("shown.until", { day: untilDay(said, one.until) })]),
      ...(one.referrals.length > 0 ? [] : [said("shown.not_sent")]),
    ];
  if (one.ended === null) return [];
  return [said(one.ended === "grant_expired" ? "shown.ended.expired" : "shown.ended.withdrawn")];
};

const refused = (said: Said, one: Holder): readonly string[] => {
  if (one.refused.includes("*")) return [said("shown.no_all")];
  return one.refused.length > 0 ? [said("shown.no", { sections: sectionNames(said, one.refused) })] : [];
};

const became = (said: Said, sent: Holder["referrals"][number]): readonly string[] => {
  const at = (instant: string) => moment(said, Date.parse(instant));
  return [
    said("shown.sent", { at: at(sent.sentAt) }),
    sent.openedAt === null ? said("shown.not_opened") : said("shown.opened", { at: at(sent.openedAt) }),
    sent.answeredAt === null ? said("shown.not_answered") : said("shown.answered", { at: at(sent.answeredAt) }),
    ...(sent.parts.length > 0 ? [] : [said("shown.gone")]),
    ...(sent.owesDeletion ? [said("shown.owes")] : []),
    ...(sent.deletedAt === null ? [] : [said("shown.deleted", { at: at(sent.deletedAt) })]),
    ...(sent.outOfBackupsAt === null
      ? []
      : [said("shown.backups", { day: day(said, Date.parse(sent.outOfBackupsAt)) })]),
  ];
};

/** A grant ends with a day: the last one on which it holds. */
const untilDay = (said: Said, until: string): string => day(said, lastDay(Date.parse(until)));
