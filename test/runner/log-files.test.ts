import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LogFiles, openLogFiles, terminalLine } from "../../localstack/runner/log-files.ts";

let dataDir: string;
let shown: string[];
let logs: LogFiles;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "kettle-logs-"));
  shown = [];
  logs = openLogFiles(dataDir, (line) => shown.push(line));
});

afterEach(() => {
  logs.close();
  rmSync(dataDir, { recursive: true });
});

const line = (fields: object) => JSON.stringify(fields);

describe("logs of the stack's processes", () => {
  it("every line is in the process's file; only warnings and errors are shown, once", () => {
    logs.write("parse", line({ level: "INFO", message: "read" }));
    logs.write("parse", line({ level: "ERROR", message: "no" }));
    logs.write("parse", line({ level: "ERROR", message: "no" }));
    logs.write("parse", "a line of a library");
    expect(readFileSync(join(dataDir, "logs/parse.log"), "utf8").trim().split("\n")).toHaveLength(4);
    expect(shown).toEqual(["parse  error: no"]);
  });

  it("a file is cut before it grows beyond bounds, and one older one is kept", () => {
    const large = "x".repeat(1_000_000);
    for (let i = 0; i < 14; i += 1) logs.write("embed", large);
    expect(statSync(join(dataDir, "logs/embed.log")).size).toBeLessThan(7_000_000);
    expect(statSync(join(dataDir, "logs/embed.log.1")).size).toBeLessThan(7_000_000);
  });
});

describe("a log line in the terminal", () => {
  it.each([
    [{ level: "WARN", message: "slow", key: "a.pdf" }, "embed  warning: slow (a.pdf)"],
    [
      {
        level: "ERROR",
        message: "gave up",
        key: "a.pdf",
        code: "CRASHED",
        error: { message: "out\n of  memory" },
      },
      "embed  error: gave up (a.pdf, CRASHED): out of  memory",
    ],
    [{ level: "INFO", message: "done" }, null],
    [{ message: "without a level" }, null],
  ])("%j", (fields, expected) => {
    expect(terminalLine("embed", line(fields))).toBe(expected);
  });

  it.each(["{broken", "text", ""])("what is no JSON is not shown: %j", (text) => {
    expect(terminalLine("embed", text)).toBeNull();
  });

  it("is cut to a bearable length", () => {
    expect(terminalLine("embed", line({ level: "ERROR", message: "x".repeat(1000) }), 80)).toHaveLength(80);
  });
});
