import { describe, expect, it } from "vitest";
import { AppError } from "../../lib/errors.ts";
import { checkHealth, type HealthDeps } from "../../lib/http/health.ts";
import { memoryStore } from "../../lib/store/memory.ts";

const model = { model: "e5", identity: "identity", dimension: 2 };

const storeWith = async (identity: string) => {
  const store = memoryStore();
  await store.ensure({ name: "physical", dimension: 2, identity, model: "e5-old" });
  await store.setAlias("kettle", "physical");
  return store;
};

const health = (over: Partial<HealthDeps> = {}) =>
  checkHealth({
    store: async () => storeWith("identity"),
    collection: "kettle",
    model: async () => model,
    queues: ["k-ingest", "k-write"],
    depth: async () => ({ waiting: 0, inFlight: 0 }),
    timeoutMs: 1000,
    ...over,
  })(true);

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

  it("tells a caller without the token its status and nothing else", async () => {
    const check = checkHealth({
      store: async () => memoryStore(),
      collection: "kettle",
      model: async () => model,
      queues: [],
      depth: async () => ({ waiting: 0, inFlight: 0 }),
      timeoutMs: 1000,
    });
    expect(await check(false)).toEqual({ status: "ok", checks: [] });
  });
});
