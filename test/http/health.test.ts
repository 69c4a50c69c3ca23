import { describe, expect, it } from "vitest";
import { AppError } from "../../lib/errors.ts";
import { checkHealth, type HealthDeps } from "../../lib/http/health.ts";
import type { StoreInspector } from "../../lib/store/inspect.ts";
import { memoryStore } from "../../lib/store/memory.ts";
import { memoryBucket } from "../contract/memory-bucket.ts";

const model = { model: "e5", identity: "identity", dimension: 2 };

const storeWith = async (identity: string) => {
  const store = memoryStore();
  await store.ensure({ name: "physical", dimension: 2, identity, model: "e5-old" });
  await store.setAlias("kettle", "physical");
  return store;
};

const deps: HealthDeps = {
  store: async () => storeWith("identity"),
  collection: "kettle",
  inspector: async () => null,
  model: async () => model,
  buckets: [],
  queues: ["k-ingest", "k-write"],
  depth: async () => ({ waiting: 0, inFlight: 0 }),
  timeoutMs: 1000,
};

const health = (over: Partial<HealthDeps> = {}) => checkHealth({ ...deps, ...over })(true);

const failed = async (over: Partial<HealthDeps>) => {
  const { status, checks } = await health(over);
  return { status, failed: checks.filter(({ ok }) => !ok).map(({ name }) => name) };
};

describe("health", () => {
  it("is ok when store, model and queues answer and no dead letters wait", async () => {
    const { status, checks } = await health();
    expect(status).toBe("ok");
    expect(checks.map(({ name, ok }) => [name, ok])).toEqual([
      ["store", true],
      ["model", true],
      ["queues", true],
      ["dead-letter-queues", true],
    ]);
  });

  it("is ok before anything was stored", async () => {
    expect(await health({ store: async () => memoryStore() })).toMatchObject({ status: "ok" });
  });

  it("names the dead-letter queues that hold messages, and is degraded only", async () => {
    const depth = async (queue: string) => ({ waiting: queue === "k-write-dlq" ? 2 : 0, inFlight: 0 });
    const { status, checks } = await health({ depth });
    expect(status).toBe("degraded");
    expect(checks.at(-1)).toMatchObject({ ok: false, message: expect.stringContaining("k-write-dlq") });
  });

  it.each<[string, Partial<HealthDeps>, readonly string[]]>([
    [
      "the store is down",
      { store: () => Promise.reject(new AppError("STORE_UNAVAILABLE", "down")) },
      ["store"],
    ],
    ["the collection holds another model's vectors", { store: () => storeWith("other") }, ["model"]],
    [
      "the model is missing",
      { model: () => Promise.reject(new AppError("MODEL_MISSING", "missing")) },
      ["model"],
    ],
    [
      "SQS is down",
      { depth: () => Promise.reject(new AppError("AWS_UNAVAILABLE", "down")) },
      ["queues", "dead-letter-queues"],
    ],
    ["the store never answers", { store: () => new Promise(() => {}), timeoutMs: 20 }, ["store", "model"]],
  ])("is unavailable when %s, and says what failed", async (_title, over, names) => {
    expect(await failed(over)).toEqual({ status: "unavailable", failed: names });
  });

  it("tells each queue's messages", async () => {
    const depth = async (queue: string) => ({ waiting: queue === "k-write-dlq" ? 2 : 1, inFlight: 3 });
    expect((await health({ depth })).queues).toEqual([
      { name: "k-ingest", waiting: 1, inFlight: 3, deadLetters: 1 },
      { name: "k-write", waiting: 1, inFlight: 3, deadLetters: 2 },
    ]);
    const down = await health({ depth: () => Promise.reject(new AppError("AWS_UNAVAILABLE", "down")) });
    expect(down.queues).toBeUndefined();
  });

  it("tells a caller without the token its status and nothing else", async () => {
    const check = checkHealth({
      store: async () => memoryStore(),
      collection: "kettle",
      inspector: async () => null,
      model: async () => model,
      buckets: [],
      queues: [],
      depth: async () => ({ waiting: 0, inFlight: 0 }),
      timeoutMs: 1000,
    });
    expect(await check(false)).toEqual({ status: "ok", checks: [] });
  });
});

describe("a deep look", () => {
  const inspector = (over: Partial<StoreInspector> = {}): StoreInspector => ({
    server: async () => "Milvus 2.6.19",
    loginProblem: async () => null,
    problems: async () => [],
    ...over,
  });
  const deep = async (over: Partial<HealthDeps>) =>
    checkHealth({ ...deps, buckets: [memoryBucket("documents")], ...over })(true, true);

  it("is at the buckets, and at the store's server where there is one", async () => {
    const { status, checks } = await deep({ inspector: async () => inspector() });
    expect(status).toBe("ok");
    expect(checks.slice(4)).toEqual([
      { name: "buckets", ok: true, message: "documents" },
      { name: "store-login", ok: true, message: "Milvus 2.6.19" },
      { name: "store-index", ok: true, message: "as kettle.yml asks" },
    ]);
    expect((await deep({})).checks.map(({ name }) => name)).not.toContain("store-login");
  });

  it.each<[string, Partial<HealthDeps>, string, string]>([
    [
      "a server without login",
      { inspector: async () => inspector({ loginProblem: async () => "asks for no login" }) },
      "store-login",
      "degraded",
    ],
    [
      "an index that is not built",
      { inspector: async () => inspector({ problems: async () => ["building HNSW failed", "not loaded"] }) },
      "store-index",
      "degraded",
    ],
    [
      "a bucket that does not answer",
      {
        buckets: [
          { name: "state", list: () => Promise.reject(new AppError("AWS_UNAVAILABLE", "no such bucket")) },
        ],
      },
      "buckets",
      "unavailable",
    ],
  ])("%s is named", async (_title, over, name, expected) => {
    const { status, checks } = await deep(over);
    expect(status).toBe(expected);
    expect(checks.filter(({ ok }) => !ok)).toMatchObject([{ name }]);
  });

  it("is only for callers with the token", async () => {
    let asked = 0;
    const store = inspector({ server: async () => `${asked++}` });
    expect(await checkHealth({ ...deps, inspector: async () => store })(false, true)).toEqual({
      status: "ok",
      checks: [],
    });
    expect(asked).toBe(0);
  });
});
