import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { ApiClient } from "./api-client.ts";
import { ingestFiles } from "./ingest.ts";
import type { Progress } from "./progress.ts";
import { apiTarget, listFiles } from "./upload.ts";

export type SmokeOptions = {
  readonly api: ApiClient;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** How long a document may take, and how long its deletion. */
  readonly patienceMs?: number;
};

const folder = "kettle-smoke-test/";
const question = "What does the keeper of the lighthouse on Kestrel Rock count?";
const sample = (id: string): string =>
  `The keeper of the lighthouse on Kestrel Rock counts ${id} steps to the lamp.\n克斯特雷尔岩上的灯塔看守人每晚数着台阶走到灯前。\n`;

const pauseMs = 500;

const until = async <Value>(
  what: string,
  { signal, patienceMs = 120_000 }: SmokeOptions,
  look: () => Promise<Value | null>,
): Promise<Value> => {
  const end = Date.now() + patienceMs;
  for (;;) {
    const value = await look();
    if (value !== null) return value;
    if (Date.now() > end) throw new Error(`${what} did not happen within ${patienceMs / 1000} s`);
    await delay(pauseMs, undefined, { signal });
  }
};

const upload = async (options: SmokeOptions, path: string): Promise<string> => {
  const { api, signal, progress, patienceMs = 120_000 } = options;
  const [outcome] = await ingestFiles({
    files: await listFiles(path, folder),
    api,
    target: apiTarget(api, signal),
    progress,
    signal,
    stallMs: patienceMs,
  });
  if (outcome?.outcome !== "ready" || outcome.documentId === null)
    throw new Error(`the document did not become ready: ${outcome?.reason ?? outcome?.outcome}`);
  return outcome.documentId;
};

const find = (options: SmokeOptions, documentId: string): Promise<true> =>
  until("finding the document by a search", options, async () => {
    const { hits } = await options.api.search({ query: question, topK: 10, rerank: "none" });
    return hits.some((hit) => hit.documentId === documentId) ? true : null;
  });

const remove = async (options: SmokeOptions, documentId: string): Promise<void> => {
  await options.api.remove(documentId);
  await until("deleting the document", options, async () => {
    const view = await options.api.document(documentId);
    return view === null || view.state === "deleted" ? true : null;
  });
};

/**
 * One document through a whole running system: uploaded, waited for, found by a search, deleted. What it uploads is
 * deleted when it fails, too.
 * @throws Error that says which part failed
 */
export const smokeTest = async (options: SmokeOptions): Promise<void> => {
  const { progress } = options;
  const local = await mkdtemp(join(tmpdir(), "kettle-smoke-"));
  const path = join(local, `${randomUUID()}.txt`);
  let uploaded: string | null = null;
  try {
    await writeFile(path, sample(randomUUID()));
    uploaded = await upload(options, path);
    await find(options, uploaded);
    progress.line("found   by a search");
    await remove(options, uploaded);
    uploaded = null;
    progress.line("deleted it again");
  } finally {
    progress.end();
    if (uploaded !== null) await options.api.remove(uploaded).catch(() => undefined);
    await rm(local, { recursive: true, force: true });
  }
};
