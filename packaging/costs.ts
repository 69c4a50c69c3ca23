import type { FunctionName } from "../lib/config/function-names.ts";
import type { Config } from "../lib/config/schema.ts";
import { sizing } from "./sizing.ts";

/** US dollars. */
export type Prices = {
  readonly region: string;
  /** Where and when they were taken: look again before you rely on them. */
  readonly source: string;
  readonly gbSecond: Readonly<Record<"arm64" | "x64", number>>;
  /** Of memory that is kept started, whether it is used or not. */
  readonly provisionedGbSecond: Readonly<Record<"arm64" | "x64", number>>;
  readonly millionInvocations: number;
  /** Each 64 KB of a message counts. */
  readonly millionQueueRequests: number;
  readonly thousandPuts: number;
  readonly thousandGets: number;
  readonly millionApiRequests: number;
  readonly logGigabyte: number;
};

/** First tiers, without free tiers, taxes and discounts. */
export const listPrices: Prices = {
  region: "us-east-1",
  source:
    "public price lists of AWS Lambda, SQS, S3, API Gateway (HTTP API) and CloudWatch Logs as known in 2025; not looked up since",
  gbSecond: { arm64: 0.0000133334, x64: 0.0000166667 },
  provisionedGbSecond: { arm64: 0.0000033334, x64: 0.0000041667 },
  millionInvocations: 0.2,
  millionQueueRequests: 0.4,
  thousandPuts: 0.005,
  thousandGets: 0.0004,
  millionApiRequests: 1,
  logGigabyte: 0.5,
};

/** What the functions were seen to take. */
export const measured = {
  /** One vCPU, one text a run: 20.6 texts of 128 tokens a second (AVX2 without VNNI). `npm run bench -- ingest` measures it. */
  embedMsPerToken: 1000 / (20.6 * 128),
  /** Everything beside embedding, as a share of it: `npm run bench -- ingest` wants the whole to reach .8 of it alone. */
  shareBesideEmbedding: 0.25,
  /**
   * A search but for its embedding: Milvus answered in 4 ms (20,000 × 384) and reranking 200 hits takes 1 ms; the rest,
   * network and HTTP, is assumed.
   */
  searchMs: 12,
} as const;

/** Lambda gives a vCPU for each 1,769 MB (AWS Lambda guide). */
const memoryPerVcpu = 1769;

export type Workload = {
  readonly documents: number;
  readonly chunksPerDocument: number;
  readonly tokensPerChunk: number;
  readonly searches: number;
  readonly questionTokens: number;
};

export const usualWorkload: Workload = {
  documents: 10_000,
  chunksPerDocument: 20,
  tokensPerChunk: 200,
  searches: 1_000_000,
  questionTokens: 20,
};

export type CostRow = { readonly what: string; readonly formula: string; readonly dollars: number };

/** Messages hold some 30 chunks with their vectors: under 200 KB, which SQS counts as four requests. */
const chunksPerMessage = 30;
const requestsPerMessage = 4;
/** Sent, received, deleted. */
const callsPerMessage = 3;
const logBytesPerInvocation = 1_000;

const number = (value: number): string =>
  value.toLocaleString("en", { maximumSignificantDigits: 3, maximumFractionDigits: 12 });

type Rates = { readonly config: Config; readonly prices: Prices };

const gigabytes = ({ config }: Rates, name: FunctionName): number => sizing(config).memory[name] / 1024;

/** What a vCPU-second costs in a function: more memory is more vCPUs, so the product stays. */
const vcpuSecond = ({ config, prices }: Rates): number =>
  (memoryPerVcpu / 1024) * prices.gbSecond[config.aws.architecture];

/** 10,000 documents, or whatever the workload says, from event to row. */
export const ingestCosts = (
  config: Config,
  work: Workload,
  prices: Prices = listPrices,
): readonly CostRow[] => {
  const rates = { config, prices };
  const chunks = work.documents * work.chunksPerDocument;
  const messages = work.documents * Math.ceil(work.chunksPerDocument / chunksPerMessage);
  const embedSeconds = (chunks * work.tokensPerChunk * measured.embedMsPerToken) / 1000;
  // Parse once a document, then three functions a message.
  const invocations = work.documents + 3 * messages;
  const queueRequests =
    work.documents * callsPerMessage + 3 * messages * callsPerMessage * requestsPerMessage;
  // Ledger, receipt and their reads at each step; tags once with the object and once after the swap.
  const looks = config.metadata.tags ? 8 : 6;
  const [puts, gets] = [work.documents * 4 + messages, work.documents * looks + messages * 8];
  const perVcpu = vcpuSecond(rates);
  return [
    {
      what: "embedding",
      formula: `${number(chunks)} chunks × ${work.tokensPerChunk} tokens × ${number(measured.embedMsPerToken)} ms × $${number(perVcpu)} a vCPU-second`,
      dollars: embedSeconds * perVcpu,
    },
    {
      what: "parse, cluster, write",
      formula: `${measured.shareBesideEmbedding} × embedding`,
      dollars: embedSeconds * measured.shareBesideEmbedding * perVcpu,
    },
    {
      what: "invocations",
      formula: `${number(invocations)} × $${prices.millionInvocations} a million`,
      dollars: (invocations / 1e6) * prices.millionInvocations,
    },
    {
      what: "queues",
      formula: `${number(queueRequests)} requests of 64 KB × $${prices.millionQueueRequests} a million`,
      dollars: (queueRequests / 1e6) * prices.millionQueueRequests,
    },
    {
      what: "S3",
      formula: `${number(puts)} PUT × $${prices.thousandPuts} + ${number(gets)} GET × $${prices.thousandGets} a thousand`,
      dollars: (puts * prices.thousandPuts + gets * prices.thousandGets) / 1000,
    },
    logs(invocations, prices),
  ];
};

const logs = (invocations: number, prices: Prices): CostRow => ({
  what: "logs",
  formula: `${number(invocations)} × ${logBytesPerInvocation} bytes × $${prices.logGigabyte} a GB`,
  dollars: ((invocations * logBytesPerInvocation) / 1e9) * prices.logGigabyte,
});

/** A million searches, or as many as the workload says. */
export const searchCosts = (
  config: Config,
  work: Workload,
  prices: Prices = listPrices,
): readonly CostRow[] => {
  const rates = { config, prices };
  const memory = gigabytes(rates, "search");
  // More than one vCPU does not make one question faster.
  const vcpus = Math.min(1, sizing(config).memory.search / memoryPerVcpu);
  const ms = (work.questionTokens * measured.embedMsPerToken) / vcpus + measured.searchMs;
  const price = prices.gbSecond[config.aws.architecture];
  return [
    {
      what: "search",
      formula: `${number(work.searches)} × ${number(ms)} ms × ${number(memory)} GB × $${number(price)} a GB-second`,
      dollars: work.searches * (ms / 1000) * memory * price,
    },
    {
      what: "invocations",
      formula: `${number(work.searches)} × $${prices.millionInvocations} a million`,
      dollars: (work.searches / 1e6) * prices.millionInvocations,
    },
    {
      what: "HTTP API",
      formula: `${number(work.searches)} × $${prices.millionApiRequests} a million`,
      dollars: (work.searches / 1e6) * prices.millionApiRequests,
    },
    logs(work.searches, prices),
  ];
};

const monthHours = 730;

/** What functions that are kept started cost a month, used or not; empty when there are none. */
export const provisionedCosts = (config: Config, prices: Prices = listPrices): readonly CostRow[] => {
  const { memory, provisioned } = sizing(config);
  const price = prices.provisionedGbSecond[config.aws.architecture];
  return Object.entries(provisioned)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => ({
      what: `${name}, kept started`,
      formula: `${count} × ${number(memory[name as FunctionName] / 1024)} GB × ${monthHours} h × 3,600 s × $${number(price)} a GB-second`,
      dollars: count * (memory[name as FunctionName] / 1024) * monthHours * 3_600 * price,
    }));
};

export const totalOf = (rows: readonly CostRow[]): number =>
  rows.reduce((sum, { dollars }) => sum + dollars, 0);
