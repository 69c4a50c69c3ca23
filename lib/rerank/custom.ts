import { z } from "zod";
import { AppError } from "../errors.ts";
import { byScore } from "./order.ts";
import type { ClusteredHit, RerankContext, Reranker } from "./reranker.ts";

/**
 * What a user's module exports: `rerank`, and `reorders = true` when it only reorders (then as many candidates are
 * fetched as hits are wanted; otherwise 100). `rerank` gives the hits it keeps, in order.
 */
export type RerankModule = {
  readonly rerank: (hits: readonly ClusteredHit[], context: RerankContext) => unknown;
  readonly reorders?: boolean | undefined;
};

const moduleSchema = z.object({
  rerank: z.custom<RerankModule["rerank"]>((value) => typeof value === "function"),
  reorders: z.boolean().optional(),
});

export type CustomOptions = {
  /** The name in `search.custom` and the module's path: every failure says them. */
  readonly name: string;
  readonly path: string;
  /** It is waited for so long; an endless loop without an `await` cannot be stopped. */
  readonly timeoutMs: number;
};

type Fail = (problem: string, cause?: unknown) => AppError;

const failing =
  ({ name, path }: CustomOptions): Fail =>
  (problem, cause) =>
    new AppError("RERANKER_FAILED", `custom:${name} (${path}) ${problem}`, { cause });

const idOf = (value: unknown): string | null =>
  typeof value === "object" && value !== null && "id" in value && typeof value.id === "string"
    ? value.id
    : null;

/** The original hits in the order of the answer, so that nothing a module changed on its copies gets through. */
const originals = (answer: unknown, hits: readonly ClusteredHit[], fail: Fail): readonly ClusteredHit[] => {
  if (!Array.isArray(answer)) throw fail("must give an array of the hits it keeps");
  const left = new Map(hits.map((hit) => [hit.id, hit]));
  return answer.map((value: unknown, index) => {
    const id = idOf(value);
    const hit = id === null ? undefined : left.get(id);
    if (id === null || hit === undefined)
      throw fail(
        `gave at position ${index} ${id === null ? "no hit" : `${id}, which is not a hit or came before`}`,
      );
    left.delete(id);
    return hit;
  });
};

/** The answer, or a failure after `timeoutMs`; `stop` tells the module. */
const withinTime = async (run: () => unknown, timeoutMs: number, stop: AbortController): Promise<unknown> => {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const reason = new Error(`took longer than ${timeoutMs} ms`);
    stop.abort(reason);
    reject(reason);
  }, timeoutMs);
  try {
    return await Promise.race([(async () => run())(), late]);
  } finally {
    clearTimeout(timer);
  }
};

/**
 * A user's module behind the port. Whatever it throws, takes too long for or gives that is not a permutation or a
 * subset of its input becomes `RERANKER_FAILED`, with its name and path; an abort of the request passes through.
 * @throws AppError `RERANKER_FAILED` when the module does not export what it must.
 */
export const customReranker = (exported: unknown, options: CustomOptions): Reranker => {
  const fail = failing(options);
  const parsed = moduleSchema.safeParse(exported);
  if (!parsed.success)
    throw fail("must export a function `rerank` and, if it only reorders, `reorders = true`");
  const { rerank, reorders = false } = parsed.data;
  return {
    reorders,
    options: z.record(z.string(), z.unknown()),
    rerank: async (hits, context) => {
      const stop = new AbortController();
      const signal = AbortSignal.any([context.signal, stop.signal]);
      const copies = [...hits].sort(byScore).map((hit) => ({ ...hit }));
      let answer: unknown;
      try {
        answer = await withinTime(() => rerank(copies, { ...context, signal }), options.timeoutMs, stop);
      } catch (cause) {
        context.signal.throwIfAborted();
        throw fail(`failed: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
      }
      return originals(answer, hits, fail);
    },
  };
};
