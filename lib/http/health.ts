import type { QueueDepth } from "../aws/queue-depth.ts";
import { AppError, describeFailure } from "../errors.ts";
import type { CollectionSpec, VectorStore } from "../store/store.ts";
import type { Health } from "./schemas.ts";

type Check = Health["checks"][number];

export type HealthDeps = {
  readonly store: () => Promise<Pick<VectorStore, "resolve">>;
  /** Alias of the collection that search reads. */
  readonly collection: string;
  /** The model of the parameters, by its manifest: no weights are loaded for it. */
  readonly model: () => Promise<{
    readonly model: string;
    readonly identity: string;
    readonly dimension: number;
  }>;
  /** Full names, without those of the dead-letter queues. */
  readonly queues: readonly string[];
  readonly depth: (queue: string) => Promise<QueueDepth>;
  /** A check that takes longer has failed. */
  readonly timeoutMs: number;
};

/** The name is what fails; the message is the error's only for errors of the table, which name no addresses. */
const attempt = async (name: string, timeoutMs: number, run: () => Promise<string>): Promise<Check> => {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new AppError("INTERNAL", `no answer in ${timeoutMs} ms`)), timeoutMs);
  try {
    return { name, ok: true, message: await Promise.race([run(), late]) };
  } catch (error) {
    return { name, ok: false, message: describeFailure(error).message };
  } finally {
    clearTimeout(timer);
  }
};

const checkStore = async (collection: CollectionSpec | null): Promise<string> =>
  collection === null ? "nothing is stored yet" : `${collection.name}, ${collection.dimension} dimensions`;

const checkModel = async (deps: HealthDeps, collection: () => Promise<CollectionSpec | null>) => {
  const { model, identity, dimension } = await deps.model();
  const stored = await collection().catch(() => null);
  if (stored !== null && stored.identity !== identity)
    throw new AppError(
      "EMBEDDING_MISMATCH",
      `${model} is set, the collection holds vectors of ${stored.model}: reindex, or set embedding.model back`,
    );
  return `${model}, ${dimension} dimensions`;
};

const checkQueues = async ({ queues, depth }: HealthDeps): Promise<string> => {
  const depths = await Promise.all(queues.map(depth));
  const sum = (part: keyof QueueDepth) => depths.reduce((total, each) => total + each[part], 0);
  return `${sum("waiting")} messages waiting, ${sum("inFlight")} in flight`;
};

const checkDeadLetters = async ({ queues, depth }: HealthDeps): Promise<string> => {
  const depths = await Promise.all(queues.map((queue) => depth(`${queue}-dlq`)));
  const stuck = queues.filter((_, i) => (depths[i]?.waiting ?? 0) > 0);
  if (stuck.length === 0) return "empty";
  throw new AppError("CRASHED", `messages in ${stuck.map((queue) => `${queue}-dlq`).join(", ")}`);
};

/**
 * Asks everything at once. Messages in a dead-letter queue only degrade: the rest still works; the others do not.
 * @param detailed false: the status alone, for callers without the token.
 */
export const checkHealth =
  (deps: HealthDeps) =>
  async (detailed: boolean): Promise<Health> => {
    const { timeoutMs } = deps;
    let resolved: Promise<CollectionSpec | null> | undefined;
    const collection = () => {
      resolved ??= deps.store().then((store) => store.resolve(deps.collection));
      return resolved;
    };
    const [store, model, queues, deadLetters] = await Promise.all([
      attempt("store", timeoutMs, async () => checkStore(await collection())),
      attempt("model", timeoutMs, () => checkModel(deps, collection)),
      attempt("queues", timeoutMs, () => checkQueues(deps)),
      attempt("dead-letter-queues", timeoutMs, () => checkDeadLetters(deps)),
    ]);
    const works = store.ok && model.ok && queues.ok;
    return {
      status: works ? (deadLetters.ok ? "ok" : "degraded") : "unavailable",
      checks: detailed ? [store, model, queues, deadLetters] : [],
    };
  };
