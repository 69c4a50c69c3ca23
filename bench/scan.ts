import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import sharp from "sharp";
import type { Bench, BenchRow } from "./row.ts";

const root = join(import.meta.dirname, "..");
const run = promisify(execFile);
const pages = 20;
const dpi = 150;
/** Printed here and laid on the glass: English and Chinese, one column and two, tables. */
const sources = [
  "test/fixtures/folder/survey.pdf",
  "test/fixtures/folder/粮仓.pdf",
  "test/fixtures/documents/typst-guide.pdf",
  "test/fixtures/documents/groff-handbook.pdf",
  "samples/birds/thermals.pdf",
  "samples/tea/white-tea-zh.pdf",
].map((path) => join(root, path));

/** Pictures of printed pages, over and over until there are enough. */
const scans = async (folder: string): Promise<Buffer[]> => {
  for (const [at, source] of sources.entries())
    await run("pdftoppm", ["-r", String(dpi), "-gray", "-jpeg", source, join(folder, `p${at}`)]);
  const names = (await readdir(folder)).sort();
  return Promise.all(
    Array.from({ length: pages }, (_, at) => readFile(join(folder, names[at % names.length] ?? ""))),
  );
};

/** A PDF whose pages are pictures and nothing else, as scanners write it. */
const pdfOf = async (pictures: readonly Buffer[]): Promise<Buffer> => {
  const parts: Buffer[] = [Buffer.from("%PDF-1.4\n")];
  const offsets: number[] = [];
  const add = (dictionary: string, stream?: Buffer): void => {
    offsets.push(parts.reduce((sum, { length }) => sum + length, 0));
    parts.push(Buffer.from(`${offsets.length} 0 obj\n${dictionary}\n`));
    if (stream) parts.push(Buffer.from("stream\n"), stream, Buffer.from("\nendstream\n"));
    parts.push(Buffer.from("endobj\n"));
  };
  const kids = pictures.map((_, at) => `${3 + 3 * at} 0 R`).join(" ");
  add("<</Type/Catalog/Pages 2 0 R>>");
  add(`<</Type/Pages/Count ${pictures.length}/Kids[${kids}]>>`);
  for (const [at, picture] of pictures.entries()) {
    const { width, height } = await sharp(picture).metadata();
    const [w, h] = [(width * 72) / dpi, (height * 72) / dpi];
    const first = 3 + 3 * at;
    add(
      `<</Type/Page/Parent 2 0 R/MediaBox[0 0 ${w} ${h}]/Contents ${first + 1} 0 R/Resources<</XObject<</I ${first + 2} 0 R>>>>>>`,
    );
    const paint = Buffer.from(`${w} 0 0 ${h} 0 0 cm /I Do`);
    add(`<</Length ${paint.length}>>`, paint);
    add(
      `<</Type/XObject/Subtype/Image/Width ${width}/Height ${height}/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/DCTDecode/Length ${picture.length}>>`,
      picture,
    );
  }
  const start = parts.reduce((sum, { length }) => sum + length, 0);
  const table = offsets.map((offset) => `${String(offset).padStart(10, "0")} 00000 n \n`).join("");
  const size = offsets.length + 1;
  parts.push(
    Buffer.from(
      `xref\n0 ${size}\n0000000000 65535 f \n${table}trailer<</Size ${size}/Root 1 0 R>>\nstartxref\n${start}\n%%EOF\n`,
    ),
  );
  return Buffer.concat(parts);
};

type Taken = {
  readonly chunks: number;
  readonly failure: unknown;
  readonly seconds: number;
  readonly rssMb: number;
};

/** One scanned document, by OCR in one thread and in one a processor; each in a process of its own. */
export const scanBench: Bench = {
  name: "scan",
  run: async ({ progress }) => {
    const folder = await mkdtemp(join(tmpdir(), "kettle-scan-"));
    try {
      const path = join(folder, "scan.pdf");
      await writeFile(path, await pdfOf(await scans(folder)));
      const rows: BenchRow[] = [];
      const child = join(import.meta.dirname, "memory-child.ts");
      for (const threads of new Set([1, availableParallelism()])) {
        const { stdout } = await run(process.execPath, [child, path, '{"seconds":800}', String(threads)]);
        const { chunks, failure, seconds, rssMb } = JSON.parse(stdout) as Taken;
        if (failure !== null) throw new Error(JSON.stringify(failure));
        progress(`${threads} threads: ${chunks} chunks`);
        rows.push(
          { name: `${pages} scanned pages, ${threads} threads of OCR`, value: seconds, unit: "s" },
          { name: `${pages} scanned pages, ${threads} threads: peak memory`, value: rssMb, unit: "MB" },
        );
      }
      return rows;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};
