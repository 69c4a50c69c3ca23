import { AppError } from "../../errors.ts";
import type { IndexType, Metric } from "./capabilities.ts";

export type Parameters = Readonly<Record<string, number | string | boolean>>;

/** What the index is to be good for. */
export type IndexSetting = {
  readonly type: IndexType;
  readonly metric: Metric;
  readonly dimension: number;
  /** Rows that the collection will have. */
  readonly expectedRows: number;
  /** Share of the true nearest rows that a search should find, 0.5–0.999. */
  readonly targetRecall: number;
  /** Override what is derived. */
  readonly build: Parameters;
  readonly search: Parameters;
};

const clamp = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value));
const powerOfTwo = (value: number): number => 2 ** Math.round(Math.log2(value));

/** A segment is 1 GiB at most (`dataCoord.segment.maxSize`), and each has an index of its own. */
const segmentBytes = 2 ** 30;
/** Text, words and fields of a row, besides its vector. */
const otherBytes = 2_048;

/** Rows of one index. */
export const segmentRows = ({
  expectedRows,
  dimension,
}: Pick<IndexSetting, "expectedRows" | "dimension">): number =>
  Math.max(1, Math.min(expectedRows, Math.floor(segmentBytes / (4 * dimension + otherBytes))));

/** Lists of an inverted file: 4 · √n, as Faiss and Milvus advise. */
const lists = (setting: IndexSetting): number =>
  clamp(powerOfTwo(4 * Math.sqrt(segmentRows(setting))), 16, 65_536);

/** Largest divisor of the dimension that leaves each part at least `part` numbers. */
const subvectors = (dimension: number, part: number): number => {
  for (let m = Math.max(1, Math.floor(dimension / part)); m > 1; m--) if (dimension % m === 0) return m;
  return 1;
};

/** Points `[recall, value]` between which a parameter is interpolated. */
type Curve = readonly (readonly [number, number])[];
const along = (curve: Curve, recall: number): number => {
  let [lowRecall, low] = curve[0] ?? [0, 0];
  for (const [highRecall, high] of curve) {
    if (recall <= highRecall)
      return highRecall === lowRecall
        ? high
        : low * (high / low) ** ((recall - lowRecall) / (highRecall - lowRecall));
    [lowRecall, low] = [highRecall, high];
  }
  return low;
};

/** Rows that the curves below were measured at: docs/milvus.md. */
const measuredRows = 20_000;

/** Share of the lists that is read. */
const probeShare: Curve = [
  [0.8, 0.02],
  [0.9, 0.045],
  [0.95, 0.085],
  [0.98, 0.15],
  [0.99, 0.23],
  [0.999, 0.45],
];
/** Candidates of a graph search; half as many again as were needed. */
const graphCandidates: Curve = [
  [0.8, 12],
  [0.9, 24],
  [0.95, 36],
  [0.98, 72],
  [0.99, 110],
  [0.999, 320],
];

const graphDegree = (recall: number): number => (recall <= 0.9 ? 16 : recall <= 0.98 ? 24 : 32);

type Family = {
  readonly build: (setting: IndexSetting) => Parameters;
  readonly search: (setting: IndexSetting, limit: number) => Parameters;
};

/** More and smaller lists in more rows: the same recall needs a smaller share of them. */
const probes = (setting: IndexSetting): number => {
  const nlist = Number(setting.build.nlist ?? lists(setting));
  const share = along(probeShare, setting.targetRecall) * (measuredRows / segmentRows(setting)) ** 0.4;
  return clamp(Math.ceil(nlist * share), 1, nlist);
};

/** Graphs need more candidates as rows grow, and never fewer than the answer has. */
const candidates = (setting: IndexSetting, limit: number): number => {
  const growth = (Math.log(Math.max(1_000, segmentRows(setting))) / Math.log(measuredRows)) ** 2;
  return clamp(Math.max(limit, Math.ceil(along(graphCandidates, setting.targetRecall) * growth)), 1, 32_768);
};

const none = (): Parameters => ({});
const inverted: Family = {
  build: (setting) => ({ nlist: lists(setting) }),
  search: (setting) => ({ nprobe: probes(setting) }),
};
const graph: Family = {
  build: ({ targetRecall }) => ({
    M: graphDegree(targetRecall),
    efConstruction: targetRecall <= 0.95 ? 200 : 360,
  }),
  search: (setting, limit) => ({ ef: candidates(setting, limit) }),
};

const productQuantized = (setting: IndexSetting): Parameters => ({
  nlist: lists(setting),
  m: subvectors(setting.dimension, 4),
  nbits: 8,
});

/** `itopk_size` of CAGRA: a power of two that holds the answer. */
const cagraList = (setting: IndexSetting, limit: number): number =>
  clamp(2 ** Math.ceil(Math.log2(candidates(setting, limit))), 32, 1_024);

const families: Readonly<Record<IndexType, Family>> = {
  AUTOINDEX: { build: none, search: none },
  FLAT: { build: none, search: none },
  IVF_FLAT: inverted,
  IVF_SQ8: inverted,
  IVF_PQ: { build: productQuantized, search: inverted.search },
  HNSW: graph,
  // One byte a number keeps the order well enough that a second look at twice as many restores it.
  HNSW_SQ: {
    build: (setting) => ({ ...graph.build(setting), sq_type: "SQ8", refine: true, refine_type: "FP16" }),
    search: (setting, limit) => ({ ...graph.search(setting, limit), refine_k: 2 }),
  },
  DISKANN: {
    build: none,
    search: (setting, limit) => ({ search_list: Math.max(16, candidates(setting, limit)) }),
  },
  SCANN: {
    build: (setting) => ({ nlist: lists(setting), with_raw_data: true }),
    search: (setting, limit) => ({ nprobe: probes(setting), reorder_k: Math.max(limit * 4, 100) }),
  },
  GPU_BRUTE_FORCE: { build: none, search: none },
  GPU_IVF_FLAT: {
    build: (setting) => ({ nlist: lists(setting), cache_dataset_on_device: "true" }),
    search: inverted.search,
  },
  GPU_IVF_PQ: {
    build: (setting) => ({ ...productQuantized(setting), cache_dataset_on_device: "true" }),
    search: inverted.search,
  },
  GPU_CAGRA: {
    build: ({ targetRecall }) => ({
      intermediate_graph_degree: targetRecall <= 0.95 ? 64 : 128,
      graph_degree: targetRecall <= 0.95 ? 32 : 64,
      build_algo: "NN_DESCENT",
      cache_dataset_on_device: "true",
    }),
    search: (setting, limit) => ({ itopk_size: cagraList(setting, limit) }),
  },
};

/**
 * Times as many rows to ask for, so that the exact scores of their vectors choose among them: what is compressed to
 * parts of a byte a number has the right rows, in a poor order.
 */
export const refinement = ({ type, targetRecall }: IndexSetting): number => {
  if (type === "IVF_PQ" || type === "GPU_IVF_PQ") return targetRecall <= 0.85 ? 4 : 8;
  return type === "IVF_SQ8" && targetRecall > 0.98 ? 2 : 1;
};

export const isGpu = (type: IndexType): boolean => type.startsWith("GPU_");

/** Unit vectors rank alike by cosine and inner product, and GPU indexes are surest of the latter. */
export const serverMetric = ({ type, metric }: Pick<IndexSetting, "type" | "metric">): Metric =>
  isGpu(type) && metric === "COSINE" ? "IP" : metric;

/** Build parameters: derived from rows, dimension and recall, then what the caller sets. */
export const buildParameters = (setting: IndexSetting): Parameters => ({
  ...families[setting.type].build(setting),
  ...setting.build,
});

/** `adapt_for_cpu`: CAGRA built on a GPU and searched on a CPU, as a graph with `ef`. */
const adapted = ({ type, build }: IndexSetting): boolean =>
  type === "GPU_CAGRA" && String(build.adapt_for_cpu) === "true";

/**
 * Search parameters for an answer of `limit` rows.
 * @throws AppError `STORE_REFUSED` for what the index cannot give
 */
export const searchParameters = (setting: IndexSetting, limit: number): Parameters => {
  checkLimitOf(setting, limit);
  const derived = adapted(setting)
    ? graph.search(setting, limit)
    : families[setting.type].search(setting, limit);
  const parameters = { ...derived, ...setting.search };
  // Too small a list is an error of the server's; an override is for small answers, too.
  for (const name of ["ef", "search_list", "itopk_size"])
    if (Number(parameters[name]) < limit) parameters[name] = limit;
  return parameters;
};

/** Most rows of one answer: `quotaAndLimits.limits.topK`, and less on a GPU. */
export const largestAnswer = (type: IndexType): number => (isGpu(type) ? 1_024 : 16_384);

/** @throws AppError `STORE_REFUSED` */
export const checkLimitOf = ({ type }: Pick<IndexSetting, "type">, limit: number): void => {
  const most = largestAnswer(type);
  if (limit <= most) return;
  throw new AppError(
    "STORE_REFUSED",
    `${limit} rows are more than a search of a collection with index ${type} gives (${most}): ask for fewer candidates` +
      (isGpu(type) ? ", or choose an index without GPU_" : ""),
  );
};

/** What the parameters get wrong about each other, as `{path, message}`: said when kettle.yml is read. */
export const indexProblems = (
  { type, build, search }: Pick<IndexSetting, "type" | "build" | "search">,
  answer: { readonly topK: number; readonly candidates: number | null },
): readonly { readonly path: string; readonly message: string }[] => {
  const problems: { path: string; message: string }[] = [];
  const add = (path: string, message: string) => problems.push({ path, message });
  const { graph_degree: degree, intermediate_graph_degree: before } = build;
  if (degree !== undefined && before !== undefined && Number(before) < Number(degree))
    add("store.index.build.intermediate_graph_degree", `must not be below graph_degree (${degree})`);
  if (Number(search.itopk_size) > 1_024)
    add("store.index.search.itopk_size", "a GPU keeps at most 1,024 candidates");
  for (const path of ["topK", "candidates"] as const)
    if (isGpu(type) && (answer[path] ?? 0) > largestAnswer(type))
      add(`search.${path}`, `${type} gives at most ${largestAnswer(type)} rows`);
  return problems;
};
