import type { AgencyPage } from "../../app/screens.ts";
import { Button } from "../../parts/Button.tsx";
import { ErrorSummary } from "../../parts/ErrorSummary.tsx";
import { Field } from "../../parts/Field.tsx";
import type { HubTime } from "../../parts/hub-time.ts";
import { words } from "../../words/current.ts";
import type { PlainKey } from "../../words/mn.ts";
import { plain } from "../../words/words.ts";
import type { Me, Names } from "../../worker/api.ts";
import { faultAt, worded } from "../fault.ts";
import type { AgencyState } from "./state.ts";

/** Where to, within the agency. */
export interface Ways {
  readonly go: (page: AgencyPage, id?: string | null) => void;
  /** Back to the list, where there is nothing to go back to; done: what is said there. */
  readonly finish: (page: AgencyPage, done?: PlainKey) => void;
  readonly back: () => void;
}

/** What every page of the agency has. */
export interface PageProps {
  readonly state: AgencyState;
  readonly me: Me;
  readonly time: HubTime;
  readonly ways: Ways;
  /** Of whom or what the page is; null: of none. */
  readonly id: string | null;
}

export const nameIn = (names: Names): string => plain(names[words.value.language]);

/** What went wrong on this page. */
export const Faults = ({ state }: { readonly state: AgencyState }) => {
  const faults = state.doing.faults.value;
  return <ErrorSummary of={state.doing.faults} errors={worded(words.value, faults)} />;
};

/** Leave a page without doing what it says. */
export const Cancel = ({ ways }: { readonly ways: Ways }) => (
  <Button onPress={ways.back}>{words.value("app.cancel")}</Button>
);

/** How somebody new, a person or a system, is called. */
export const NameFields = ({
  state,
  of,
}: {
  readonly state: AgencyState;
  readonly of: Pick<AgencyState["members"], "handle" | "nameMn" | "nameEn">;
}) => {
  const said = words.value;
  const error = (field: string) => faultAt(said, state.doing.faults.value, field);
  return (
    <>
      <Field
        id="agency-handle"
        label={said("agency.handle")}
        hint={said("agency.handle.hint")}
        value={of.handle}
        maxLength={80}
        error={error("agency-handle")}
      />
      <Field
        id="agency-name"
        label={said("agency.name")}
        value={of.nameMn}
        maxLength={200}
        error={error("agency-name")}
      />
      <Field
        id="agency-name-en"
        label={said("agency.name_en")}
        value={of.nameEn}
        maxLength={200}
        error={error("agency-name-en")}
      />
    </>
  );
};
