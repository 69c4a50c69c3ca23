import { join, resolve } from "node:path";
import type { Environment } from "../config/environment.ts";
import { embeddedStore } from "./embedded.ts";
import type { VectorStore } from "./store.ts";

/** Where a store is to be made: the parameters, and the folder of this machine's data. */
export type StoreSetting = Pick<Environment, "config" | "dataDir">;

/** A driver is one line; `store.driver` of kettle.yml names it. */
export const storeDrivers = {
  embedded: ({ config, dataDir }) =>
    embeddedStore({ path: resolve(config.store.path ?? join(dataDir, "store.sqlite")) }),
} as const satisfies Record<string, (setting: StoreSetting) => VectorStore>;
