import { join, resolve } from "node:path";
import type { Environment } from "../config/environment.ts";
import { createLog } from "../log.ts";
import { embeddedStore } from "./embedded.ts";
import type { StoreInspector } from "./inspect.ts";
import { milvusInspector } from "./milvus/inspector.ts";
import { milvusOptions } from "./milvus/options.ts";
import { connectionOptions } from "./milvus/settings.ts";
import { milvusStore } from "./milvus.ts";
import type { VectorStore } from "./store.ts";

/** Where a store is to be made: the parameters, the folder of this machine's data, the login. */
export type StoreSetting = Pick<Environment, "config" | "dataDir" | "root" | "storeLogin" | "deployed"> & {
  /** Hears what is wrong with a server without being a failure; else the log does. */
  readonly warn?: (message: string) => void;
};

/** A driver is one line; `store.driver` of kettle.yml names it. */
export const storeDrivers = {
  embedded: ({ config, dataDir }) =>
    embeddedStore({ path: resolve(config.store.path ?? join(dataDir, "store.sqlite")) }),
  milvus: (setting) =>
    milvusStore(milvusOptions(setting.config, connectionOptions(setting, warnOf(setting)))),
} as const satisfies Record<string, (setting: StoreSetting) => VectorStore>;

/** Null for a store that has nothing to tell: it has no server. */
export const inspectorOf = (setting: StoreSetting): StoreInspector | null => {
  const { config } = setting;
  if (config.store.driver !== "milvus") return null;
  return milvusInspector(config, milvusOptions(config, connectionOptions(setting, null)));
};

const warnOf = ({ config, warn }: StoreSetting): ((message: string) => void) => {
  if (warn !== undefined) return warn;
  const log = createLog(config.name, config.log.level);
  return (message) => log.warn(message);
};
