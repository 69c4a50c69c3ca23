import { setTimeout as pause } from "node:timers/promises";
import { AppError } from "../../errors.ts";
import type { Connection } from "./connection.ts";
import { isServerCode } from "./failures.ts";
import type { MilvusOptions } from "./options.ts";

type LoadOptions = Pick<MilvusOptions, "replicas" | "loadTimeoutMs">;

export const isLoaded = async (connection: Connection, name: string): Promise<boolean> =>
  (await connection.call("GetLoadState", name, (sdk) => sdk.getLoadState({ collection_name: name })))
    .state === "LoadStateLoaded";

/** Waits with growing pauses: small collections are there at once, large ones take minutes. */
const untilLoaded = async (connection: Connection, name: string, timeoutMs: number): Promise<void> => {
  const deadline = Date.now() + timeoutMs;
  for (let wait = 20; !(await isLoaded(connection, name)); wait = Math.min(1_000, wait * 1.3)) {
    if (Date.now() > deadline)
      throw new AppError(
        "STORE_UNAVAILABLE",
        `Milvus at ${connection.address}: ${name} is still being loaded after ${Math.round(timeoutMs / 1000)} s; it goes on, try again`,
      );
    await pause(wait);
  }
};

const startLoading = async (
  connection: Connection,
  name: string,
  { replicas }: Pick<LoadOptions, "replicas">,
): Promise<void> => {
  await connection.call("LoadCollection", name, (sdk) =>
    sdk.loadCollectionAsync({ collection_name: name, replica_number: replicas }),
  );
};

/** Brings a collection into the query nodes' memory, with `replicas` copies, and waits for it. @throws AppError */
export const loadCollection = async (
  connection: Connection,
  name: string,
  options: LoadOptions,
): Promise<void> => {
  await startLoading(connection, name, options);
  await untilLoaded(connection, name, options.loadTimeoutMs);
};

/**
 * Has a collection loaded that is not, with however many replicas, and does not wait: writes need none of it, and the
 * first read waits.
 */
export const ensureLoading = async (
  connection: Connection,
  name: string,
  options: LoadOptions,
): Promise<void> => {
  if (!(await isLoaded(connection, name))) await startLoading(connection, name, options);
};

/** Out of memory; the data stays. Searches load it again. */
export const releaseCollection = async (connection: Connection, name: string): Promise<void> => {
  await connection.call("ReleaseCollection", name, (sdk) => sdk.releaseCollection({ collection_name: name }));
};

/** A read of a collection that somebody released, or that a restarted server has not loaded, loads it first. */
export const loadedFor = async <T>(
  connection: Connection,
  name: string,
  options: LoadOptions,
  read: () => Promise<T>,
): Promise<T> => {
  try {
    return await read();
  } catch (error) {
    if (!isServerCode(error, "collectionNotLoaded")) throw error;
    await loadCollection(connection, name, options);
    return read();
  }
};
