import { join } from "node:path";
import { readEnvironment } from "../lib/config/environment.ts";
import { createEmbedder } from "../lib/embed/create.ts";
import { openCollection } from "./retrieval/collection.ts";
import { readSets } from "./retrieval/data.ts";
import { formulations } from "./retrieval/formulations.ts";
import { type Arm, isOfHalf, type Measured, measure } from "./retrieval/measure.ts";
import { type Summary, summarise, tableOf } from "./retrieval/summary.ts";
import type { Bench, BenchOptions } from "./row.ts";

const mostQuestions = 120;

/** `balanced` with parts taken away, then what it was measured against. */
const arms: readonly Arm[] = [
  ["none", "none"],
  ["balanced", "balanced"],
  ["balanced, no stop", { name: "balanced", stop: null }],
  ["balanced, stop 2", { name: "balanced", stop: 2 }],
  ["no words, no stop", { name: "balanced", words: 0, stop: null }],
  ["no neighbours, no stop", { name: "balanced", neighbours: 0, stop: null }],
  ["near-copies and filling alone", { name: "balanced", words: 0, neighbours: 0, stop: null }],
  ["mmr .9", "mmr"],
  ["mmr .7", { name: "mmr", lambda: 0.7 }],
  ...Object.keys(formulations).map((name) => [name, `custom:${name}`] as const),
].map(([name, rerank]) => ({ name, rerank, mode: "dense" }) as Arm);

const runSets = async ({ data, progress }: BenchOptions): Promise<readonly Summary[]> => {
  if (data === null) throw new Error("bench balance needs --data PATH");
  const embedder = await createEmbedder(readEnvironment());
  const summaries: Summary[] = [];
  try {
    for (const set of readSets(data)) {
      const options = { embedder, cache: join(".cache", "retrieval"), others: formulations, progress };
      const collection = await openCollection(set, options);
      const tuning = set.questions.filter((question) => isOfHalf(question, "tuning"));
      const step = Math.ceil(tuning.length / mostQuestions);
      const measured = arms.map((): Measured[] => []);
      progress(`${set.name}: ${Math.ceil(tuning.length / step)} questions, ${arms.length} formulations`);
      for (const question of tuning.filter((_, i) => i % step === 0)) {
        for (const [i, arm] of arms.entries()) measured[i]?.push(await measure(collection, question, arm));
        collection.next();
      }
      summaries.push(...arms.map((arm, i) => summarise(set.name, arm, measured[i] ?? [], measured[0] ?? [])));
      await collection.close();
    }
  } finally {
    await embedder.close();
  }
  return summaries;
};

/** Formulations of `balanced` on the tuning half of the questions, dense search. */
export const balanceBench: Bench = {
  name: "balance",
  run: async (options) => {
    const summaries = await runSets(options);
    console.log(`${tableOf(summaries)}\n`);
    return [];
  },
};
