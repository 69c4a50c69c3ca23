import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { bigPdf, workbook } from "./memory-files.ts";
import type { Bench, BenchRow } from "./row.ts";

const goalMb = 512;

type Case = {
  readonly name: string;
  readonly file: (folder: string) => Promise<string>;
  /** Parameters that differ from the defaults. */
  readonly limits: Readonly<Record<string, number>>;
};

/** Documents at the edge of what is taken; add one here. */
const cases: readonly Case[] = [
  { name: "pdf of 1,000 pages", file: (folder) => bigPdf(folder, 1_000), limits: {} },
  {
    name: "xlsx of 100 MB, 100,000 rows and pictures",
    file: (folder) => workbook(folder, 100, 100_000),
    limits: {},
  },
  {
    name: "xlsx of 100 MB, all rows",
    file: (folder) => workbook(folder, 100, Number.MAX_SAFE_INTEGER),
    limits: { seconds: 800 },
  },
];

type Taken = {
  readonly chunks: number;
  readonly failure: { readonly code: string; readonly message: string } | null;
  readonly seconds: number;
  readonly rssMb: number;
};

const measure = async (path: string, limits: Case["limits"]): Promise<Taken> => {
  const child = join(import.meta.dirname, "memory-child.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [child, path, JSON.stringify(limits)]);
  return JSON.parse(stdout) as Taken;
};

/** Peak memory (RSS) of the process that reads one document, as the parse function does. */
export const memoryBench: Bench = {
  name: "memory",
  run: async ({ progress }) => {
    const rows: BenchRow[] = [];
    const folder = join(import.meta.dirname, "../.cache/memory");
    for (const { name, file, limits } of cases) {
      const path = await file(folder);
      const taken = await measure(path, limits);
      progress(`${name}: ${taken.failure === null ? `${taken.chunks} chunks` : taken.failure.message}`);
      rows.push(
        {
          name: `${name}: peak memory`,
          value: taken.rssMb,
          unit: "MB",
          goal: `at most ${goalMb} MB`,
          met: taken.rssMb <= goalMb,
        },
        { name: `${name}: time`, value: taken.seconds, unit: "s" },
      );
    }
    return rows;
  },
};
