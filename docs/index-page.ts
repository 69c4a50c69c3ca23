import { configSchema, indexTypes } from "../lib/config/schema.ts";
import {
  buildParameters,
  type IndexSetting,
  largestAnswer,
  type Parameters,
  refinement,
  searchParameters,
  segmentRows,
} from "../lib/store/milvus/indexes.ts";

const { topK } = configSchema.parse({}).search;
const dimension = 384;
const sizes = [100_000, 10_000_000] as const;
const recalls = [0.9, 0.95, 0.99] as const;

/** `name value`, or `name value·value·value` where the recall changes it. */
const text = (all: readonly Parameters[]): string =>
  Object.keys(all[0] ?? {})
    .map((name) => `${name} ${[...new Set(all.map((parameters) => String(parameters[name])))].join("·")}`)
    .join(", ");

const settingOf = (type: IndexSetting["type"], expectedRows: number, targetRecall: number): IndexSetting => ({
  type,
  metric: "COSINE",
  dimension,
  expectedRows,
  targetRecall,
  build: {},
  search: {},
});

const cells = (type: IndexSetting["type"], expectedRows: number): string => {
  const settings = recalls.map((recall) => settingOf(type, expectedRows, recall));
  const again = [...new Set(settings.map(refinement))].map((times) => (times === 1 ? "–" : `${times} ×`));
  const build = text(settings.map(buildParameters));
  const search = text(settings.map((setting) => searchParameters(setting, topK)));
  return `${build || "–"} | ${search || "–"} | ${again.join("·")}`;
};

const rowsOf = (type: IndexSetting["type"]): string[] => {
  const [few = "", many = ""] = sizes.map((size) => cells(type, size));
  if (few === many) return [`| ${type} | any | ${few} |`];
  return [`| ${type} | 100,000 | ${few} |`, `| | a full segment | ${many} |`];
};

/** Every index with the parameters that the driver derives for it. */
export const indexPage = (): string => `# Parameters of Milvus's indexes

Generated from \`lib/store/milvus/indexes.ts\` by \`npm run docs\`: what is derived from \`store.index.expectedRows\`,
\`store.index.targetRecall\` and the dimension (${dimension} here), for answers of ${topK}. Values for a target recall of
${recalls.join("·")} stand side by side; one value holds for all. \`store.index.build\` and \`store.index.search\` override any
of them by name. "Again" is how many times as many rows are asked for, to be put in order by their exact scores.

What counts are the rows of a segment, since each has an index of its own; Milvus keeps at most 1 GiB in one, here
${segmentRows({ expectedRows: sizes[1], dimension }).toLocaleString("en")} rows. Beyond those the parameters stay as they are.

| index | rows | build | search | again |
|---|---|---|---|---|
${indexTypes.flatMap(rowsOf).join("\n")}

Most rows of one answer: ${largestAnswer("HNSW").toLocaleString("en")}, and ${largestAnswer("GPU_CAGRA").toLocaleString("en")} with a GPU index; a list of candidates
(\`ef\`, \`search_list\`, \`itopk_size\`) is raised to the answer's size where it is shorter.
`;
