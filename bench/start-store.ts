import { join } from "node:path";
import { readEnvironment } from "../lib/config/environment.ts";
import { createEmbedder } from "../lib/embed/create.ts";
import { embeddedStore } from "../lib/store/embedded.ts";
import { collectionNames } from "../lib/store/store.ts";

const text = "Red kites soar in circles over warm ground.";

/** One chunk in the store below `dataDir`: a search of an empty one answers without embedding the question. */
export const storeOneChunk = async (dataDir: string): Promise<void> => {
  const environment = readEnvironment();
  const store = embeddedStore({ path: join(dataDir, "store.sqlite") });
  const embedder = await createEmbedder(environment);
  const { identity, dimension, model } = embedder;
  const { main } = collectionNames(environment.config.store.collection, identity);
  await store.ensure({ name: main, dimension, identity, model });
  await store.setAlias(environment.config.store.collection, main);
  const place = { key: "kites.txt", contentType: "text/plain", page: null, heading: "", charStart: 0 };
  await store.upsert(main, [
    {
      ...place,
      id: "chunk",
      documentId: "document",
      run: 1,
      metadata: {},
      ingestedAt: 1,
      ordinal: 0,
      text,
      tokens: 10,
      charEnd: text.length,
      modality: "text",
      language: "en",
      contentHash: "hash",
      quality: 1,
      qualityFlags: [],
      clusterId: -1,
      clusterVersion: 0,
      clusterDistance: 0,
      duplicateGroup: "hash",
      vector: await embedder.embed([text], "passage"),
    },
  ]);
  await store.close();
  await embedder.close();
};
