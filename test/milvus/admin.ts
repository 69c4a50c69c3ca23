import { expect, it } from "vitest";
import { milvusAdmin } from "../../lib/store/milvus/admin.ts";
import type { MilvusOptions } from "../../lib/store/milvus/options.ts";
import { milvusStore } from "../../lib/store/milvus.ts";
import { at, row, spec } from "../store/rows.ts";
import { milvusOptions } from "./setup.ts";

export const optionsWith = (index: Partial<MilvusOptions["index"]>, rest: Partial<MilvusOptions> = {}) => {
  const options = milvusOptions(rest);
  return { ...options, index: { ...options.index, ...index } };
};

/** A store and an administrator of one collection, which is dropped after the test. */
export const withCollection = async (
  options: MilvusOptions,
  work: (use: {
    readonly name: string;
    readonly store: ReturnType<typeof milvusStore>;
    readonly admin: ReturnType<typeof milvusAdmin>;
  }) => Promise<void>,
): Promise<void> => {
  const store = milvusStore(options);
  const admin = milvusAdmin(options, { patienceMs: 8_000, timeoutMs: 60_000 });
  const name = `admin_${process.pid}_${Math.random().toString(36).slice(2)}`;
  try {
    await store.ensure(spec(name));
    await admin.warmUp(name);
    await work({ name, store, admin });
  } finally {
    await store.drop(name);
    await store.close();
    await admin.close();
  }
};

/** What every server does for `kettle collections` and `kettle index`. */
export const testAdmin = (): void => {
  it("describes a collection: rows, aliases, index, memory", () =>
    withCollection(milvusOptions(), async ({ name, store, admin }) => {
      await store.upsert(name, [row("a"), row("b")]);
      await store.setAlias(`${name}_alias`, name);
      expect(await admin.describe(`${name}_alias`)).toMatchObject({
        spec: spec(name),
        aliases: [`${name}_alias`],
        rows: 2,
        loaded: true,
        index: { type: "FLAT", metric: "COSINE" },
        problems: [],
      });
    }));

  it("a released collection says so, and the next read loads it", () =>
    withCollection(milvusOptions(), async ({ name, store, admin }) => {
      await store.upsert(name, [row("a")]);
      await admin.release(name);
      expect(await admin.describe(name)).toMatchObject({
        loaded: false,
        rows: null,
        problems: ["it is not loaded: the first search will wait for it"],
      });
      expect(await store.search(name, { mode: "dense", vector: at(0), limit: 5 })).toHaveLength(1);
      expect((await admin.describe(name)).loaded).toBe(true);
      await admin.release(name);
      await admin.warmUp(name);
      expect(await admin.describe(name)).toMatchObject({ loaded: true, rows: 1 });
    }));

  it("an index that is not the one of kettle.yml is named, and rebuilt on demand; rows stay", () =>
    withCollection(milvusOptions(), async ({ name, store, admin }) => {
      await store.upsert(name, [row("a"), row("b", { vector: at(40) })]);
      const other = optionsWith({ type: "HNSW" }, { metric: "IP" });
      const otherAdmin = milvusAdmin(other, { patienceMs: 8_000, timeoutMs: 60_000 });
      expect((await otherAdmin.describe(name)).problems).toEqual([
        "its index is FLAT, kettle.yml asks for HNSW",
        "its metric is COSINE, kettle.yml asks for IP",
      ]);
      await otherAdmin.rebuildIndex(name);
      expect(await otherAdmin.describe(name)).toMatchObject({
        index: { type: "HNSW", metric: "IP", build: { M: "24", efConstruction: "200" } },
        rows: 2,
        problems: [],
      });
      await otherAdmin.close();
      // A store that knew the old index finds out by itself.
      const hits = await store.search(name, { mode: "dense", vector: at(0), limit: 2 });
      expect(hits.map(({ id, score }) => [id, Number(score.toFixed(4))])).toEqual([
        ["a", 1],
        ["b", Number(Math.cos((40 * Math.PI) / 180).toFixed(4))],
      ]);
      expect((await admin.describe(name)).problems).toHaveLength(2);
    }));

  it.each(["IVF_FLAT", "IVF_SQ8", "HNSW"] as const)("builds %s over real rows", async (type) => {
    const admin = milvusAdmin(optionsWith({ type }), { patienceMs: 30_000, timeoutMs: 60_000 });
    expect(await admin.checkIndex(16)).toMatchObject({ type, problem: null });
    await admin.close();
  });
};
