import type { Command } from "commander";
import type { Environment } from "../../lib/config/environment.ts";
import { readIdentity } from "../../lib/embed/create.ts";
import { readImageIdentity } from "../../lib/embed/image-model.ts";
import { aliasNames, holdsImages, isOurs } from "../../lib/steps/collections.ts";
import { createStore } from "../../lib/store/create.ts";
import type { MilvusAdmin } from "../../lib/store/milvus/admin.ts";
import { copyName, rebuildCollection } from "../../lib/store/rebuild.ts";
import { type CollectionSpec, collectionNames, imagesName, type VectorStore } from "../../lib/store/store.ts";
import { confirm } from "../confirm.ts";
import { aliasesOf, described, printDescription, withAdmin } from "../describe-collections.ts";
import { environmentOf, type StageOptions, withStageOptions } from "../milvus.ts";
import { bar, createProgress } from "../progress.ts";
import { wholeNumber } from "./options.ts";

type Options = StageOptions & { readonly json?: boolean };
type Yes = { readonly yes?: boolean };

const withStore = async <T>(
  options: StageOptions,
  work: (store: VectorStore, environment: Environment) => Promise<T>,
): Promise<T> => {
  const environment = environmentOf(options);
  const store = createStore({ ...environment, warn: (message) => console.error(`warning: ${message}`) });
  try {
    return await work(store, environment);
  } finally {
    await store.close();
  }
};

const describe = (name: string | undefined, options: Options): Promise<void> =>
  withStore(options, async (store, environment) => {
    const all = await described(store, environment, name);
    if (options.json) console.log(JSON.stringify({ collections: all }, null, 2));
    else if (all.length === 0) console.log("there is no collection yet: the first document makes it");
    else all.forEach(printDescription);
  });

/** The alias that is for a collection by its name: main, low or images. */
const aliasFor = (base: string, spec: CollectionSpec): string => {
  if (!isOurs(base, spec))
    throw new Error(`${spec.name} is not a collection of ${base}: kettle.yml names store.collection ${base}`);
  const aliases = aliasNames(base);
  if (holdsImages(base, spec)) return aliases.images;
  return spec.name === collectionNames(base, spec.identity).low ? aliases.low : aliases.main;
};

const existing = async (store: VectorStore, name: string): Promise<CollectionSpec> => {
  const spec = (await store.collections()).find((each) => each.name === name);
  if (spec !== undefined) return spec;
  throw new Error(
    `there is no collection ${name} (aliases are not taken here); \`kettle collections describe\` shows those there are`,
  );
};

type RebuildOptions = Options & { readonly indexOnly?: boolean };

const rebuildOne = async (
  store: VectorStore,
  environment: Environment,
  name: string,
  report: (status: string) => void,
): Promise<void> => {
  // The copy of an interrupted call stands for a collection that it had dropped.
  const spec = (await store.resolve(name)) ?? { ...(await existing(store, copyName(name))), name };
  const alias = aliasFor(environment.config.store.collection, spec);
  await rebuildCollection(store, spec, alias, (step, done, total) => report(`${step} ${bar(done, total)}`));
};

/** Those of today's models; pictures have one only once there were any. */
const namesOfToday = async (store: VectorStore, environment: Environment): Promise<readonly string[]> => {
  const base = environment.config.store.collection;
  const { main, low } = collectionNames(base, (await readIdentity(environment)).identity);
  const images = await readImageIdentity(environment);
  const pictures = images && imagesName(base, images.identity);
  const isThere = pictures !== null && (await store.resolve(pictures)) !== null;
  return isThere ? [main, low, pictures] : [main, low];
};

const rebuild = (name: string | undefined, options: RebuildOptions): Promise<void> =>
  withStore(options, async (store, environment) => {
    const names = name === undefined ? await namesOfToday(store, environment) : [name];
    const progress = createProgress(process.stderr);
    const rebuilt: { name: string; rows: number }[] = [];
    try {
      for (const each of names) {
        if (options.indexOnly) await withAdmin(environment, (admin) => admin.rebuildIndex(each));
        else await rebuildOne(store, environment, each, progress.status);
        rebuilt.push({ name: each, rows: await store.count(each) });
      }
    } finally {
      progress.end();
    }
    if (options.json) return console.log(JSON.stringify({ rebuilt }, null, 2));
    for (const { name: each, rows } of rebuilt) console.log(`${each}: ${rows} rows, as kettle.yml says`);
  });

const swap = (name: string, options: Options & Yes): Promise<void> =>
  withStore(options, async (store, { config }) => {
    const spec = await existing(store, name);
    const alias = aliasFor(config.store.collection, spec);
    const from = await store.resolve(alias);
    const rows = await store.count(name);
    if (from?.name !== name) {
      const before = from === null ? "nothing" : `${from.name} (${await store.count(from.name)} rows)`;
      await confirm(`Search reads ${before}; let it read ${name} (${rows} rows)?`, options.yes);
      await store.setAlias(alias, name);
    }
    console.log(
      options.json ? JSON.stringify({ alias, collection: name, rows }) : `${alias} is ${name} (${rows} rows)`,
    );
  });

const drop = (name: string, options: Options & Yes): Promise<void> =>
  withStore(options, async (store, { config }) => {
    const spec = await existing(store, name);
    const aliases = await aliasesOf(store, config.store.collection, spec.name);
    const read = aliases.length > 0 ? `, which search reads as ${aliases.join(", ")}` : "";
    await confirm(`Drop ${name} with its ${await store.count(name)} rows${read}?`, options.yes);
    await store.drop(name);
    console.log(options.json ? JSON.stringify({ dropped: name }) : `${name} dropped`);
  });

/** Of texts, and of pictures where there are any. */
const aliasesThere = (options: StageOptions): Promise<readonly string[]> =>
  withStore(options, async (store, { config }) => {
    const { main, low, images } = aliasNames(config.store.collection);
    return (await store.resolve(images)) === null ? [main, low] : [main, low, images];
  });

const memory =
  (done: string, work: (admin: MilvusAdmin, name: string, replicas: number) => Promise<void>) =>
  async (name: string | undefined, options: Options & { readonly replicas?: number }): Promise<void> => {
    const environment = environmentOf(options);
    const { replicas } = environment.config.store;
    const names = name === undefined ? await aliasesThere(options) : [name];
    await withAdmin(environment, async (admin) => {
      for (const each of names) await work(admin, each, options.replicas ?? replicas);
    });
    console.log(options.json ? JSON.stringify({ [done]: names }) : `${names.join(", ")}: ${done}`);
  };

const load = memory("loaded", async (admin, name, replicas) => {
  await admin.load(name, replicas);
  await admin.warmUp(name);
});
const release = memory("released", (admin, name) => admin.release(name));

/** kettle collections describe|rebuild|swap|drop|load|release */
export const collectionsVerb = (program: Command): void => {
  const verb = program
    .command("collections")
    .description("collections of the vector store, and what search reads");
  const add = (name: string, description: string, isDefault = false): Command =>
    withStageOptions(verb.command(name, { isDefault }).description(description)).option(
      "--json",
      "answer as JSON",
    );
  add("describe", "rows, aliases, index, load state, replicas and their nodes", true)
    .argument("[name]", "collection or alias (default: all of store.collection)")
    .action(describe);
  add("rebuild", "make collections anew with today's parameters, and all their rows; search goes on")
    .argument("[name]", "collection (default: all of today's models)")
    .option("--index-only", "only the index of the vectors, in place: quicker, but searches wait meanwhile")
    .action(rebuild);
  add("swap", "let search read another collection")
    .argument("<name>")
    .option("--yes", "do not ask")
    .action(swap);
  add("drop", "drop a collection").argument("<name>").option("--yes", "do not ask").action(drop);
  add("load", "into memory, with store.replicas copies, and read once; other copies are released first")
    .argument("[name]", "collection or alias (default: all that search reads)")
    .option("--replicas <n>", "another number of copies", wholeNumber(1, 16))
    .action(load);
  add("release", "out of memory; the next search loads it again").argument("[name]").action(release);
};
