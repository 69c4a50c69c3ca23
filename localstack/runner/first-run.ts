import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { S3Client } from "@aws-sdk/client-s3";
import { type ApiClient, createApiClient } from "../../cli/api-client.ts";
import { type IngestedFile, ingestFiles } from "../../cli/ingest.ts";
import { formatAnswer } from "../../cli/print-answer.ts";
import type { Progress } from "../../cli/progress.ts";
import { type LocalFile, listFiles, md5Of, s3Target } from "../../cli/upload.ts";
import { shownPath } from "./log-files.ts";
import { StartError, type StartOptions } from "./options.ts";
import type { Stack } from "./supervisor.ts";

export type FirstRunOptions = Pick<StartOptions, "demo" | "samples" | "path" | "question" | "dataDir"> & {
  /** The repository. */
  readonly root: string;
  readonly stack: Stack;
  readonly token: string | null;
  readonly progress: Progress;
  readonly print: (text: string) => void;
  readonly columns: number | undefined;
  readonly color: boolean;
  readonly signal: AbortSignal;
};

/** What to ingest and to ask. */
type Plan = { readonly files: readonly LocalFile[]; readonly question: string | null; done(): void };

const questionFile = "question.txt";

/** The samples as they are now: other bytes or names are other samples. */
const fingerprint = async (files: readonly LocalFile[]): Promise<string> => {
  const hash = createHash("sha256");
  for (const { key, path } of files) hash.update(`${key}\n${await md5Of(path)}\n`);
  return hash.digest("hex");
};

const readOr = (path: string, otherwise: string): string =>
  existsSync(path) ? readFileSync(path, "utf8").trim() : otherwise;

/** Samples are ingested by the first start, when they have changed and when all is gone; a demo always asks. */
const samplesPlan = async ({
  root,
  dataDir,
  demo,
  question,
  stack,
}: FirstRunOptions): Promise<Plan | null> => {
  const folder = join(root, "samples");
  if (!existsSync(folder)) {
    if (demo) throw new StartError(`there is no folder ${folder} to show`);
    return null;
  }
  const files = (await listFiles(folder)).filter(({ key }) => key !== questionFile);
  const marker = join(dataDir, "samples-ingested");
  const now = await fingerprint(files);
  if (!demo && !stack.isEmpty && readOr(marker, "") === now) return null;
  return {
    files,
    question: question ?? readOr(join(folder, questionFile), "What are these documents about?"),
    done: () => writeFileSync(marker, `${now}\n`),
  };
};

const makePlan = async (options: FirstRunOptions): Promise<Plan | null> => {
  const { path, samples, question } = options;
  if (path !== null) return { files: await listFiles(path), question, done: () => undefined };
  const plan = samples ? await samplesPlan(options) : null;
  return plan ?? (question === null ? null : { files: [], question, done: () => undefined });
};

const ingest = async (options: FirstRunOptions, api: ApiClient, files: readonly LocalFile[]) => {
  const { stack, progress, signal, print } = options;
  print(
    `Ingesting ${files.length} document${files.length === 1 ? "" : "s"} into s3://${stack.documentBucket}`,
  );
  const client = new S3Client({
    endpoint: stack.awsUrl,
    region: stack.region,
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    requestChecksumCalculation: "WHEN_REQUIRED",
  });
  try {
    return await ingestFiles({
      files,
      api,
      progress,
      signal,
      target: s3Target(client, stack.documentBucket),
    });
  } finally {
    client.destroy();
  }
};

const ask = async ({ print, columns, color }: FirstRunOptions, api: ApiClient, question: string) => {
  const answer = await api.search({ query: question });
  let terms: ReadonlyMap<number, readonly string[]> | undefined;
  if (answer.clusterVersion > 0) {
    const { clusters } = await api.clusters({ limit: 500 });
    terms = new Map(clusters.map(({ id, terms: words }) => [id, words]));
  }
  print(`\n${formatAnswer(question, answer, { columns, color, terms })}`);
  return answer.hits.length > 0;
};

const summary = (results: readonly IngestedFile[], startedAt: number): string => {
  const ready = results.filter(({ outcome }) => outcome === "ready");
  const chunks = ready.reduce((sum, result) => sum + result.chunks, 0);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const rest = results.length - ready.length;
  return `${ready.length} of ${results.length} ready, ${chunks} chunks, ${seconds} s${rest > 0 ? `; ${rest} failed` : ""}`;
};

/** Where to go from here. */
export const nextSteps = (stack: Stack, samplesThere: boolean): string => {
  // The command talks to the default address unless told.
  const where = stack.url === "http://127.0.0.1:3000" ? "" : `KETTLE_URL=${stack.url} `;
  const question = samplesThere ? "how hot should the water be?" : "your question";
  return [
    "",
    `  Page and API   ${stack.url}   (routes: ${stack.url}/openapi.json)`,
    `  S3 and SQS     ${stack.awsUrl}   bucket ${stack.documentBucket}, any credentials`,
    `  Logs           ${shownPath(stack.logsDirectory)}/<function>.log`,
    "",
    "  Put a document in, and ask:",
    `    AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any AWS_REGION=${stack.region} \\`,
    `      aws --endpoint-url ${stack.awsUrl} s3 cp notes.pdf s3://${stack.documentBucket}/`,
    `    curl -s ${stack.url}/search -H 'content-type: application/json' -d '{"query":"${question}"}'`,
    `  or: ${where}npx kettle ingest FOLDER, ${where}npx kettle search QUESTION`,
  ].join("\n");
};

/**
 * Ingests and asks what this start was asked for.
 * @returns whether every document is ready and the question, if there was one, found something
 */
export const firstRun = async (options: FirstRunOptions): Promise<boolean> => {
  const { stack, token, signal, print } = options;
  const plan = await makePlan(options);
  if (plan === null) return true;
  const api = createApiClient({ url: stack.url, token, signal });
  let isFine = true;
  if (plan.files.length > 0) {
    const startedAt = performance.now();
    const results = await ingest(options, api, plan.files);
    print(summary(results, startedAt));
    isFine = results.every(({ outcome }) => outcome === "ready");
    plan.done();
  } else if (options.path !== null) print(`${options.path} holds no files`);
  if (plan.question !== null) isFine = (await ask(options, api, plan.question)) && isFine;
  return isFine;
};
