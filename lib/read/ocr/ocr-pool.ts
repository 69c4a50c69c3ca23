import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import { nativeGuard, stopNativeCalls } from "../../embed/native-guard.ts";
import { AppError } from "../../errors.ts";
import type { Ocr, OcrLanguage, OcrLine, Raster } from "./ocr.ts";
import type { OcrAnswer, OcrSetup } from "./worker.ts";

export type OcrPool = Ocr & {
  /** What is being read ends first; what waits is refused. */
  close(): Promise<void>;
};

/** As for embedding's worker: beside a bundle `ocr-worker.mjs`, in the sources `worker.ts`. */
const workerFile = (): string => {
  const bundled = new URL("./ocr-worker.mjs", import.meta.url);
  return fileURLToPath(existsSync(bundled) ? bundled : new URL("./worker.ts", import.meta.url));
};

/** Finding the lines of a large page takes a second or two on a slow processor. */
const nativeCallMs = 15_000;

/** At most `most` tasks at once; the others begin in the order in which they came. */
const inTurns = (most: number) => {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async <T>(task: () => Promise<T>): Promise<T> => {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
};

/**
 * OCR in threads of its own, each with the models (about .3 s to load): the native run blocks the thread that it is in.
 * One pool serves all documents of a process, so that together they take no more threads than one would. No thread is
 * started before the first picture, then one more whenever all are busy; they stay, and never keep the process alive.
 */
export const ocrPool = (languages: readonly OcrLanguage[], threads: number): OcrPool => {
  const guard = nativeGuard();
  const inTurn = inTurns(threads);
  const running = new Set<Promise<unknown>>();
  let pool: Piscina | null = null;
  let closed = false;
  const onExit = (): void => stopNativeCalls(guard, nativeCallMs);

  const started = (): Piscina => {
    if (pool) return pool;
    pool = new Piscina({
      filename: workerFile(),
      workerData: { languages, guard } satisfies OcrSetup,
      minThreads: 0,
      maxThreads: threads,
      idleTimeout: Number.POSITIVE_INFINITY,
      // The native run settles through the event loop, which a blocking wait would stop.
      atomics: "disabled",
    });
    // A thread that dies without a task is replaced by the next task; unheard, the event would end the process.
    pool.on("error", () => undefined);
    process.once("exit", onExit);
    return pool;
  };
  const recognise = async (picture: Raster, signal: AbortSignal): Promise<readonly OcrLine[]> => {
    signal.throwIfAborted();
    if (closed) throw new AppError("INTERNAL", "OCR is closed");
    const { buffer } = picture.data;
    const transferList = buffer instanceof ArrayBuffer ? [buffer] : [];
    const task = started().run(picture, { name: "recognise", transferList }) as Promise<OcrAnswer>;
    running.add(task);
    const answer = await task.finally(() => running.delete(task));
    signal.throwIfAborted();
    if ("lines" in answer) return answer.lines;
    throw new AppError(answer.code, answer.message);
  };
  return {
    lanes: threads,
    recognise: (picture, signal) => inTurn(() => recognise(picture, signal)),
    // Ending a thread inside a native run aborts the whole process.
    close: async () => {
      closed = true;
      await Promise.allSettled(running);
      await pool?.destroy();
      process.off("exit", onExit);
    },
  };
};
