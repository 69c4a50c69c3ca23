import type { IndexType } from "../lib/store/milvus/capabilities.ts";
import { type SizeRequest, sizeOf } from "../lib/store/milvus/size.ts";

const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;

/** Three digits are more than an estimate is worth already. */
export const inUnits = (bytes: number): string => {
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${value >= 100 || power === 0 ? Math.round(value) : value.toFixed(value >= 10 ? 0 : 1)} ${units[power]}`;
};

const tabled: readonly IndexType[] = [
  "FLAT",
  "IVF_SQ8",
  "IVF_PQ",
  "HNSW",
  "HNSW_SQ",
  "SCANN",
  "DISKANN",
  "GPU_CAGRA",
];
const rowCounts = [100_000, 1_000_000, 10_000_000, 100_000_000] as const;

const cell = (request: SizeRequest): string => {
  const { memory, gpuMemory, localDisk, nodesPerReplica } = sizeOf(request);
  const gpu = gpuMemory > 0 ? ` + ${inUnits(gpuMemory)} GPU` : "";
  const disk = localDisk > 0 ? ` + ${inUnits(localDisk)} disk` : "";
  return `${inUnits(memory)}${gpu}${disk}, ${nodesPerReplica}`;
};

/** A Markdown table for one dimension: indexes by rows, each cell memory and query nodes of one replica. */
export const sizeTable = (basis: Omit<SizeRequest, "rows" | "index">): string => {
  const head = ["index", ...rowCounts.map((rows) => `${rows.toLocaleString("en")} rows`)];
  const lines = tabled.map((index) => [index, ...rowCounts.map((rows) => cell({ ...basis, rows, index }))]);
  return [head, head.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
};
