import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, expect, it } from "vitest";
import { freePort, type SpawnedStack, spawnStack } from "../../localstack/spawn-stack.ts";
import { apiAt, bucket, deadLetters, s3At, sqsAt, until } from "./client.ts";

const dataDir = mkdtempSync(join(tmpdir(), "kettle-kill-"));
let stack: SpawnedStack | undefined;

afterAll(async () => {
  await stack?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
};

it("kill −9 in the middle of ingesting 200 documents, started again: all are ready, each chunk once", async () => {
  const ports = { http: await freePort(), aws: await freePort() };
  stack = await spawnStack({ dataDir, ports });
  const s3 = s3At(stack.awsUrl);
  const keys = Array.from({ length: 200 }, (_, i) => `doc-${String(i).padStart(3, "0")}.txt`);
  const uploads = Promise.all(
    keys.map((Key, i) =>
      s3.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key,
          Body: `Document number ${i} tells of the ${i * 7} steps of a tower.`,
        }),
      ),
    ),
  );
  await uploads;
  const api = apiAt(stack.url);
  const readyCount = async () => (await api.documents()).filter(({ state }) => state === "ready").length;
  const before = await until(readyCount, (count) => count >= 20, 90_000);
  expect(before).toBeLessThan(200);

  const pid = stack.process.pid ?? 0;
  const children = process.platform === "linux" ? childrenOf(pid) : [];
  process.kill(pid, "SIGKILL");
  await until(
    async () => children.filter(alive),
    (left) => left.length === 0,
    5_000,
  );

  stack = await spawnStack({ dataDir, ports });
  await until(readyCount, (count) => count === 200, 180_000);
  const documents = await api.documents();
  expect(documents.map(({ key }) => key).sort()).toEqual(keys);
  for (const { id, counts } of documents) {
    const chunks = await api.chunks(id);
    expect(chunks.map(({ ordinal }) => ordinal)).toEqual(chunks.map((_, i) => i));
    expect(chunks).toHaveLength(counts.stored);
  }
  expect(await deadLetters(sqsAt(stack.awsUrl))).toBe(0);
}, 300_000);
