import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { downloadProgress } from "../../cli/download-progress.ts";
import { type Hub, startHub } from "./hub.ts";
import { writeTinyModel } from "./tiny-model.ts";

const root = join(import.meta.dirname, "../..");
const body = Buffer.alloc(5_000_000, "kite");
const sha256 = createHash("sha256").update(body).digest("hex");

let dir: string;
let hub: Hub;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "kettle-verb-"));
  hub = await startHub();
  hub.files.set("/model.onnx", { body });
  hub.files.set("/tokenizer.json", { body: Buffer.from("{}") });
  writeTinyModel(dir, {
    files: [
      { path: "model.onnx", url: "{hub}/model.onnx", sha256: null },
      { path: "tokenizer.json", url: "{hub}/tokenizer.json", sha256: null },
    ],
  });
  rmSync(join(dir, "tiny"), { recursive: true });
});
afterEach(async () => {
  await hub.close();
  rmSync(dir, { recursive: true, force: true });
});

/** Runs the verb in a process of its own, as cli/kettle.ts does. */
const kettle = (
  args: readonly string[],
  onError: (text: string, kill: () => void) => void = () => undefined,
) => {
  const script = `
    import { Command } from "commander";
    import { modelsVerb } from ${JSON.stringify(join(root, "cli/verbs/models.ts"))};
    const program = new Command("kettle");
    modelsVerb(program);
    await program.parseAsync(${JSON.stringify(["models", ...args])}, { from: "user" }).catch((error) => {
      console.error(error.message);
      process.exitCode = error.name === "AbortError" ? 130 : 1;
    });`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    cwd: root,
    env: { ...process.env, KETTLE_MODELS_DIR: dir, KETTLE_MODEL_HUB: hub.url },
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (data) => {
    stdout += data;
  });
  child.stderr.on("data", (data) => {
    stderr += data;
    onError(stderr, () => child.kill("SIGINT"));
  });
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
};

describe("kettle models", { timeout: 60_000 }, () => {
  it("pull prints the hashes that it locked, verify then agrees", async () => {
    const pulled = await kettle(["pull", "tiny"]);
    expect(pulled).toMatchObject({ code: 0, stdout: expect.stringContaining(`sha256 ${sha256}  (locked`) });
    expect(pulled.stderr).toContain("tiny/model.onnx  100% of 5.0 MB");
    expect(await kettle(["verify"])).toMatchObject({ code: 0, stdout: expect.stringContaining("ok") });
    writeFileSync(join(dir, "tiny/model.onnx"), "damaged");
    expect(await kettle(["verify", "tiny"])).toMatchObject({
      code: 1,
      stdout: expect.stringContaining("BAD"),
    });
  });

  it("list and pull answer as JSON", async () => {
    expect(JSON.parse((await kettle(["list", "--json"])).stdout)).toMatchObject({
      models: [{ name: "tiny", state: "not here" }],
    });
    expect(JSON.parse((await kettle(["pull", "tiny", "--json"])).stdout)).toMatchObject({
      models: { tiny: [{ path: "model.onnx", sha256, how: "downloaded", locked: true }, {}] },
    });
  });

  it("Ctrl-C keeps what has arrived, and the next pull goes on from there", async () => {
    hub.files.set("/model.onnx", { body, hangAfter: 3_000_000 });
    const part = join(dir, "tiny/model.onnx.part");
    let stopped = false;
    const arrived = () => existsSync(part) && readFileSync(part).length === 3_000_000;
    const run = await kettle(["pull", "tiny"], (_, interrupt) => {
      if (stopped) return;
      stopped = true;
      const timer = setInterval(() => {
        if (!arrived()) return;
        clearInterval(timer);
        interrupt();
      }, 5);
    });
    expect(run).toMatchObject({ code: 130, stderr: expect.stringContaining("run the same command again") });
    hub.files.set("/model.onnx", { body });
    expect(await kettle(["pull", "tiny"])).toMatchObject({ code: 0 });
    expect(hub.requests).toContain("GET /model.onnx bytes=2999999-");
    expect(readFileSync(join(dir, "tiny/model.onnx")).equals(body)).toBe(true);
  });

  it("a model that is not in the manifest fails with the names there are", async () => {
    expect(await kettle(["pull", "huge"])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("tiny"),
    });
  });
});

describe("download progress", () => {
  const record = (isTTY: boolean) => {
    const written: string[] = [];
    let time = 0;
    const progress = downloadProgress(
      { isTTY, columns: 60, write: (text) => written.push(text) },
      "m",
      () => time,
    );
    return { written, progress, at: (ms: number) => (time = ms) };
  };

  it("redraws one line on a terminal, never wider than it, and clears it", () => {
    const { written, progress, at } = record(true);
    progress.report("a-file-with-a-long-name.onnx", 0, 10_000_000);
    at(1_000);
    progress.report("a-file-with-a-long-name.onnx", 5_000_000, 10_000_000);
    progress.end();
    expect(written).toHaveLength(3);
    expect(written[1]).toContain(`\r\u001b[K[${"#".repeat(12)}${"-".repeat(12)}] m/a-file`);
    for (const text of written) expect(text.replace("\r\u001b[K", "").length).toBeLessThan(60);
    expect(written.join("")).not.toContain("\n");
  });

  it("without a terminal writes a line at the start, every ten seconds and at the end", () => {
    const { written, progress, at } = record(false);
    for (let s = 0; s <= 25; s++) {
      at(s * 1_000);
      progress.report("f", s * 1_000_000, 25_000_000);
    }
    progress.end();
    expect(written).toEqual([
      "m/f  0% of 25.0 MB\n",
      "m/f  40% of 25.0 MB  1.0 MB/s  15 s left\n",
      "m/f  80% of 25.0 MB  1.0 MB/s  5 s left\n",
      "m/f  100% of 25.0 MB  1.0 MB/s\n",
    ]);
  });

  it("says bytes alone when the server does not say how many there will be", () => {
    const { written, progress } = record(false);
    progress.report("f", 1_500_000, null);
    expect(written).toEqual(["m/f  1.5 MB\n"]);
  });
});
