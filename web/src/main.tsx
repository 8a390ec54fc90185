import { render } from "preact";
import { preferences } from "./device/preferences.ts";
import { Heading } from "./parts/Heading.tsx";
import { speak, words } from "./words/current.ts";
import "./parts/tokens.css";

// The client starts (app/start.tsx) when there is a worker to hold its keys; until then the page says its name.
const { language } = preferences().now.value;
await speak(language);
document.documentElement.lang = language;
render(
  <main>
    <Heading>{words.value("app.name")}</Heading>
  </main>,
  document.getElementById("app")!,
);
