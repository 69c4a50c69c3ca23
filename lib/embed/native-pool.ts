import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import { type NativeGuard, nativeGuard, stopNativeCalls } from "./native-guard.ts";

/** Threads whose tasks are native runs. */
export type NativePool = {
  /** `name` of what the thread's file exports; what `handedOver` holds is not to be used afterwards. */
  run<Answer>(name: string, task: unknown, handedOver?: readonly ArrayBuffer[]): Promise<Answer>;
  /** Ending a thread inside a native run aborts the whole process, so what runs or waits ends first. */
  close(): Promise<void>;
};

export type NativePoolOptions = {
  /** Of the thread's code. */
  readonly file: URL;
  /** What every thread is started with, beside the guard. */
  readonly setup: object;
  readonly threads: number;
  /** The longest native run: so long the end of the process waits for it. */
  readonly exitTimeoutMs: number;
};

/**
 * Starts no thread before the first task, then one more whenever all are busy, up to `threads`; they stay. Threads
 * never keep the process alive by themselves.
 */
export const nativePool = ({ file, setup, threads, exitTimeoutMs }: NativePoolOptions): NativePool => {
  let pool: Piscina | null = null;
  const guard: NativeGuard = nativeGuard();
  const onExit = (): void => stopNativeCalls(guard, exitTimeoutMs);
  const running = new Set<Promise<unknown>>();
  const started = (): Piscina => {
    if (pool) return pool;
    pool = new Piscina({
      filename: fileURLToPath(file),
      workerData: { ...setup, guard },
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
  return {
    run: (name, task, handedOver = []) => {
      const answer = started().run(task, { name, transferList: [...handedOver] });
      running.add(answer);
      const done = () => running.delete(answer);
      answer.then(done, done);
      return answer;
    },
    close: async () => {
      await Promise.allSettled(running);
      await pool?.destroy();
      process.off("exit", onExit);
    },
  };
};
