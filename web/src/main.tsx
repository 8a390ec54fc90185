import { render } from "preact";

render(
  <main>
    <h1>Өртөө</h1>
  </main>,
  document.getElementById("app")!,
);
