import { stringify } from "yaml";
import { parseConfig } from "../../lib/config/load.ts";
import type { Config } from "../../lib/config/schema.ts";

type Overrides = {
  readonly store?: Record<string, unknown>;
  readonly infra?: Record<string, unknown>;
};

/** A kettle.yml with infrastructure of its own: two replicas of a GPU index, unless overridden. */
export const infraYaml = ({ store, infra }: Overrides = {}): string =>
  stringify({
    store: {
      driver: "milvus",
      address: "milvus.invalid:19530",
      tokenSecret: "kettle/prod/milvus",
      tls: true,
      device: "gpu",
      index: { type: "GPU_CAGRA" },
      replicas: 2,
      ...store,
    },
    infra: { enabled: true, ...infra },
  });

export const infraConfig = (overrides: Overrides = {}): Config => parseConfig(infraYaml(overrides), "prod");

/** The same without a GPU. */
export const cpuConfig = (overrides: Overrides = {}): Config =>
  infraConfig({ ...overrides, store: { device: "cpu", index: { type: "HNSW" }, ...overrides.store } });
