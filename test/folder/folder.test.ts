import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type SpawnedStack, spawnStack } from "../../localstack/spawn-stack.ts";
import { apiAt, bucket, s3At, until } from "../e2e/client.ts";
import { type ExpectedHit, expectedHits } from "./hits.ts";

/** A folder of files of all kinds through the whole path: bucket, queues, functions, store, search. */

const fixtures = join(import.meta.dirname, "../fixtures");
const filesIn = (folder: string): string[] =>
  readdirSync(join(fixtures, folder), { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== "README.md")
    .map(({ name }) => join(fixtures, folder, name));

/** PDFs that other tests read too. */
const printed = ["chromium-columns.pdf", "groff-handbook.pdf", "mixed.pdf"].map((name) =>
  join(fixtures, "documents", name),
);
const paths = [...filesIn("folder"), ...filesIn("images"), ...printed];
const files = paths.map((path) => basename(path));

const dataDir = mkdtempSync(join(tmpdir(), "kettle-folder-"));
let stack: SpawnedStack;
let api: ReturnType<typeof apiAt>;

beforeAll(async () => {
  stack = await spawnStack({ dataDir, args: ["--no-samples"] });
  api = apiAt(stack.url);
  const s3 = s3At(stack.awsUrl);
  for (const path of paths)
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: basename(path), Body: readFileSync(path) }));
  await until(
    () => api.documents(),
    (documents) =>
      documents.length === files.length &&
      documents.every(({ state }) => state === "ready" || state === "failed"),
    240_000,
  );
}, 300_000);

afterAll(async () => {
  await stack?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

const search = async ({ key, ask, alone }: ExpectedHit) => {
  const filter = alone ? { filter: { field: "key", op: "eq", value: key } } : {};
  return (await api.search({ query: ask, rerank: "none", topK: 5, includeLowQuality: true, ...filter })).hits;
};

describe("a folder of files of all kinds", () => {
  it("has at least forty files, each of them asked for", () => {
    expect(files.length).toBeGreaterThanOrEqual(40);
    expect([...new Set(expectedHits.map(({ key }) => key))].sort()).toEqual([...files].sort());
  });

  it("every file is ready", async () => {
    expect((await api.documents()).filter(({ state }) => state !== "ready")).toEqual([]);
  });

  it.each(expectedHits)("$key: $ask", async (expected) => {
    const hits = await search(expected);
    const cited = hits.map(({ key, page, heading, text }) => ({ key, page, heading, text }));
    expect(cited).toContainEqual({
      key: expected.key,
      page: expected.page ?? null,
      heading: expected.heading ?? "",
      text: expect.stringContaining(expected.says),
    });
    if (!expected.alone) expect(hits[0]?.key).toBe(expected.key);
  });
});
