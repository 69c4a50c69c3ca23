import { setTimeout as pause } from "node:timers/promises";
import { AppError } from "../../errors.ts";
import { mapConcurrent } from "../../map-concurrent.ts";
import {
  aliasDropped,
  aliasTaken,
  checkName,
  checkSameSpec,
  collectionTaken,
  missingCollection,
} from "../collections.ts";
import { compareText } from "../match.ts";
import type { CollectionSpec } from "../store.ts";
import { requireIndex, requirePartitions, requireReplicas } from "./capabilities.ts";
import type { Connection } from "./connection.ts";
import { isServerCode } from "./failures.ts";
import { createIndexes } from "./index-building.ts";
import { ensureLoading } from "./loading.ts";
import type { MilvusOptions } from "./options.ts";
import { createRequest, type Layout, readLayout } from "./schema.ts";

type Found =
  | { readonly kind: "none" }
  /** Of somebody else. */
  | { readonly kind: "foreign"; readonly name: string }
  | { readonly kind: "ours"; readonly layout: Layout };

/** What a name stands for; `layout.spec.name` is the physical one where the name is an alias. */
export const lookUp = async (connection: Connection, name: string): Promise<Found> => {
  try {
    const described = await connection.call("DescribeCollection", name, (sdk) =>
      sdk.describeCollection({ collection_name: name }),
    );
    const layout = readLayout(described);
    return layout === null ? { kind: "foreign", name: described.schema.name } : { kind: "ours", layout };
  } catch (error) {
    if (isServerCode(error, "collectionNotFound")) return { kind: "none" };
    throw error;
  }
};

const foreign = (name: string): AppError =>
  new AppError(
    "STORE_REFUSED",
    `${name} is a collection that Kettle did not make: choose another store.collection or store.database`,
  );

/** @throws AppError `STORE_REFUSED` where there is none of ours */
export const openLayout = async (connection: Connection, name: string): Promise<Layout> => {
  const found = await lookUp(connection, name);
  if (found.kind === "none") throw missingCollection(name);
  if (found.kind === "foreign") throw foreign(name);
  return found.layout;
};

/** How often a collection is looked for that another process is just making. */
const createAttempts = 8;

/** Several processes may create the same collection at once: one does, the others find it. */
const create = async (
  connection: Connection,
  spec: CollectionSpec,
  options: MilvusOptions,
): Promise<Layout> => {
  const server = await connection.capabilities();
  const request = createRequest(spec, { server, partitionKey: options.partitionKey, shards: options.shards });
  for (let attempt = 1; ; attempt++)
    try {
      await connection.call("CreateCollection", spec.name, (sdk) => sdk.createCollection(request));
      return await openLayout(connection, spec.name);
    } catch (error) {
      const found = await lookUp(connection, spec.name);
      if (found.kind === "ours") {
        checkSameSpec(found.layout.spec, spec);
        return found.layout;
      }
      if (found.kind === "foreign" || attempt === createAttempts || !mayPass(error)) throw error;
      await pause(25 * attempt);
    }
};

/** milvus-lite refuses a collection before it shows the one that is being made; servers may be electing a leader. */
const mayPass = (error: unknown): boolean => error instanceof AppError && error.retry;

/**
 * Makes a collection with its indexes and has it loaded; what a process that died left half made is completed.
 * @throws AppError `EMBEDDING_MISMATCH`, `NOT_AVAILABLE` for what the server cannot do
 */
export const ensureCollection = async (
  connection: Connection,
  spec: CollectionSpec,
  options: MilvusOptions,
): Promise<void> => {
  checkName(spec.name);
  const found = await lookUp(connection, spec.name);
  if (found.kind === "foreign") throw foreign(found.name);
  if (found.kind === "ours") {
    if (found.layout.spec.name !== spec.name) throw aliasTaken(spec.name);
    checkSameSpec(found.layout.spec, spec);
  }
  const server = await connection.capabilities();
  if (found.kind === "none") {
    requireIndex(server, options.index.type);
    requirePartitions(server, options.partitionKey);
  }
  requireReplicas(server, options.replicas);
  const layout = found.kind === "ours" ? found.layout : await create(connection, spec, options);
  await createIndexes(connection, layout, options);
  await ensureLoading(connection, spec.name, options);
};

/** Every collection of ours, in order of name. */
export const listCollections = async (connection: Connection): Promise<readonly CollectionSpec[]> => {
  const shown = await connection.call("ShowCollections", undefined, (sdk) => sdk.showCollections({}));
  const names = shown.data.map(({ name }) => name);
  // One may be dropped meanwhile.
  const found = await mapConcurrent(names, 8, (name) => lookUp(connection, name));
  return found
    .flatMap((each) => (each.kind === "ours" ? [each.layout.spec] : []))
    .sort((a, b) => compareText(a.name, b.name));
};

export const listAliases = async (connection: Connection, name: string): Promise<readonly string[]> =>
  (await connection.call("ListAliases", name, (sdk) => sdk.listAliases({ collection_name: name }))).aliases;

/** With its aliases: newer servers refuse to drop a collection that has any. */
export const dropCollection = async (connection: Connection, name: string): Promise<void> => {
  const { spec } = await openLayout(connection, name);
  if (spec.name !== name) throw aliasDropped(name);
  for (const alias of await listAliases(connection, name))
    await connection.call("DropAlias", alias, (sdk) => sdk.dropAlias({ alias }));
  await connection.call("DropCollection", name, (sdk) => sdk.dropCollection({ collection_name: name }));
};

/** In one step: searches see the one collection or the other. */
export const pointAlias = async (connection: Connection, alias: string, name: string): Promise<void> => {
  checkName(alias);
  const { spec } = await openLayout(connection, name);
  const found = await lookUp(connection, alias);
  const target =
    found.kind === "ours" ? found.layout.spec.name : found.kind === "foreign" ? found.name : null;
  if (target === alias) throw collectionTaken(alias);
  const request = { collection_name: spec.name, alias };
  const alter = () => connection.call("AlterAlias", alias, (sdk) => sdk.alterAlias(request));
  if (target !== null) return void (await alter());
  await connection
    .call("CreateAlias", alias, (sdk) => sdk.createAlias(request))
    .catch(async (error: unknown) => {
      // Another process may have been first.
      if ((await lookUp(connection, alias)).kind === "none") throw error;
      await alter();
    });
};
