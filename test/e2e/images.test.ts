import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DeleteObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import sharp from "sharp";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type SpawnedStack, spawnStack } from "../../localstack/spawn-stack.ts";
import { runKettle } from "../cli/run-kettle.ts";
import { putTinyClip, writeModelsFolder } from "../embed/tiny-clip.ts";
import { apiAt, bucket, deadLetters, type SearchAnswer, s3At, sqsAt, until } from "./client.ts";

/** From a system without an image model to one with it, as a user comes there. */

const folder = mkdtempSync(join(tmpdir(), "kettle-images-"));
const modelsDir = join(folder, "models");
/** For verbs that open the store themselves. */
const local = { KETTLE_MODELS_DIR: modelsDir, KETTLE_DATA_DIR: join(folder, "data") };
let stack: SpawnedStack;
let api: ReturnType<typeof apiAt>;

const start = async (): Promise<void> => {
  stack = await spawnStack({
    dataDir: join(folder, "data"),
    args: ["--no-samples"],
    env: { KETTLE_MODELS_DIR: modelsDir },
  });
  api = apiAt(stack.url);
};
const search = async (body: object) => {
  const headers = { "content-type": "application/json" };
  return api.json("/search", { method: "POST", headers, body: JSON.stringify({ rerank: "none", ...body }) });
};
const keysOf = async (body: object): Promise<readonly string[]> => {
  const { status, body: answer } = await search(body);
  expect({ status, answer }).toMatchObject({ status: 200 });
  return (answer as SearchAnswer).hits.map(({ key }) => key);
};
const photo = (background: string): Promise<Buffer> =>
  sharp({ create: { width: 400, height: 300, channels: 3, background } })
    .jpeg()
    .toBuffer();
const photos = { "DSC1.jpg": "#e01010", "DSC2.jpg": "#10e010", "海.jpg": "#1010e0" };
const ready = (key: string, least: number) =>
  until(
    () => api.document(key),
    (found) => found?.state === "ready" && found.counts.stored >= least,
  );

beforeAll(async () => {
  mkdirSync(modelsDir);
  writeModelsFolder(modelsDir);
  await start();
}, 90_000);
afterAll(async () => {
  await stack?.stop();
  rmSync(folder, { recursive: true, force: true });
});

it("without an image model a picture is found by its name, and image search says how to get the model", async () => {
  const s3 = s3At(stack.awsUrl);
  for (const [Key, colour] of Object.entries(photos))
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: await photo(colour) }));
  for (const key of Object.keys(photos))
    expect(await ready(key, 1)).toMatchObject({
      counts: { expected: 1 },
      notes: [expect.stringContaining("npm run models -- pull clip")],
    });
  expect(await keysOf({ query: "DSC2" })).toContain("DSC2.jpg");
  const refused = await search({ query: "red", target: "images" });
  expect(refused).toMatchObject({
    status: 501,
    body: {
      error: {
        code: "NOT_AVAILABLE",
        message: expect.stringContaining("npm run models -- pull clip-vit-b32"),
      },
    },
  });
  expect((await api.json("/config")).body).toMatchObject({ embedding: { images: false } });
});

it("once it was pulled, reindexed pictures are found by words and by pictures, and go with their objects", async () => {
  await stack.stop();
  putTinyClip(modelsDir);
  await start();
  expect((await api.json("/config")).body).toMatchObject({ embedding: { images: true } });
  const reindexed = await runKettle(["reindex"], { KETTLE_URL: stack.url });
  expect(reindexed.code).toBe(0);
  for (const key of Object.keys(photos))
    expect(await ready(key, 2)).toMatchObject({ counts: { expected: 2, stored: 2 } });

  expect((await keysOf({ query: "something red", target: "images" }))[0]).toBe("DSC1.jpg");
  const image = (await photo("#20d030")).toString("base64");
  expect((await keysOf({ image }))[0]).toBe("DSC2.jpg");
  const file = join(folder, "grass.png");
  await sharp({ create: { width: 900, height: 700, channels: 3, background: "#20d030" } }).toFile(file);
  const env = { KETTLE_URL: stack.url };
  const printed = await runKettle(["search", "--picture", file, "--rerank", "none", "--json"], env);
  expect((JSON.parse(printed.out) as SearchAnswer).hits[0]?.key).toBe("DSC2.jpg");
  const worded = await runKettle(["search", "--images", "red", "--rerank", "none", "-k", "1"], env);
  expect(worded.out).toContain("DSC1.jpg");
  const { out: collections } = await runKettle(["collections"], { ...env, ...local });
  expect(collections).toMatch(/kettle_images_[0-9a-f]{12}[\s\S]*aliases +kettle_images[\s\S]*clip-vit-b32/);
  expect(collections).not.toContain("not the one of kettle.yml");
  const { id } = (await api.document("海.jpg"))!;
  const { body } = await api.json(`/documents/${id}/chunks`);
  expect((body as { chunks: unknown[] }).chunks).toMatchObject([
    { ordinal: 0, modality: "image", qualityFlags: ["noText"] },
    { ordinal: 1, modality: "image", qualityFlags: [], text: "海" },
  ]);

  await s3At(stack.awsUrl).send(new DeleteObjectCommand({ Bucket: bucket, Key: "DSC1.jpg" }));
  await until(
    () => keysOf({ query: "something red", target: "images" }),
    (keys) => !keys.includes("DSC1.jpg"),
  );
  expect(await deadLetters(sqsAt(stack.awsUrl))).toBe(0);
}, 120_000);
