import type { Environment } from "../lib/config/environment.ts";
import { readIdentity } from "../lib/embed/create.ts";
import { readImageIdentity } from "../lib/embed/image-model.ts";
import { aliasNames } from "../lib/steps/collections.ts";
import { type CollectionReport, type MilvusAdmin, milvusAdmin } from "../lib/store/milvus/admin.ts";
import { milvusOptions } from "../lib/store/milvus/options.ts";
import { connectionOptions } from "../lib/store/milvus/settings.ts";
import type { CollectionSpec, VectorStore } from "../lib/store/store.ts";
import { requireMilvus } from "./milvus.ts";

/** @throws AppError `NOT_AVAILABLE` where the stage has no Milvus */
export const withAdmin = async <T>(
  environment: Environment,
  work: (admin: MilvusAdmin) => Promise<T>,
): Promise<T> => {
  requireMilvus(environment, "load state and replicas");
  const admin = milvusAdmin(milvusOptions(environment.config, connectionOptions(environment, null)));
  try {
    return await work(admin);
  } finally {
    await admin.close();
  }
};

/** What every store tells of a collection; a Milvus server tells more. */
type Description = Pick<CollectionReport, "spec" | "aliases" | "rows"> &
  Partial<CollectionReport> & {
    /** Of the model that kettle.yml names. */
    readonly current: boolean;
  };

export const aliasesOf = async (
  store: VectorStore,
  base: string,
  name: string,
): Promise<readonly string[]> => {
  const found: string[] = [];
  for (const alias of Object.values(aliasNames(base)))
    if ((await store.resolve(alias))?.name === name) found.push(alias);
  return found;
};

const chosen = async (
  store: VectorStore,
  base: string,
  name: string | undefined,
): Promise<readonly CollectionSpec[]> => {
  if (name === undefined)
    return (await store.collections()).filter((spec) => spec.name.startsWith(`${base}_`));
  const spec = await store.resolve(name);
  if (spec === null)
    throw new Error(
      `there is no collection or alias ${name}; \`kettle collections describe\` shows those there are`,
    );
  return [spec];
};

export const described = (
  store: VectorStore,
  environment: Environment,
  name: string | undefined,
): Promise<readonly Description[]> => {
  const { collection, driver } = environment.config.store;
  const describeAll = async (admin: MilvusAdmin | null): Promise<readonly Description[]> => {
    const today = [await readIdentity(environment), await readImageIdentity(environment)];
    const all: Description[] = [];
    for (const spec of await chosen(store, collection, name)) {
      const report = admin
        ? await admin.describe(spec.name)
        : {
            spec,
            aliases: await aliasesOf(store, collection, spec.name),
            rows: await store.count(spec.name),
          };
      all.push({ ...report, current: today.some((model) => model?.identity === spec.identity) });
    }
    return all;
  };
  return driver === "milvus" ? withAdmin(environment, describeAll) : describeAll(null);
};

const indexLine = (index: NonNullable<CollectionReport["index"]>): string => {
  const build = Object.entries(index.build).map(([key, value]) => `${key} ${value}`);
  const state = `${index.state.toLowerCase()}, ${index.indexedRows} of ${index.totalRows} sealed rows${index.pendingRows > 0 ? `, ${index.pendingRows} pending` : ""}`;
  return `${index.type} ${index.metric}${build.length > 0 ? ` (${build.join(", ")})` : ""}: ${state}`;
};

const replicaLines = (replicas: CollectionReport["replicas"]): readonly string[] =>
  replicas === null
    ? ["this server has none"]
    : replicas.length === 0
      ? ["none in memory"]
      : replicas.map(
          ({ id, nodes, resourceGroup }) =>
            `${id} on nodes ${nodes.join(", ")} (resource group ${resourceGroup})`,
        );

export const printDescription = (description: Description): void => {
  const { spec, aliases, rows, current, loaded, replicas, index, problems = [] } = description;
  const lines: (readonly [string, string])[] = [
    ["rows", rows === null ? "unknown while it is not loaded" : rows.toLocaleString("en")],
    ["aliases", aliases.join(", ") || "none: search does not read it"],
    [
      "model",
      `${spec.model}, ${spec.dimension} numbers, identity ${spec.identity}${current ? "" : " (not the one of kettle.yml)"}`,
    ],
  ];
  if (index) lines.push(["index", indexLine(index)]);
  if (loaded !== undefined) lines.push(["memory", loaded ? "loaded" : "not loaded"]);
  if (replicas !== undefined) for (const line of replicaLines(replicas)) lines.push(["replica", line]);
  for (const problem of problems) lines.push(["problem", problem]);
  console.log(spec.name);
  for (const [name, value] of lines) console.log(`  ${name.padEnd(8)} ${value}`);
};
