import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Evaluated, readJudgedQueries } from "../../cli/evaluate.ts";
import { runKettle } from "./run-kettle.ts";

/** Keys that the server answers with, by reranker: one question is answered at rank 1 or 3, the other never. */
const answers: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  "what is a kite?": { none: ["x.txt", "x.txt", "kite.md"], balanced: ["kite.md", "kite.md"] },
  "what is tea?": { none: ["y.txt"], balanced: [] },
};

let folder: string;
let server: Server;
let url: string;
const asked: { mode: string; topK: number; budget?: { tokens: number } }[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "kettle-eval-"));
  server = createServer(async (request, response) => {
    const body = JSON.parse(await text(request));
    asked.push(body);
    const keys = answers[body.query]?.[body.rerank] ?? [];
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ hits: keys.map((key) => ({ key })), tokens: 100 * keys.length }));
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

const file = (name: string, content: string): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const queries = `{"query": "what is a kite?", "relevant": ["kite.md"]}

{"query": "what is tea?", "relevant": ["tea.md", "leaf.md"]}
`;

describe("kettle eval", () => {
  it("measures each reranker on the caller's questions", async () => {
    const path = file("queries.jsonl", queries);
    const args = ["eval", path, "--rerank", "none,balanced", "--tokens", "500", "--json"];
    const { code, out } = await runKettle(args, { KETTLE_URL: url });
    expect(code).toBe(0);
    const [none, balanced] = JSON.parse(out) as Evaluated[];
    // The relevant document is third: 1/log₂4 = .5; over two questions .25. Chunks of one document count once.
    expect(none).toMatchObject({ rerank: "none", mode: "dense", queries: 2 });
    expect(none?.ndcg.mean).toBeCloseTo(0.25, 10);
    expect(none?.recall.mean).toBeCloseTo(0.5, 10);
    expect(none?.tokens.mean).toBe(200);
    expect(balanced?.ndcg.mean).toBeCloseTo(0.5, 10);
    expect(balanced?.ndcgAgainstFirst).toMatchObject({ mean: 0.25, low: 0, high: 0.5 });
    expect(asked).toHaveLength(4);
    expect(asked[0]).toMatchObject({ mode: "dense", topK: 10, budget: { tokens: 500 } });
  });

  it("prints a table", async () => {
    const path = file("queries.jsonl", queries);
    const { out } = await runKettle(["eval", path, "--rerank", "none,balanced", "-k", "3"], {
      KETTLE_URL: url,
    });
    const lines = out.trim().split("\n");
    expect(lines[0]).toMatch(/^mode +reranker +nDCG@3 +less none +recall@3 +tokens$/);
    expect(lines[2]).toMatch(/^dense +balanced +0\.500 \(0\.000 to 1\.000\) +0\.250 /);
  });

  it("names the line that is not a judged query, and an empty file", () => {
    expect(() => readJudgedQueries('{"query": "a", "relevant": ["b"]}\n{"query": "a"}')).toThrow(/^line 2 /);
    expect(() => readJudgedQueries("not json")).toThrow(/^line 1 /);
    expect(() => readJudgedQueries("\n\n")).toThrow("no queries");
  });
});
