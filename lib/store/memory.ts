import type { ChunkRow } from "../chunk-row.ts";
import {
  aliasDropped,
  aliasTaken,
  checkLimit,
  checkName,
  checkRows,
  checkSameSpec,
  checkSearch,
  collectionTaken,
  missingCollection,
} from "./collections.ts";
import type { Filter } from "./filter.ts";
import { byScore, fuse, fusionDepth, type Ranked } from "./fusion.ts";
import { compareText, compileMatch } from "./match.ts";
import type { CollectionSpec, ScanOptions, ScanPage, SearchRequest, VectorStore } from "./store.ts";
import { wordsOfQuery, wordsOfText } from "./words.ts";

type Collection = { readonly spec: CollectionSpec; readonly rows: Map<string, ChunkRow> };

const copy = <Row extends ChunkRow>(row: Row): Row => ({ ...row, vector: row.vector.slice() });

const matching = (collection: Collection, filter: Filter | undefined): ChunkRow[] => {
  const rows = [...collection.rows.values()];
  return filter ? rows.filter(compileMatch(filter)) : rows;
};

const cosine = (a: Float32Array, b: Float32Array): number => {
  let dot = 0;
  let aa = 0;
  let bb = 0;
  for (const [i, x] of a.entries()) {
    const y = b[i] ?? 0;
    dot += x * y;
    aa += x * x;
    bb += y * y;
  }
  return aa === 0 || bb === 0 ? 0 : dot / Math.sqrt(aa * bb);
};

const denseList = (rows: readonly ChunkRow[], query: Float32Array): Ranked[] =>
  rows.map(({ id, vector }) => ({ id, score: cosine(vector, query) })).sort(byScore);

/** BM25 with k1 = 1.2, b = 0.75 (Robertson & Zaragoza 2009), counted anew for each search. */
const sparseList = (rows: readonly ChunkRow[], text: string): Ranked[] => {
  const documents = rows.map((row) => ({ id: row.id, words: wordsOfText(row.text) }));
  const meanLength = documents.reduce((sum, { words }) => sum + words.length, 0) / documents.length;
  const scores = new Map<string, number>();
  for (const word of wordsOfQuery(text)) {
    const hits = documents
      .map(({ id, words }) => ({ id, length: words.length, count: words.filter((w) => w === word).length }))
      .filter(({ count }) => count > 0);
    const idf = Math.log(1 + (documents.length - hits.length + 0.5) / (hits.length + 0.5));
    for (const { id, length, count } of hits) {
      const gain = (idf * count * 2.2) / (count + 1.2 * (0.25 + (0.75 * length) / meanLength));
      scores.set(id, (scores.get(id) ?? 0) + gain);
    }
  }
  return [...scores].map(([id, score]) => ({ id, score })).sort(byScore);
};

const rank = (rows: readonly ChunkRow[], request: SearchRequest, spec: CollectionSpec): readonly Ranked[] => {
  const { vector, text } = checkSearch(request, spec);
  const dense = vector && denseList(rows, vector);
  const sparse = text !== null && sparseList(rows, text);
  if (!dense || !sparse) return dense || sparse || [];
  const depth = fusionDepth(request.limit);
  return fuse([dense.slice(0, depth), sparse.slice(0, depth)], request.limit);
};

/** What handles of one memory store share. */
export type MemoryData = {
  readonly collections: Map<string, Collection>;
  readonly aliases: Map<string, string>;
};
export const memoryData = (): MemoryData => ({ collections: new Map(), aliases: new Map() });

const find = (data: MemoryData, name: string): Collection | undefined =>
  data.collections.get(data.aliases.get(name) ?? name);

const open = (data: MemoryData, name: string): Collection => {
  const collection = find(data, name);
  if (!collection) throw missingCollection(name);
  return collection;
};

/** A page of the rows that match, in order of id. */
const pageOf = <Row>(
  collection: Collection,
  { filter, cursor, limit }: ScanOptions,
  read: (row: ChunkRow) => Row,
): ScanPage<Row> => {
  checkLimit(limit, 1);
  const rows = matching(collection, filter)
    .filter(({ id }) => cursor === undefined || compareText(id, cursor) > 0)
    .sort((a, b) => compareText(a.id, b.id));
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { rows: page.map(read), ...(rows.length > limit && last && { cursor: last.id }) };
};

type Catalogue = Pick<VectorStore, "ensure" | "collections" | "drop" | "setAlias" | "resolve">;

const catalogue = (data: MemoryData): Catalogue => ({
  async ensure(spec) {
    checkName(spec.name);
    if (data.aliases.has(spec.name)) throw aliasTaken(spec.name);
    const existing = data.collections.get(spec.name);
    if (existing) checkSameSpec(existing.spec, spec);
    else data.collections.set(spec.name, { spec: { ...spec }, rows: new Map() });
  },
  async collections() {
    return [...data.collections.values()].map(({ spec }) => spec).sort((a, b) => compareText(a.name, b.name));
  },
  async drop(name) {
    open(data, name);
    if (data.aliases.has(name)) throw aliasDropped(name);
    data.collections.delete(name);
    for (const [alias, target] of data.aliases) if (target === name) data.aliases.delete(alias);
  },
  async setAlias(alias, name) {
    checkName(alias);
    const { spec } = open(data, name);
    if (data.collections.has(alias)) throw collectionTaken(alias);
    data.aliases.set(alias, spec.name);
  },
  async resolve(name) {
    return find(data, name)?.spec ?? null;
  },
});

/** A vector store in this process's memory: for tests and experiments, gone when the process is. */
export const memoryStore = (data: MemoryData = memoryData()): VectorStore => ({
  ...catalogue(data),
  async upsert(name, rows) {
    const collection = open(data, name);
    for (const row of checkRows(rows, collection.spec)) collection.rows.set(row.id, copy(row));
  },
  async delete(name, filter) {
    const collection = open(data, name);
    const rows = matching(collection, filter);
    for (const { id } of rows) collection.rows.delete(id);
    return rows.length;
  },
  async count(name, filter) {
    const collection = open(data, name);
    return filter ? matching(collection, filter).length : collection.rows.size;
  },
  async fetch(name, ids) {
    const { rows } = open(data, name);
    return ids.flatMap((id) => rows.get(id) ?? []).map(copy);
  },
  async search(name, request) {
    const collection = open(data, name);
    checkLimit(request.limit, 0);
    return rank(matching(collection, request.filter), request, collection.spec)
      .slice(0, request.limit)
      .flatMap(({ id, score }) => {
        const row = collection.rows.get(id);
        return row ? [{ ...copy(row), score }] : [];
      });
  },
  async scan(name, options) {
    return pageOf(open(data, name), options, copy);
  },
  async scanVectors(name, options) {
    return pageOf(open(data, name), options, ({ id, vector }) => ({ id, vector: vector.slice() }));
  },
  async close() {},
});
