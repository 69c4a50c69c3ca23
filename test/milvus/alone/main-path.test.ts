import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, expect, it } from "vitest";
import { mapConcurrent } from "../../../lib/map-concurrent.ts";
import { type SpawnedStack, spawnStack } from "../../../localstack/spawn-stack.ts";
import { apiAt, bucket, deadLetters, s3At, sqsAt, until } from "../../e2e/client.ts";
import { type MilvusServer, startLite, startStandalone } from "../servers.ts";

/** KETTLE_OUTAGE_MS=60000 makes it a minute, KETTLE_OUTAGE_SERVER=standalone Milvus 2.3.5. */
const outageMs = Number(process.env.KETTLE_OUTAGE_MS ?? 8_000);
const standalone = process.env.KETTLE_OUTAGE_SERVER === "standalone";
const documents = 200;

const folder = mkdtempSync(join(tmpdir(), "kettle-milvus-"));
let stack: SpawnedStack | undefined;
let server: MilvusServer | undefined;
afterAll(async () => {
  await stack?.stop();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

it("Milvus killed (−9) in the middle of ingesting 200 documents, then back: all are ready, each chunk once, no dead letters", async () => {
  server = await (standalone ? startStandalone() : startLite());
  const config = join(folder, "kettle.yml");
  const store = { driver: "milvus", address: server.address, index: { type: "FLAT" }, consistency: "Strong" };
  writeFileSync(config, JSON.stringify({ store, http: { auth: false } }));
  stack = await spawnStack({
    dataDir: join(folder, "data"),
    env: { KETTLE_CONFIG: config, KETTLE_STORE_TOKEN: standalone ? "root:Milvus" : "" },
  });
  const s3 = s3At(stack.awsUrl);
  await Promise.all(
    Array.from({ length: documents }, (_, i) =>
      s3.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: `doc-${String(i).padStart(3, "0")}.txt`,
          Body: `Document number ${i} tells of the ${i * 7} steps of a tower.`,
        }),
      ),
    ),
  );
  const api = apiAt(stack.url);
  const readyCount = async () => (await api.documents()).filter(({ state }) => state === "ready").length;
  expect(await until(readyCount, (count) => count >= 10, 90_000)).toBeLessThan(documents);

  await server.kill();
  await pause(outageMs);
  expect(await readyCount()).toBeLessThan(documents);
  await server.restart();

  await until(readyCount, (count) => count === documents, 240_000);
  const chunks = await mapConcurrent(await api.documents(), 4, async ({ id, key }) => ({
    key,
    ordinals: (await api.chunks(id)).map(({ ordinal }) => ordinal),
  }));
  expect(chunks.filter(({ ordinals }) => ordinals.join() !== "0")).toEqual([]);
  const search = await api.json("/search", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query: "the 77 steps of a tower", topK: 200, rerank: "none" }),
  });
  expect((search.body as { hits: unknown[] }).hits).toHaveLength(documents);
  expect(await deadLetters(sqsAt(stack.awsUrl))).toBe(0);
}, 400_000);
