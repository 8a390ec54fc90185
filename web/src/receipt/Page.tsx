import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { Button } from "../parts/Button.tsx";
import { Heading } from "../parts/Heading.tsx";
import { Icon } from "../parts/Icon.tsx";
import { Qr } from "../parts/Qr.tsx";
import { time } from "../words/dates.ts";
import type { Made } from "./calls.ts";
import { agencyName, sectionNames } from "./naming.ts";
import { InTheLog, Trouble } from "./parts.tsx";
import { ShownScreen } from "./Shown.tsx";
import { said, speak } from "./said.ts";
import { inGroups, type ReceiptState, type Taken } from "./state.ts";
import { ChooseScreen } from "./TakeBack.tsx";

interface PageProps {
  readonly state: ReceiptState;
  readonly onLeave: () => void;
}

/** The person's own page: whoever comes here has a code and no account. */
export const Page = ({ state, onLeave }: PageProps) => {
  const now = state.screen.value;
  return (
    <div class="page">
      <header class="page-head">
        {now.at !== "about" && now.at !== "done" ? (
          <Button look="quiet" icon="back" onPress={() => state.back()}>
            {said.value("back")}
          </Button>
        ) : (
          <span />
        )}
        <Languages />
      </header>
      <main class="page-main" key={now.at}>
        <Screens state={state} />
      </main>
      <footer class="page-leave">
        <Button icon="leave" wide describedBy="leave-about" onPress={onLeave}>
          {said.value("leave")}
        </Button>
        <span class="unseen" id="leave-about">
          {said.value("leave.hint")}
        </span>
      </footer>
    </div>
  );
};

const Screens = ({ state }: { readonly state: ReceiptState }) => {
  const now = state.screen.value;
  switch (now.at) {
    case "about":
      return <About state={state} />;
    case "code":
      return <Code state={state} />;
    case "made":
      return <OwnCode state={state} made={now.made} />;
    case "shown":
      return <ShownScreen state={state} />;
    case "choose":
      return <ChooseScreen state={state} />;
    case "sure":
      return <Sure state={state} taken={now.taken} />;
    case "done":
      return <Done state={state} when={now.when} told={now.told} />;
  }
};

const Languages = () => (
  <fieldset class="languages">
    <legend class="unseen">{said.value("language")}</legend>
    {(["mn", "en"] as const).map((language) => (
      <button
        key={language}
        type="button"
        lang={language}
        aria-pressed={said.value.language === language}
        onClick={() => void speak(language).catch(() => undefined)} // it did not arrive: what is there stays
      >
        <span aria-hidden="true">{language.toUpperCase()}</span>
        <span class="unseen">{language === "mn" ? "Монгол" : "English"}</span>
      </button>
    ))}
  </fieldset>
);

const About = ({ state }: { readonly state: ReceiptState }) => (
  <div class="stack">
    <Heading>{said.value("about.title")}</Heading>
    <p>{said.value("about.what")}</p>
    <p>{said.value("about.leave")}</p>
    <p>{said.value("about.history")}</p>
    <p>{said.value("about.nothing")}</p>
    <Button look="main" wide onPress={() => state.go({ at: "code" })}>
      {said.value("next")}
    </Button>
    <Trouble state={state} />
    <Button wide busy={state.busy.value} onPress={() => void state.make()}>
      {said.value("make.do")}
    </Button>
  </div>
);

/** Made here, and seen by nobody else: she keeps the code, and shows the worker what is not secret of it. */
const OwnCode = ({ state, made: { code, part } }: { readonly state: ReceiptState; readonly made: Made }) => (
  <div class="stack">
    <Heading>{said.value("make.title")}</Heading>
    <p>{said.value("make.keep")}</p>
    <p class="strong own-code">{code}</p>
    <h2>{said.value("make.show")}</h2>
    <p>{said.value("make.show.hint")}</p>
    <p class="own-part" translate={false}>
      {part}
    </p>
    <Qr text={part.replaceAll(" ", "")} label={said.value("make.picture")} />
    <p>{said.value("make.then")}</p>
    <Button
      look="main"
      wide
      onPress={() => {
        state.code.value = code;
        state.go({ at: "code" });
      }}
    >
      {said.value("make.kept")}
    </Button>
  </div>
);

const Code = ({ state }: { readonly state: ReceiptState }) => {
  const fault = state.fault.value;
  const field = useRef<HTMLTextAreaElement>(null);
  const ofField = fault?.fault === "short" || fault?.fault === "slip" ? fault : null;
  useLayoutEffect(() => {
    if (ofField !== null) field.current?.focus();
  }, [ofField]);
  return (
    <form
      class="stack"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void state.look();
      }}
    >
      <Heading>{said.value("code.title")}</Heading>
      <div class="field">
        <label htmlFor="code">{said.value("code.label")}</label>
        <p class="hint" id="code-hint">
          {said.value("code.hint")}
        </p>
        {ofField !== null && (
          <p class="error" id="code-error">
            <Icon name="warning" />
            <span>
              <span class="unseen">{said.value("fault.prefix")} </span>
              {ofField.fault === "short" ? said.value("code.short", { count: ofField.count }) : said.value("code.slip")}
            </span>
          </p>
        )}
        <textarea
          ref={field}
          class="input code"
          id="code"
          rows={2}
          inputMode="numeric"
          autocomplete="off"
          spellcheck={false}
          value={state.code.value}
          aria-describedby={ofField !== null ? "code-hint code-error" : "code-hint"}
          aria-invalid={ofField !== null ? true : undefined}
          onInput={(event) => {
            typed(event.currentTarget, state);
            if (ofField !== null) state.fault.value = null;
          }}
          onKeyDown={(event) => {
            if (event.key !== "Enter") return;
            event.preventDefault();
            void state.look();
          }}
        />
      </div>
      <Trouble state={state} />
      <Button look="main" wide busy={state.busy.value}>
        {said.value(state.busy.value ? "busy" : "code.look")}
      </Button>
    </form>
  );
};

/** Groups as they are typed. The cursor stays behind the same digit. */
function typed(input: HTMLTextAreaElement, state: ReceiptState): void {
  const before = input.value.slice(0, input.selectionStart ?? input.value.length).replace(/\D/g, "").length;
  const groups = inGroups(input.value);
  state.code.value = groups;
  input.value = groups;
  const place = inGroups(groups.replace(/\D/g, "").slice(0, before)).length;
  input.setSelectionRange(place, place);
}

const Sure = ({ state, taken }: { readonly state: ReceiptState; readonly taken: Taken }) => (
  <div class="stack">
    <Heading>{said.value("sure.title")}</Heading>
    <p class="strong">{said.value("sure.what", { what: whatOf(taken, state) })}</p>
    <Lines
      of={[said.value("sure.told"), said.value("sure.delete"), said.value("sure.read"), said.value("sure.stays")]}
    />
    <Trouble state={state} />
    <Button look="grave" wide busy={state.busy.value} onPress={() => void state.withdraw(taken)}>
      {said.value(state.busy.value ? "busy" : "sure.yes")}
    </Button>
    <Button wide onPress={() => state.go({ at: "shown" })}>
      {said.value("sure.no")}
    </Button>
  </div>
);

const whatOf = (taken: Taken, state: ReceiptState): string => {
  if (taken.what === "all") return said.value("take.all");
  if (taken.what === "parts") return sectionNames(said.value, taken.parts);
  return said.value("take.agency", { agency: nameOf(state, taken.agency) });
};

const nameOf = (state: ReceiptState, handle: string): string => {
  const found = state.shown.value?.holders?.find((one) => one.to === handle);
  return found?.agency ? agencyName(said.value, found.agency) : handle;
};

interface DoneProps {
  readonly state: ReceiptState;
  readonly when: number;
  readonly told: readonly string[];
}

const Done = ({ state, when, told }: DoneProps) => (
  <div class="stack">
    <Heading>{said.value("done.title", { at: time(when) })}</Heading>
    <p>
      {told.length > 0
        ? said.value("done.told", { agencies: told.map((one) => nameOf(state, one)).join(" · ") })
        : said.value("done.told_all")}
    </p>
    <Lines of={[said.value("sure.delete"), said.value("sure.read")]} />
    <InTheLog state={state} logged="log.logged.done" />
    <Button wide onPress={() => state.go({ at: "shown" })}>
      {said.value("done.look")}
    </Button>
  </div>
);

const Lines = ({ of }: { readonly of: readonly ComponentChildren[] }) => (
  <ul class="lines">
    {of.map((line) => (
      <li key={String(line)}>{line}</li>
    ))}
  </ul>
);
