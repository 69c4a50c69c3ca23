import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { freePort } from "../../localstack/spawn-stack.ts";
import { runKettle } from "./run-kettle.ts";

const folder = mkdtempSync(join(tmpdir(), "kettle-cli-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the kettle command", () => {
  it.each([[["--help"]], [["search", "--help"]], [["documents", "list", "--help"]], [["help", "ingest"]]])(
    "%j explains itself and ends well",
    async (args) => {
      const { code, out } = await runKettle(args);
      expect(code).toBe(0);
      expect(out).toMatch(/^Usage: kettle/);
    },
  );

  it.each([
    [["serch", "x"], "Did you mean search?"],
    [["search"], "give either a question or --picture"],
    [["search", "--picture", "kite.jpg", "kites"], "give either a question or --picture"],
    [["search", "-k", "0", "x"], "whole number from 1 to 1000"],
    [["search", "--filter", "{", "x"], "is not JSON"],
    [["ingest", "--concurrency", "many", "x"], "whole number from 1 to 64"],
    [["documents", "--nope"], "unknown option '--nope'"],
  ])("%j is wrong usage: exit code 2 and what to do", async (args, words) => {
    const { code, err } = await runKettle(args);
    expect(err).toContain(words);
    expect(code).toBe(2);
  });

  it("says in one line which server does not answer", async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const { code, err } = await runKettle(["search", "hello"], { KETTLE_URL: url });
    expect(code).toBe(1);
    expect(err.trim().split("\n")).toHaveLength(1);
    expect(err).toContain(`no answer from ${url}`);
  });

  it("a path that is not there is one line", async () => {
    const { code, err } = await runKettle(["ingest", join(folder, "nowhere")]);
    expect(code).toBe(1);
    expect(err).toContain("there is no file or folder");
  });

  it("config check reports every problem of every stage and fails", async () => {
    const file = join(folder, "bad.yml");
    writeFileSync(
      file,
      "search: { topK: 0 }\nchunking: { strategy: nope }\nstages: { a: {}, b: { search: { topK: 5 } } }\n",
    );
    const { code, out } = await runKettle(["config", "check", "--file", file, "--json"]);
    expect(code).toBe(1);
    const { stages } = JSON.parse(out) as { stages: { stage: string; ok: boolean; message: string }[] };
    expect(stages.map(({ stage, ok }) => [stage, ok])).toEqual([
      ["a", false],
      ["b", false],
    ]);
    expect(stages[0]?.message).toContain("search.topK");
    expect(stages[1]?.message).toContain("chunking.strategy");
  });

  it("config show prints the parameters of a stage, defaults included", async () => {
    const { code, out } = await runKettle(["config", "show", "--stage", "local"]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ stage: "local", chunking: { size: 256 }, http: { auth: false } });
  });
});
