import { execFile } from "node:child_process";
import { join } from "node:path";

export type Ran = { readonly code: number; readonly out: string; readonly err: string };

/** Runs the kettle command as a user would, and gives what it printed. */
export const runKettle = (
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> =>
  new Promise((resolve) => {
    const root = join(import.meta.dirname, "../..");
    execFile(
      process.execPath,
      [join(root, "cli/kettle.js"), ...args],
      { cwd: root, env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024 },
      (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code ?? 1), out, err }),
    );
  });
