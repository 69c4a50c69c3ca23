import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { readEnvironment } from "../lib/config/environment.ts";
import { createEmbedder } from "../lib/embed/create.ts";
import { type SpawnedStack, spawnStack } from "../localstack/spawn-stack.ts";
import type { Bench, BenchOptions, BenchRow } from "./row.ts";

const documentCount = 40;
const sentencesPerDocument = 40;
const searchesIdle = 40;
const bucket = "kettle-documents";

/** Sentences of the text samples, shuffled by a fixed seed: real English and Chinese prose of any length. */
const corpus = (): readonly string[] => {
  const root = join(import.meta.dirname, "../samples");
  const texts = readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(txt|md)$/.test(name) && name.includes("/"))
    .sort()
    .map((name) => readFileSync(join(root, name), "utf8"));
  return texts.flatMap((text) => text.split(/(?<=[.。!?!?])\s*/u).filter((sentence) => sentence.length > 20));
};

const documents = (): readonly string[] => {
  const sentences = corpus();
  let state = 7;
  const next = (bound: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
  return Array.from({ length: documentCount }, (_, i) =>
    [
      `Document ${i}.`,
      ...Array.from({ length: sentencesPerDocument }, () => sentences[next(sentences.length)] ?? ""),
    ].join(" "),
  );
};

type Listed = { readonly id: string; readonly state: string; readonly counts: { readonly stored: number } };

const list = async (url: string): Promise<readonly Listed[]> => {
  const response = await fetch(`${url}/documents?limit=100`);
  return ((await response.json()) as { documents: Listed[] }).documents;
};

const waitReady = async (
  url: string,
  count: number,
  meanwhile: () => Promise<void>,
): Promise<readonly Listed[]> => {
  for (;;) {
    const listed = await list(url);
    if (listed.some(({ state }) => state === "failed")) throw new Error("a document failed");
    if (listed.filter(({ state }) => state === "ready").length >= count) return listed;
    await meanwhile();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
};

const timeSearch = async (url: string): Promise<number> => {
  const start = performance.now();
  const response = await fetch(`${url}/search`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query: "why does green tea turn bitter when the water is too hot" }),
  });
  if (!response.ok) throw new Error(`search answered ${response.status}: ${await response.text()}`);
  await response.arrayBuffer();
  return performance.now() - start;
};

const p50 = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

const chunkTexts = async (url: string, listed: readonly Listed[]): Promise<readonly string[]> => {
  const texts: string[] = [];
  for (const { id } of listed) {
    const response = await fetch(`${url}/documents/${id}/chunks?limit=100`);
    texts.push(...((await response.json()) as { chunks: { text: string }[] }).chunks.map(({ text }) => text));
  }
  return texts;
};

type EndToEnd = {
  readonly texts: readonly string[];
  readonly seconds: number;
  readonly idle: number;
  readonly busy: number;
};

/** Uploads, waits until all is ready, then measures search on the idle stack; while ingesting it searches once a look. */
const endToEnd = async (stack: SpawnedStack, { progress }: BenchOptions): Promise<EndToEnd> => {
  const s3 = new S3Client({
    endpoint: stack.awsUrl,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
  const put = (Key: string, Body: string) => s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body }));
  await put("warm-up.txt", "Warm up.");
  await waitReady(stack.url, 1, async () => {});
  await timeSearch(stack.url);

  progress(`ingesting ${documentCount} documents`);
  const bodies = documents();
  const start = performance.now();
  await Promise.all(bodies.map((body, i) => put(`bench/${i}.txt`, body)));
  const listed = await waitReady(stack.url, documentCount + 1, async () => {});
  const seconds = (performance.now() - start) / 1000;
  const texts = await chunkTexts(stack.url, listed);

  progress("searching while idle, then while ingesting the same documents again");
  const idle: number[] = [];
  for (let i = 0; i < searchesIdle; i += 1) idle.push(await timeSearch(stack.url));
  const busy: number[] = [];
  await Promise.all(bodies.map((body, i) => put(`again/${i}.txt`, `Again. ${body}`)));
  await waitReady(stack.url, 2 * documentCount + 1, async () => {
    busy.push(await timeSearch(stack.url));
  });
  return { texts, seconds, idle: p50(idle), busy: p50(busy) };
};

const embeddingAlone = async (texts: readonly string[]): Promise<number> => {
  const embedder = await createEmbedder(readEnvironment());
  await embedder.embed(texts.slice(0, 4), "passage");
  const start = performance.now();
  await embedder.embed(texts, "passage");
  const seconds = (performance.now() - start) / 1000;
  await embedder.close();
  return texts.length / seconds;
};

const run = async (options: BenchOptions): Promise<readonly BenchRow[]> => {
  const dataDir = mkdtempSync(join(tmpdir(), "kettle-bench-"));
  const stack = await spawnStack({ dataDir });
  let measured: EndToEnd;
  try {
    measured = await endToEnd(stack, options);
  } finally {
    await stack.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
  const { texts, seconds, idle, busy } = measured;
  options.progress(`embedding the same ${texts.length} chunks alone`);
  const alone = await embeddingAlone(texts);
  const whole = texts.length / seconds;
  return [
    {
      name: "end to end",
      value: whole,
      unit: "chunks/s",
      peer: "embedding alone, same threads and chunks",
      peerValue: alone,
      ratio: whole / alone,
      goal: "ratio ≥ 0.8",
      met: whole / alone >= 0.8,
    },
    {
      name: "search p50 while ingesting",
      value: busy,
      unit: "ms",
      peer: "search p50 idle",
      peerValue: idle,
      ratio: busy / idle,
      goal: "ratio ≤ 2",
      met: busy / idle <= 2,
    },
  ];
};

export const ingestBench: Bench = { name: "ingest", run };
