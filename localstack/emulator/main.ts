import { fstatSync } from "node:fs";
import { type EmulatorOptions, startEmulator } from "./emulator.ts";
import { EmulatorError } from "./errors.ts";

/**
 * The emulator in a process of its own: `node localstack/emulator/main.ts '{"port": 4566, "dataDir": …}'` with the
 * options of `startEmulator`. Prints its address; ends on SIGINT, SIGTERM and, when standard input is a pipe, with the
 * process at its other end.
 */
try {
  const options = JSON.parse(process.argv[2] ?? "") as EmulatorOptions;
  const emulator = await startEmulator({ ...options, log: console.error });
  const stop = (): void => {
    void emulator.close().then(() => process.exit(0));
  };
  process.once("SIGINT", stop).once("SIGTERM", stop);
  const stdin = fstatSync(0);
  if (stdin.isFIFO() || stdin.isSocket()) process.stdin.resume().once("end", stop).once("error", stop);
  console.log(emulator.url);
} catch (error) {
  console.error(error instanceof EmulatorError ? error.message : error);
  process.exitCode = 1;
}
