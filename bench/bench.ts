import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import type { Bench, BenchRow } from "./row.ts";

/** One line a benchmark: NAME → its module. Loaded on demand, so that one needs nothing of another. */
const benches: Readonly<Record<string, () => Promise<Bench>>> = {
  ingest: async () => (await import("./ingest.ts")).ingestBench,
  store: async () => (await import("./store.ts")).storeBench,
  balance: async () => (await import("./balance.ts")).balanceBench,
  retrieval: async () => (await import("./retrieval.ts")).retrievalBench,
  cluster: async () => (await import("./cluster.ts")).clusterBench,
  stability: async () => (await import("./stability.ts")).stabilityBench,
  start: async () => (await import("./start.ts")).startBench,
  memory: async () => (await import("./memory.ts")).memoryBench,
  scan: async () => (await import("./scan.ts")).scanBench,
  pdf: async () => (await import("./pdf.ts")).pdfBench,
  quality: async () => (await import("./quality.ts")).qualityBench,
  chunking: async () => (await import("./chunking.ts")).chunkingBench,
};

const usage = `npm run bench -- NAME [--data PATH] [--sample N] [--json FILE]

NAME is one of: ${Object.keys(benches).join(", ")}
--data PATH   evaluation data, for benchmarks that read some
--sample N    how much of the data, for benchmarks that take a part
--json FILE   write the figures as JSON too; tables and plots lie beside it, else in .cache`;

const figure = (value: number): string =>
  Math.abs(value) >= 100 ? value.toFixed(0) : Math.abs(value) >= 1 ? value.toFixed(2) : value.toPrecision(3);

const cells = (row: BenchRow): string[] => [
  row.name,
  `${figure(row.value)} ${row.unit}`,
  row.peer ? `${row.peer}: ${figure(row.peerValue ?? Number.NaN)}` : "",
  row.ratio === undefined ? "" : figure(row.ratio),
  row.goal ? `${row.goal}: ${row.met ? "met" : "not met"}` : "",
];

const printTable = (rows: readonly BenchRow[]): void => {
  const table = [["", "value", "peer", "ratio", "goal"], ...rows.map(cells)];
  const widths =
    table[0]?.map((_, column) => Math.max(...table.map((line) => line[column]?.length ?? 0))) ?? [];
  for (const line of table)
    console.log(
      line
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join("  ")
        .trimEnd(),
    );
};

const machine = () => ({
  cpu: cpus()[0]?.model ?? "unknown",
  cores: cpus().length,
  node: process.version,
});

/** @throws Error for what is no whole number */
const sampleOf = (text: string | undefined): number | null => {
  if (text === undefined) return null;
  const sample = Number(text);
  if (Number.isInteger(sample) && sample > 0) return sample;
  throw new Error(`--sample is a whole number from 1 on, not ${text}`);
};

const main = async (): Promise<number> => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      data: { type: "string" },
      sample: { type: "string" },
      json: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  const name = positionals[0];
  const load = name === undefined ? undefined : benches[name];
  if (values.help || !name || !load) {
    console.error(name && !load ? `unknown benchmark ${name}\n\n${usage}` : usage);
    return values.help ? 0 : 2;
  }
  const bench = await load();
  const rows = await bench.run({
    data: values.data ?? null,
    sample: sampleOf(values.sample),
    out: values.json === undefined ? ".cache" : dirname(values.json),
    progress: (line) => console.error(line),
  });
  printTable(rows);
  const where = machine();
  console.log(`\n${where.cpu}, ${where.cores} cores, Node ${where.node}`);
  if (values.json)
    writeFileSync(values.json, `${JSON.stringify({ bench: name, machine: where, rows }, null, 2)}\n`);
  return 0;
};

process.exitCode = await main();
