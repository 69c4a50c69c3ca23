import { AppError } from "../errors.ts";
import { type StoreSetting, storeDrivers } from "./registry.ts";
import type { VectorStore } from "./store.ts";

/**
 * The vector store of the parameters. Nothing is opened yet: a store that cannot be reached fails its calls.
 * @throws AppError `NOT_AVAILABLE` for a driver that is not part of this version.
 */
export const createStore = (setting: StoreSetting): VectorStore => {
  const { driver } = setting.config.store;
  if (Object.hasOwn(storeDrivers, driver)) return storeDrivers[driver as keyof typeof storeDrivers](setting);
  throw new AppError(
    "NOT_AVAILABLE",
    `store.driver: ${driver} is not part of this version; available: ${Object.keys(storeDrivers).join(", ")}`,
  );
};
