import type { IndexType, Metric } from "./capabilities.ts";
import { buildParameters, isGpu, type Parameters } from "./indexes.ts";

/** What a collection is to hold, and on what. Bytes throughout. */
export type SizeRequest = {
  readonly rows: number;
  readonly dimension: number;
  readonly index: IndexType;
  readonly metric?: Metric;
  /** Override what is derived, as `store.index.build`. */
  readonly build?: Parameters;
  readonly targetRecall?: number;
  /** In-memory replicas. */
  readonly replicas: number;
  /** Mean UTF-8 bytes of a chunk's text. */
  readonly textBytes: number;
  /** Chunks have parents, whose texts are stored beside them. */
  readonly parents?: boolean;
  /** Files are mapped instead of read into memory. */
  readonly mmap: boolean;
  /** Memory of a query node, and of a GPU. */
  readonly nodeBytes: number;
  readonly gpuBytes: number;
};

export type Size = {
  /** The vectors alone, four bytes a number. */
  readonly rawVectors: number;
  /** The index of the vectors where it is searched: memory, or the GPU's memory. */
  readonly vectorIndex: number;
  /** Text, words, BM25 and fields. */
  readonly fields: number;
  /** Main memory of one replica, with what loading and growing segments take on top. */
  readonly memory: number;
  readonly gpuMemory: number;
  /** Local disk of one replica's nodes: DISKANN and mapped files. */
  readonly localDisk: number;
  /** Object storage, which replicas share. */
  readonly objectStorage: number;
  /** Query nodes of one replica, and of all. */
  readonly nodesPerReplica: number;
  readonly nodes: number;
};

/** What open-source Milvus makes of AUTOINDEX (`autoIndex.params.build`): HNSW with M 18. */
const autoDegree = 18;
/** `DiskIndex` of milvus.yaml: codes and cache as shares of the vectors; degree of the graph; sector of the disk. */
const disk = { codes: 0.125, cache: 0.1, degree: 56, sector: 4_096 } as const;
/** Ids, hashes, numbers, key, flags and short metadata of a row, counted from the schema. */
const fixedFieldBytes = 400;
/** Words are the text cut for BM25, about as long; each distinct one is 8 bytes in the sparse vector, of some 8 bytes a word. */
const wordsShare = 2;
/** Parents' texts hold those of their chunks once more; each row names its parent and where it lies. */
const parentShare = 1;
const parentFieldBytes = 56;
/** Growing segments, deletions, and both copies of a segment while it is swapped. */
const overhead = 1.2;
/** Above this share of a node's memory Milvus refuses to load (`queryNode.overloadedMemoryThresholdPercentage` 90) or swaps. */
const usableShare = 0.75;
/** The process itself. */
const nodeBaseBytes = 2 ** 30;
/** Of mapped files, what searches keep touching stays in the page cache. An assumption: measure with your own questions. */
const residentShare = 0.25;

/** Links of an hnswlib graph: 2 M on the ground, M on each of the floors that a 1/(M−1) of the rows reach; a label. */
const graphBytes = (degree: number): number =>
  4 * (2 * degree + 1) + (4 * (degree + 1)) / Math.max(1, degree - 1) + 8;

type Parts = Pick<SizeRequest, "rows" | "dimension"> & { readonly parameters: Parameters };

const raw = ({ rows, dimension }: Parts): number => 4 * rows * dimension;
/** Centroids of an inverted file, and the id of each row in its list. */
const listsBytes = ({ rows, dimension, parameters }: Parts): number =>
  4 * dimension * Number(parameters.nlist ?? 0) + 8 * rows;
const codesBytes = ({ rows, dimension, parameters }: Parts): number =>
  (rows * Number(parameters.m ?? dimension) * Number(parameters.nbits ?? 8)) / 8;

/** Bytes of an index, from the layout of its rows; sources in docs/scale.md. */
const indexBytes: Readonly<Record<IndexType, (parts: Parts) => number>> = {
  AUTOINDEX: (parts) => raw(parts) + parts.rows * graphBytes(autoDegree),
  FLAT: raw,
  IVF_FLAT: (parts) => raw(parts) + listsBytes(parts),
  IVF_SQ8: (parts) => raw(parts) / 4 + listsBytes(parts),
  IVF_PQ: (parts) => codesBytes(parts) + listsBytes(parts),
  HNSW: (parts) => raw(parts) + parts.rows * graphBytes(Number(parts.parameters.M)),
  // A byte a number, and half precision beside it for the second look.
  HNSW_SQ: (parts) => raw(parts) * (1 / 4 + 1 / 2) + parts.rows * graphBytes(Number(parts.parameters.M)),
  DISKANN: (parts) => raw(parts) * (disk.codes + disk.cache),
  // Four bits for each pair of numbers, beside the vectors.
  SCANN: (parts) => raw(parts) + raw(parts) / 16 + listsBytes(parts),
  GPU_BRUTE_FORCE: raw,
  GPU_IVF_FLAT: (parts) => raw(parts) + listsBytes(parts),
  GPU_IVF_PQ: (parts) => codesBytes(parts) + listsBytes(parts),
  GPU_CAGRA: (parts) => raw(parts) + 4 * parts.rows * Number(parts.parameters.graph_degree),
};

/** Rows with their links, as many to a sector as fit, or sectors to a row. */
const diskAnnBytes = ({ rows, dimension }: Parts): number => {
  const node = 4 * dimension + 4 * (disk.degree + 1);
  const perSector = Math.floor(disk.sector / node);
  return perSector > 0
    ? Math.ceil(rows / perSector) * disk.sector
    : rows * Math.ceil(node / disk.sector) * disk.sector;
};

/** CAGRA that was built to be searched on a CPU lies in main memory. */
const onGpu = ({ index, build }: SizeRequest): boolean =>
  isGpu(index) && String(build?.adapt_for_cpu) !== "true";

const fieldBytes = ({ textBytes, parents = false }: SizeRequest): number =>
  textBytes * (1 + wordsShare) + fixedFieldBytes + (parents ? textBytes * parentShare + parentFieldBytes : 0);

const ceilDivide = (value: number, by: number): number => Math.max(1, Math.ceil(value / by));

/**
 * Memory, disk and nodes for a collection: an estimate from the layout of indexes and rows, for ordering machines.
 * Replicas do not share nodes.
 */
export const sizeOf = (request: SizeRequest): Size => {
  const { rows, dimension, index, replicas, mmap } = request;
  const parameters = buildParameters({
    type: index,
    metric: request.metric ?? "COSINE",
    dimension,
    expectedRows: rows,
    targetRecall: request.targetRecall ?? 0.95,
    build: request.build ?? {},
    search: {},
  });
  const parts = { rows, dimension, parameters };
  const vectorIndex = indexBytes[index](parts);
  const fields = rows * fieldBytes(request);
  const gpu = onGpu(request);
  const inMain = (gpu ? 0 : vectorIndex) + fields;
  const isMapped = mmap && index !== "DISKANN";
  // DISKANN keeps its codes in memory whatever is mapped; the fields can be mapped beside it.
  const mapped = mmap ? (isMapped ? inMain : fields) : 0;
  const memory = overhead * (inMain - mapped + residentShare * mapped);
  const gpuMemory = gpu ? vectorIndex * overhead : 0;
  const nodesPerReplica = Math.max(
    ceilDivide(memory, request.nodeBytes * usableShare - nodeBaseBytes),
    gpu ? ceilDivide(gpuMemory, request.gpuBytes * usableShare) : 1,
  );
  return {
    rawVectors: raw(parts),
    vectorIndex,
    fields,
    memory,
    gpuMemory,
    localDisk: mapped + (index === "DISKANN" ? diskAnnBytes(parts) : 0),
    objectStorage: raw(parts) + (index === "DISKANN" ? diskAnnBytes(parts) : vectorIndex) + fields,
    nodesPerReplica,
    nodes: nodesPerReplica * replicas,
  };
};
