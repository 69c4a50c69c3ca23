import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { sizesFile } from "../../packaging/package-functions.ts";

type Template = { readonly Resources?: Readonly<Record<string, { readonly Type: string }>> };

/** A stack as it would be: how many resources of each type. */
export type PlannedStack = {
  readonly name: string;
  readonly types: ReadonlyMap<string, number>;
};

export const plannedStack = (name: string, template: Template): PlannedStack => {
  const types = new Map<string, number>();
  for (const { Type } of Object.values(template.Resources ?? {})) types.set(Type, (types.get(Type) ?? 0) + 1);
  return { name, types: new Map([...types].sort(([a], [b]) => (a < b ? -1 : 1))) };
};

const readJson = (path: string) => JSON.parse(readFileSync(path, "utf8"));

/** What `osls package` left in a folder. */
export const readFunctionsPlan = (root: string, name: string) => ({
  stack: plannedStack(name, readJson(join(root, ".serverless/cloudformation-template-update-stack.json"))),
  /** Bytes unzipped, by function. */
  sizes: readJson(join(root, sizesFile)) as Readonly<Record<string, number>>,
});

/** What `cdk synth` left in a folder. */
export const readInfraPlan = (folder: string): readonly PlannedStack[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".template.json"))
    .sort()
    .map((name) => plannedStack(name.replace(".template.json", ""), readJson(join(folder, name))));

export const stackLines = ({ name, types }: PlannedStack): string[] => {
  const total = [...types.values()].reduce((sum, count) => sum + count, 0);
  return [
    `  stack ${name}: ${total} resources`,
    ...[...types].map(([type, count]) => `    ${String(count).padStart(3)}  ${type}`),
  ];
};

export const sizeLines = (sizes: Readonly<Record<string, number>>, most: number): string[] => [
  `  size of each function unzipped (Lambda takes ${most.toLocaleString("en")} bytes)`,
  ...Object.entries(sizes).map(
    ([name, bytes]) => `    ${name.padEnd(10)} ${bytes.toLocaleString("en").padStart(12)}`,
  ),
];
