import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { GetQueueUrlCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FunctionName } from "../../lib/config/function-names.ts";
import { loadConfig } from "../../lib/config/load.ts";
import { createEmbedder, createImageEmbedder } from "../../lib/embed/create.ts";
import { readImageIdentity } from "../../lib/embed/image-model.ts";
import { documentId } from "../../lib/ids.ts";
import { embeddedStore } from "../../lib/store/embedded.ts";
import { collectionNames, imagesName } from "../../lib/store/store.ts";
import { type Emulator, startEmulator } from "../../localstack/emulator/emulator.ts";
import { invokeBundle } from "../../localstack/invoke-bundle.ts";
import { type Bundled, bundleFunction, maxUnzippedBytes } from "../../packaging/bundle.ts";
import { dockerfile, writeImage } from "../../packaging/image.ts";
import { packagesOf } from "../../packaging/unbundled.ts";
import { putTinyClip, writeModelsFolder } from "../embed/tiny-clip.ts";
import { type Call, event } from "../http/event.ts";
import { chunkRow } from "../search/rows.ts";

/** Bundles for this machine's processor, each run in a process of its own away from the repository. */

const root = join(import.meta.dirname, "../..");
const config = loadConfig(join(root, "kettle.yml"), "local");
const arch = process.arch === "arm64" ? "arm64" : "x64";
const target = { platform: "linux", arch } as const;
const kites =
  "Red kites soar over the ridge at noon. They hold their wings flat and their tail feathers spread. Warm air lifts the birds without a beat of wings. A young kite learns from its parents to find rising air.";
const trains =
  "The night train to Vienna leaves from platform nine. Seats on the train must be reserved two days ahead. Passengers with bicycles board the last carriage. Train tickets are checked after the border.";
const text = "Red kites soar in circles over warm ground.";
const names = ["parse", "embed", "search", "api"] as const;

let folder: string;
const bundles = new Map<FunctionName, Bundled>();
const bundle = (name: (typeof names)[number]): Bundled => bundles.get(name)!;

/** Nothing listens at the address: what these routes need is in the bundle and in the store. */
const invoke = async (name: (typeof names)[number], call: Call) => {
  const { answer } = await invokeBundle({
    ...bundle(name),
    event: event(call),
    env: { KETTLE_DATA_DIR: join(folder, "data"), AWS_ENDPOINT_URL: "http://127.0.0.1:9" },
  });
  const { statusCode, headers, body } = answer as APIGatewayProxyStructuredResultV2;
  return { status: statusCode, headers, body: body ?? "" };
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kettle-bundle-"));
  for (const name of names)
    bundles.set(name, await bundleFunction(name, { root, out: folder, config, target }));
}, 400_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const storeOneChunk = async (): Promise<void> => {
  const store = embeddedStore({ path: join(folder, "data/store.sqlite") });
  const embedder = await createEmbedder({ config, modelsDir: join(root, "models"), vcpus: 1 });
  const { identity, dimension, model } = embedder;
  const { main } = collectionNames(config.store.collection, identity);
  await store.ensure({ name: main, dimension, identity, model });
  await store.setAlias(config.store.collection, main);
  await store.upsert(main, [
    {
      id: "chunk",
      documentId: "document",
      run: 1,
      key: "kites.txt",
      contentType: "text/plain",
      metadata: {},
      ingestedAt: 1,
      ordinal: 0,
      text,
      tokens: 10,
      page: null,
      heading: "",
      charStart: 0,
      charEnd: text.length,
      modality: "text",
      language: "en",
      contentHash: "hash",
      quality: 1,
      qualityFlags: [],
      clusterId: -1,
      clusterVersion: 0,
      clusterDistance: 0,
      duplicateGroup: "hash",
      vector: await embedder.embed([text], "passage"),
    },
  ]);
  await store.close();
  await embedder.close();
};

describe.skipIf(process.platform !== "linux")("a packaged function", () => {
  it.each(names)("%s is smaller than what Lambda unzips, on this processor too", (name) => {
    expect(bundle(name).bytes).toBeLessThan(maxUnzippedBytes);
  });

  it.each(names.flatMap((name) => packagesOf(name).map((pkg) => [name, pkg] as const)))(
    "%s loads %s from its own folder",
    async (name, pkg) => {
      const { folder: at } = bundle(name);
      const imported = join(at, "functions/imports.mjs");
      await rm(imported, { force: true });
      await writeFile(
        imported,
        `export const handler = async () => Object.keys(await import(${JSON.stringify(pkg)}));`,
      );
      const { answer } = await invokeBundle({ folder: at, name: "imports", event: {} });
      await rm(imported);
      expect(answer).not.toEqual([]);
    },
  );

  it("search embeds the question with the model in its bundle and finds a chunk", async () => {
    await storeOneChunk();
    const { status, body } = await invoke("search", {
      method: "POST",
      path: "/search",
      body: { query: "Which birds circle in rising air?", cluster: { algorithm: "none" } },
    });
    expect({ status, body }).toMatchObject({ status: 200 });
    expect(JSON.parse(body).hits).toMatchObject([{ rank: 1, text, key: "kites.txt" }]);
  });

  it("api serves the page and the description", async () => {
    const page = await invoke("api", { path: "/" });
    expect(page).toMatchObject({ status: 200, headers: { "content-type": "text/html; charset=utf-8" } });
    expect(page.body).toBe(await readFile(join(root, "web/index.html"), "utf8"));
    const openapi = await invoke("api", { path: "/openapi.json" });
    expect(JSON.parse(openapi.body)).toMatchObject({ openapi: "3.1.0" });
  });

  it("api knows the stage that it was packaged for", async () => {
    const { body } = await invoke("api", { path: "/config" });
    expect(JSON.parse(body)).toMatchObject({ stage: "local" });
  });
});

describe.skipIf(process.platform !== "linux")("packaged queue functions", () => {
  const queues = ["ingest", "embed", "cluster", "write", "recluster"].map((name) => ({
    name: `kettle-${name}`,
    visibilityTimeout: 600,
    retentionSeconds: 86_400,
  }));
  let emulator: Emulator;
  let sqs: SQSClient;
  beforeAll(async () => {
    const buckets = ["kettle-documents", "kettle-state"].map((name) => ({ name, notifications: [] }));
    emulator = await startEmulator({ port: 0, dataDir: join(folder, "aws"), buckets, queues });
    const credentials = { accessKeyId: "any", secretAccessKey: "thing" };
    sqs = new SQSClient({ endpoint: emulator.url, region: "us-east-1", credentials });
    const s3 = new S3Client({ endpoint: emulator.url, region: "us-east-1", credentials });
    const pdf = await readFile(join(root, "samples/birds/thermals.pdf"));
    const picture = await readFile(join(root, "test/fixtures/images/tea-label.png"));
    const objects = { "thermals.pdf": pdf, "tea.png": picture, "meaning/kites.txt": `${kites} ${trains}` };
    for (const [Key, Body] of Object.entries(objects))
      await s3.send(new PutObjectCommand({ Bucket: "kettle-documents", Key, Body }));
  });
  afterAll(() => emulator.close());

  const consume = async (
    name: "parse" | "embed",
    queue: string,
    body: string,
    bundled: Bundled = bundle(name),
  ) => {
    const record = {
      messageId: "1",
      receiptHandle: "1",
      body,
      attributes: { ApproximateReceiveCount: "1" },
      messageAttributes: {},
      eventSource: "aws:sqs",
      eventSourceARN: `arn:aws:sqs:us-east-1:000000000000:kettle-${queue}`,
    };
    const { answer, printed } = await invokeBundle({
      ...bundled,
      event: { Records: [record] },
      env: { KETTLE_DATA_DIR: join(folder, "queue-data"), AWS_ENDPOINT_URL: emulator.url },
    });
    expect(answer, printed).toEqual({ batchItemFailures: [] });
  };
  const nextMessage = async (queue: string): Promise<string> => {
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: `kettle-${queue}` }));
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 1 }));
    expect(Messages).toHaveLength(1);
    return Messages[0]!.Body!;
  };

  it("parse reads a PDF and embed gives its chunks vectors, with nothing but their bundles", async () => {
    const look = JSON.stringify({ version: 1, bucket: "kettle-documents", key: "thermals.pdf" });
    await consume("parse", "ingest", look);
    const parsed = await nextMessage("embed");
    const { chunks, document } = JSON.parse(parsed);
    expect(document).toMatchObject({ documentId: documentId("kettle-documents", "thermals.pdf") });
    expect(JSON.stringify(chunks)).toContain("thermal");
    await consume("embed", "embed", parsed);
    const { vectors } = JSON.parse(await nextMessage("cluster"));
    expect(Buffer.from(vectors, "base64")).toHaveLength(chunks.length * 384 * 4);
  });

  it("parse reads a picture by OCR in a thread of its bundle", async () => {
    await consume(
      "parse",
      "ingest",
      JSON.stringify({ version: 1, bucket: "kettle-documents", key: "tea.png" }),
    );
    const { chunks } = JSON.parse(await nextMessage("embed"));
    expect(chunks[0].text).toContain("White tea from Fuding");
  });

  it("parse carries the model where some folder is cut by meaning, and cuts by it; elsewhere it does not", async () => {
    const rules = [{ prefix: "meaning/", strategy: "semantic" as const }];
    const cut = { ...config, chunking: { ...config.chunking, rules } };
    const out = join(folder, "semantic");
    const bundled = await bundleFunction("parse", { root, out, config: cut, target });
    const weights = `models/${config.embedding.model}/model.onnx`;
    expect(existsSync(join(bundled.folder, weights))).toBe(true);
    expect(existsSync(join(bundle("parse").folder, weights))).toBe(false);
    expect(bundled.bytes).toBeLessThan(maxUnzippedBytes);
    const look = { version: 1, bucket: "kettle-documents", key: "meaning/kites.txt" };
    await consume("parse", "ingest", JSON.stringify(look), bundled);
    const { chunks } = JSON.parse(await nextMessage("embed"));
    expect(chunks.map((chunk: { readonly text: string }) => chunk.text)).toEqual([kites, trains]);
  });
});

describe.skipIf(process.platform !== "linux")("functions where an image model was pulled", () => {
  /** The repository with other models. */
  const makeRoot = async (): Promise<string> => {
    const at = join(folder, "pulled");
    await mkdir(join(at, "models"), { recursive: true });
    for (const name of [
      "functions",
      "lib",
      "node_modules",
      "package.json",
      "package-lock.json",
      "tsconfig.json",
    ])
      await symlink(join(root, name), join(at, name));
    writeModelsFolder(join(at, "models"));
    putTinyClip(join(at, "models"));
    return at;
  };

  it("search has both models and finds a picture by words and by a picture, with nothing but its bundle", async () => {
    const at = await makeRoot();
    const bundled = await bundleFunction("search", { root: at, out: join(folder, "images"), config, target });
    const embedder = await createImageEmbedder({ config, modelsDir: join(at, "models"), vcpus: 1 });
    const { identity, model, dimension, side } = embedder;
    const png = await sharp({ create: { width: side, height: side, channels: 3, background: "#f00" } })
      .png()
      .toBuffer();
    const name = imagesName(config.store.collection, identity);
    const store = embeddedStore({ path: join(folder, "image-data/store.sqlite") });
    await store.ensure({ name, identity, model, dimension });
    await store.setAlias(`${config.store.collection}_images`, name);
    const vector = await embedder.embedPictures([png]);
    await store.upsert(name, [chunkRow({ id: "red", modality: "image", vector })]);
    await store.close();
    await embedder.close();
    for (const asked of [{ query: "a red one", target: "images" }, { image: png.toString("base64") }]) {
      const { answer } = await invokeBundle({
        ...bundled,
        event: event({ method: "POST", path: "/search", body: { ...asked, cluster: { algorithm: "none" } } }),
        env: { KETTLE_DATA_DIR: join(folder, "image-data"), AWS_ENDPOINT_URL: "http://127.0.0.1:9" },
      });
      const { statusCode, body = "" } = answer as APIGatewayProxyStructuredResultV2;
      expect({ statusCode, body }).toMatchObject({ statusCode: 200 });
      expect(JSON.parse(body).hits).toMatchObject([{ id: "red", score: expect.closeTo(1, 2) }]);
    }
  });

  it("embed has the model of pictures alone, others know it by its hashes; all know that it is there", async () => {
    const at = join(folder, "pulled");
    for (const [name, files] of [
      ["embed", ["clip-vit-b32/vision.onnx"]],
      ["documents", []],
    ] as const) {
      const bundled = await bundleFunction(name, { root: at, out: join(folder, "images"), config, target });
      const models = await readdir(join(bundled.folder, "models"), { recursive: true });
      expect(models.filter((path) => path.startsWith("clip-vit-b32/"))).toEqual(files);
      const resolved = JSON.parse(await readFile(join(bundled.folder, "kettle.resolved.json"), "utf8"));
      expect(resolved.embedding.images.enabled).toBe(true);
      expect(existsSync(join(bundled.folder, "node_modules/sharp"))).toBe(name === "embed");
      const environment = { config: resolved, modelsDir: join(bundled.folder, "models") };
      expect(await readImageIdentity(environment)).toMatchObject({ model: "clip-vit-b32", dimension: 6 });
    }
  });
});

describe("a function as a container image", () => {
  it("is the very folder that was bundled, on Lambda's image, with the handler of serverless.yml", async () => {
    const parse = bundle("parse");
    const build = await writeImage(parse, folder, target);
    expect(join(folder, build.path)).toBe(parse.folder);
    expect(build).toMatchObject({
      platform: arch === "arm64" ? "linux/arm64" : "linux/amd64",
      provenance: "false",
    });
    const written = await readFile(join(parse.folder, build.file), "utf8");
    expect(written).toBe(dockerfile("parse"));
    const instructions = written.trim().split("\n");
    expect(instructions).toEqual([
      "FROM public.ecr.aws/lambda/nodejs:24",
      `COPY . \${LAMBDA_TASK_ROOT}/`,
      'CMD ["functions/parse.handler"]',
    ]);
    const declared = await readFile(join(root, "serverless.yml"), "utf8");
    expect(declared).toContain("handler: functions/parse.handler");
  });
});
