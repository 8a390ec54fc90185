import { useSignal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { Button } from "../parts/Button.tsx";
import { Waiting } from "../parts/Waiting.tsx";
import { words } from "../words/current.ts";

/** A screen whose code is fetched when it is first gone to. A line that is lost meanwhile can be tried again. */
export const later = <Props extends object>(load: () => Promise<ComponentType<Props>>): ComponentType<Props> => {
  let had: ComponentType<Props> | null = null;
  return (props) => {
    const [isThere, isLost, tries] = [useSignal(had !== null), useSignal(false), useSignal(0)];
    useEffect(() => {
      if (had !== null) return;
      isLost.value = false;
      load().then(
        (screen) => {
          had = screen;
          isThere.value = true;
        },
        () => {
          isLost.value = true;
        },
      );
    }, [tries.value]);
    const Screen = had;
    if (isThere.value && Screen !== null) return <Screen {...props} />;
    if (!isLost.value) return <Waiting />;
    return (
      <div class="stack" role="alert">
        <p>{words.value("problem.line")}</p>
        <Button onPress={() => (tries.value += 1)}>{words.value("app.retry")}</Button>
      </div>
    );
  };
};
