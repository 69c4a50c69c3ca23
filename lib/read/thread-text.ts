import type { MessagePort, Worker } from "node:worker_threads";
import { AppError, describeFailure, type FailureCode } from "../errors.ts";
import type { Ocr, OcrLine, Raster } from "./ocr/ocr.ts";

/** OCR has threads of its own, beside those that read documents: they ask for text by message. */
export type TextRequest = { readonly kind: "recognise"; readonly id: number; readonly picture: Raster };
export type TextAnswer =
  | { readonly kind: "lines"; readonly id: number; readonly lines: readonly OcrLine[] }
  | {
      readonly kind: "noLines";
      readonly id: number;
      readonly code: FailureCode;
      readonly message: string;
    };

const isAnswer = (message: { readonly kind: string }): message is TextAnswer =>
  message.kind === "lines" || message.kind === "noLines";

/** Bytes that nobody else has a part in can be handed over; others are copied. */
const ofItsOwn = ({ data, width, height }: Raster): Raster & { readonly data: Uint8Array<ArrayBuffer> } => {
  const { buffer, byteLength } = data;
  const whole = !Buffer.isBuffer(data) && buffer instanceof ArrayBuffer && byteLength === buffer.byteLength;
  return { data: whole ? (data as Uint8Array<ArrayBuffer>) : Uint8Array.from(data), width, height };
};

/** In the thread. @param lanes of the OCR beside it */
export const askForText = (port: MessagePort, lanes: number): Ocr => {
  const asked = new Map<number, (answer: TextAnswer) => void>();
  let last = 0;
  port.on("message", (message: { readonly kind: string }) => {
    if (!isAnswer(message)) return;
    asked.get(message.id)?.(message);
    asked.delete(message.id);
  });
  return {
    lanes,
    recognise: async (given, signal) => {
      signal.throwIfAborted();
      const id = ++last;
      const picture = ofItsOwn(given);
      const answer = new Promise<TextAnswer>((resolve) => asked.set(id, resolve));
      port.postMessage({ kind: "recognise", id, picture } satisfies TextRequest, [picture.data.buffer]);
      const got = await answer;
      if (got.kind === "lines") return got.lines;
      throw new AppError(got.code, got.message);
    },
  };
};

/** Outside the thread; `signal` fires when the thread is gone, and what waits on its behalf is given up. */
export const giveText = async (
  worker: Worker,
  ocr: Ocr,
  { id, picture }: TextRequest,
  signal: AbortSignal,
): Promise<void> => {
  const answer = await ocr.recognise(picture, signal).then(
    (lines): TextAnswer => ({ kind: "lines", id, lines }),
    (error: unknown): TextAnswer => ({ kind: "noLines", id, ...describeFailure(error) }),
  );
  worker.postMessage(answer);
};
