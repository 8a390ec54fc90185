import type { ComponentChildren } from "preact";
import type { Kept } from "../device/preferences.ts";
import type { NewRelease } from "../device/release.ts";
import type { Problem } from "../failed.ts";
import { Announcer } from "../parts/Announcer.tsx";
import { Band } from "../parts/Band.tsx";
import { Button } from "../parts/Button.tsx";
import { hand } from "../parts/hand.ts";
import { Icon } from "../parts/Icon.tsx";
import { words } from "../words/current.ts";
import { moment, span } from "../words/dates.ts";
import { problemText } from "../words/problems.ts";
import type { Language } from "../words/words.ts";
import type { ProofFile } from "../worker/api.ts";
import type { Line } from "./line.ts";
import type { Place, Screen } from "./screens.ts";

interface FrameProps {
  readonly kept: Kept;
  readonly children: ComponentChildren;
  readonly places: readonly Place[];
  /** The screen that is shown; null while it is locked. */
  readonly at: Screen["at"] | null;
  readonly onGo: (to: Screen) => void;
  /** null: there is nowhere to go back to. */
  readonly onBack: (() => void) | null;
  readonly onLeave: () => void;
  readonly isPractice: boolean;
  /** The line to the hub; null where it does not matter here. */
  readonly line: Line | null;
  /** By how many milliseconds the hub's clock is ahead of the device's; zero within a minute. */
  readonly clockOff: number;
  readonly release: NewRelease;
  readonly onRelease: () => void;
  /** What the whole page has to say: an alarm, a problem nobody waited for. */
  readonly problem: Problem | null;
  /** Of an alarm: what its finder should keep. */
  readonly evidence: ProofFile | null;
}

/** What stands around every screen: the way out, the language, the places. */
export const Frame = (props: FrameProps) => {
  const { kept, children, places, at, onGo, onBack, onLeave, isPractice, line, problem } = props;
  const said = words.value;
  return (
    <div class={places.length > 0 ? "frame with-places" : "frame"}>
      <button type="button" class="skip button" onClick={() => document.getElementById("main")?.focus()}>
        {said("app.skip")}
      </button>
      <header class="frame-head">
        {onBack ? (
          <Button look="quiet" icon="back" onPress={onBack}>
            {said("app.back")}
          </Button>
        ) : (
          <span class="frame-name">{said("app.name")}</span>
        )}
        {line?.live && <span class="frame-line">{said("app.live")}</span>}
        <Languages kept={kept} />
        <Button icon="leave" look="plain" onPress={onLeave} describedBy="leave-about">
          {said("app.leave")}
        </Button>
        <span class="unseen" id="leave-about">
          {said("app.leave.hint")}
        </span>
      </header>
      {places.length > 0 && (
        <nav class="frame-places" aria-label={said("app.places")}>
          <ul>
            {places.map((place) => (
              <li key={place.word}>
                <button
                  type="button"
                  aria-current={place.screen.at === at ? "page" : undefined}
                  onClick={() => onGo(place.screen)}
                >
                  <Icon name={place.icon} />
                  <span>{said(place.word)}</span>
                </button>
              </li>
            ))}
          </ul>
        </nav>
      )}
      <main class="frame-main" id="main" tabIndex={-1}>
        <div role="alert">{problem && <Band tone="late">{problemText(said, problem)}</Band>}</div>
        {props.evidence && <Proof of={props.evidence} />}
        <div role="status">
          {line && !line.live && (
            <Band tone="wait" icon="offline">
              {said("app.offline")} {said("app.offline.since", { at: moment(said, line.at) })}
            </Band>
          )}
        </div>
        {props.clockOff !== 0 && (
          <Band tone="note" icon="clock">
            {said("app.clock_off", { by: span(said, Math.round(Math.abs(props.clockOff) / 60_000) * 60_000) })}
          </Band>
        )}
        <div role="status">
          {props.release === "ready" && (
            <Band tone="note" action={<Button onPress={props.onRelease}>{said("app.release.use")}</Button>}>
              {said("app.release")}
            </Band>
          )}
          {props.release === "failed" && <Band tone="late">{said("app.release.failed")}</Band>}
        </div>
        {isPractice && <Band tone="wait">{said("app.practice")}</Band>}
        {children}
      </main>
      <Announcer />
    </div>
  );
};

/** A file for whoever judges it, with no word of anybody's in it. */
const Proof = ({ of }: { readonly of: ProofFile }) => {
  const said = words.value;
  const onSave = () => hand(new Blob([of.text], { type: "application/json" }), of.name);
  return (
    <Band tone="late" action={<Button onPress={onSave}>{said("contradiction.save")}</Button>}>
      {said("contradiction.about")}
    </Band>
  );
};

const Languages = ({ kept }: { readonly kept: Kept }) => {
  const said = words.value;
  const languages: readonly Language[] = ["mn", "en"];
  return (
    <fieldset class="languages">
      <legend class="unseen">{said("app.language")}</legend>
      {languages.map((language) => (
        <button
          key={language}
          type="button"
          lang={language}
          aria-pressed={said.language === language}
          onClick={() => kept.change({ language })}
        >
          <span>{said(`app.${language}.short`)}</span>
          <span class="unseen"> {said(`app.${language}`)}</span>
        </button>
      ))}
    </fieldset>
  );
};
