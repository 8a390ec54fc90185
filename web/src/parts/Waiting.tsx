import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { words } from "../words/current.ts";
import { Button } from "./Button.tsx";

const SLOW = 3000;

/** Something is being fetched: nothing for 300 ms (by the style sheet), then that it loads, after 3 s that the line is slow. */
export const Waiting = ({ onCancel }: { readonly onCancel?: () => void }) => {
  const isSlow = useSignal(false);
  useEffect(() => {
    const timer = setTimeout(() => {
      isSlow.value = true;
    }, SLOW);
    return () => clearTimeout(timer);
  }, [isSlow]);
  return (
    <div class="waiting" role="status">
      <p>{words.value(isSlow.value ? "app.slow" : "app.loading")}</p>
      {isSlow.value && onCancel && <Button onPress={onCancel}>{words.value("app.cancel")}</Button>}
    </div>
  );
};
