import { Worker } from "node:worker_threads";
import { type NativeGuard, nativeCallsEnded, nativeGuard, stopNativeCalls } from "../embed/native-guard.ts";
import { AppError } from "../errors.ts";
import { threadFile } from "../thread-file.ts";
import { documentFailure, reason } from "./failures.ts";
import type { Ocr } from "./ocr/ocr.ts";
import type { ReadInput } from "./reader.ts";
import { giveText } from "./thread-text.ts";
import { giveVectors, type OpenEmbedder } from "./thread-vectors.ts";
import type { DocumentChunks } from "./to-chunks.ts";
import type { GuardedSetup, WorkerReply, WorkerSetup } from "./worker.ts";

/** Reads documents in a thread of its own, one at a time; what a document does there ends with its limits. */
export type ChunkReader = {
  /**
   * Takes the bytes over: a large document's are empty afterwards.
   * @throws AppError as readChunks, `PARSE_TIMEOUT` after `limits.seconds`, `DECOMPRESSION_BOMB` or
   *   `DOCUMENT_TOO_LARGE` when it takes more memory than allowed; the signal's reason when it is aborted
   */
  read(input: ReadRequest): Promise<DocumentChunks>;
  /** Starts the thread and loads the tokenizer, so that the first document need not wait. */
  warm(): Promise<void>;
  /** Ends the thread at once; a document in it fails with a passing failure. */
  close(): Promise<void>;
};

export type ReadRequest = Pick<ReadInput, "bytes" | "key" | "contentType" | "limits" | "signal" | "onPage">;

export type ChunkReaderOptions = WorkerSetup & {
  /** Bound of the thread's JavaScript heap. */
  readonly heapMb?: number;
  readonly embedder: OpenEmbedder;
  /** Reads pictures; whoever gives it closes it. Null: OCR is off. */
  readonly ocr: Ocr | null;
};

const defaultHeapMb = 1024;
/** What pdf.js and decoders hold beside the document and its unpacked streams. */
const workingBytes = 128 * 1024 * 1024;
const watchMs = 50;
/**
 * V8 may end the process instead of the thread when a heap is full (`Reached heap limit`). So the thread is ended from
 * here when it holds more than it may, well before its heap is.
 */
const spareHeapMb = 256;
/** Finding the lines of a large page takes a second or two on a slow processor; ending the thread inside aborts the process. */
const nativeCallMs = 15_000;

type Thread = { readonly worker: Worker; readonly guard: NativeGuard };

const start = ({ heapMb = defaultHeapMb, embedder, ocr, ...setup }: ChunkReaderOptions): Thread => {
  const guard = nativeGuard();
  const gone = new AbortController();
  const worker = new Worker(threadFile("./read-worker.mjs", import.meta.url), {
    workerData: { ...setup, guard, ocrLanes: ocr?.lanes ?? 0 } satisfies GuardedSetup,
    resourceLimits: { maxOldGenerationSizeMb: heapMb + spareHeapMb },
    // What libraries print is not ours; failures come as messages.
    stdout: true,
    stderr: true,
  });
  worker.stdout.resume();
  worker.stderr.resume();
  worker.on("error", () => undefined);
  worker.on("message", (message: WorkerReply) => {
    if (message.kind === "embed") void giveVectors(worker, embedder, message.texts);
    if (message.kind === "recognise" && ocr) void giveText(worker, ocr, message, gone.signal);
  });
  worker.unref();
  const onExit = (): void => stopNativeCalls(guard, nativeCallMs);
  process.once("exit", onExit);
  worker.once("exit", () => {
    process.off("exit", onExit);
    gone.abort();
  });
  return { worker, guard };
};

const end = async ({ worker, guard }: Thread): Promise<void> => {
  await nativeCallsEnded(guard, nativeCallMs);
  await worker.terminate();
};

const leastHandedOver = 1024 * 1024;

/** A large document whose memory is its own goes to the thread instead of being there twice. */
const handedOver = ({ buffer, byteLength }: Uint8Array): ArrayBuffer[] =>
  buffer instanceof ArrayBuffer && byteLength >= leastHandedOver && byteLength === buffer.byteLength
    ? [buffer]
    : [];

const isOutOfMemory = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY";

/** The next message of the thread, or its end as a failure; `watch` may end the wait itself. */
const nextReply = (
  worker: Worker,
  watch: (end: (error: unknown) => void) => () => void,
  onPage: ReadInput["onPage"] = () => undefined,
): Promise<WorkerReply> =>
  new Promise((resolve, reject) => {
    const settle = (finish: () => void): void => {
      unwatch();
      worker.off("message", onMessage).off("error", onError).off("exit", onExit);
      worker.unref();
      finish();
    };
    const onMessage = (message: WorkerReply): void => {
      if (message.kind === "page") onPage(message.done, message.total);
      else if (message.kind !== "embed" && message.kind !== "recognise") settle(() => resolve(message));
    };
    const onError = (error: unknown): void => settle(() => reject(error));
    const onExit = (): void => onError(new AppError("INTERNAL", "the reading thread ended by itself"));
    const unwatch = watch(onError);
    worker.ref();
    worker.on("message", onMessage).on("error", onError).on("exit", onExit);
  });

const needsMore = (key: string, heapMb: number, cause?: unknown): AppError =>
  documentFailure("DOCUMENT_TOO_LARGE", key, `needs more than ${heapMb} MB of memory to be read`, cause);

/** Ends the wait at the document's limits; gives the way to stop watching. */
const watchLimits =
  (worker: Worker, { key, limits, signal, bytes }: ReadRequest, heapMb: number) =>
  (end: (error: unknown) => void) => {
    const mostExternal = limits.decompressedBytes + 4 * bytes.length + workingBytes;
    const timeout = setTimeout(
      () =>
        end(documentFailure("PARSE_TIMEOUT", key, `was not read within limits.seconds (${limits.seconds})`)),
      limits.seconds * 1000,
    );
    // Unpacked bytes lie outside the JavaScript heap, where no resource limit holds them.
    const memory = setInterval(async () => {
      const { external_memory: external, used_heap_size: used } = await worker
        .getHeapStatistics()
        .catch(() => ({ external_memory: 0, used_heap_size: 0 }));
      if (used > heapMb * 2 ** 20) end(needsMore(key, heapMb));
      if (external > mostExternal)
        end(
          documentFailure(
            "DECOMPRESSION_BOMB",
            key,
            `unpacks to more than ${limits.decompressedBytes} bytes`,
          ),
        );
    }, watchMs);
    const onAbort = (): void => end(signal.reason);
    signal.addEventListener("abort", onAbort);
    return () => {
      clearTimeout(timeout);
      clearInterval(memory);
      signal.removeEventListener("abort", onAbort);
    };
  };

const typed = (error: unknown, key: string, heapMb: number): unknown => {
  if (error instanceof AppError) return error;
  if (isOutOfMemory(error)) return needsMore(key, heapMb, error);
  return documentFailure("CORRUPT_DOCUMENT", key, `cannot be read: ${reason(error)}`, error);
};

/**
 * The thread starts with the first document and stays; it is replaced after a document that had to be stopped. It
 * never keeps the process alive.
 */
export const chunkReader = (options: ChunkReaderOptions): ChunkReader => {
  const { heapMb = defaultHeapMb } = options;
  let thread: Thread | null = null;
  let last: Promise<unknown> = Promise.resolve();
  let closed = false;

  const stop = async (): Promise<void> => {
    const stopped = thread;
    thread = null;
    if (stopped) await end(stopped);
  };
  const ready = async (): Promise<Worker> => {
    if (closed) throw new AppError("INTERNAL", "the reader is closed");
    if (thread) return thread.worker;
    const started = start(options);
    const hello = await nextReply(started.worker, () => () => undefined);
    if (hello.kind === "failed" || closed) {
      await started.worker.terminate();
      throw hello.kind === "failed"
        ? new AppError(hello.code, hello.message)
        : new AppError("INTERNAL", "the reader is closed");
    }
    started.worker.once("exit", () => {
      if (thread === started) thread = null;
    });
    thread = started;
    return started.worker;
  };
  const readNow = async (input: ReadRequest): Promise<DocumentChunks> => {
    input.signal.throwIfAborted();
    const worker = await ready();
    const { bytes, key, contentType, limits } = input;
    let answer: WorkerReply;
    try {
      const waiting = nextReply(worker, watchLimits(worker, input, heapMb), input.onPage);
      worker.postMessage({ kind: "read", bytes, key, contentType, limits }, handedOver(bytes));
      answer = await waiting;
    } catch (error) {
      await stop();
      throw input.signal.aborted ? input.signal.reason : typed(error, key, heapMb);
    }
    if (answer.kind === "chunks") return answer.document;
    throw answer.kind === "failed"
      ? new AppError(answer.code, answer.message)
      : new AppError("INTERNAL", "the reading thread answered out of turn");
  };
  const inTurn = <T>(task: () => Promise<T>): Promise<T> => {
    const turn = last.then(task);
    last = turn.catch(() => undefined);
    return turn;
  };
  return {
    read: (input) => inTurn(() => readNow(input)),
    warm: () => inTurn(async () => void (await ready())),
    close: async () => {
      closed = true;
      await stop();
      await last;
    },
  };
};
