import { type Signal, useComputed } from "@preact/signals";
import type { Sessions } from "../../app/session.ts";
import { type Kept, LOCK_AFTER, type Theme } from "../../device/preferences.ts";
import { Button } from "../../parts/Button.tsx";
import { Choice } from "../../parts/Choice.tsx";
import { Heading } from "../../parts/Heading.tsx";
import { words } from "../../words/current.ts";
import { plain } from "../../words/words.ts";
import type { Me as Member } from "../../worker/api.ts";
import { LISTED, type OwnPage } from "./pages.ts";
import "./me.css";

interface MeProps {
  readonly me: Member;
  readonly kept: Kept;
  readonly session: Sessions;
  readonly onGo: (page: OwnPage | "keyboard") => void;
}

export const Me = ({ me, kept, session, onGo }: MeProps) => {
  const said = words.value;
  const theme = usePreference(
    kept,
    "theme",
    (theme) => theme,
    (chosen) => chosen as Theme,
  );
  const lockAfter = usePreference(kept, "lockAfter", String, Number);
  const themes: readonly Theme[] = ["system", "light", "dark"];
  return (
    <div class="stack">
      <Heading>{said("me.title")}</Heading>
      <p>
        {plain(me.names[said.language])} · {plain(me.agency.names[said.language])}
      </p>
      <nav class="wide" aria-label={said("me.account")}>
        <ul class="own-pages">
          {[...LISTED.filter((page) => page !== "notifications" || isTold(me)), "keyboard" as const].map((page) => (
            <li key={page}>
              <button type="button" onClick={() => onGo(page)}>
                {said(`own.${page}`)}
              </button>
            </li>
          ))}
        </ul>
      </nav>
      <Choice
        id="theme"
        legend={said("me.theme")}
        value={theme}
        options={themes.map((value) => ({ value, label: said(`me.theme.${value}`) }))}
      />
      <Choice
        id="lock-after"
        legend={said("me.lock_after")}
        value={lockAfter}
        options={LOCK_AFTER.map((count) => ({ value: String(count), label: said("me.minutes", { count }) }))}
      />
      <div class="buttons">
        <Button icon="lock" onPress={() => void session.lock()}>
          {said("me.lock")}
        </Button>
        <Button onPress={() => void session.signOut()} describedBy="sign-out-about">
          {said("me.sign_out")}
        </Button>
      </div>
      <p class="hint" id="sign-out-about">
        {said("me.sign_out.hint")}
      </p>
    </div>
  );
};

/** Who is told anything by e-mail at all. */
const isTold = ({ roles }: Member): boolean => roles.includes("focal_point") || roles.includes("coordinator");

/** One preference as a choice: what is chosen is kept at once. */
const usePreference = <Name extends "theme" | "lockAfter">(
  kept: Kept,
  name: Name,
  shown: (value: Kept["now"]["value"][Name]) => string,
  meant: (chosen: string) => Kept["now"]["value"][Name],
): Signal<string> => {
  const value = useComputed(() => shown(kept.now.value[name]));
  return {
    get value() {
      return value.value;
    },
    set value(chosen: string) {
      kept.change({ [name]: meant(chosen) });
    },
  } as Signal<string>;
};
