/** Long polls: who waits on which queue. A wake-up is only a hint to look again. */
export class Waiters {
  readonly #waiting = new Map<string, Set<() => void>>();
  #isClosed = false;

  /** Resolves on {@link wake} of the queue, after `ms`, when the signal fires, and on shutdown. Never rejects. */
  wait(queue: string, ms: number, signal: AbortSignal): Promise<void> {
    if (this.#isClosed || signal.aborted || ms <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(queue) ?? new Set();
      this.#waiting.set(queue, waiting);
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener("abort", done);
      waiting.add(done);
    });
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  wake(queue: string): void {
    for (const done of [...(this.#waiting.get(queue) ?? [])]) done();
  }

  shutdown(): void {
    this.#isClosed = true;
    for (const queue of this.#waiting.keys()) this.wake(queue);
  }
}
