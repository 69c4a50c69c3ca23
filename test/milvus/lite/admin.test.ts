import { describe, expect, it } from "vitest";
import { milvusAdmin } from "../../../lib/store/milvus/admin.ts";
import { milvusStore } from "../../../lib/store/milvus.ts";
import { spec } from "../../store/rows.ts";
import { optionsWith, testAdmin, withCollection } from "../admin.ts";
import { milvusOptions } from "../setup.ts";

describe("milvus-lite", () => {
  testAdmin();

  it("has no replicas to tell of", () =>
    withCollection(milvusOptions(), async ({ name, admin }) => {
      expect((await admin.describe(name)).replicas).toBeNull();
    }));

  it.each(["DISKANN", "SCANN", "IVF_PQ", "GPU_CAGRA"] as const)(
    "%s is refused before the call, with what there is",
    async (type) => {
      const options = optionsWith({ type });
      const store = milvusStore(options);
      await expect(store.ensure(spec("refused"))).rejects.toMatchObject({
        code: "NOT_AVAILABLE",
        message: expect.stringMatching(/milvus-lite 3\.2\.2 has no index .*AUTOINDEX, FLAT/),
      });
      const admin = milvusAdmin(options);
      expect((await admin.checkIndex(8)).problem).toContain(`has no index ${type}`);
      await Promise.all([store.close(), admin.close()]);
    },
  );

  it("two replicas are refused before the call", async () => {
    const store = milvusStore(milvusOptions({ replicas: 2 }));
    await expect(store.ensure(spec("replicated"))).rejects.toMatchObject({
      code: "NOT_AVAILABLE",
      message: expect.stringContaining("set store.replicas to 1"),
    });
    await store.close();
  });
});
