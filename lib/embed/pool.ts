import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import { nativeGuard, stopNativeCalls } from "./native-guard.ts";
import type { WorkerSetup } from "./worker.ts";

/** Worker threads that each hold the model. */
export type EmbedPool = {
  readonly threads: number;
  /** Loads the model in one worker. */
  warm(): Promise<void>;
  /** Token ids of one text → its vector. `ids` is handed over: the caller must not use it again. */
  embed(ids: Int32Array): Promise<Float32Array>;
  /** Pixels of one picture, `[3, side, side]` → its vector. They are handed over too. */
  embedPixels(pixels: Float32Array): Promise<Float32Array>;
  close(): Promise<void>;
};

/**
 * Beside a bundle the worker is `embed-worker.mjs` (a second entry point of the bundler), in the sources it is
 * `worker.ts`. Decided by what is there, since a bundler rewrites neither.
 */
const workerFile = (): string => {
  const bundled = new URL("./embed-worker.mjs", import.meta.url);
  return fileURLToPath(existsSync(bundled) ? bundled : new URL("./worker.ts", import.meta.url));
};

/** A text of full length takes .1 to .5 s. */
const exitTimeoutMs = 2_000;

/**
 * Starts no thread before the first task, then one more whenever all are busy, up to `threads`; they stay. Threads
 * never keep the process alive by themselves.
 */
export const embedPool = (setup: Omit<WorkerSetup, "guard">, threads: number): EmbedPool => {
  let pool: Piscina | null = null;
  const guard = nativeGuard();
  const onExit = (): void => stopNativeCalls(guard, exitTimeoutMs);
  const running = new Set<Promise<unknown>>();
  const started = (): Piscina => {
    if (pool) return pool;
    pool = new Piscina({
      filename: workerFile(),
      workerData: { ...setup, guard } satisfies WorkerSetup,
      minThreads: 0,
      maxThreads: threads,
      idleTimeout: Number.POSITIVE_INFINITY,
      // The native run blocks its thread and settles through the event loop, which a blocking wait would stop.
      atomics: "disabled",
    });
    // A worker that dies without a task is replaced by the next task; unheard, the event would end the process.
    pool.on("error", () => undefined);
    process.once("exit", onExit);
    return pool;
  };
  const track = <T>(task: Promise<T>): Promise<T> => {
    running.add(task);
    const done = () => running.delete(task);
    task.then(done, done);
    return task;
  };
  return {
    threads,
    warm: () => track(started().run(undefined, { name: "warm" })),
    embed: (ids) => track(started().run(ids, { name: "embed", transferList: [ids.buffer as ArrayBuffer] })),
    embedPixels: (pixels) =>
      track(started().run(pixels, { name: "embedPixels", transferList: [pixels.buffer as ArrayBuffer] })),
    // Ending a thread inside a native run aborts the whole process, so what runs ends first: one text a worker.
    close: async () => {
      await Promise.allSettled(running);
      await pool?.destroy();
      process.off("exit", onExit);
    },
  };
};
