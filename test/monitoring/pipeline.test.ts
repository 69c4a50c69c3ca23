import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Block, parseAlloy } from "./alloy-syntax.ts";
import { levelCounts, runPipeline } from "./pipeline.ts";

/** The stages and expressions of the configuration itself, over logs of a real Milvus 2.3.5 (README.md says which). */

const infra = join(import.meta.dirname, "../../infra/monitoring");
const configuration = (path: string): readonly Block[] => parseAlloy(readFileSync(join(infra, path), "utf8"));
const blocks = configuration("base/alloy/milvus.alloy");
const named = (name: string, label: string, among = blocks): Block => {
  const found = among.find((block) => block.name === name && block.label === label);
  if (found === undefined) throw new Error(`no ${name} ${label}`);
  return found;
};
const process = named("loki.process", "milvus");
const runtime = named("loki.process", "runtime");
const sample = (name: string): readonly string[] =>
  readFileSync(join(import.meta.dirname, name), "utf8")
    .trimEnd()
    .split("\n");
const entriesOf = (lines: readonly string[]) => runPipeline(process, lines, { job: "milvus" });

const samples = {
  // Before it has read its settings, Milvus writes text whatever the format. The banner before the first entry has no level; the trace of the signal is one entry.
  "milvus-2.3.5.log": { none: 1, DEBUG: 3, INFO: 67, WARN: 23, ERROR: 2, FATAL: 1 },
  "milvus-2.3.5-json.log": { none: 1, DEBUG: 3, INFO: 27, WARN: 22, ERROR: 2, FATAL: 1 },
} as const;

describe("Milvus's log", () => {
  it.each(Object.entries(samples))("%s has entries of these levels: %j", (name, counts) => {
    expect(levelCounts(entriesOf(sample(name)))).toEqual(counts);
  });

  it("no line is lost when they are joined", () => {
    for (const name of Object.keys(samples)) {
      const lines = sample(name);
      expect(entriesOf(lines).flatMap(({ line }) => line.split("\n"))).toEqual(lines);
    }
  });

  it("a trace of many lines is one entry, found as FATAL", () => {
    const [trace, ...others] = entriesOf(sample("milvus-2.3.5.log")).filter(
      ({ labels }) => labels.level === "FATAL",
    );
    expect(others).toEqual([]);
    expect(trace?.line).toMatch(/^SIGABRT: abort\nPC=/);
    expect(trace?.line.split("\n").length).toBeGreaterThan(50);
  });

  it("an error whose message runs over lines is one entry with its caller", () => {
    const errors = entriesOf(sample("milvus-2.3.5.log")).filter(({ metadata }) =>
      metadata.caller?.startsWith("proxy/impl.go"),
    );
    expect(errors.some(({ line }) => line.includes("\n"))).toBe(true);
    expect(errors.every(({ labels }) => labels.level !== undefined)).toBe(true);
  });

  it("the caller and the trace id are kept beside the entry, in both formats", () => {
    for (const name of Object.keys(samples)) {
      const metadata = entriesOf(sample(name)).map((entry) => entry.metadata);
      expect(
        metadata.some(({ caller }) => /^[\w./-]+\.go:\d+$/.test(caller ?? "")),
        name,
      ).toBe(true);
      expect(
        metadata.some(({ trace_id }) => /^[0-9a-f]{32}$/.test(trace_id ?? "")),
        name,
      ).toBe(true);
    }
  });

  it("more lines than an entry may have begin another, so memory is bounded", () => {
    const lines = [
      "SIGSEGV: segmentation violation",
      ...Array.from({ length: 1_200 }, (_, i) => `frame ${i}`),
    ];
    expect(entriesOf(lines).map(({ line }) => line.split("\n").length)).toEqual([500, 500, 201]);
  });

  it("a line of C++ has the level that its first letter stands for", () => {
    const levels = ["I", "W", "E", "F"].map((letter) => {
      const [entry] = entriesOf([`${letter}20261125 03:28:57.514106  8285 a.cc:9] text`]);
      return entry?.labels.level;
    });
    expect(levels).toEqual(["INFO", "WARN", "ERROR", "FATAL"]);
  });
});

describe("what the container runtime puts around a line", () => {
  const line = '[2026/11/25 03:29:08.606 +00:00] [WARN] [proxy/lb_policy.go:157] ["no \\"node\\""]';
  it.each([
    ["containerd", `2026-11-25T03:29:08.606123456Z stdout F ${line}`],
    ["Docker", JSON.stringify({ log: line, stream: "stdout", time: "2026-11-25T03:29:08.606123456Z" })],
  ])("of %s is taken off, once", (_name, wrapped) => {
    const [entry] = runPipeline(runtime, [wrapped], { job: "milvus" });
    expect(entry?.line).toBe(line);
    expect(levelCounts(runPipeline(process, [entry!.line], entry!.labels))).toEqual({ WARN: 1 });
  });

  it("its nanosecond time is kept: no stage puts Milvus's milliseconds in its place", () => {
    const names = [runtime, process].flatMap((each) => JSON.stringify(each.blocks));
    expect(names.join()).not.toContain("stage.timestamp");
    expect(names.join()).toContain("stage.cri");
  });

  it("a file that Docker's Milvus writes has nothing around its lines, and passes the same stages", () => {
    const docker = configuration("one-machine/docker.alloy");
    expect(named("loki.source.file", "docker", docker).attributes.forward_to).toEqual([
      { text: "loki.process.milvus.receiver" },
    ]);
    expect(JSON.stringify(named("local.file_match", "docker", docker))).toContain('"job":"milvus"');
  });
});

describe("labels", () => {
  it("few, and none that grows with the logs", () => {
    const labels = new Set(
      entriesOf(sample("milvus-2.3.5.log")).flatMap((entry) => Object.keys(entry.labels)),
    );
    expect(labels).toEqual(new Set(["job", "level"]));
  });

  it("the node's own logs are job varlogs", () => {
    const [target] = named("local.file_match", "node", configuration("base/alloy/node.alloy")).attributes
      .path_targets as unknown as readonly { map: Record<string, unknown> }[];
    expect(target?.map).toMatchObject({ __path__: "/var/log/*.log", job: "varlogs" });
  });
});

it("a stage that is not run here, or a slip in the syntax, is an error and not passed over", () => {
  const broken = parseAlloy('loki.process "x" { stage.nonsense { } }');
  expect(() => runPipeline(broken[0]!, ["a"], {})).toThrow("stage.nonsense");
  expect(() => parseAlloy('loki.process "x" { stage.regex { expression = "a }')).toThrow("syntax");
  expect(() => parseAlloy('a "x" { b = [1 }')).toThrow();
});
