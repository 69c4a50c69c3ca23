import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { configSchema } from "../lib/config/schema.ts";
import { failures } from "../lib/errors.ts";
import { costsPage } from "./costs-page.ts";
import { indexPage } from "./index-page.ts";

/**
 * Writes what is derived from code: kettle.schema.json (for editors), docs/parameters.md, docs/errors.md,
 * docs/milvus-indexes.md and docs/costs.md.
 * `--check` writes nothing and exits 1 when a file is not what it would write.
 */

type JsonSchema = {
  readonly description?: string;
  readonly default?: unknown;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Record<string, JsonSchema>;
  readonly anyOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly pattern?: string;
};

const base = z.toJSONSchema(configSchema, { io: "input", target: "draft-2020-12" }) as JsonSchema;
const complete = z.toJSONSchema(configSchema, { io: "output", target: "draft-2020-12" }) as JsonSchema;

/** A stage may override any part of the rest, so its schema is the same without anything required. */
const editorSchema = (): string => {
  const optional = JSON.parse(JSON.stringify(base, (key, value) => (key === "required" ? undefined : value)));
  const { $schema, ...parameters } = optional;
  return `${JSON.stringify(
    {
      $schema,
      title: "kettle.yml",
      ...parameters,
      properties: {
        ...parameters.properties,
        stages: {
          type: "object",
          description: "overrides for each stage, merged deep over the rest",
          additionalProperties: {
            type: "object",
            properties: parameters.properties,
            additionalProperties: false,
          },
        },
      },
    },
    null,
    2,
  )}\n`;
};

const range = (schema: JsonSchema): string => {
  const low = schema.minimum;
  const high =
    schema.maximum !== undefined && schema.maximum < Number.MAX_SAFE_INTEGER ? schema.maximum : undefined;
  if (low === undefined && high === undefined) return "";
  return ` ${low ?? ""}…${high ?? ""}`;
};

const typeOf = (schema: JsonSchema): string => {
  if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(", ");
  if (schema.const !== undefined) return `\`${schema.const}\``;
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(" or ");
  if (schema.type === "array") return `list of ${schema.items ? typeOf(schema.items) : "values"}`;
  if (schema.type === "object") return "map";
  if (schema.pattern?.includes("custom:")) return "`custom:<name>`";
  return `${schema.type ?? "value"}${range(schema)}`;
};

const rows = (schema: JsonSchema, path: string): string[] =>
  Object.entries(schema.properties ?? {}).flatMap(([name, child]) => {
    const here = path ? `${path}.${name}` : name;
    if (child.properties) return rows(child, here);
    return [
      `| \`${here}\` | ${typeOf(child)} | \`${JSON.stringify(child.default)}\` | ${child.description ?? ""} |`,
    ];
  });

const parametersPage = (): string => `# Parameters of kettle.yml

Generated from \`lib/config/schema.ts\` by \`npm run docs\`; change it there. All problems of a file are reported at once:
\`npx kettle config check\`. A value whose feature is not part of this version is refused, never ignored.
\`stages.<name>\` holds overrides, merged deep over the rest; \`--stage\` or \`KETTLE_STAGE\` chooses one (\`local\` by default).

| parameter | values | default | what it does |
|---|---|---|---|
${rows(complete, "").join("\n")}

## Environment

| variable | default | what it does |
|---|---|---|
| \`KETTLE_STAGE\` | \`local\` | stage of kettle.yml |
| \`KETTLE_CONFIG\` | \`kettle.yml\` | the parameter file |
| \`KETTLE_HTTP_PORT\` | \`3000\` | port of the HTTP API of \`npm start\` |
| \`KETTLE_AWS_PORT\` | \`4566\` | port of S3 and SQS of \`npm start\` |
| \`KETTLE_DATA_DIR\` | \`.kettle\` | where \`npm start\` keeps its data |
| \`KETTLE_URL\`, \`KETTLE_TOKEN\` | \`http://127.0.0.1:3000\`, none | which server the \`kettle\` command talks to, and its bearer token |
| \`KETTLE_STORE_TOKEN\`, or \`KETTLE_STORE_USER\` and \`KETTLE_STORE_PASSWORD\` | none | login of the Milvus server; goes before \`store.tokenSecret\` and \`store.tokenParameter\` |
| \`KETTLE_MODEL_HUB\` | the public model hub | where \`kettle models pull\` downloads from |
`;

const errorsPage = (): string => `# Error codes

Generated from \`lib/errors.ts\` by \`npm run docs\`. HTTP answers carry \`{error: {code, message, requestId}}\`; a document
that failed carries \`failure: {stage, code, message, attempts}\`. "Retried" says whether the same work may succeed later:
what no retry can mend is recorded once on the document and acknowledged.

| code | HTTP status | retried | meaning |
|---|---|---|---|
${Object.entries(failures)
  .map(
    ([code, { retry, status, meaning }]) =>
      `| \`${code}\` | ${status} | ${retry ? "yes" : "no"} | ${meaning} |`,
  )
  .join("\n")}
`;

const root = join(import.meta.dirname, "..");
const pages: readonly (readonly [string, () => string])[] = [
  ["kettle.schema.json", editorSchema],
  ["docs/parameters.md", parametersPage],
  ["docs/errors.md", errorsPage],
  ["docs/milvus-indexes.md", indexPage],
  ["docs/costs.md", costsPage],
];

const read = (path: string): string | null => {
  try {
    return readFileSync(join(root, path), "utf8");
  } catch {
    return null;
  }
};

const stale = pages.filter(([path, render]) => read(path) !== render());
if (process.argv.includes("--check")) {
  for (const [path] of stale) console.error(`${path} is not what the code says; run: npm run docs`);
  process.exitCode = stale.length > 0 ? 1 : 0;
} else {
  for (const [path, render] of stale) writeFileSync(join(root, path), render());
  console.log(
    stale.length > 0 ? `wrote ${stale.map(([path]) => path).join(", ")}` : "everything is up to date",
  );
}
