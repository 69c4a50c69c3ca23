import { type Command, InvalidArgumentError, Option } from "commander";
import { hasParents } from "../../lib/chunk/rules.ts";
import { indexTypes } from "../../lib/config/schema.ts";
import { readIdentity } from "../../lib/embed/create.ts";
import type { IndexType } from "../../lib/store/milvus/capabilities.ts";
import { type SizeRequest, sizeOf } from "../../lib/store/milvus/size.ts";
import { environmentOf, type StageOptions, withStageOptions } from "../milvus.ts";
import { inUnits, sizeTable } from "../size-table.ts";
import { wholeNumber } from "./options.ts";

type Options = StageOptions & {
  readonly rows?: number;
  readonly dimension?: number;
  readonly index?: IndexType;
  readonly replicas?: number;
  readonly textBytes: number;
  readonly parents?: boolean;
  readonly mmap?: boolean;
  readonly nodeMemory: number;
  readonly gpuMemory: number;
  readonly table?: boolean;
  readonly json?: boolean;
};

/** A number of GiB. */
const gibibytes = (text: string): number => {
  const value = Number(text);
  if (!(value >= 2 && value <= 4_096))
    throw new InvalidArgumentError("must be a number of GiB from 2 to 4096.");
  return value;
};

/** What is not asked for comes from the parameters of the stage. */
const requestOf = async (options: Options): Promise<SizeRequest> => {
  const environment = environmentOf(options);
  const { index, metric, replicas } = environment.config.store;
  const type = options.index ?? index.type;
  return {
    rows: options.rows ?? index.expectedRows,
    dimension: options.dimension ?? (await readIdentity(environment)).dimension,
    index: type,
    metric,
    build: type === index.type ? index.build : {},
    targetRecall: index.targetRecall,
    replicas: options.replicas ?? replicas,
    textBytes: options.textBytes,
    parents: options.parents ?? hasParents(environment.config.chunking),
    mmap: options.mmap ?? false,
    nodeBytes: options.nodeMemory * 2 ** 30,
    gpuBytes: options.gpuMemory * 2 ** 30,
  };
};

const size = async (options: Options): Promise<void> => {
  const request = await requestOf(options);
  if (options.table) return console.log(sizeTable(request));
  const computed = sizeOf(request);
  if (options.json) return console.log(JSON.stringify({ request, size: computed }, null, 2));
  const { rows, dimension, index, replicas } = request;
  const lines: readonly (readonly [string, string])[] = [
    ["vectors", inUnits(computed.rawVectors)],
    ["index of the vectors", inUnits(computed.vectorIndex)],
    ["text and fields", inUnits(computed.fields)],
    ["memory of a replica", inUnits(computed.memory)],
    ...(computed.gpuMemory > 0 ? [["GPU memory of a replica", inUnits(computed.gpuMemory)] as const] : []),
    ...(computed.localDisk > 0 ? [["local disk of a replica", inUnits(computed.localDisk)] as const] : []),
    ["object storage", inUnits(computed.objectStorage)],
    [
      "query nodes",
      `${computed.nodes} of ${options.nodeMemory} GiB (${replicas} ${replicas === 1 ? "replica" : "replicas"} of ${computed.nodesPerReplica})`,
    ],
  ];
  console.log(`${rows.toLocaleString("en")} chunks × ${dimension} numbers, ${index}`);
  for (const [name, value] of lines) console.log(`  ${name.padEnd(24)} ${value}`);
};

/** kettle size */
export const sizeVerb = (program: Command): void => {
  withStageOptions(program.command("size"))
    .description(
      "estimate memory, disk and query nodes of a collection; what is not given comes from kettle.yml",
    )
    .option("--rows <n>", "chunks", wholeNumber(1, 1e12))
    .option("--dimension <n>", "numbers of a vector (default: the model's)", wholeNumber(1, 32_768))
    .addOption(new Option("--index <type>", "index of the vectors").choices(indexTypes))
    .option("--replicas <n>", "in-memory replicas", wholeNumber(1, 16))
    .option("--text-bytes <n>", "mean length of a chunk's text", wholeNumber(0, 65_535), 1_000)
    .option("--parents", "chunks have parents (default: where chunking.parent asks for them)")
    .option("--mmap", "files are mapped instead of read into memory")
    .option("--node-memory <GiB>", "memory of a query node", gibibytes, 32)
    .option("--gpu-memory <GiB>", "memory of a node's GPU", gibibytes, 24)
    .option("--table", "a Markdown table of indexes and numbers of rows")
    .option("--json", "answer as JSON")
    .action(size);
};
