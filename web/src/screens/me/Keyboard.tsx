import { useComputed } from "@preact/signals";
import type { Kept } from "../../device/preferences.ts";
import { Choice } from "../../parts/Choice.tsx";
import { Heading } from "../../parts/Heading.tsx";
import { words } from "../../words/current.ts";

const SINGLE = [
  ["keyboard.key.inbox", "keyboard.inbox"],
  ["keyboard.key.send", "keyboard.send"],
  ["keyboard.key.find", "keyboard.find"],
  ["keyboard.key.this", "keyboard.this"],
] as const;

const OTHERS = [
  ["keyboard.key.back", "keyboard.back"],
  ["keyboard.key.sends", "keyboard.sends"],
  ["keyboard.key.leave", "keyboard.leave"],
] as const;

/** All keys; those of a single letter can be turned off (WCAG 2.2, 2.1.4). */
export const Keyboard = ({ kept }: { readonly kept: Kept }) => {
  const said = words.value;
  const chosen = useComputed(() => (kept.now.value.singleKeys ? "with" : "without"));
  const value = {
    get value() {
      return chosen.value;
    },
    set value(to: "with" | "without") {
      kept.change({ singleKeys: to === "with" });
    },
  };
  return (
    <div class="stack">
      <Heading>{said("own.keyboard")}</Heading>
      <dl class="own-keys">
        {[...(kept.now.value.singleKeys ? SINGLE : []), ...OTHERS].map(([key, word]) => (
          <div key={key}>
            <dt>
              <kbd>{said(key)}</kbd>
            </dt>
            <dd>{said(word)}</dd>
          </div>
        ))}
      </dl>
      <Choice
        id="single-keys"
        legend={said("keyboard.single")}
        hint={said("keyboard.single.hint")}
        value={value as Parameters<typeof Choice<"with" | "without">>[0]["value"]}
        options={[
          { value: "with", label: said("keyboard.on") },
          { value: "without", label: said("keyboard.off") },
        ]}
      />
    </div>
  );
};
