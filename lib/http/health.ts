import type { Bucket } from "../aws/bucket.ts";
import type { QueueDepth } from "../aws/queue-depth.ts";
import { AppError, describeFailure } from "../errors.ts";
import type { StoreInspector } from "../store/inspect.ts";
import type { CollectionSpec, VectorStore } from "../store/store.ts";
import type { Health } from "./schemas.ts";

type Check = Health["checks"][number];
type Queues = NonNullable<Health["queues"]>;

export type HealthDeps = {
  readonly store: () => Promise<Pick<VectorStore, "resolve">>;
  /** Null for a store without a server of its own. */
  readonly inspector: () => Promise<StoreInspector | null>;
  /** Alias of the collection that search reads. */
  readonly collection: string;
  /** The model of the parameters, by its manifest: no weights are loaded for it. */
  readonly model: () => Promise<{
    readonly model: string;
    readonly identity: string;
    readonly dimension: number;
  }>;
  readonly buckets: readonly Pick<Bucket, "name" | "list">[];
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

type Collection = () => Promise<CollectionSpec | null>;

const checkStore = async (collection: CollectionSpec | null): Promise<string> =>
  collection === null ? "nothing is stored yet" : `${collection.name}, ${collection.dimension} dimensions`;

const checkModel = async (deps: HealthDeps, collection: Collection) => {
  const { model, identity, dimension } = await deps.model();
  const stored = await collection().catch(() => null);
  if (stored !== null && stored.identity !== identity)
    throw new AppError(
      "EMBEDDING_MISMATCH",
      `${model} is set, the collection holds vectors of ${stored.model}: reindex, or set embedding.model back`,
    );
  return `${model}, ${dimension} dimensions`;
};

const readQueues = async ({ queues, depth }: HealthDeps): Promise<Queues> =>
  Promise.all(
    queues.map(async (name) => {
      const [own, dead] = await Promise.all([depth(name), depth(`${name}-dlq`)]);
      return { name, ...own, deadLetters: dead.waiting };
    }),
  );

const checkQueues = (queues: Queues): string => {
  const sum = (part: "waiting" | "inFlight") => queues.reduce((total, each) => total + each[part], 0);
  return `${sum("waiting")} messages waiting, ${sum("inFlight")} in flight`;
};

const checkDeadLetters = (queues: Queues): string => {
  const stuck = queues.filter(({ deadLetters }) => deadLetters > 0);
  if (stuck.length === 0) return "empty";
  throw new AppError("CRASHED", `messages in ${stuck.map(({ name }) => `${name}-dlq`).join(", ")}`);
};

const checkBuckets = async ({ buckets }: HealthDeps): Promise<string> => {
  await Promise.all(buckets.map((bucket) => bucket.list({ prefix: "", limit: 1 })));
  return buckets.map(({ name }) => name).join(", ");
};

/** Nothing to say for a store without a server. */
const checkServer = (
  deps: HealthDeps,
  inspector: StoreInspector,
  collection: Collection,
): Promise<Check>[] => [
  attempt("store-login", deps.timeoutMs, async () => {
    const problem = await inspector.loginProblem();
    if (problem !== null) throw new AppError("CONFIG_INVALID", problem);
    return await inspector.server();
  }),
  attempt("store-index", deps.timeoutMs, async () => {
    if ((await collection()) === null) return "nothing is stored yet";
    const problems = await inspector.problems(deps.collection);
    if (problems.length > 0) throw new AppError("CONFIG_INVALID", problems.join("; "));
    return "as kettle.yml asks";
  }),
];

const checkDeeply = async (deps: HealthDeps, collection: Collection): Promise<readonly Check[]> => {
  const inspector = await deps.inspector();
  return Promise.all([
    attempt("buckets", deps.timeoutMs, () => checkBuckets(deps)),
    ...(inspector === null ? [] : checkServer(deps, inspector, collection)),
  ]);
};

/** Whether a failed one means that Kettle does not work; what is not here only degrades. */
const isVital = ({ name }: Check): boolean => ["store", "model", "queues", "buckets"].includes(name);

const statusOf = (checks: readonly Check[]): Health["status"] => {
  const failed = checks.filter(({ ok }) => !ok);
  if (failed.some(isVital)) return "unavailable";
  // Without SQS nobody knows of dead letters, and `queues` has failed already.
  return failed.length > 0 ? "degraded" : "ok";
};

/**
 * Asks everything at once. Messages in a dead-letter queue only degrade: the rest still works; the others do not.
 * @param detailed false: the status alone, for callers without the token.
 * @param deep looks at buckets and at the store's server too; for callers with the token.
 */
export const checkHealth =
  (deps: HealthDeps) =>
  async (detailed: boolean, deep = false): Promise<Health> => {
    const { timeoutMs } = deps;
    let resolved: Promise<CollectionSpec | null> | undefined;
    const collection = () => {
      resolved ??= deps.store().then((store) => store.resolve(deps.collection));
      return resolved;
    };
    const reading = readQueues(deps);
    const queues = attempt("queues", timeoutMs, async () => checkQueues(await reading));
    const [basic, deeper] = await Promise.all([
      Promise.all([
        attempt("store", timeoutMs, async () => checkStore(await collection())),
        attempt("model", timeoutMs, () => checkModel(deps, collection)),
        queues,
        attempt("dead-letter-queues", timeoutMs, async () => checkDeadLetters(await reading)),
      ]),
      detailed && deep ? checkDeeply(deps, collection) : [],
    ]);
    const checks = [...basic, ...deeper];
    const status = statusOf(checks);
    if (!detailed) return { status, checks: [] };
    return { status, checks, ...((await queues).ok && { queues: await reading }) };
  };
