import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { countByWords } from "../chunk/count-words.ts";
import { type ChunkerName, chunkers } from "../chunk/registry.ts";
import { type ChunkChoice, type ChunkRule, choiceFor } from "../chunk/rules.ts";
import type { NativeGuard } from "../embed/native-guard.ts";
import { loadTokenizer } from "../embed/tokenizer.ts";
import { describeFailure, type FailureCode } from "../errors.ts";
import { scoreQuality } from "../quality/quality.ts";
import type { ReadInput } from "./reader.ts";
import { askForText, type TextAnswer, type TextRequest } from "./thread-text.ts";
import { askForVectors, type VectorAnswer, type VectorRequest } from "./thread-vectors.ts";
import { type Chunking, type DocumentChunks, readChunks } from "./to-chunks.ts";

/** What the thread is started with: data only, it builds the rest itself. */
export type WorkerSetup = {
  readonly modelsDir: string;
  readonly model: string;
  /** How documents are cut, and how those of some folders. */
  readonly cut: ChunkChoice<ChunkerName> & { readonly rules: readonly ChunkRule<ChunkerName>[] };
  readonly maxBytes: number;
  readonly maxChunks: number;
  /** As `Chunking.copies`. */
  readonly copies: number | null;
  readonly images: {
    readonly gps: boolean;
    /** Side of the square pictures for image search, and the most of one document; null or absent: none are wanted. */
    readonly search?: { readonly side: number; readonly most: number } | null;
  };
};

/** Who starts the thread must wait for its native calls before ending it, and gives it text of pictures. */
export type GuardedSetup = WorkerSetup & {
  readonly guard: NativeGuard;
  /** Pictures that OCR reads at once; 0: it is off. */
  readonly ocrLanes: number;
};

export type WorkerRequest = { readonly kind: "read" } & Pick<
  ReadInput,
  "bytes" | "key" | "contentType" | "limits"
>;

export type WorkerReply =
  | VectorRequest
  | TextRequest
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

const serve = async (port: MessagePort): Promise<void> => {
  const tokenizer = await loadTokenizer(setup);
  const { cut, maxBytes, maxChunks, copies } = setup;
  const countTokens = countByWords(tokenizer.count);
  const embed = askForVectors(port);
  const chunkingOf = (key: string): Chunking => {
    const { strategy, size, overlap, parent } = choiceFor(key, cut.rules, cut);
    const options = { size, overlap, maxBytes, countTokens };
    const chunker = chunkers[strategy];
    return { chunker, options, parent, embed, quality: scoreQuality, maxChunks, copies };
  };
  const { guard, ocrLanes, images } = setup;
  const ocr = ocrLanes === 0 ? null : askForText(port, ocrLanes);
  const { gps, search } = images;
  const onPage = (done: number, total: number): void => reply({ kind: "page", done, total });
  port.on("message", (request: WorkerRequest | VectorAnswer | TextAnswer) => {
    if (request.kind !== "read") return;
    const onRead = (): void => release(request.bytes);
    const chunking = { ...chunkingOf(request.key), onRead };
    const pictures = search ? { side: search.side, left: search.most } : null;
    readChunks({ ...request, signal, ocr, gps, pictures, guard, onPage }, chunking).then(
      (document) => reply({ kind: "chunks", document }),
      fail,
    );
  });
  reply({ kind: "ready" });
};

if (parentPort) await serve(parentPort).catch(fail);
