/**
 * Writes src/hub/operations.ts: of each operation in ../graphql/operations the types of its variables and its result, and
 * the SHA-256 by which the hub knows its text. `--check` writes nothing and fails where the file is not what it would be.
 */

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { codegen } from "@graphql-codegen/core";
import * as typescriptOperations from "@graphql-codegen/typescript-operations";
import { buildSchema, Kind, type OperationDefinitionNode, parse } from "graphql";

const contract = new URL("../../graphql/", import.meta.url);
const target = new URL("../src/hub/operations.ts", import.meta.url);

const HEAD = `/** Made by scripts/operations.ts from ../graphql (\`npm run operations\`): not to be changed by hand. */

import type { Operation } from "./query.ts";
`;

function read(path: string): string {
  return readFileSync(new URL(path, contract), "utf8");
}

function fragmentsIn(text: string): string[] {
  return [...text.matchAll(/\.\.\.(\w+)/g)].map((one) => one[1]!);
}

/** The operation with the fragments that it names, each once, byte for byte as every client sends it. */
function textOf(file: string): string {
  const texts = [read(`operations/${file}`)];
  const named = [...new Set(fragmentsIn(texts[0]!))];
  for (const fragment of named) {
    const text = read(`operations/fragments/${fragment}.graphql`);
    texts.push(text);
    for (const one of fragmentsIn(text)) if (!named.includes(one)) named.push(one);
  }
  return texts.join("\n");
}

function graphqlFiles(folder: string): string[] {
  return readdirSync(new URL(folder, contract))
    .filter((name) => name.endsWith(".graphql"))
    .sort();
}

function operationIn(text: string): { readonly name: string; readonly kind: string } {
  const [only, ...more] = parse(text).definitions.filter(
    (one): one is OperationDefinitionNode => one.kind === Kind.OPERATION_DEFINITION,
  );
  if (only?.name === undefined || more.length > 0) throw new Error("a file holds one operation, with a name");
  return { name: only.name.value, kind: only.operation };
}

/** `SignIn` → `signIn` */
function constantOf(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

async function typesOf(files: readonly string[]): Promise<string> {
  const fragments = graphqlFiles("operations/fragments/").map((name) => `fragments/${name}`);
  return codegen({
    filename: target.pathname,
    schema: parse(read("schema.graphql")),
    schemaAst: buildSchema(read("schema.graphql")),
    documents: [...files, ...fragments].map((name) => ({
      location: name,
      document: parse(read(`operations/${name}`)),
    })),
    plugins: [{ operations: {} }],
    pluginMap: { operations: typescriptOperations },
    config: {
      immutableTypes: true,
      skipTypename: true,
      disableDescriptions: true,
      defaultScalarType: "never",
      scalars: { Bytes: "string", DateTime: "string", Envelope: "string", ID: "string", UUID: "string" },
    },
  });
}

async function written(): Promise<string> {
  const files = graphqlFiles("operations/");
  const constants = files.map((file) => {
    const text = textOf(file);
    const { name, kind } = operationIn(text);
    const type = name + kind.charAt(0).toUpperCase() + kind.slice(1);
    const id = `sha256:${createHash("sha256").update(text).digest("hex")}`;
    return [
      `export const ${constantOf(name)}: Operation<${type}, ${type}Variables> = {`,
      `  id: "${id}",`,
      `  name: "${name}",`,
      "};",
    ].join("\n");
  });
  return `${HEAD}\n${(await typesOf(files)).trim()}\n\n${constants.join("\n\n")}\n`;
}

const content = await written();
if (process.argv.includes("--check")) {
  let there = "";
  try {
    there = readFileSync(target, "utf8");
  } catch {
    // not there: it differs
  }
  if (there !== content) {
    process.stderr.write("src/hub/operations.ts is not what ../graphql says: npm run operations\n");
    process.exit(1);
  }
} else {
  writeFileSync(target, content);
}
