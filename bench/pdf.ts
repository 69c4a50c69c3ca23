import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { PDFiumLibrary } from "@hyzyla/pdfium";
import { configSchema } from "../lib/config/schema.ts";
import { withoutRadicals } from "../lib/read/pdf/radicals.ts";
import { readDocument } from "../lib/read/read.ts";
import type { Bench, BenchOptions, BenchRow } from "./row.ts";

const root = join(import.meta.dirname, "..");
/** PDFs of different programs that have text; `--data` adds those of a folder. */
const folders = ["test/fixtures/documents", "test/fixtures/folder", "samples/birds", "samples/tea"];
const withoutText = /bomb|encrypted|garbage|empty|truncated|image-only|scan/;
const rounds = 5;
/** Bounds the comparison of words, which takes time by the square. */
const mostWords = 20_000;

type Extract = (bytes: Buffer, path: string) => Promise<string>;

const ours: Extract = async (bytes, path) => {
  const { limits } = configSchema.parse({});
  const { blocks } = await readDocument({
    bytes,
    key: path,
    contentType: "application/pdf",
    limits,
    signal: new AbortController().signal,
  });
  return blocks.map(({ text }) => text).join("\n");
};

const byPdftotext: Extract = async (_, path) =>
  execFileSync("pdftotext", ["-enc", "UTF-8", path, "-"], {
    encoding: "utf8",
    maxBuffer: 2 ** 28,
    // Without its package of Chinese, Japanese and Korean mappings it complains of each font.
    stdio: ["ignore", "pipe", "ignore"],
  });

const byPdfium =
  (library: PDFiumLibrary): Extract =>
  async (bytes) => {
    const document = await library.loadDocument(bytes);
    const texts: string[] = [];
    for (const page of document.pages()) texts.push(page.getText());
    document.destroy();
    return texts.join("\n");
  };

/**
 * Words and single Chinese characters, hyphens at line ends undone. What we take away on purpose, the page numbers and
 * repeated heads, a peer still has, so its words count only where they are letters.
 */
const wordsOf = (text: string): string[] =>
  withoutRadicals(text.normalize("NFKC"))
    .replace(/(\p{Ll})-\s+(?=\p{Ll})/gu, "$1")
    .toLowerCase()
    .match(/\p{Script=Han}|[\p{L}]+/gu)
    ?.slice(0, mostWords) ?? [];

/** Length of the longest common subsequence. */
const commonInOrder = (a: readonly string[], b: readonly string[]): number => {
  let before = new Uint32Array(b.length + 1);
  let row = new Uint32Array(b.length + 1);
  for (const word of a) {
    for (const [at, other] of b.entries())
      row[at + 1] = word === other ? (before[at] ?? 0) + 1 : Math.max(before[at + 1] ?? 0, row[at] ?? 0);
    [before, row] = [row, before];
  }
  return before[b.length] ?? 0;
};

const filesOf = (data: string | null): string[] =>
  [...folders.map((folder) => join(root, folder)), ...(data === null ? [] : [data])]
    .filter((folder) => existsSync(folder) && statSync(folder).isDirectory())
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
    .filter((path) => path.endsWith(".pdf") && !withoutText.test(path));

/** Median time of one file, and its text. */
const timed = async (
  extract: Extract,
  path: string,
): Promise<{ readonly ms: number; readonly text: string }> => {
  const bytes = readFileSync(path);
  const times: number[] = [];
  let text = "";
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    text = await extract(bytes, path);
    times.push(performance.now() - start);
  }
  return { ms: times.sort((a, b) => a - b)[Math.floor(rounds / 2)] ?? 0, text };
};

type Peer = { readonly name: string; readonly extract: Extract };

const peersHere = async (progress: BenchOptions["progress"]): Promise<readonly Peer[]> => {
  const pdfium = { name: "pdfium", extract: byPdfium(await PDFiumLibrary.init()) };
  if (spawnSync("pdftotext", ["-v"]).error === undefined)
    return [{ name: "pdftotext", extract: byPdftotext }, pdfium];
  progress("no pdftotext on the PATH (Debian: poppler-utils): it is left out");
  return [pdfium];
};

type Compared = {
  readonly file: string;
  readonly common: number;
  readonly words: number;
  readonly ms: number;
  readonly peerMs: number;
};

const compare = async (peer: Peer, path: string): Promise<Compared> => {
  const [own, other] = [await timed(ours, path), await timed(peer.extract, path)];
  const [have, want] = [wordsOf(own.text), wordsOf(other.text)];
  const file = path.split("/").at(-1) ?? path;
  return { file, common: commonInOrder(have, want), words: want.length, ms: own.ms, peerMs: other.ms };
};

const share = (all: readonly Compared[]): number => {
  const sum = (part: "common" | "words") => all.reduce((total, each) => total + each[part], 0);
  return sum("common") / sum("words");
};

const shareRow = (name: string, value: number): BenchRow => ({
  name,
  value: 100 * value,
  unit: "%",
  goal: "at least 97 %",
  met: value >= 0.97,
});

/** Text of PDFs against other readers of the same files: how many of their words we have, in their order. */
export const pdfBench: Bench = {
  name: "pdf",
  run: async ({ data, progress }) => {
    const files = filesOf(data);
    const rows: BenchRow[] = [];
    const best = new Map<string, Compared>();
    for (const peer of await peersHere(progress)) {
      const all: Compared[] = [];
      for (const path of files) {
        const one = await compare(peer, path);
        progress(`${peer.name}: ${one.file}: ${one.common} of ${one.words} words in order`);
        all.push(one);
        const other = best.get(one.file);
        if (one.words > 0 && (!other || one.common / one.words > other.common / other.words))
          best.set(one.file, one);
      }
      const [ms, peerMs] = [
        all.reduce((sum, one) => sum + one.ms, 0),
        all.reduce((sum, one) => sum + one.peerMs, 0),
      ];
      rows.push(shareRow(`words in the order of ${peer.name}, ${files.length} files`, share(all)));
      rows.push({
        name: "time",
        value: ms,
        unit: "ms",
        peer: peer.name,
        peerValue: peerMs,
        ratio: ms / peerMs,
      });
    }
    // Peers differ on columns: where two of them do, agreeing with one is right.
    rows.push(
      shareRow("words in the order of the peer that agrees most, file by file", share([...best.values()])),
    );
    return rows;
  },
};
