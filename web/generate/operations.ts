/**
 * Writes src/hub/operations.ts from graphql/: for each operation the types of its variables and its result, and the hash
 * by which it is sent. A hash is that of the operation's text with the fragments that it names, as the hub has it.
 *
 *     node web/generate/operations.ts
 */

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { codegen } from "@graphql-codegen/core";
import * as typescriptOperations from "@graphql-codegen/typescript-operations";
import { buildSchema, parse, printSchema } from "graphql";

const GRAPHQL = new URL("../../graphql/", import.meta.url);
const TARGET = new URL("../src/hub/operations.ts", import.meta.url);

const text = (name: string): string => readFileSync(new URL(`operations/${name}.graphql`, GRAPHQL), "utf8");
const names = (folder: string): readonly string[] =>
  readdirSync(new URL(folder, GRAPHQL))
    .filter((name) => name.endsWith(".graphql"))
    .map((name) => name.replace(/\.graphql$/, ""))
    .sort();

/** The operation with the fragments that it names, each once, in the order in which they are met: as it is known. */
function document(name: string): string {
  const texts = [text(name)];
  const named = fragmentsIn(texts[0]!);
  for (const fragment of named) {
    texts.push(text(`fragments/${fragment}`));
    named.push(...fragmentsIn(texts.at(-1)!).filter((one) => !named.includes(one)));
  }
  return texts.join("\n");
}

function fragmentsIn(written: string): string[] {
  return [...new Set([...written.matchAll(/\.\.\.(\w+)/g)].map((found) => found[1]!))];
}

/** `mutation SignIn(` as ["mutation", "SignIn"]. */
function headOf(written: string): readonly [kind: string, name: string] {
  const [, kind, name] = /^(query|mutation|subscription) (\w+)/m.exec(written)!;
  return [kind!, name!];
}

async function types(): Promise<string> {
  const schema = buildSchema(readFileSync(new URL("schema.graphql", GRAPHQL), "utf8"));
  const all = [...names("operations/"), ...names("operations/fragments/").map((name) => `fragments/${name}`)];
  return codegen({
    filename: TARGET.pathname,
    schema: parse(printSchema(schema)),
    schemaAst: schema,
    documents: all.map((name) => ({ location: name, document: parse(text(name)) })),
    config: {
      immutableTypes: true,
      skipTypename: true,
      strictScalars: true,
      scalars: { Bytes: "string", DateTime: "string", Envelope: "string", UUID: "string" },
      avoidOptionals: { field: true },
      enumType: "string-literal",
      useTypeImports: true,
    },
    plugins: [{ operations: {} }],
    pluginMap: { operations: typescriptOperations },
  });
}

export async function file(): Promise<string> {
  const constants = names("operations/").map((one) => {
    const [kind, name] = headOf(text(one));
    const of = `${name}${kind[0]!.toUpperCase()}${kind.slice(1)}`;
    const id = `sha256:${createHash("sha256").update(document(one)).digest("hex")}`;
    return `export const ${name}: Operation<${of}, ${of}Variables> = {\n  id: "${id}",\n  name: "${name}",\n};\n`;
  });
  const head =
    '// Written by generate/operations.ts from graphql/.\n\nimport type { Operation } from "./query.ts";\n\n';
  return `${head}${await types()}\n\n${constants.join("\n")}`;
}

if (import.meta.main) writeFileSync(TARGET, await file());
