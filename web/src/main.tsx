import { render } from "preact";

render(<h1>Өртөө</h1>, document.getElementById("app")!);
