import type { ComponentChildren } from "preact";
import { Heading } from "../../parts/Heading.tsx";
import { Icon, type IconName } from "../../parts/Icon.tsx";
import { words } from "../../words/current.ts";

interface DoorsProps {
  readonly onSignIn: () => void;
  /** Where the person's own page is; null as long as there is none, and then there is no door to it. */
  readonly receiptPage: string | null;
}

/** The two doors: the person's, who comes first, and that of those who work here. */
export const Doors = ({ onSignIn, receiptPage }: DoorsProps) => {
  const said = words.value;
  return (
    <div class="stack">
      <Heading>{said("doors.title")}</Heading>
      {receiptPage !== null && <p>{said("doors.lead")}</p>}
      {receiptPage !== null && (
        <a class="door" href={receiptPage}>
          <Inside icon="key" name={said("doors.code")} hint={said("doors.code.hint")} />
        </a>
      )}
      <button type="button" class="door" onClick={onSignIn}>
        <Inside icon="person" name={said("doors.sign_in")} hint={said("doors.sign_in.hint")} />
      </button>
    </div>
  );
};

interface InsideProps {
  readonly icon: IconName;
  readonly name: ComponentChildren;
  readonly hint: ComponentChildren;
}

const Inside = ({ icon, name, hint }: InsideProps) => (
  <>
    <Icon name={icon} />
    <span>
      <span class="door-name">{name}</span>
      <span class="hint">{hint}</span>
    </span>
    <Icon name="onward" />
  </>
);
