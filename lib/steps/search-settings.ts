import { hasParents } from "../chunk/rules.ts";
import { type ClusterAlgorithm, isClusterAlgorithm } from "../cluster/registry.ts";
import type { Config } from "../config/schema.ts";
import { AppError } from "../errors.ts";
import { isRerankerName, rerankerNames, rerankers } from "../rerank/registry.ts";
import type { Reranker } from "../rerank/reranker.ts";
import type { SearchMode } from "../store/store.ts";
import type { CustomRerankers } from "./custom-rerankers.ts";
import type { SearchQuery } from "./search.ts";
import type { Grouping } from "./search-groups.ts";

/** Hits that rerankers which may drop some choose from, unless the caller says otherwise. */
const defaultCandidates = 100;
/** Bounds of clustering at query time: half a second on one vCPU at the most. */
const maxQueryCandidates = 1_000;
const maxQueryClusters = 64;

/** A search with every default filled in. */
export type SearchSettings = {
  readonly topK: number;
  readonly candidates: number;
  readonly mode: SearchMode;
  readonly algorithm: ClusterAlgorithm | null;
  /** `query`: cluster the candidates even where centroids are published. */
  readonly when: "store" | "query";
  /** For clustering the candidates. */
  readonly k: "auto" | number;
  readonly reranker: Reranker;
  readonly rerankOptions: Readonly<Record<string, unknown>>;
  readonly budgetTokens: number | null;
  readonly grouping: Grouping;
};

const bad = (message: string): AppError => new AppError("BAD_REQUEST", message);

const availableNames = (config: Pick<Config, "search">): string =>
  [...rerankerNames, ...Object.keys(config.search.custom).map((name) => `custom:${name}`)].join(", ");

const findReranker = async (
  name: string,
  config: Pick<Config, "search">,
  custom: CustomRerankers,
): Promise<Reranker> => {
  if (isRerankerName(name)) return rerankers[name];
  const own = name.startsWith("custom:") ? await custom(name.slice("custom:".length)) : null;
  if (own !== null) return own;
  throw bad(`rerank: there is no reranker \`${name}\`; available: ${availableNames(config)}`);
};

const chooseReranker = async (
  query: SearchQuery,
  config: Pick<Config, "search">,
  custom: CustomRerankers,
): Promise<Pick<SearchSettings, "reranker" | "rerankOptions">> => {
  const asked = query.rerank ?? config.search.rerank;
  const { name, ...options } = typeof asked === "string" ? { name: asked } : asked;
  if (name === "cross-encoder" && query.image !== undefined)
    throw bad("rerank: cross-encoder reads a question and a text together; a picture has no words");
  const reranker = await findReranker(name, config, custom);
  const parsed = reranker.options.safeParse(options);
  if (!parsed.success)
    throw bad(`rerank: ${name}: ${parsed.error.issues.map((issue) => issue.message).join("; ")}`);
  return { reranker, rerankOptions: parsed.data };
};

/** Vectors alone know what a picture shows; its words are only those of its name and what OCR read. */
const chooseMode = ({ image, target, mode }: SearchQuery, { search }: Pick<Config, "search">): SearchMode => {
  if (image !== undefined && mode !== undefined && mode !== "dense")
    throw bad(`mode: a picture has no words to search by; leave \`${mode}\` out`);
  return mode ?? (image !== undefined || target === "images" ? "dense" : search.mode);
};

/** @throws AppError `BAD_REQUEST`: published clusters have their own k, asking for another is asking for new ones. */
const checkK = ({ when, k }: NonNullable<SearchQuery["cluster"]>): void => {
  if (typeof k !== "number") return;
  if (when === "store")
    throw bad(
      'cluster.k: only clusters made at query time have a k; ask for `cluster.when: "query"` or leave k out',
    );
  if (k > maxQueryClusters)
    throw bad(`cluster.k: at most ${maxQueryClusters} clusters are made at query time, not ${k}`);
};

const chooseClustering = (
  { cluster = {} }: SearchQuery,
  { clustering }: Pick<Config, "clustering">,
): Pick<SearchSettings, "algorithm" | "when" | "k"> => {
  checkK(cluster);
  const name = cluster.algorithm ?? clustering.algorithm;
  const byConfig = clustering.when === "query" ? "query" : "store";
  const k = cluster.k ?? (byConfig === "query" ? clustering.k : "auto");
  return {
    algorithm: isClusterAlgorithm(name) ? name : null,
    when: cluster.when ?? (typeof cluster.k === "number" ? "query" : byConfig),
    k: k === "auto" ? k : Math.min(k, maxQueryClusters),
  };
};

/** Whether so many candidates may be clustered while the caller waits. @throws AppError `BAD_REQUEST` */
export const checkQueryClustering = (candidates: number): void => {
  if (candidates > maxQueryCandidates)
    throw bad(
      `candidates: at most ${maxQueryCandidates} are clustered at query time, not ${candidates}; ask for fewer, or for \`cluster.algorithm: "none"\``,
    );
};

/** With one, a fifth of the questions on CMRC searched twice for ten parents of four pieces; with two, none did. */
const rowsOfParent = 2;

const chooseGrouping = (
  query: SearchQuery,
  { search, quality, chunking }: Pick<Config, "search" | "quality" | "chunking">,
): Grouping => {
  const mergeParents = (query.parents ?? search.parents) === "merge";
  return {
    similarity: (query.duplicates ?? search.duplicates) === "group" ? quality.duplicates.similarity : null,
    mergeParents,
    rowsPerHit: mergeParents && hasParents(chunking) ? rowsOfParent : 1,
  };
};

/**
 * Fills in what the caller left out from kettle.yml.
 * @throws AppError `BAD_REQUEST` or, for a custom reranker that cannot be loaded, `RERANKER_FAILED`
 */
export const searchSettings = async (
  query: SearchQuery,
  config: Pick<Config, "search" | "clustering" | "quality" | "chunking">,
  custom: CustomRerankers,
): Promise<SearchSettings> => {
  const { search } = config;
  const chosen = await chooseReranker(query, config, custom);
  const topK = query.topK ?? search.topK;
  const candidates =
    query.candidates ?? search.candidates ?? (chosen.reranker.reorders ? topK : defaultCandidates);
  const budget = query.budget?.tokens;
  return {
    ...chosen,
    ...chooseClustering(query, config),
    topK,
    candidates: Math.max(topK, candidates),
    mode: chooseMode(query, config),
    grouping: chooseGrouping(query, config),
    budgetTokens: budget === undefined ? search.budget.tokens : budget,
  };
};
