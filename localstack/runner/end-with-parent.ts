import { Worker } from "node:worker_threads";

/**
 * Loaded with --import into every child of the stack: the child ends when its parent does, however that died.
 *
 * The IPC channel tells at once. A child whose main thread is busy (a long PDF) hears nothing, so a thread of its own
 * looks at the parent's process id, which changes when the parent is gone. Ctrl-C reaches the whole process group: a
 * child leaves it to its parent to end things in order.
 */
const watch = `
  const parent = process.ppid;
  setInterval(() => {
    try { process.kill(parent, 0); if (process.ppid === parent) return; } catch {}
    process.kill(process.pid, "SIGKILL");
  }, 250);`;

if (process.channel) {
  process.on("disconnect", () => process.exit(0));
  new Worker(watch, { eval: true, execArgv: [], stdin: false }).unref();
  // Listening keeps the default (to die at once) from happening; the parent disconnects.
  process.on("SIGINT", () => {});
}
