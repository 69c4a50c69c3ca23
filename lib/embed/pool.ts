import { threadFile } from "../thread-file.ts";
import { nativePool } from "./native-pool.ts";
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

/** A text of full length takes .1 to .5 s, and many times that where others use the processor too. */
const exitTimeoutMs = 10_000;

/** As `nativePool`. `close` waits for what runs: one text a worker. */
export const embedPool = (setup: Omit<WorkerSetup, "guard">, threads: number): EmbedPool => {
  const pool = nativePool({
    file: threadFile("./embed-worker.mjs", import.meta.url),
    setup,
    threads,
    exitTimeoutMs,
  });
  return {
    threads,
    warm: () => pool.run("warm", undefined),
    embed: (ids) => pool.run("embed", ids, [ids.buffer as ArrayBuffer]),
    embedPixels: (pixels) => pool.run("embedPixels", pixels, [pixels.buffer as ArrayBuffer]),
    close: () => pool.close(),
  };
};
