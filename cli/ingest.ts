import { setTimeout as delay } from "node:timers/promises";
import { type ApiClient, ApiError, type DocumentView } from "./api-client.ts";
import { bar, type Progress } from "./progress.ts";
import { type LocalFile, md5Of, type UploadTarget } from "./upload.ts";

export type IngestOptions = {
  readonly files: readonly LocalFile[];
  readonly api: ApiClient;
  readonly target: UploadTarget;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** Uploads at once. */
  readonly concurrency?: number;
  /** Gives up on what is left when nothing has become ready or failed for so long. */
  readonly stallMs?: number;
};

export type IngestedFile = {
  readonly key: string;
  readonly documentId: string | null;
  readonly outcome: "ready" | "failed" | "unfinished";
  readonly chunks: number;
  /** Code and reason where it failed. */
  readonly reason: string | null;
};

type Uploaded = {
  readonly file: LocalFile;
  readonly documentId: string;
  /** Has the server looked at what was uploaded, and come to an end? */
  readonly isSettled: (view: DocumentView) => boolean;
};

/**
 * Uploads a file unless its bytes are there already. The server may still hold the outcome of an earlier upload of the
 * same key: the outcome counts once its revision is another one.
 */
const uploadOne = async (file: LocalFile, { api, target }: IngestOptions): Promise<Uploaded> => {
  const upload = await target.prepare(file);
  const [before, etag, md5] = await Promise.all([
    api.document(upload.documentId),
    upload.currentEtag(),
    md5Of(file.path),
  ]);
  const isThere = etag === md5;
  if (!isThere) await upload.put();
  const isEnd = ({ state }: DocumentView) => state === "ready" || state === "failed";
  const isNew = (view: DocumentView): boolean => {
    if (isThere || before === null || before.state === "deleted") return true;
    return view.revision !== before.revision || (isEnd(before) && view.updatedAt > before.updatedAt);
  };
  return { file, documentId: upload.documentId, isSettled: (view) => isEnd(view) && isNew(view) };
};

const outcomeOf = ({ file }: Uploaded, view: DocumentView): IngestedFile => ({
  key: file.key,
  documentId: view.id,
  outcome: view.state === "ready" ? "ready" : "failed",
  chunks: view.counts.stored,
  reason: view.failure === undefined ? null : `${view.failure.code}: ${view.failure.message}`,
});

const describe = ({ outcome, key, chunks, reason }: IngestedFile, done: number, total: number): string => {
  const count = `${String(done).padStart(String(total).length)}/${total}`;
  return outcome === "ready"
    ? `ready   ${count}  ${key} (${chunks} chunk${chunks === 1 ? "" : "s"})`
    : `${outcome === "failed" ? "failed " : "stalled"} ${count}  ${key}  ${reason ?? ""}`.trimEnd();
};

/** Runs `work` on each item, so many at once. */
const forEachConcurrently = async <Item>(
  items: readonly Item[],
  concurrency: number,
  work: (item: Item) => Promise<void>,
): Promise<void> => {
  const queue = items.values();
  const worker = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
};

const asksAtOnce = 8;
const shortestPauseMs = 250;
/** Asking takes at most a tenth of the time: the server has documents to read. */
const pausePerAsking = 9;

/** How long a server may not answer. */
const patienceMs = 30_000;

/** One call of `ingestFiles`. */
class Ingestion {
  readonly #options: IngestOptions;
  readonly #outcomes = new Map<string, IngestedFile>();
  readonly #uploaded = new Set<Uploaded>();
  #toSend: number;
  #lastNewsAt = Date.now();
  #answeredAt = Date.now();

  constructor(options: IngestOptions) {
    this.#options = options;
    this.#toSend = options.files.length;
  }

  async run(): Promise<readonly IngestedFile[]> {
    const { files, progress, concurrency = 4 } = this.#options;
    this.#showStatus();
    try {
      await Promise.all([forEachConcurrently(files, concurrency, (file) => this.#send(file)), this.#watch()]);
      for (const { file, documentId } of this.#uploaded)
        this.#settle({
          key: file.key,
          documentId,
          outcome: "unfinished",
          chunks: 0,
          reason: "nothing happens any more; the logs may say why",
        });
    } finally {
      progress.end();
    }
    return files.flatMap(({ key }) => this.#outcomes.get(key) ?? []);
  }

  #showStatus() {
    const doing = this.#toSend > 0 ? `${this.#toSend} to upload` : "waiting for the queues";
    this.#options.progress.status(`${bar(this.#outcomes.size, this.#options.files.length)} · ${doing}`);
  }

  #settle(outcome: IngestedFile) {
    this.#outcomes.set(outcome.key, outcome);
    this.#lastNewsAt = Date.now();
    this.#options.progress.line(describe(outcome, this.#outcomes.size, this.#options.files.length));
    this.#showStatus();
  }

  async #send(file: LocalFile): Promise<void> {
    const { signal } = this.#options;
    signal.throwIfAborted();
    try {
      this.#uploaded.add(await uploadOne(file, this.#options));
    } catch (error) {
      signal.throwIfAborted();
      const reason = error instanceof Error ? error.message : String(error);
      this.#settle({ key: file.key, documentId: null, outcome: "failed", chunks: 0, reason });
    }
    this.#toSend -= 1;
    this.#lastNewsAt = Date.now();
    this.#showStatus();
  }

  async #watch(): Promise<void> {
    const { signal, stallMs = 600_000 } = this.#options;
    while (this.#toSend > 0 || this.#uploaded.size > 0) {
      signal.throwIfAborted();
      if (Date.now() - this.#lastNewsAt > stallMs) return;
      const start = performance.now();
      // Those that were not asked for the longest time.
      const some = [...this.#uploaded].slice(0, 3 * asksAtOnce);
      await forEachConcurrently(some, asksAtOnce, (upload) => this.#ask(upload));
      if (this.#toSend === 0 && this.#uploaded.size === 0) return;
      const pauseMs = Math.max(shortestPauseMs, pausePerAsking * (performance.now() - start));
      await delay(pauseMs, undefined, { signal });
    }
  }

  async #ask(upload: Uploaded): Promise<void> {
    const view = await this.#look(upload.documentId);
    this.#uploaded.delete(upload);
    if (view !== null && upload.isSettled(view)) this.#settle(outcomeOf(upload, view));
    else this.#uploaded.add(upload);
  }

  /** A server that restarts is waited for. */
  async #look(id: string): Promise<DocumentView | null> {
    try {
      const view = await this.#options.api.document(id);
      this.#answeredAt = Date.now();
      return view;
    } catch (error) {
      this.#options.signal.throwIfAborted();
      const isRefusal = error instanceof ApiError && error.status < 500;
      if (isRefusal || Date.now() - this.#answeredAt > patienceMs) throw error;
      return null;
    }
  }
}

/**
 * Uploads files and waits until each is ready or has failed, telling of one document at a time.
 * @returns one outcome a file, in the order of `files`
 * @throws the signal's reason when it is aborted; Error when the server does not answer
 */
export const ingestFiles = (options: IngestOptions): Promise<readonly IngestedFile[]> =>
  new Ingestion(options).run();
