/**
 * Node ends worker threads when the process exits; one that is inside ONNX Runtime then aborts the process (SIGABRT,
 * a core dump instead of an exit code). So workers count themselves in and out of native calls in shared memory, and
 * whoever exits first forbids new calls and waits for the running ones: one text a worker.
 */
export type NativeGuard = Int32Array<SharedArrayBuffer>;

const running = 0;
const stopping = 1;

export const nativeGuard = (): NativeGuard => new Int32Array(new SharedArrayBuffer(8));

/** Runs a native call in a worker. @throws Error once `stopNativeCalls` was called */
export const guarded = async <T>(guard: NativeGuard, call: () => Promise<T>): Promise<T> => {
  Atomics.add(guard, running, 1);
  try {
    // Counted in first, looked after that: either this sees the stop, or the stop sees this.
    if (Atomics.load(guard, stopping) === 1) throw new Error("the process is ending");
    return await call();
  } finally {
    Atomics.sub(guard, running, 1);
    Atomics.notify(guard, running);
  }
};

/** Synchronous, for `process.on("exit")`: returns when no native call runs, or after `timeoutMs`. */
export const stopNativeCalls = (guard: NativeGuard, timeoutMs: number): void => {
  Atomics.store(guard, stopping, 1);
  const end = Date.now() + timeoutMs;
  for (;;) {
    const now = Atomics.load(guard, running);
    const left = end - Date.now();
    if (now <= 0 || left <= 0) return;
    Atomics.wait(guard, running, now, left);
  }
};

/** The same for who may wait: resolves when no native call runs any more, or after `timeoutMs`. */
export const nativeCallsEnded = async (guard: NativeGuard, timeoutMs: number): Promise<void> => {
  Atomics.store(guard, stopping, 1);
  const end = Date.now() + timeoutMs;
  for (;;) {
    const now = Atomics.load(guard, running);
    const left = end - Date.now();
    if (now <= 0 || left <= 0) return;
    await Atomics.waitAsync(guard, running, now, left).value;
  }
};
