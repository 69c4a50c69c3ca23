import { randomUUID } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { s3Bucket } from "../lib/aws/s3-bucket.ts";
import { readEnvironment } from "../lib/config/environment.ts";
import { createEmbedder } from "../lib/embed/create.ts";
import { documentId } from "../lib/ids.ts";
import type { Ledger } from "../lib/ledger/ledger.ts";
import { ledgerOver } from "../lib/ledger/s3-ledger.ts";
import { type SpawnedStack, spawnStack } from "../localstack/spawn-stack.ts";
import type { Bench, BenchOptions, BenchRow } from "./row.ts";

const documentCount = 60;
const sentencesPerDocument = 50;
const searchesIdle = 40;
/** Rare enough that asking takes nothing from the work, often enough for a run of many seconds. */
const pollMs = 250;
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

/**
 * Waits for one document after another, by its ledger entry: the API costs more to ask, and asking must not take the
 * processor from what is measured.
 */
const waitReady = async (
  ledger: Pick<Ledger, "read">,
  keys: readonly string[],
  meanwhile: () => Promise<void>,
): Promise<void> => {
  for (const key of keys) {
    for (;;) {
      const state = (await ledger.read(key))?.state;
      if (state === "ready") break;
      if (state === "failed") throw new Error(`${key} failed`);
      await meanwhile();
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
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

const chunkTexts = async (url: string, keys: readonly string[]): Promise<readonly string[]> => {
  const texts: string[] = [];
  for (const key of keys) {
    const response = await fetch(`${url}/documents/${documentId(bucket, key)}/chunks?limit=100`);
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
  const ledger = ledgerOver({
    state: s3Bucket(s3, "kettle-state"),
    bucket,
    clock: Date.now,
    nonce: randomUUID,
  });
  const put = (Key: string, Body: string) => s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body }));
  await put("warm-up.txt", "Warm up.");
  await waitReady(ledger, ["warm-up.txt"], async () => {});
  await timeSearch(stack.url);

  progress(`ingesting ${documentCount} documents`);
  const bodies = documents();
  const keys = (folder: string) => bodies.map((_, i) => `${folder}/${i}.txt`);
  const start = performance.now();
  await Promise.all(bodies.map((body, i) => put(`bench/${i}.txt`, body)));
  await waitReady(ledger, keys("bench"), async () => {});
  const seconds = (performance.now() - start) / 1000;
  const texts = await chunkTexts(stack.url, keys("bench"));

  progress("searching while idle, then while ingesting the same documents again");
  const idle: number[] = [];
  for (let i = 0; i < searchesIdle; i += 1) idle.push(await timeSearch(stack.url));
  const busy: number[] = [];
  await Promise.all(bodies.map((body, i) => put(`again/${i}.txt`, `Again. ${body}`)));
  await waitReady(ledger, keys("again"), async () => {
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
