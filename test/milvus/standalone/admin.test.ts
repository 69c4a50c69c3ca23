import { describe, expect, it } from "vitest";
import { milvusAdmin } from "../../../lib/store/milvus/admin.ts";
import { milvusStore } from "../../../lib/store/milvus.ts";
import { spec } from "../../store/rows.ts";
import { optionsWith, testAdmin, withCollection } from "../admin.ts";
import { milvusOptions, server } from "../setup.ts";

describe("Milvus 2.3.5", () => {
  testAdmin();

  it("tells the replica of a collection and its node", () =>
    withCollection(milvusOptions(), async ({ name, admin, store }) => {
      await store.count(name);
      expect((await admin.describe(name)).replicas).toEqual([
        {
          id: expect.stringMatching(/^\d+$/),
          resourceGroup: "__default_resource_group",
          nodes: [expect.any(String)],
        },
      ]);
    }));

  it("two replicas on one node: the error says what to do", () =>
    withCollection(milvusOptions(), async ({ name, admin }) => {
      await expect(admin.load(name, 2)).rejects.toMatchObject({
        code: "STORE_UNAVAILABLE",
        message: expect.stringMatching(/LoadCollection.*lower store\.replicas, or add query nodes/s),
      });
    }));

  it("a GPU index on this CPU server is accepted and never built: the check says so", async () => {
    const admin = milvusAdmin(optionsWith({ type: "GPU_IVF_FLAT" }), {
      patienceMs: 6_000,
      timeoutMs: 60_000,
    });
    expect((await admin.checkIndex(16)).problem).toMatch(/built none of 2048 rows.*GPU/s);
    await admin.close();
  });

  it.each(["HNSW_SQ", "GPU_CAGRA"] as const)("%s is refused before the call", async (type) => {
    const store = milvusStore(optionsWith({ type }));
    await expect(store.ensure(spec("refused"))).rejects.toMatchObject({
      code: "NOT_AVAILABLE",
      message: expect.stringContaining(`Milvus 2.3.5 has no index ${type}`),
    });
    await store.close();
  });

  it("a partition key is refused before the call: upserts of 2.3 put rows into wrong partitions", async () => {
    const store = milvusStore(milvusOptions({ partitionKey: "tenant" }));
    await expect(store.ensure(spec("parted"))).rejects.toMatchObject({
      code: "NOT_AVAILABLE",
      message: expect.stringContaining("set store.partitionKey to null"),
    });
    await store.close();
  });

  it.each([
    ["no login", null],
    ["a wrong password", "root:wrong"],
    ["an unknown user", "nobody:Password1!"],
  ])("%s: one clear paragraph", async (_, token) => {
    const store = milvusStore(milvusOptions({ token: async () => token }));
    await expect(store.count("c")).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      message: expect.stringMatching(
        new RegExp(
          `Milvus at ${server.address}: .* failed: .*\\(the server asks for a login: set store\\.tokenSecret`,
        ),
      ),
    });
    await store.close();
  });
});
