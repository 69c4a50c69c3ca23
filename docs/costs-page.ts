import { type Config, configSchema } from "../lib/config/schema.ts";
import {
  type CostRow,
  ingestCosts,
  listPrices,
  measured,
  provisionedCosts,
  searchCosts,
  totalOf,
  usualWorkload,
} from "../packaging/costs.ts";

const configOf = (functions: object): Config => ({ ...configSchema.parse({ functions }), stage: "docs" });

const dollars = (value: number): string => `$${value < 1 ? value.toPrecision(2) : value.toFixed(2)}`;

const table = (rows: readonly CostRow[]): string =>
  [
    "| part | formula | US dollars |",
    "|---|---|---|",
    ...rows.map(({ what, formula, dollars: value }) => `| ${what} | ${formula} | ${dollars(value)} |`),
    `| **sum** | | **${dollars(totalOf(rows))}** |`,
  ].join("\n");

/** docs/costs.md: what the functions cost, by the formulas of packaging/costs.ts. */
export const costsPage = (): string => {
  const config = configOf({});
  const { documents, chunksPerDocument, tokensPerChunk, searches, questionTokens } = usualWorkload;
  return `# Costs

Generated from \`packaging/costs.ts\` by \`npm run docs\`. An estimate: the functions, queues, API and logs, by list prices of
${listPrices.region}
(${listPrices.source}),
${config.aws.architecture}, without free tiers. \`npx kettle cost --stage S\` computes the same for
your parameters, with your own numbers of documents and searches, and your own prices from a file.

Not in it: Milvus and its nodes ([scale.md](scale.md), \`kettle size\`), the documents themselves in S3, data transfer, NAT.

## ${documents.toLocaleString("en")} documents of ${chunksPerDocument} chunks of ${tokensPerChunk} tokens

${table(ingestCosts(config, usualWorkload))}

## ${searches.toLocaleString("en")} searches, questions of ${questionTokens} tokens

${table(searchCosts(config, usualWorkload))}

## Two search functions that are kept started, a month

\`functions.provisioned: {search: 2}\`. Nobody then waits for a start, which otherwise happens to the first search after some
quiet minutes, and whenever more searches run at once than before.

${table(provisionedCosts(configOf({ provisioned: { search: 2 } })))}

## What the formulas stand on

- Embedding takes ${measured.embedMsPerToken.toFixed(3)} ms a token on one vCPU (20.6 texts of 128 tokens a second on a processor with AVX2 and
  without VNNI; longer texts take somewhat more). \`npm run bench -- ingest\` prints it for yours.
- Everything else of ingestion is counted as ${measured.shareBesideEmbedding} of embedding: that benchmark's goal is that the whole reaches .8 of what
  embedding alone reaches.
- A search is counted with ${measured.searchMs} ms beside embedding its question: 4 ms of a Milvus of 20,000 rows, the rest assumed.
- A vCPU is 1,769 MB. More memory makes a function faster and as much dearer, so embedding costs about the same at any size;
  a search uses one vCPU, so memory beyond 1,769 MB is paid for and not used.
`;
};
