import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readEnvironment } from "../lib/config/environment.ts";
import { createEmbedder } from "../lib/embed/create.ts";
import type { OnnxEmbedder } from "../lib/embed/onnx.ts";
import { bootstrap, type Estimate, mean } from "../lib/eval/bootstrap.ts";
import { type Arm, arms, cutBy, nameOf } from "./chunking/arms.ts";
import { type Joint, type LongSet, longDocuments } from "./chunking/long-documents.ts";
import { budgets, type Measured, measureArm } from "./chunking/measure.ts";
import { readSets } from "./retrieval/data.ts";
import type { Bench, BenchOptions, BenchRow } from "./row.ts";

/** Passages of a set: all arms within ten minutes on two cores. */
const usualSample = 100;
const joints: readonly Joint[] = ["flat", "paragraphs"];

/** A figure, and how much it is above the default's on the same questions. */
type Compared = { readonly value: Estimate; readonly against: Estimate };

type Summary = {
  readonly set: string;
  readonly arm: string;
  readonly questions: number;
  readonly chunks: number;
  readonly meanTokens: number;
  readonly ndcg: Compared;
  readonly recall: readonly Compared[];
  /** Mean searches of the store for an answer of 10 hits. */
  readonly searches: number;
};

const compare = (
  measured: readonly Measured[],
  base: readonly Measured[],
  of: (one: Measured) => number,
): Compared => ({
  value: bootstrap(measured.map(of)),
  against: bootstrap(measured.map((one, at) => of(one) - of(base[at] ?? one))),
});

const digits = (value: number): string => value.toFixed(3).replace(/^(-?)0\./, "$1.");

/** `.812`, with `▲` or `▼` where the interval of the difference leaves zero out. */
const marked = ({ value, against }: Compared): string =>
  `${digits(value.mean)}${against.low > 0 ? " ▲" : against.high < 0 ? " ▼" : ""}`;

const tableOf = (summaries: readonly Summary[]): string => {
  const head = [
    "set",
    "chunking",
    "chunks",
    "tokens each",
    "nDCG@10 (95 %)",
    ...budgets.map((budget) => `recall at ${budget} tokens`),
  ];
  const lines = summaries.map(({ set, arm, chunks, meanTokens, ndcg, recall }) => [
    set,
    arm,
    `${chunks}`,
    meanTokens.toFixed(0),
    `${marked(ndcg)} (${digits(ndcg.value.low)}–${digits(ndcg.value.high)})`,
    ...recall.map(marked),
  ]);
  return [head, head.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
};

const runSet = async (
  set: LongSet,
  embedder: OnnxEmbedder,
  progress: BenchOptions["progress"],
): Promise<readonly Summary[]> => {
  const options = { embedder, cache: join(".cache", "retrieval"), progress };
  const summaries: Summary[] = [];
  let base: readonly Measured[] | null = null;
  for (const arm of arms) {
    progress(
      `${set.name}: ${nameOf(arm)}, ${set.documents.length} documents, ${set.questions.length} questions`,
    );
    const documents = await cutBy(arm, set, options);
    const measured = await measureArm(documents, set, { arm, ...options });
    base ??= measured;
    const chunks = documents.flatMap((each) => each.chunks);
    summaries.push({
      set: set.name,
      arm: nameOf(arm),
      questions: set.questions.length,
      chunks: chunks.length,
      meanTokens: mean(chunks.map(({ tokens }) => tokens)),
      ndcg: compare(measured, base, (one) => one.ndcg),
      recall: budgets.map((_, at) => compare(measured, base ?? measured, (one) => one.recall[at] ?? 0)),
      searches: mean(measured.map(({ searches }) => searches)),
    });
  }
  return summaries;
};

const rowsOf = (summaries: readonly Summary[]): readonly BenchRow[] => {
  const defaults = new Map(
    summaries.filter(({ arm }) => arm === nameOf(arms[0] as Arm)).map((each) => [each.set, each]),
  );
  return summaries.map(({ set, arm, ndcg }) => {
    const peerValue = defaults.get(set)?.ndcg.value.mean ?? 0;
    const value = ndcg.value.mean;
    return {
      name: `${set}: ${arm}, nDCG@10`,
      value,
      unit: "",
      peer: "default",
      peerValue,
      ratio: value / peerValue,
    };
  });
};

/**
 * What each way to cut does to retrieval: passages of the test sets at `--data` are joined into long documents, cut by
 * each strategy and searched, plain and dense. `--sample`: passages of each set. Beside the JSON lie the table and
 * `chunking-summary.json`, with the intervals of all differences.
 */
export const chunkingBench: Bench = {
  name: "chunking",
  run: async ({ data, sample, out, progress }) => {
    if (data === null) throw new Error("bench chunking needs --data PATH");
    // A flood of copies says nothing of how documents are cut.
    const sets = readSets(data).filter(({ name }) => !name.includes("×"));
    mkdirSync(out, { recursive: true });
    const embedder = await createEmbedder(readEnvironment());
    const summaries: Summary[] = [];
    try {
      for (const set of sets)
        for (const joint of joints)
          summaries.push(
            ...(await runSet(longDocuments(set, sample ?? usualSample, joint), embedder, progress)),
          );
    } finally {
      await embedder.close();
    }
    const table = tableOf(summaries);
    console.log(`${table}\n`);
    writeFileSync(join(out, "chunking-table.md"), `${table}\n`);
    writeFileSync(join(out, "chunking-summary.json"), `${JSON.stringify(summaries, null, 1)}\n`);
    return rowsOf(summaries);
  },
};
