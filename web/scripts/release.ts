import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const PLACE = /["'`]__RELEASE__["'`]/;
/** What the service worker is itself, or has no business with: the person's page keeps nothing on a device. */
const LEFT_OUT = /^(sw\.js|licenses\.txt|receipt.*|assets\/receipt.*|.*\.(br|gz))$/;

/** What a release holds: each file of the client's page by the path at which the hub has it, and its SHA-256. */
export const release = (folder: string): { readonly id: string; readonly files: Record<string, string> } => {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name).slice(folder.length + 1))
    .filter((name) => !LEFT_OUT.test(name))
    .sort();
  const files = Object.fromEntries(
    names.map((name) => [
      name === "app.html" ? "/app/" : `/${name}`,
      createHash("sha256")
        .update(readFileSync(join(folder, name)))
        .digest("hex"),
    ]),
  );
  const id = createHash("sha256").update(JSON.stringify(files)).digest("hex").slice(0, 16);
  return { id, files };
};

/** Write into the service worker of the folder which release it is part of. */
export const nameRelease = (folder: string): void => {
  const path = join(folder, "sw.js");
  const text = readFileSync(path, "utf8");
  if (!PLACE.test(text)) throw new Error("sw.js has no place for its release");
  const said = JSON.stringify(JSON.stringify(release(folder)));
  writeFileSync(
    path,
    text.replace(PLACE, () => said),
  );
};
