import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse, stringify } from "yaml";

/** Parameters of the command line that go before those of kettle.yml. */
export type Overrides = { readonly region?: string | undefined; readonly deleteData?: boolean | undefined };

type Tree = Record<string, unknown>;
const branch = (tree: Tree, name: string): Tree => {
  tree[name] = { ...(tree[name] as Tree | undefined) };
  return tree[name] as Tree;
};

/**
 * The parameter file to deploy from: kettle.yml (KETTLE_CONFIG), or a copy in .build/ with the overrides, which osls,
 * the CDK and the functions then all read.
 * @returns absolute path
 */
export const parameterFile = (root: string, stage: string, { region, deleteData }: Overrides): string => {
  const path = resolve(root, process.env.KETTLE_CONFIG || "kettle.yml");
  if (region === undefined && !deleteData) return path;
  const file = (parse(readFileSync(path, "utf8")) ?? {}) as Tree;
  const own = branch(branch(file, "stages"), stage);
  if (region !== undefined) branch(own, "aws").region = region;
  if (deleteData) branch(own, "infra").deletionPolicy = "destroy";
  const copy = join(root, ".build", `kettle.${stage}.yml`);
  mkdirSync(join(root, ".build"), { recursive: true });
  writeFileSync(copy, stringify(file));
  return copy;
};
