import { setTimeout as delay } from "node:timers/promises";
import type { Command } from "commander";
import { type ApiClient, clientFromEnvironment, type DocumentView } from "../api-client.ts";
import { bar, createProgress } from "../progress.ts";
import { eachDocument } from "./documents.ts";
import { interruptSignal, wholeNumber } from "./options.ts";

type Options = {
  readonly prefix?: string;
  readonly concurrency: number;
  readonly all?: boolean;
  readonly json?: boolean;
};

const pollMs = 500;

/** Retries one document and waits for the end of it, so that at most `concurrency` are under way. */
const renew = async (
  api: ApiClient,
  { id, updatedAt }: DocumentView,
  signal: AbortSignal,
): Promise<DocumentView> => {
  await api.retry(id);
  for (;;) {
    const view = await api.document(id);
    if (view === null) throw new Error(`document ${id} is gone`);
    const ended = view.state === "ready" || view.state === "failed" || view.state === "deleted";
    if (ended && view.updatedAt > updatedAt) return view;
    await delay(pollMs, undefined, { signal });
  }
};

const outdated = async (api: ApiClient, { prefix, all }: Options): Promise<readonly DocumentView[]> => {
  const found: DocumentView[] = [];
  for await (const view of eachDocument(api, prefix === undefined ? {} : { prefix }))
    if (view.state !== "deleted" && (all || view.outdated)) found.push(view);
  return found;
};

const reindex = async (options: Options): Promise<void> => {
  const signal = interruptSignal();
  const api = clientFromEnvironment(signal);
  const found = await outdated(api, options);
  const progress = createProgress(options.json ? process.stderr : process.stdout);
  const ended: DocumentView[] = [];
  const waiting = found.values();
  const worker = async () => {
    for (const view of waiting) {
      const after = await renew(api, view, signal);
      ended.push(after);
      progress.line(`${after.state.padEnd(7)} ${ended.length}/${found.length}  ${after.key}`);
      progress.status(bar(ended.length, found.length));
    }
  };
  try {
    await Promise.all(Array.from({ length: options.concurrency }, worker));
  } finally {
    progress.end();
  }
  const failed = ended.filter(({ state }) => state === "failed").length;
  if (options.json) console.log(JSON.stringify({ documents: ended }, null, 2));
  else
    console.log(found.length === 0 ? "nothing is outdated" : `${ended.length} read again, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
};

/** kettle reindex */
export const reindexVerb = (program: Command): void => {
  program
    .command("reindex")
    .description("read again what was read with older parameters, a few documents at a time")
    .option("--prefix <prefix>", "only keys that begin with it")
    .option("--concurrency <n>", "documents under way at once", wholeNumber(1, 64), 4)
    .option("--all", "everything, not only what is outdated")
    .option("--json", "answer as JSON on standard output; progress goes to standard error")
    .action(reindex);
};
