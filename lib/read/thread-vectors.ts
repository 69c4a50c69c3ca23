import type { MessagePort, Worker } from "node:worker_threads";
import type { EmbedTexts } from "../chunk/pieces.ts";
import { joinedRows } from "../cluster/vectors.ts";
import type { Embedder } from "../embed/embedder.ts";
import { AppError, describeFailure, type FailureCode } from "../errors.ts";

/** The model is in memory once, beside the threads that read: they ask for vectors by message. */
export type VectorRequest = { readonly kind: "embed"; readonly texts: readonly string[] };
export type VectorAnswer =
  | { readonly kind: "vectors"; readonly vectors: Float32Array }
  | { readonly kind: "noVectors"; readonly code: FailureCode; readonly message: string };

/** Texts asked for at once: a document that is stopped leaves no more than these behind. */
const asked = 32;

const answerOf = (port: MessagePort): Promise<VectorAnswer> =>
  new Promise((resolve) => {
    const onMessage = (message: VectorAnswer | { readonly kind: string }): void => {
      if (message.kind !== "vectors" && message.kind !== "noVectors") return;
      port.off("message", onMessage);
      resolve(message as VectorAnswer);
    };
    port.on("message", onMessage);
  });

/** In the thread. @throws AppError what the embedder threw */
export const askForVectors =
  (port: MessagePort): EmbedTexts =>
  async (texts) => {
    const parts: Float32Array[] = [];
    for (let from = 0; from < texts.length; from += asked) {
      const answer = answerOf(port);
      port.postMessage({ kind: "embed", texts: texts.slice(from, from + asked) } satisfies VectorRequest);
      const given = await answer;
      if (given.kind === "noVectors") throw new AppError(given.code, given.message);
      parts.push(given.vectors);
    }
    return joinedRows(parts);
  };

/** Beside the threads; opened by the first document that is cut by meaning. */
export type OpenEmbedder = () => Promise<Pick<Embedder, "embed">>;

const vectorsOf = async (open: OpenEmbedder, texts: readonly string[]): Promise<VectorAnswer> => {
  try {
    // No question is answered by a passage here, texts are compared with their like: e5 has "query" for that.
    return { kind: "vectors", vectors: await (await open()).embed(texts, "query") };
  } catch (error) {
    return { kind: "noVectors", ...describeFailure(error) };
  }
};

/** Outside the thread. An answer to a thread that was ended meanwhile goes nowhere. */
export const giveVectors = async (
  worker: Worker,
  open: OpenEmbedder,
  texts: readonly string[],
): Promise<void> => worker.postMessage(await vectorsOf(open, texts));
