import type { ComponentChildren } from "preact";
import { words } from "../words/current.ts";
import { Icon } from "./Icon.tsx";
import "./without.css";

/** What goes without the person’s consent is marked by a striped edge and a word, wherever it stands. */
export const Without = ({ children }: { readonly children: ComponentChildren }) => (
  <section class="without wide stack" aria-labelledby="without-mark">
    <h2 id="without-mark">
      <Icon name="warning" /> {words.value("without.mark")}
    </h2>
    {children}
  </section>
);
