import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ChunkRow } from "../../lib/chunk-row.ts";
import type { Filter, FilterCondition } from "../../lib/store/filter.ts";
import { matches } from "../../lib/store/match.ts";
import type { CollectionSpec, SearchRequest, VectorStore } from "../../lib/store/store.ts";
import { at, dimension, hostile, row, spec } from "../store/rows.ts";

/** What a store may lack; then it must refuse with `NOT_AVAILABLE`, and the suite asks for that. */
export type StoreCapabilities = {
  /** Sparse and, with it, hybrid search. */
  readonly sparse: boolean;
  /** Random filters to compare with the reference; fewer for a store behind a network. */
  readonly filterRuns?: number;
  /** Parts of the suite to run here: a slow server is tested from several files at once. All of them by default. */
  readonly sections?: readonly StoreSection[];
};

export type StoreSection = "collections" | "rows" | "delete" | "dense search" | "filters" | "scan" | "words";

let collectionsMade = 0;

const ids = (rows: readonly { readonly id: string }[]): string[] => rows.map(({ id }) => id);
const refused = expect.objectContaining({ code: "STORE_REFUSED" });

/**
 * Every promise of the port, for any driver. `open` gives a handle; all handles of one test process must see the same
 * store. Collections have fresh names and are dropped after each test.
 */
export const testVectorStore = (open: () => Promise<VectorStore>, capabilities: StoreCapabilities): void => {
  let store: VectorStore;
  let name: string;
  const handles: VectorStore[] = [];
  const made = new Set<string>();

  const handle = async (): Promise<VectorStore> => {
    const opened = await open();
    handles.push(opened);
    return opened;
  };
  const fresh = (): string => {
    const unused = `test_${process.pid}_${collectionsMade++}`;
    made.add(unused);
    return unused;
  };
  const make = async (overrides: Partial<CollectionSpec> = {}): Promise<string> => {
    const wanted = spec(fresh(), overrides);
    await store.ensure(wanted);
    return wanted.name;
  };
  const scanAll = async (filter?: Filter, limit = 100): Promise<ChunkRow[]> => {
    const rows: ChunkRow[] = [];
    let cursor: string | undefined;
    do {
      const page = await store.scan(name, { limit, ...(filter && { filter }), ...(cursor && { cursor }) });
      rows.push(...page.rows);
      cursor = page.cursor;
    } while (cursor !== undefined);
    return rows;
  };
  const search = (request: Partial<SearchRequest>) =>
    store.search(name, { mode: "dense", limit: 10, ...request });
  const wanted = (name: StoreSection): boolean => capabilities.sections?.includes(name) ?? true;
  const section = (name: StoreSection, tests: () => void): void => {
    if (wanted(name)) describe(name, tests);
  };
  const words = async (text: string, request: Partial<SearchRequest> = {}) =>
    ids(await search({ mode: "sparse", text, ...request }));

  beforeEach(async () => {
    store = await handle();
    name = await make();
  });
  afterEach(async () => {
    const left = await store.collections();
    for (const collection of left) if (made.has(collection.name)) await store.drop(collection.name);
    for (const opened of handles.splice(0)) await opened.close();
  });

  section("collections", () => {
    it("ensuring a collection again changes nothing", async () => {
      await store.upsert(name, [row("a")]);
      await store.ensure(spec(name));
      expect(await store.count(name)).toBe(1);
    });

    it("several handles that ensure the same collection at once make one", async () => {
      const others = await Promise.all([handle(), handle(), handle()]);
      const wanted = spec(fresh());
      await Promise.all(others.map((other) => other.ensure(wanted)));
      expect((await store.collections()).filter((found) => found.name === wanted.name)).toEqual([wanted]);
    });

    it.each([
      ["another identity", { identity: "b".repeat(32) }],
      ["another dimension", { dimension: 4 }],
    ])("a collection of %s is refused, with both models named", async (_, other) => {
      const wanted = spec(name, { model: "other-model", ...other });
      await expect(store.ensure(wanted)).rejects.toMatchObject({
        code: "EMBEDDING_MISMATCH",
        message: expect.stringMatching(/test-model.*other-model/s),
      });
      expect(await store.resolve(name)).toEqual(spec(name));
    });

    it.each(["", "a-b", "a b", "a'b", 'a"b', "a;b", "é", "x".repeat(201)])(
      "the name %j is refused",
      async (bad) => {
        await expect(store.ensure(spec(bad))).rejects.toEqual(refused);
        await expect(store.setAlias(bad, name)).rejects.toEqual(refused);
      },
    );

    it("a name or alias resolves to the spec, an unknown one to null", async () => {
      const alias = fresh();
      await store.setAlias(alias, name);
      expect(await store.resolve(name)).toEqual(spec(name));
      expect(await store.resolve(alias)).toEqual(spec(name));
      expect(await store.resolve(fresh())).toBeNull();
    });

    it("an alias moves from one collection to another in one step", async () => {
      const alias = fresh();
      const second = await make();
      await store.upsert(name, [row("old")]);
      await store.upsert(second, [row("new")]);
      await store.setAlias(alias, name);
      const reader = await handle();
      const seen = async () => ids(await reader.search(alias, { mode: "dense", vector: at(0), limit: 5 }));
      expect(await seen()).toEqual(["old"]);
      await store.setAlias(alias, second);
      expect(await seen()).toEqual(["new"]);
      expect(await store.count(alias)).toBe(1);
    });

    it("rows are written, counted and deleted through an alias", async () => {
      const alias = fresh();
      await store.setAlias(alias, name);
      await store.upsert(alias, [row("a"), row("b")]);
      expect(await store.delete(alias, { field: "id", op: "eq", value: "a" })).toBe(1);
      expect(ids((await store.scan(name, { limit: 10 })).rows)).toEqual(["b"]);
    });

    it("one name is never both a collection and an alias", async () => {
      const alias = fresh();
      const second = await make();
      await store.setAlias(alias, name);
      await expect(store.ensure(spec(alias))).rejects.toEqual(refused);
      await expect(store.setAlias(second, name)).rejects.toEqual(refused);
    });

    it("a dropped collection takes its rows and aliases along", async () => {
      const alias = fresh();
      await store.setAlias(alias, name);
      await store.upsert(name, [row("a")]);
      await store.drop(name);
      expect(await store.resolve(alias)).toBeNull();
      await store.ensure(spec(name));
      expect(await store.count(name)).toBe(0);
      expect(await search({ vector: at(0) })).toEqual([]);
    });

    it("an alias cannot be dropped as if it were the collection", async () => {
      const alias = fresh();
      await store.setAlias(alias, name);
      await expect(store.drop(alias)).rejects.toEqual(refused);
      expect(await store.resolve(name)).toEqual(spec(name));
    });

    it.each<[string, (missing: string) => Promise<unknown>]>([
      ["upsert", (missing) => store.upsert(missing, [row("a")])],
      ["delete", (missing) => store.delete(missing, { field: "id", op: "eq", value: "a" })],
      ["count", (missing) => store.count(missing)],
      ["fetch", (missing) => store.fetch(missing, ["a"])],
      ["search", (missing) => store.search(missing, { mode: "dense", vector: at(0), limit: 1 })],
      ["scan", (missing) => store.scan(missing, { limit: 1 })],
      ["scanVectors", (missing) => store.scanVectors(missing, { limit: 1 })],
      ["drop", (missing) => store.drop(missing)],
      ["setAlias", (missing) => store.setAlias(fresh(), missing)],
    ])("%s on a missing collection is refused", async (_, call) => {
      await expect(call("no_such_collection")).rejects.toEqual(refused);
    });
  });

  section("rows", () => {
    const full = row("full", {
      documentId: "d\u4e2d",
      run: 1_790_000_000_123,
      ordinal: 7,
      text: 'Ünïcode 中文 "quoted" \\ \u0000 end 😀\n',
      vector: at(33),
      quality: 0.123456789,
      qualityFlags: ["boilerplate", "it's"],
      clusterId: 5,
      clusterVersion: 3,
      clusterDistance: 0.25,
      duplicateGroup: "group",
      page: 12,
      heading: "One › Two",
      charStart: 100,
      charEnd: 200,
      modality: "table",
      language: "zh",
      metadata: {
        author: "O'Brien",
        year: 2024,
        ratio: 0.1,
        open: true,
        shut: false,
        tags: ["x", "y"],
        'k"\\.[]': "v",
      },
    });

    it("come back as they were written", async () => {
      await store.upsert(name, [full]);
      const [found] = await store.fetch(name, ["full"]);
      expect(found).toEqual(full);
      expect(found?.vector).toBeInstanceOf(Float32Array);
    });

    it("with parents come back with them, by every way to read; replaced without one, the parent goes", async () => {
      const place = { id: "b", tokens: 900, charStart: 5, charEnd: 4_000 };
      const rows = [
        row("a", { parent: { ...place, text: "" } }),
        row("b", { parent: { ...place, text: 'Kopf | 表头\n"quoted" \u0000 \\ 中文 😀\n' } }),
        row("c"),
      ];
      await store.upsert(name, rows);
      expect(await store.fetch(name, ["a", "b", "c"])).toEqual(rows);
      expect(await store.fetch(name, ["b", "x"], "asSearch")).toEqual([rows[1]]);
      expect((await store.scan(name, { limit: 10 })).rows).toEqual(rows);
      const found = await search({ vector: at(0) });
      expect(found.map(({ score: _, ...each }) => each)).toEqual(rows);
      await store.upsert(name, [row("b")]);
      expect((await store.fetch(name, ["b"]))[0]).not.toHaveProperty("parent");
      expect(await store.delete(name, { field: "id", op: "eq", value: "a" })).toBe(1);
      expect((await store.scan(name, { limit: 10 })).rows).toEqual([row("b"), row("c")]);
    });

    it("come back with their score and nothing else from a search", async () => {
      await store.upsert(name, [full]);
      const [hit] = await search({ vector: at(33) });
      const { score, ...found } = hit!;
      expect(found).toEqual(full);
      expect(score).toBeCloseTo(1, 5);
    });

    it("do not change when the caller's vectors do", async () => {
      const vector = at(10);
      await store.upsert(name, [row("a", { vector })]);
      vector.fill(0);
      const [first] = await store.fetch(name, ["a"]);
      first!.vector.fill(9);
      const [second] = await store.fetch(name, ["a"]);
      expect(second?.vector).toEqual(at(10));
    });

    it("are written from a view into a larger buffer", async () => {
      const batch = new Float32Array(3 * dimension);
      batch.set(at(50), dimension);
      await store.upsert(name, [row("a", { vector: batch.subarray(dimension, 2 * dimension) })]);
      expect((await store.fetch(name, ["a"]))[0]?.vector).toEqual(at(50));
    });

    it("upserted again replace the old ones", async () => {
      await store.upsert(name, [row("a", { text: "apple", vector: at(0) }), row("b", { vector: at(20) })]);
      await store.upsert(name, [row("a", { text: "banana", vector: at(90) })]);
      expect(await store.count(name)).toBe(2);
      expect(ids(await search({ vector: at(0) }))).toEqual(["b", "a"]);
      expect((await store.fetch(name, ["a"]))[0]?.text).toBe("banana");
    });

    it("of equal id in one call: the last wins", async () => {
      await store.upsert(name, [row("a", { ordinal: 1 }), row("b"), row("a", { ordinal: 2 })]);
      expect(await store.count(name)).toBe(2);
      expect((await store.fetch(name, ["a"]))[0]?.ordinal).toBe(2);
    });

    it("are fetched in the order asked for, unknown ids left out", async () => {
      await store.upsert(name, [row("a"), row("b"), row("c")]);
      expect(ids(await store.fetch(name, ["c", "x", "a", "'", "b"]))).toEqual(["c", "a", "b"]);
    });

    it("of another dimension are refused, and none of their call is written", async () => {
      const bad = row("bad", { vector: new Float32Array(dimension + 1) });
      await expect(store.upsert(name, [row("good"), bad])).rejects.toEqual(refused);
      expect(await store.count(name)).toBe(0);
    });

    it.each([Number.NaN, Number.POSITIVE_INFINITY])("with %d in their vector are refused", async (value) => {
      const vector = at(0);
      vector[3] = value;
      await expect(store.upsert(name, [row("a", { vector })])).rejects.toEqual(refused);
      expect(await store.count(name)).toBe(0);
    });

    it("can be many in one call", async () => {
      const rows = Array.from({ length: 700 }, (_, i) =>
        row(`id-${String(i).padStart(4, "0")}`, { ordinal: i }),
      );
      await store.upsert(name, rows);
      expect(await store.count(name)).toBe(700);
      const wanted = rows.toReversed();
      expect(ids(await store.fetch(name, ids(wanted)))).toEqual(ids(wanted));
      expect(await store.delete(name, { field: "ordinal", op: "gte", value: 100 })).toBe(600);
      expect(await store.count(name)).toBe(100);
    });

    it("empty input does nothing, an empty collection gives nothing", async () => {
      await store.upsert(name, []);
      expect(await store.count(name)).toBe(0);
      expect(await store.fetch(name, [])).toEqual([]);
      expect(await store.fetch(name, ["a"])).toEqual([]);
      expect(await search({ vector: at(0) })).toEqual([]);
      expect(await store.scan(name, { limit: 10 })).toEqual({ rows: [] });
      expect(await store.delete(name, { field: "run", op: "gt", value: 0 })).toBe(0);
    });

    it("are seen by other handles as soon as a write returns", async () => {
      const reader = await handle();
      await store.upsert(name, [row("a"), row("b")]);
      expect(await reader.count(name)).toBe(2);
      expect(ids(await reader.search(name, { mode: "dense", vector: at(0), limit: 5 }))).toEqual(["a", "b"]);
      await store.delete(name, { field: "id", op: "eq", value: "a" });
      await store.upsert(name, [row("c")]);
      expect(ids(await reader.fetch(name, ["a", "b", "c"]))).toEqual(["b", "c"]);
      expect(ids(await reader.search(name, { mode: "dense", vector: at(0), limit: 5 }))).toEqual(["b", "c"]);
    });

    it("that replace the newest ones are what other handles' searches see", async () => {
      const reader = await handle();
      const seen = async () => {
        const hits = await reader.search(name, { mode: "dense", vector: at(0), limit: 5 });
        return hits.map(({ id, score }) => `${id} ${score.toFixed(2)}`);
      };
      await store.upsert(name, [row("a", { vector: at(60) })]);
      await store.upsert(name, [row("b", { vector: at(0) })]);
      expect(await seen()).toEqual(["b 1.00", "a 0.50"]);
      await store.delete(name, { field: "id", op: "eq", value: "b" });
      await store.upsert(name, [row("c", { vector: at(90) })]);
      expect(await seen()).toEqual(["a 0.50", "c 0.00"]);
    });

    it("written by several handles at once, same ids and others, are each there once and whole", async () => {
      const writers = await Promise.all([handle(), handle(), handle(), handle()]);
      await Promise.all(
        writers.map(async (writer, w) => {
          for (let round = 0; round < 5; round++) {
            const shared = Array.from({ length: 10 }, (_, i) =>
              row(`shared-${i}`, { text: `writer ${w}`, ordinal: w, vector: at(w) }),
            );
            await writer.upsert(name, [...shared, row(`own-${w}-${round}`)]);
          }
        }),
      );
      const rows = await scanAll();
      expect(rows).toHaveLength(10 + 4 * 5);
      expect(new Set(ids(rows)).size).toBe(rows.length);
      for (const { id, text, ordinal, vector } of rows)
        if (id.startsWith("shared"))
          expect({ text, vector }).toEqual({ text: `writer ${ordinal}`, vector: at(ordinal) });
      expect(await search({ vector: at(0), limit: 100 })).toHaveLength(rows.length);
    });
  });

  section("delete", () => {
    /** What every garbage collection asks: rows of older runs, except those still served. */
    const garbage = (documentId: string, run: number, served: number): Filter => ({
      and: [
        { field: "documentId", op: "eq", value: documentId },
        { field: "run", op: "lt", value: run },
        { field: "run", op: "ne", value: served },
      ],
    });

    it("takes a document's older runs except the served one, and tells how many rows went", async () => {
      const rows = ["d1", "d2"].flatMap((documentId) =>
        [1, 2, 3, 4].flatMap((run) =>
          [0, 1].map((n) => row(`${documentId}-${run}-${n}`, { documentId, run })),
        ),
      );
      await store.upsert(name, rows);
      expect(await store.delete(name, garbage("d1", 4, 2))).toBe(4);
      expect(await store.delete(name, garbage("d1", 4, 2))).toBe(0);
      expect(ids(await scanAll({ field: "documentId", op: "eq", value: "d1" }))).toEqual([
        "d1-2-0",
        "d1-2-1",
        "d1-4-0",
        "d1-4-1",
      ]);
      expect(await store.count(name, { field: "documentId", op: "eq", value: "d2" })).toBe(8);
      expect(ids(await search({ vector: at(0), limit: 100 }))).toHaveLength(12);
    });

    it("of most rows leaves searches exact", async () => {
      const rows = Array.from({ length: 400 }, (_, i) =>
        row(`r${1000 + i}`, { ordinal: i, vector: at(i / 10) }),
      );
      await store.upsert(name, rows);
      expect(ids(await search({ vector: at(0), limit: 2 }))).toEqual(["r1000", "r1001"]);
      await store.delete(name, { field: "ordinal", op: "lt", value: 390 });
      expect(ids(await search({ vector: at(0), limit: 2 }))).toEqual(["r1390", "r1391"]);
      expect(await search({ vector: at(0), limit: 100 })).toHaveLength(10);
    });
  });

  section("dense search", () => {
    it("gives the nearest first with their cosine, at most `limit`", async () => {
      await store.upsert(
        name,
        [0, 30, 60, 90, 180].map((degrees) => row(`at-${degrees}`, { vector: at(degrees) })),
      );
      const hits = await search({ vector: at(20), limit: 4 });
      expect(ids(hits)).toEqual(["at-30", "at-0", "at-60", "at-90"]);
      const cosines = [10, 20, 40, 70].map((degrees) => Math.cos((degrees * Math.PI) / 180));
      for (const [i, hit] of hits.entries()) expect(hit.score).toBeCloseTo(cosines[i]!, 4);
    });

    it("breaks ties by id, at the cut as well", async () => {
      const tied = ["e", "b", "d", "a", "c"].map((id) => row(id, { vector: at(45) }));
      await store.upsert(name, [...tied, row("z", { vector: at(0) })]);
      expect(ids(await search({ vector: at(0), limit: 4 }))).toEqual(["z", "a", "b", "c"]);
    });

    it("gives nothing for a limit of 0 and everything for one beyond the rows", async () => {
      await store.upsert(name, [row("a"), row("b")]);
      expect(await search({ vector: at(0), limit: 0 })).toEqual([]);
      expect(await search({ vector: at(0), limit: 1000 })).toHaveLength(2);
    });

    it("finds the best rows among those that match the filter, however far they are", async () => {
      const near = Array.from({ length: 60 }, (_, i) =>
        row(`near-${i}`, { vector: at(i / 60), key: "near" }),
      );
      await store.upsert(name, [
        ...near,
        row("far-1", { vector: at(150), key: "far" }),
        row("far-2", { vector: at(170), key: "far" }),
      ]);
      expect(ids(await search({ vector: at(0), filter: { field: "key", op: "eq", value: "far" } }))).toEqual([
        "far-1",
        "far-2",
      ]);
    });

    it("finds all rows of a filter, whatever order an index gives them in", async () => {
      const rows = Array.from({ length: 40 }, (_, i) =>
        row(`r${10 + i}`, { documentId: `d${(i * 7) % 4}`, vector: at(2 * i) }),
      );
      await store.upsert(name, rows);
      const filter: Filter = { field: "documentId", op: "in", value: ["d3", "d1", "d0"] };
      const expected = rows.filter(({ documentId }) => documentId !== "d2");
      expect(ids(await search({ vector: at(0), limit: 40, filter }))).toEqual(ids(expected));
    });

    it("without a vector, or with one of another dimension, is refused", async () => {
      await expect(search({})).rejects.toEqual(refused);
      await expect(search({ vector: new Float32Array(3) })).rejects.toEqual(refused);
    });
  });

  section("filters", () => {
    const rows: readonly ChunkRow[] = [
      ...hostile.map((value, i) =>
        row(`hostile-${String(i).padStart(2, "0")}`, {
          key: value,
          heading: `before ${value} after`,
          ordinal: i,
          page: i % 3 === 0 ? null : i,
          quality: i / 100,
          qualityFlags: i % 2 === 0 ? [] : [value, "flag"],
          metadata: { [value || "empty"]: value, kind: "hostile", list: [value, "member"] },
        }),
      ),
      row("typed-1", { metadata: { year: 2024, open: true, tags: ["a", "b"], name: "2024", "year.x": 1 } }),
      row("typed-2", { metadata: { year: 1.5, open: false, tags: [], name: "true" } }),
      row("typed-3", { metadata: { year: "2024", open: "true", tags: "a", name: 2024, big: 2 ** 60 } }),
      row("typed-4", { page: 0, metadata: { year: -0.1, open: 1, tags: '["a"]' } }),
    ];
    const same = async (filter: Filter): Promise<void> => {
      const expected = ids(rows.filter((each) => matches(filter, each))).toSorted();
      expect(ids(await scanAll(filter)), JSON.stringify(filter)).toEqual(expected);
      expect(await store.count(name, filter), JSON.stringify(filter)).toBe(expected.length);
    };
    const expectIds = async (filter: Filter, expected: readonly string[]): Promise<void> => {
      expect(ids(await scanAll(filter))).toEqual(expected);
    };

    beforeEach(async () => {
      await store.upsert(name, rows);
    });

    it("compare values with their own type only", async () => {
      await expectIds({ field: "metadata.year", op: "eq", value: 2024 }, ["typed-1"]);
      await expectIds({ field: "metadata.year", op: "eq", value: "2024" }, ["typed-3"]);
      await expectIds({ field: "metadata.open", op: "eq", value: true }, ["typed-1"]);
      await expectIds({ field: "metadata.open", op: "eq", value: 1 }, ["typed-4"]);
      await expectIds({ field: "metadata.name", op: "in", value: ["2024", 2024] }, ["typed-1", "typed-3"]);
      await expectIds({ field: "metadata.year", op: "gt", value: -1 }, ["typed-1", "typed-2", "typed-4"]);
      await expectIds({ field: "metadata.big", op: "eq", value: 2 ** 60 }, ["typed-3"]);
      await expectIds({ field: "ordinal", op: "eq", value: "1" }, []);
    });

    it("look for members in lists and for parts in strings", async () => {
      await expectIds({ field: "metadata.tags", op: "contains", value: "a" }, [
        "typed-1",
        "typed-3",
        "typed-4",
      ]);
      await expectIds({ field: "metadata.tags", op: "eq", value: '["a","b"]' }, []);
      await expectIds(
        {
          and: [
            { field: "qualityFlags", op: "contains", value: "%" },
            { field: "key", op: "eq", value: "%" },
          ],
        },
        [],
      );
      await expectIds({ field: "qualityFlags", op: "contains", value: "_" }, ["hostile-09"]);
    });

    it("a missing value matches ne, notIn and exists: false only", async () => {
      const typed: Filter = { field: "id", op: "startsWith", value: "typed" };
      const of = (condition: Filter): Filter => ({ and: [typed, condition] });
      await expectIds(of({ field: "metadata.big", op: "ne", value: 1 }), [
        "typed-1",
        "typed-2",
        "typed-3",
        "typed-4",
      ]);
      await expectIds(of({ field: "metadata.big", op: "notIn", value: [1] }), [
        "typed-1",
        "typed-2",
        "typed-3",
        "typed-4",
      ]);
      await expectIds(of({ field: "metadata.big", op: "exists", value: false }), [
        "typed-1",
        "typed-2",
        "typed-4",
      ]);
      await expectIds(of({ field: "metadata.big", op: "exists" }), ["typed-3"]);
      await expectIds(of({ field: "page", op: "exists", value: true }), ["typed-4"]);
      await expectIds(of({ field: "page", op: "lte", value: 0 }), ["typed-4"]);
      await expectIds(of({ not: { field: "page", op: "lte", value: 0 } }), ["typed-1", "typed-2", "typed-3"]);
    });

    it("hostile values find their rows and nothing else", async () => {
      for (const value of hostile) {
        await expectIds({ field: "key", op: "eq", value }, ids(rows.filter((each) => each.key === value)));
        await same({ field: "heading", op: "contains", value });
        await same({ field: "key", op: "startsWith", value });
        await same({ field: "key", op: "gt", value });
        await same({ field: "qualityFlags", op: "contains", value });
        await same({ field: "metadata.list", op: "contains", value });
        await same({ field: `metadata.${value || "empty"}`, op: "eq", value });
        await same({ field: `metadata.${value || "empty"}`, op: "exists" });
      }
      expect(await store.count(name)).toBe(rows.length);
    });

    it("an empty `and` matches all rows, an empty `or` none", async () => {
      expect(await store.count(name, { and: [] })).toBe(rows.length);
      expect(await store.count(name, { or: [] })).toBe(0);
    });

    it("an unknown field is refused", async () => {
      for (const field of ["text", "vector", "row", "toString", "1=1 OR key"])
        await expect(store.count(name, { field, op: "exists" } as FilterCondition as Filter)).rejects.toEqual(
          refused,
        );
    });

    it("any filter matches what the reference matches", async () => {
      const text = fc.oneof(fc.constantFrom(...hostile), fc.string({ unit: "binary", maxLength: 6 }));
      const scalar = fc.oneof(
        text,
        fc.boolean(),
        fc.constantFrom(0, 1, 3, 7, 0.05, 2024, 1.5, 2 ** 60),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
      );
      const metadataField = fc
        .oneof(
          fc.constantFrom("year", "open", "tags", "name", "big", "kind", "list", "year.x", "empty"),
          text,
        )
        .map((key) => `metadata.${key || "empty"}` as const);
      const field = fc.oneof(
        fc.constantFrom(
          "id",
          "key",
          "heading",
          "ordinal",
          "page",
          "quality",
          "qualityFlags",
          "run",
          "documentId" as const,
        ),
        metadataField,
      );
      const condition: fc.Arbitrary<FilterCondition> = fc.oneof(
        fc.record({ field, op: fc.constantFrom("eq" as const, "ne" as const), value: scalar }),
        fc.record({
          field,
          op: fc.constantFrom("gt" as const, "gte" as const, "lt" as const, "lte" as const),
          value: scalar.map((value) => (typeof value === "boolean" ? 5 : value)),
        }),
        fc.record({ field, op: fc.constantFrom("startsWith" as const, "contains" as const), value: text }),
        fc.record({
          field,
          op: fc.constantFrom("in" as const, "notIn" as const),
          value: fc.array(scalar, { minLength: 1, maxLength: 5 }),
        }),
        fc.record({ field, op: fc.constant("exists" as const), value: fc.boolean() }),
      );
      const { filter } = fc.letrec<{ filter: Filter }>((tie) => ({
        filter: fc.oneof(
          { maxDepth: 4, withCrossShrink: true },
          condition,
          fc.record({ and: fc.array(tie("filter"), { minLength: 1, maxLength: 4 }) }),
          fc.record({ or: fc.array(tie("filter"), { minLength: 1, maxLength: 4 }) }),
          fc.record({ not: tie("filter") }),
        ),
      }));
      await fc.assert(fc.asyncProperty(filter, same), { numRuns: capabilities.filterRuns ?? 300 });
    });
  });

  section("scan", () => {
    it("gives each row once, in order of id, by pages", async () => {
      const all = Array.from({ length: 25 }, (_, i) => row(`r${String((i * 7) % 25).padStart(2, "0")}`));
      await store.upsert(name, all);
      const sorted = ids(all).toSorted();
      for (const limit of [1, 7, 25, 26]) expect(ids(await scanAll(undefined, limit))).toEqual(sorted);
      const first = await store.scan(name, { limit: 10 });
      expect(first.rows).toHaveLength(10);
      expect(first.cursor).toBeDefined();
    });

    it("keeps to the filter on every page", async () => {
      await store.upsert(
        name,
        Array.from({ length: 20 }, (_, i) => row(`r${10 + i}`, { ordinal: i % 2 })),
      );
      const odd = await scanAll({ field: "ordinal", op: "eq", value: 1 }, 3);
      expect(ids(odd)).toEqual(Array.from({ length: 10 }, (_, i) => `r${11 + 2 * i}`));
    });

    it("gives rows that stay exactly once while others come and go", async () => {
      const stay = Array.from({ length: 30 }, (_, i) => row(`m${10 + i}`));
      await store.upsert(name, [...stay, row("m10-gone", { ordinal: 99 })]);
      const seen: string[] = [];
      let cursor: string | undefined;
      let turn = 0;
      do {
        const page = await store.scan(name, { limit: 4, ...(cursor && { cursor }) });
        seen.push(...ids(page.rows));
        cursor = page.cursor;
        turn++;
        await store.upsert(name, [
          row(`a${turn}`),
          row(`m${10 + turn}-new`),
          row(`z${turn}`),
          ...stay.slice(0, 5),
        ]);
        await store.delete(name, { field: "ordinal", op: "eq", value: 99 });
      } while (cursor !== undefined && turn < 50);
      expect(seen).toEqual(seen.toSorted());
      expect(new Set(seen).size).toBe(seen.length);
      expect(seen.filter((id) => /^m\d\d$/.test(id))).toEqual(ids(stay));
    });

    it("of vectors gives the same pages without the rest, whatever the filter", async () => {
      const all = Array.from({ length: 23 }, (_, i) =>
        row(`r${10 + i}`, { ordinal: i % 3, key: `key ${i}`, vector: at(10 * i) }),
      );
      await store.upsert(name, all);
      // The last one is not for a server alone to judge everywhere.
      const filters: readonly (Filter | undefined)[] = [
        undefined,
        { field: "ordinal", op: "eq", value: 1 },
        { field: "key", op: "contains", value: "y 1" },
      ];
      for (const filter of filters) {
        for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
          const options = { limit: 5, ...(filter && { filter }), ...(cursor && { cursor }) };
          const whole = await store.scan(name, options);
          expect(await store.scanVectors(name, options)).toEqual({
            ...whole,
            rows: whole.rows.map(({ id, vector }) => ({ id, vector })),
          });
          cursor = whole.cursor;
        }
      }
    });

    it("refuses pages of no rows", async () => {
      await expect(store.scan(name, { limit: 0 })).rejects.toEqual(refused);
      await expect(store.scanVectors(name, { limit: 0 })).rejects.toEqual(refused);
    });
  });

  if (wanted("words") && capabilities.sparse) {
    describe("sparse search", () => {
      const texts: readonly [string, string][] = [
        ["en-1", "The kettle boils water on the stove."],
        ["en-2", "A flock of kites circles above the warm meadow; kites, kites, kites."],
        ["en-3", "Café crème and the ＡＢＣ of Unicode in version 3.14"],
        ["zh-1", "向量数据库可以存储和检索高维向量。"],
        ["zh-2", "研究生命起源的科学家发现了新的证据。"],
        ["zh-3", "南京市长江大桥是中国第一座自行设计的大桥。"],
        ["zh-4", "他在研究生院学习检索技术，主持了一次研讨会。"],
        ["ja-1", "検索エンジンは全文検索を提供します。"],
      ];
      beforeEach(async () => {
        await store.upsert(
          name,
          texts.map(([id, text]) => row(id, { text, language: id.slice(0, 2) })),
        );
      });

      it.each([
        ["a word", "kettle", ["en-1"]],
        ["another case", "KETTLE", ["en-1"]],
        ["accents and full width", "cafe abc", ["en-3"]],
        ["a number", "3.14", ["en-3"]],
        ["a Chinese word of two characters", "检索", ["zh-1", "zh-4"]],
        ["a word that the cut of the sentence splits (研究生|命)", "生命", ["zh-2"]],
        ["a word across an ambiguous cut (市长|江大桥)", "长江", ["zh-3"]],
        ["a compound whose parts stand together", "数据库", ["zh-1"]],
        ["a Japanese word in katakana", "エンジン", ["ja-1"]],
        ["a question around the word", "什么是向量？", ["zh-1"]],
        ["words that no row has", "giraffe 长颈鹿", []],
      ])("finds %s", async (_, query, expected) => {
        expect((await words(query)).toSorted()).toEqual(expected);
      });

      it("ranks rows with more and rarer words first, scores falling and positive", async () => {
        const hits = await search({ mode: "sparse", text: "kites above the kettle" });
        expect(ids(hits).slice(0, 2)).toEqual(["en-2", "en-1"]);
        for (const [i, hit] of hits.entries()) {
          expect(hit.score).toBeGreaterThan(0);
          if (i > 0) expect(hit.score).toBeLessThanOrEqual(hits[i - 1]!.score);
        }
      });

      it("breaks ties by id, at the cut as well, and keeps to the limit", async () => {
        const twins = ["t5", "t2", "t4", "t1", "t3"].map((id) => row(id, { text: "identical twins" }));
        await store.upsert(name, twins);
        expect(await words("twins", { limit: 3 })).toEqual(["t1", "t2", "t3"]);
        expect(await words("twins", { limit: 0 })).toEqual([]);
      });

      it("keeps to the filter", async () => {
        const filter: Filter = { field: "language", op: "ne", value: "zh" };
        expect(await words("检索 検索", { filter })).toEqual(["ja-1"]);
      });

      it("forgets the words of replaced and deleted rows", async () => {
        await store.upsert(name, [row("en-1", { text: "A teapot now" })]);
        expect(await words("kettle")).toEqual([]);
        expect(await words("teapot")).toEqual(["en-1"]);
        await store.delete(name, { field: "id", op: "eq", value: "en-1" });
        expect(await words("teapot")).toEqual([]);
      });

      it("takes hostile questions as words, never as syntax", async () => {
        const questions = [
          ...hostile,
          "AND OR NOT NEAR(",
          '"unbalanced',
          "kettle AND",
          "NEAR(kettle stove, 2)",
          "words : kettle",
          "^kettle",
          "kettle*",
          "- + ( ) { }",
          "kettle ".repeat(2000),
          "'".repeat(500),
        ];
        for (const question of questions) expect(Array.isArray(await words(question))).toBe(true);
        expect(await words("kettle AND stove NOT")).toContain("en-1");
        expect(await words('"kettle"')).toEqual(["en-1"]);
        // A double quote inside of a word: Hebrew abbreviations have one (UAX 29, WB7b).
        await store.upsert(name, [row("he-1", { text: 'הרמטכ"ל של צה"ל' })]);
        expect(await words('צה"ל')).toEqual(["he-1"]);
        expect(await words("-kettle*")).toEqual(["en-1"]);
      });

      it("finds nothing for a question without words, and refuses one without text", async () => {
        expect(await words("")).toEqual([]);
        expect(await words("?!。，")).toEqual([]);
        await expect(search({ mode: "sparse" })).rejects.toEqual(refused);
      });
    });

    describe("hybrid search", () => {
      const query = { mode: "hybrid", text: "kettle", vector: at(0) } as const;

      it("adds 1 / (60 + rank) over both lists", async () => {
        await store.upsert(name, [
          row("both", { text: "kettle kettle", vector: at(30) }),
          row("near", { text: "nothing", vector: at(0) }),
          row("word", { text: "a kettle among many other words", vector: at(60) }),
          row("none", { text: "nothing", vector: at(90) }),
        ]);
        const hits = await search(query);
        expect(ids(hits)).toEqual(["both", "word", "near", "none"]);
        const expected = [1 / 62 + 1 / 61, 1 / 63 + 1 / 62, 1 / 61, 1 / 64];
        for (const [i, hit] of hits.entries()) expect(hit.score).toBeCloseTo(expected[i]!, 6);
      });

      it("breaks ties by id and keeps to limit and filter", async () => {
        await store.upsert(name, [
          row("b", { text: "kettle", vector: at(90) }),
          row("a", { text: "nothing", vector: at(0) }),
          row("c", { text: "kettle kettle", vector: at(0), key: "other" }),
        ]);
        const filter: Filter = { field: "key", op: "eq", value: "folder/file.txt" };
        expect(ids(await search({ ...query, filter }))).toEqual(["b", "a"]);
        expect(ids(await search({ ...query, filter, limit: 1 }))).toEqual(["b"]);
      });

      it("without text or vector is refused", async () => {
        await expect(search({ mode: "hybrid", text: "kettle" })).rejects.toEqual(refused);
        await expect(search({ mode: "hybrid", vector: at(0) })).rejects.toEqual(refused);
      });

      it("of a question without words gives the dense order", async () => {
        await store.upsert(name, [row("a", { vector: at(50) }), row("b", { vector: at(5) })]);
        expect(ids(await search({ ...query, text: "?" }))).toEqual(["b", "a"]);
      });
    });
  } else if (wanted("words")) {
    it.each(["sparse", "hybrid"] as const)("%s search is refused as not available", async (mode) => {
      await expect(search({ mode, text: "kettle", vector: at(0) })).rejects.toMatchObject({
        code: "NOT_AVAILABLE",
      });
    });
  }
};
