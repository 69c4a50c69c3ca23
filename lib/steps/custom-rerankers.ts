import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { AppError } from "../errors.ts";
import { customReranker } from "../rerank/custom.ts";
import type { Reranker } from "../rerank/reranker.ts";

/** Gives the reranker of `search.custom`'s entry `name`; null when there is none of that name. */
export type CustomRerankers = (name: string) => Promise<Reranker | null>;

/**
 * Loads the modules that kettle.yml names, each when it is first asked for. Paths are relative to `root`.
 * A module that cannot be loaded or does not export a reranker throws `RERANKER_FAILED`, with its path; it is tried
 * again the next time.
 */
export const customRerankers = (options: {
  readonly custom: Readonly<Record<string, string>>;
  readonly root: string;
  readonly timeoutMs?: number;
}): CustomRerankers => {
  const loaded = new Map<string, Reranker>();
  const load = async (name: string, path: string): Promise<Reranker> => {
    let exported: unknown;
    try {
      exported = await import(pathToFileURL(resolve(options.root, path)).href);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new AppError("RERANKER_FAILED", `custom:${name} (${path}) cannot be loaded: ${reason}`, {
        cause,
      });
    }
    return customReranker(exported, { name, path, timeoutMs: options.timeoutMs ?? 5_000 });
  };
  return async (name) => {
    const path = Object.hasOwn(options.custom, name) ? options.custom[name] : undefined;
    if (path === undefined) return null;
    const reranker = loaded.get(name) ?? (await load(name, path));
    loaded.set(name, reranker);
    return reranker;
  };
};
