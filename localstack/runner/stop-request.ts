/** The reason of a signal that the user's Ctrl-C, or the like, aborted. */
export class StopRequest extends Error {
  constructor() {
    super("stopped");
    this.name = "AbortError";
  }
}

/** Ctrl-C comes twice under npm: from the terminal to the process group, and passed on by npm. */
const sameRequestMs = 400;

/**
 * The npm scripts say `exec`, so that npm is the parent and what it passes on arrives here instead of at a shell.
 *
 * Calls `stop` for Ctrl-C, SIGTERM, a closed terminal, and the end of what runs this, where that is npm or a test. A
 * second Ctrl-C ends the process at once; its children end with it.
 */
export const onStopRequest = (stop: () => void): void => {
  let firstAt: number | null = null;
  const request = () => {
    const now = Date.now();
    if (firstAt === null) {
      firstAt = now;
      stop();
    } else if (now - firstAt > sameRequestMs) process.exit(130);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, request);
  // A parent that was killed passes nothing on. A shell's background job, on the other hand, outlives its shell.
  if (!process.env.npm_lifecycle_event && !process.env.KETTLE_END_WITH_PARENT) return;
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent && firstAt === null) request();
  }, 500).unref();
};
