import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readEnvironment } from "../lib/config/environment.ts";
import { createEmbedder } from "../lib/embed/create.ts";
import type { OnnxEmbedder } from "../lib/embed/onnx.ts";
import { rerankerNames } from "../lib/rerank/registry.ts";
import type { SearchMode } from "../lib/store/store.ts";
import { openCollection, type TestCollection } from "./retrieval/collection.ts";
import { type Question, readSets, type TestSet } from "./retrieval/data.ts";
import { shareToMatch } from "./retrieval/match.ts";
import { type Arm, isOfHalf, type Measured, measure } from "./retrieval/measure.ts";
import { plotOf } from "./retrieval/plot.ts";
import { type Summary, summarise, tableOf } from "./retrieval/summary.ts";
import type { Bench, BenchOptions, BenchRow } from "./row.ts";

const modes: readonly SearchMode[] = ["dense", "sparse", "hybrid"];
/** Of large sets every n-th question is asked. */
const mostQuestions = 300;

/** Questions that nothing was tuned on. */
const reported = ({ questions }: TestSet): readonly Question[] => {
  const half = questions.filter((question) => isOfHalf(question, "reporting"));
  const step = Math.ceil(half.length / mostQuestions);
  return half.filter((_, i) => i % step === 0);
};

const arms = (mode: SearchMode): readonly Arm[] =>
  rerankerNames.filter((name) => name !== "cross-encoder").map((name) => ({ name, rerank: name, mode }));

/** Every reranker gets the same question before the next one is asked: the store searches once. */
const measureMode = async (
  collection: TestCollection,
  questions: readonly Question[],
  mode: SearchMode,
): Promise<readonly Summary[]> => {
  const all = arms(mode);
  const measured = all.map((): Measured[] => []);
  for (const question of questions) {
    for (const [i, arm] of all.entries()) measured[i]?.push(await measure(collection, question, arm));
    collection.next();
  }
  const plain = measured[all.findIndex(({ name }) => name === "none")] ?? [];
  return all.map((arm, i) => summarise(collection.set.name, arm, measured[i] ?? [], plain));
};

/** The goals of `balanced`, dense search. */
const goalRows = async (
  collection: TestCollection,
  questions: readonly Question[],
  summaries: readonly Summary[],
): Promise<readonly BenchRow[]> => {
  const of = (reranker: string) => summaries.find((one) => one.reranker === reranker && one.mode === "dense");
  const [balanced, plain] = [of("balanced"), of("none")];
  if (balanced === undefined || plain === undefined) return [];
  const { name } = collection.set;
  const most = name.includes("×") ? 0.5 : 0.8;
  const rows: BenchRow[] = [];
  for (const tokens of [1_000, 2_000]) {
    const arm: Arm = { name: "balanced", rerank: "balanced", mode: "dense" };
    const share = await shareToMatch(collection, questions, arm, tokens);
    rows.push({
      name: `${name}: share of ${tokens} tokens for plain's recall`,
      value: share ?? Number.POSITIVE_INFINITY,
      unit: "",
      goal: `≤ ${most}`,
      met: share !== null && share <= most,
    });
  }
  const lost = plain.ndcg.mean - balanced.ndcg.mean;
  const [value, peerValue] = [balanced.ndcg.mean, plain.ndcg.mean];
  const goal = "loses ≤ .005";
  rows.push({
    name: `${name}: nDCG@10`,
    value,
    unit: "",
    peer: "plain",
    peerValue,
    goal,
    met: lost <= 0.005,
  });
  return rows;
};

const runSet = async (
  set: TestSet,
  embedder: OnnxEmbedder,
  { progress, out }: BenchOptions,
): Promise<{ readonly summaries: readonly Summary[]; readonly rows: readonly BenchRow[] }> => {
  const cache = join(".cache", "retrieval");
  const collection = await openCollection(set, { embedder, cache, progress });
  try {
    const questions = reported(set);
    const summaries: Summary[] = [];
    for (const mode of modes) {
      progress(`${set.name}, ${mode}: ${questions.length} questions`);
      const found = await measureMode(collection, questions, mode);
      summaries.push(...found);
      const file = `retrieval-${set.name.replaceAll(" × ", "-x")}-${mode}.svg`;
      writeFileSync(join(out, file), plotOf(`${set.name}, ${mode}: recall within a budget`, found));
    }
    return { summaries, rows: await goalRows(collection, questions, summaries) };
  } finally {
    await collection.close();
  }
};

/**
 * Every reranker and mode on the test sets at `--data`, through the search step over the embedded store. All figures are
 * of the reporting half of the questions. Beside the JSON lie `retrieval-summary.json`, the table and the plots.
 */
export const retrievalBench: Bench = {
  name: "retrieval",
  run: async (options) => {
    if (options.data === null) throw new Error("bench retrieval needs --data PATH");
    const sets = readSets(options.data);
    mkdirSync(options.out, { recursive: true });
    const embedder = await createEmbedder(readEnvironment());
    const summaries: Summary[] = [];
    const rows: BenchRow[] = [];
    try {
      for (const set of sets) {
        const found = await runSet(set, embedder, options);
        summaries.push(...found.summaries);
        rows.push(...found.rows);
      }
    } finally {
      await embedder.close();
    }
    const table = tableOf(summaries);
    console.log(`${table}\n`);
    writeFileSync(join(options.out, "retrieval-table.md"), `${table}\n`);
    writeFileSync(join(options.out, "retrieval-summary.json"), `${JSON.stringify(summaries, null, 1)}\n`);
    return rows;
  },
};
