import { parentPort, workerData } from "node:worker_threads";
import { countByWords } from "../chunk/count-words.ts";
import { type ChunkerName, chunkers } from "../chunk/registry.ts";
import type { NativeGuard } from "../embed/native-guard.ts";
import { loadTokenizer } from "../embed/tokenizer.ts";
import { describeFailure, type FailureCode } from "../errors.ts";
import { scoreQuality } from "../quality/quality.ts";
import type { OcrLanguage } from "./ocr/ocr.ts";
import { ppOcr } from "./ocr/pp-ocr.ts";
import type { ReadInput } from "./reader.ts";
import { type DocumentChunks, readChunks } from "./to-chunks.ts";

/** What the thread is started with: data only, it builds the rest itself. */
export type WorkerSetup = {
  readonly modelsDir: string;
  readonly model: string;
  readonly strategy: ChunkerName;
  readonly size: number;
  readonly overlap: number;
  readonly maxBytes: number;
  readonly maxChunks: number;
  /** As `Chunking.copies`. */
  readonly copies: number | null;
  readonly images: {
    /** None: OCR is off. */
    readonly ocrLanguages: readonly OcrLanguage[];
    readonly ocrThreads: number;
    readonly gps: boolean;
  };
};

/** Who starts the thread must wait for its native calls before ending it. */
export type GuardedSetup = WorkerSetup & { readonly guard: NativeGuard };

export type WorkerRequest = Pick<ReadInput, "bytes" | "key" | "contentType" | "limits">;

export type WorkerReply =
  | { readonly kind: "ready" }
  | { readonly kind: "page"; readonly done: number; readonly total: number }
  | { readonly kind: "chunks"; readonly document: DocumentChunks }
  | { readonly kind: "failed"; readonly code: FailureCode; readonly message: string };

const setup = workerData as GuardedSetup;
const reply = (message: WorkerReply): void => parentPort?.postMessage(message);
const fail = (error: unknown): void => reply({ kind: "failed", ...describeFailure(error) });

/** The one that reads ends with its thread. */
const { signal } = new AbortController();

/** The thread's own bytes give their room to the chunks, instead of waiting for the last reference to go. */
const release = ({ buffer }: Uint8Array): void => {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
};

const serve = async (): Promise<void> => {
  const tokenizer = await loadTokenizer(setup);
  const { size, overlap, maxBytes, maxChunks, copies } = setup;
  const chunking = {
    chunker: chunkers[setup.strategy],
    options: { size, overlap, maxBytes, countTokens: countByWords(tokenizer.count) },
    quality: scoreQuality,
    maxChunks,
    copies,
  };
  const { ocrLanguages: languages, ocrThreads: threads, gps } = setup.images;
  const { guard } = setup;
  const ocr = languages.length === 0 ? null : ppOcr({ languages, threads, guard });
  const onPage = (done: number, total: number): void => reply({ kind: "page", done, total });
  parentPort?.on("message", (request: WorkerRequest) => {
    const onRead = (): void => release(request.bytes);
    readChunks({ ...request, signal, ocr, gps, guard, onPage }, { ...chunking, onRead }).then(
      (document) => reply({ kind: "chunks", document }),
      fail,
    );
  });
  reply({ kind: "ready" });
};

await serve().catch(fail);
