import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");
const modelsDir = JSON.stringify(join(root, "models"));

/** Inside the repository, so that packages resolve. */
let dir: string;
beforeAll(() => {
  mkdirSync(join(root, ".build"), { recursive: true });
  dir = mkdtempSync(join(root, ".build/embed-test-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const script = (name: string, body: string): string => {
  const path = join(dir, name);
  writeFileSync(
    path,
    `import { onnxEmbedder } from "../../lib/embed/onnx.ts";
     const embedder = await onnxEmbedder({ modelsDir: ${modelsDir}, model: "multilingual-e5-small", threads: 2 });
     const first = await embedder.embed(["kite"], "query");
     const long = () => void embedder.embed(Array(40).fill("kites and clouds ".repeat(300)), "passage").catch(() => {});
     ${body}`,
  );
  return path;
};

const node = (file: string) => {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [file], {
    encoding: "utf8",
    timeout: 60_000,
  });
  return { status, signal, stdout: stdout.trim(), stderr: stderr.trim() };
};

describe("embedding in a process", { timeout: 60_000 }, () => {
  it("ends by itself once the work is done, without close", () => {
    expect(node(script("idle.ts", "console.log(first.length)"))).toMatchObject({ status: 0, stdout: "384" });
  });

  it.each([
    ["process.exit(3)", 3],
    ['throw new Error("a bug")', 1],
  ])("%s while texts are in the model gives its exit code, not an abort", (statement, status) => {
    const file = script(`exit-${status}.ts`, `long(); setTimeout(() => { ${statement} }, 80)`);
    expect(node(file)).toMatchObject({ status, signal: null });
  });

  it("works bundled into one file, with the worker as a second one beside it", async () => {
    const out = join(dir, "bundle");
    await build({
      entryPoints: {
        main: script("main.ts", "console.log(embedder.identity, first.length); await embedder.close()"),
        "embed-worker": join(root, "lib/embed/worker.ts"),
      },
      outdir: out,
      outExtension: { ".js": ".mjs" },
      bundle: true,
      platform: "node",
      format: "esm",
      external: ["onnxruntime-node", "piscina"],
      logLevel: "silent",
    });
    const bundled = node(join(out, "main.mjs"));
    expect(bundled.stderr).toBe("");
    expect(bundled).toMatchObject({ status: 0, stdout: expect.stringMatching(/^[0-9a-f]{32} 384$/) });
  });
});
