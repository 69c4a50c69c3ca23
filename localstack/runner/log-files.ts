import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from "node:fs";
import { join, relative } from "node:path";

/** Where the lines of the stack's processes go: a file a process, and what matters to the terminal. */
export type LogFiles = {
  readonly directory: string;
  /** A line that the process `name` printed. */
  write(name: string, line: string): void;
  close(): void;
};

type OpenFile = { descriptor: number; bytes: number };

/** One older file is kept, so a process's logs take at most twice this. */
const maxFileBytes = 5_000_000;

const fieldsOf = (line: string): Readonly<Record<string, unknown>> | null => {
  if (!line.startsWith("{")) return null;
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
};

const text = (value: unknown): string =>
  typeof value === "string" || typeof value === "number" ? `${value}` : "";

const errorText = (value: unknown): string =>
  typeof value === "object" && value !== null && "message" in value ? text(value.message) : text(value);

/**
 * What a terminal shows of a JSON log line: warnings and errors on one line, null for the rest.
 * @param maxLength longer ones are cut; the file has all of it
 */
export const terminalLine = (name: string, line: string, maxLength = 240): string | null => {
  const fields = fieldsOf(line);
  const level = text(fields?.level).toUpperCase();
  if (fields === null || !["WARN", "ERROR", "CRITICAL"].includes(level)) return null;
  const about = [fields.key, fields.code].map(text).filter((part) => part !== "");
  const cause = errorText(fields.error);
  const shown = [
    `${name}  ${level === "WARN" ? "warning" : "error"}: ${text(fields.message)}`,
    about.length > 0 ? ` (${about.join(", ")})` : "",
    cause === "" ? "" : `: ${cause}`,
  ]
    .join("")
    .replaceAll(/\s*\n\s*/g, " ");
  return shown.length > maxLength ? `${shown.slice(0, maxLength - 1)}…` : shown;
};

/** The same line again within this time is not shown again. */
const repeatMs = 10_000;

/**
 * Opens `<dataDir>/logs/`. Files are cut at 5 MB, one older one of each is kept.
 * @param show prints a line in the terminal; told only warnings and errors, repeats left out
 */
export const openLogFiles = (dataDir: string, show: (line: string) => void): LogFiles => {
  const directory = join(dataDir, "logs");
  mkdirSync(directory, { recursive: true });
  const files = new Map<string, OpenFile>();
  const shownAt = new Map<string, number>();
  const path = (name: string) => join(directory, `${name}.log`);

  const openFile = (name: string): OpenFile => {
    const descriptor = openSync(path(name), "a");
    const file = { descriptor, bytes: fstatSync(descriptor).size };
    files.set(name, file);
    return file;
  };
  const turnOver = (name: string, file: OpenFile): OpenFile => {
    closeSync(file.descriptor);
    renameSync(path(name), `${path(name)}.1`);
    return openFile(name);
  };
  const showOnce = (shown: string) => {
    const now = Date.now();
    if (now - (shownAt.get(shown) ?? 0) < repeatMs) return;
    if (shownAt.size > 1_000) shownAt.clear();
    shownAt.set(shown, now);
    show(shown);
  };
  return {
    directory,
    write: (name, line) => {
      let file = files.get(name) ?? openFile(name);
      if (file.bytes > maxFileBytes) file = turnOver(name, file);
      file.bytes += writeSync(file.descriptor, `${line}\n`);
      const shown = terminalLine(name, line);
      if (shown !== null) showOnce(shown);
    },
    close: () => {
      for (const { descriptor } of files.values()) closeSync(descriptor);
      files.clear();
    },
  };
};

/** The shortest way to write a path for someone who is in `directory`. */
export const shownPath = (path: string, directory = process.cwd()): string => {
  const short = relative(directory, path);
  return short === "" || short.startsWith("..") ? path : short;
};
