import type { Config } from "../config/schema.ts";
import type { PublicConfig } from "./schemas.ts";

/** What callers may know of kettle.yml: no addresses, buckets, paths or names of secrets. */
export const publicConfig = (config: Config, images: boolean): PublicConfig => ({
  name: config.name,
  stage: config.stage,
  embedding: { model: config.embedding.model, images },
  store: { driver: config.store.driver, index: config.store.index.type, metric: config.store.metric },
  chunking: {
    strategy: config.chunking.strategy,
    size: config.chunking.size,
    overlap: config.chunking.overlap,
    parent: config.chunking.parent,
  },
  quality: config.quality,
  clustering: {
    algorithm: config.clustering.algorithm,
    k: config.clustering.k,
    when: config.clustering.when,
  },
  search: {
    topK: config.search.topK,
    candidates: config.search.candidates,
    mode: config.search.mode,
    rerank: config.search.rerank,
    duplicates: config.search.duplicates,
    parents: config.search.parents,
    budget: config.search.budget,
    custom: Object.keys(config.search.custom),
  },
  limits: {
    objectBytes: config.limits.objectBytes,
    pages: config.limits.pages,
    chunks: config.limits.chunks,
  },
  http: { auth: config.http.auth, uploadSeconds: config.http.uploadSeconds },
});
