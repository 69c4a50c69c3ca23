import { expect, it } from "vitest";
import type { ChunkRow } from "../../lib/chunk-row.ts";
import { embeddedStore } from "../../lib/store/embedded.ts";
import { compileMatch } from "../../lib/store/match.ts";
import { milvusAdmin } from "../../lib/store/milvus/admin.ts";
import { connectMilvus } from "../../lib/store/milvus/connection.ts";
import { createRequest, parentFields } from "../../lib/store/milvus/schema.ts";
import { milvusStore } from "../../lib/store/milvus.ts";
import { rebuildCollection } from "../../lib/store/rebuild.ts";
import type { CollectionSpec, VectorStore } from "../../lib/store/store.ts";
import { row, spec } from "../store/rows.ts";
import { milvusOptions } from "./setup.ts";

const wide = 64;
const wideSpec = (name: string): CollectionSpec => spec(name, { dimension: wide });

/** Unit vectors that are neither alike nor in need of a seed. */
const vectorOf = (seed: number): Float32Array => {
  const vector = Float32Array.from({ length: wide }, (_, i) => Math.sin((seed + 1) * (i + 1) * 0.37) + 0.1);
  const norm = Math.hypot(...vector);
  return vector.map((value) => value / norm);
};

const many = (count: number): ChunkRow[] =>
  Array.from({ length: count }, (_, i) =>
    row(`r${String(i).padStart(5, "0")}`, {
      documentId: `document-${i % 50}`,
      ordinal: i,
      text: i % 10 === 0 ? `row number ${i} tells of a kettle` : `row number ${i} tells of something else`,
      vector: vectorOf(i),
      metadata: { tenant: `t${i % 4}`, tags: i % 100 === 0 ? ["rare", "x"] : ["x"], n: i },
    }),
  );

const withStore = async (
  options: Parameters<typeof milvusOptions>[0],
  work: (store: VectorStore, name: string) => Promise<void>,
): Promise<void> => {
  const store = milvusStore(milvusOptions(options));
  const name = `behaviour_${process.pid}_${Math.random().toString(36).slice(2)}`;
  try {
    await store.ensure(wideSpec(name));
    await work(store, name);
  } finally {
    await store.drop(name);
    await store.close();
  }
};

/** As Kettle made collections before there were parents. */
const createLayout1 = async (made: CollectionSpec): Promise<void> => {
  const connection = connectMilvus(milvusOptions());
  const server = await connection.capabilities();
  const { fields, properties, ...rest } = createRequest(made, { server, partitionKey: null, shards: 1 });
  const later = new Set<string>(Object.values(parentFields));
  const request = {
    ...rest,
    fields: fields.filter((field) => !later.has(field.name)),
    properties: { ...properties, "kettle.layout": "1" },
  };
  await connection.call("CreateCollection", made.name, (sdk) => sdk.createCollection(request));
  await connection.close();
};

const shape = (hits: readonly { readonly id: string; readonly score: number }[]) =>
  hits.map(({ id, score }) => `${id} ${score.toFixed(5)}`);

/** What holds on every server beyond the port's contract. */
export const testBehaviour = ({ words }: { readonly words: boolean }): void => {
  it("exact search answers as the embedded store does: same rows, same order, same scores", () =>
    withStore({}, async (store, name) => {
      const embedded = embeddedStore({ path: ":memory:" });
      await embedded.ensure(wideSpec(name));
      const rows = many(3_000);
      await store.upsert(name, rows);
      await embedded.upsert(name, rows);
      for (const seed of [7_001, 7_002, 7_003, 7_004]) {
        const dense = { mode: "dense", vector: vectorOf(seed), limit: 40 } as const;
        expect(shape(await store.search(name, dense))).toEqual(shape(await embedded.search(name, dense)));
        const narrow = { ...dense, filter: { field: "documentId", op: "eq", value: "document-7" } } as const;
        expect(shape(await store.search(name, narrow))).toEqual(shape(await embedded.search(name, narrow)));
      }
      if (words) {
        const hybrid = { mode: "hybrid", vector: vectorOf(7_001), text: "kettle", limit: 10 } as const;
        const found = await store.search(name, hybrid);
        expect(found).toHaveLength(10);
      }
      await embedded.close();
    }));

  it("filters that the server cannot judge find their rows among many, however far they are", () =>
    withStore({}, async (store, name) => {
      const rows = many(3_000);
      await store.upsert(name, rows);
      const filter = {
        and: [
          { field: "metadata.tags", op: "contains", value: "rare" },
          { field: "metadata.n", op: "gte", value: 100 },
        ],
      } as const;
      const matching = rows.filter(compileMatch(filter)).map(({ id }) => id);
      expect(matching).toHaveLength(29);
      const hits = await store.search(name, { mode: "dense", vector: vectorOf(9_000), limit: 20, filter });
      expect(hits).toHaveLength(20);
      for (const { id } of hits) expect(matching).toContain(id);
      const all = await store.search(name, { mode: "dense", vector: vectorOf(9_000), limit: 100, filter });
      expect(all.map(({ id }) => id).toSorted()).toEqual(matching);
      expect(shape(all.slice(0, 20))).toEqual(shape(hits));
      expect(await store.count(name, filter)).toBe(29);
      expect(await store.delete(name, filter)).toBe(29);
      expect(await store.count(name)).toBe(2_971);
    }));

  it("a text of many ideographs is written whole, and words of it are found", () =>
    withStore({}, async (store, name) => {
      // 32,000 bytes: the most that limits.chunkBytes allows.
      const text = Array.from({ length: 10_666 }, (_, i) =>
        String.fromCodePoint(0x4e00 + ((i * 7) % 20_000)),
      ).join("");
      await store.upsert(name, [row("long", { text, vector: vectorOf(1) })]);
      const [found] = await store.fetch(name, ["long"]);
      expect(found?.text).toBe(text);
      if (!words) return;
      const hits = await store.search(name, { mode: "sparse", text: text.slice(0, 4), limit: 5 });
      expect(hits.map(({ id }) => id)).toEqual(["long"]);
    }));

  it.each([
    ["a key", { key: `k${"é".repeat(600)}` }, "key takes 1201 bytes"],
    ["a text", { text: "x".repeat(65_536) }, "text takes 65536 bytes"],
    ["metadata", { metadata: { a: "x".repeat(70_000) } }, "metadata takes 70008 bytes"],
    ["too many flags", { qualityFlags: Array.from({ length: 65 }, (_, i) => `f${i}`) }, "65 quality flags"],
    ["a negative page", { page: -1 }, "page is -1"],
    ["a run that is no whole number", { run: 1.5 }, "run is 1.5"],
  ])("%s that does not fit is refused before the call, and none of the call is written", (_, wrong, words) =>
    withStore({}, async (store, name) => {
      const rows = [row("good", { vector: vectorOf(1) }), row("bad", { vector: vectorOf(2), ...wrong })];
      await expect(store.upsert(name, rows)).rejects.toMatchObject({
        code: "STORE_REFUSED",
        message: expect.stringContaining(`chunk bad: ${words}`),
      });
      expect(await store.count(name)).toBe(0);
    }),
  );

  it("batches beyond one message's size are written", () =>
    withStore({}, async (store, name) => {
      const rows = many(400).map((each) => ({ ...each, text: "word ".repeat(6_000) }));
      await store.upsert(name, rows);
      expect(await store.count(name)).toBe(400);
      const { rows: page, cursor } = await store.scan(name, { limit: 399 });
      expect(page).toHaveLength(399);
      expect((await store.scan(name, { limit: 399, ...(cursor && { cursor }) })).rows).toHaveLength(1);
    }));

  it.each(["L2", "IP"] as const)("scores are cosines whatever the metric: %s", (metric) =>
    withStore({ metric }, async (store, name) => {
      await store.upsert(name, [row("a", { vector: vectorOf(1) }), row("b", { vector: vectorOf(2) })]);
      const [first, second] = await store.search(name, { mode: "dense", vector: vectorOf(1), limit: 2 });
      expect(first).toMatchObject({ id: "a", score: expect.closeTo(1, 6) });
      const dot = vectorOf(1).reduce((sum, value, i) => sum + value * (vectorOf(2)[i] ?? 0), 0);
      expect(second).toMatchObject({ id: "b", score: expect.closeTo(dot, 6) });
    }),
  );

  it("a collection from before there were parents works on, refuses them with the fix, and takes them once rebuilt", () =>
    withStore({}, async (store, name) => {
      const old = wideSpec(`${name}_layout1`);
      const alias = `${name}_alias`;
      await createLayout1(old);
      await store.ensure(old);
      await store.setAlias(alias, old.name);
      const rows = many(30);
      await store.upsert(old.name, rows);
      const parent = { id: "child", text: "parent of a child", tokens: 9, charStart: 0, charEnd: 17 };
      const child = row("child", { vector: vectorOf(40), parent });
      await expect(
        store.upsert(old.name, [row("good", { vector: vectorOf(41) }), child]),
      ).rejects.toMatchObject({
        code: "NOT_AVAILABLE",
        message: expect.stringMatching(/chunk child has a parent.*_layout1 .*kettle collections rebuild/),
      });
      expect(await store.count(old.name)).toBe(30);
      expect(await store.fetch(old.name, ["r00003"])).toEqual([rows[3]]);
      const [hit] = await store.search(old.name, { mode: "dense", vector: vectorOf(3), limit: 1 });
      expect(hit).toMatchObject({ id: "r00003", text: rows[3]?.text });
      // Other processes know the collection as it was: a writer finds out when it is refused, a search when it resolves.
      const [writer, reader] = [milvusStore(milvusOptions()), milvusStore(milvusOptions())];
      const nearest = { mode: "dense", vector: vectorOf(40), limit: 1 } as const;
      await reader.search(old.name, nearest);
      const admin = milvusAdmin(milvusOptions({ parents: true }));
      const problems = async () => (await admin.describe(old.name)).problems;
      expect(await problems()).toEqual([
        expect.stringMatching(/chunking\.parent.*kettle collections rebuild/),
      ]);
      await expect(writer.upsert(old.name, [child])).rejects.toMatchObject({ code: "NOT_AVAILABLE" });
      expect(await rebuildCollection(store, old, alias)).toBe(30);
      await writer.upsert(old.name, [child]);
      expect(await store.fetch(old.name, ["r00003", "child"])).toEqual([rows[3], child]);
      expect(await reader.resolve(alias)).toEqual(old);
      expect((await reader.search(old.name, nearest))[0]).toMatchObject({ id: "child", parent });
      expect(await problems()).toEqual([]);
      await Promise.all([writer.close(), reader.close(), admin.close()]);
      await store.drop(old.name);
    }));

  it("a collection that Kettle did not make is left alone", async () => {
    const { MilvusClient } = await import("@zilliz/milvus2-sdk-node");
    const { address, token } = { ...milvusOptions(), token: await milvusOptions().token() };
    const sdk = new MilvusClient({
      address,
      ...(token !== null && { token }),
      logLevel: "error",
      __SKIP_CONNECT__: true,
    });
    const name = `foreign_${process.pid}`;
    await sdk.createCollection({
      collection_name: name,
      fields: [
        { name: "id", data_type: "Int64", is_primary_key: true },
        { name: "v", data_type: "FloatVector", dim: 4 },
      ],
    });
    const store = milvusStore(milvusOptions());
    const refused = expect.objectContaining({
      code: "STORE_REFUSED",
      message: expect.stringContaining("did not make"),
    });
    await expect(store.ensure(wideSpec(name))).rejects.toEqual(refused);
    await expect(store.count(name)).rejects.toEqual(refused);
    await expect(store.drop(name)).rejects.toEqual(refused);
    expect((await store.collections()).map((each) => each.name)).not.toContain(name);
    await store.close();
    await sdk.dropCollection({ collection_name: name });
    await sdk.closeConnection();
  });
};

/** Where upserts keep to partitions. */
export const testPartitions = (): void => {
  it("a partition key parts the rows; filters by it, by anything else and by none mean what they mean", () =>
    withStore({ partitionKey: "tenant" }, async (store, name) => {
      const rows = many(200);
      await store.upsert(name, [...rows, row("none", { vector: vectorOf(1), metadata: { tenant: 7 } })]);
      const count = (filter: Parameters<VectorStore["count"]>[1]) => store.count(name, filter);
      expect(await count({ field: "metadata.tenant", op: "eq", value: "t1" })).toBe(50);
      expect(await count({ field: "metadata.tenant", op: "in", value: ["t1", "t2"] })).toBe(100);
      expect(await count({ field: "metadata.tenant", op: "ne", value: "t1" })).toBe(151);
      expect(await count({ field: "metadata.tenant", op: "eq", value: 7 })).toBe(1);
      expect(await count({ field: "metadata.tenant", op: "in", value: ["t1", 7] })).toBe(51);
      expect(await count({ not: { field: "metadata.tenant", op: "eq", value: "t3" } })).toBe(151);
      const filter = { field: "metadata.tenant", op: "eq", value: "t2" } as const;
      const hits = await store.search(name, { mode: "dense", vector: vectorOf(3), limit: 60, filter });
      expect(hits).toHaveLength(50);
      expect(new Set(hits.map(({ metadata }) => metadata.tenant))).toEqual(new Set(["t2"]));
      // The same row again stays one row.
      await store.upsert(name, rows.slice(0, 10));
      expect(await count(undefined)).toBe(201);
    }));
};
