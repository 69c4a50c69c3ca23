import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand, DeleteObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import {
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  SendMessageCommand,
  StartMessageMoveTaskCommand,
} from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { type SpawnedStack, spawnStack } from "../../localstack/spawn-stack.ts";
import { runKettle } from "../cli/run-kettle.ts";
import { apiAt, deadLetters, until } from "../e2e/client.ts";
import { onLocalstack, uniqueName } from "./harness.ts";

/** The functions against LocalStack, as `npm run start:localstack` runs them; the store is the embedded one. */
const prefix = uniqueName("main");
const bucket = `${prefix}-documents`;
const aws = onLocalstack({ buckets: [bucket, `${prefix}-state`], queuePrefix: prefix });
const folder = mkdtempSync(join(tmpdir(), "kettle-localstack-"));
const parameters = join(folder, "kettle.yml");
let stack: SpawnedStack;
let api: ReturnType<typeof apiAt>;

const put = (key: string, body: string | Uint8Array, extra: Record<string, unknown> = {}) =>
  aws.s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ...extra }));
const settled = (key: string) =>
  until(
    () => api.document(key),
    (found) => found?.state === "ready" || found?.state === "failed",
  );
const ready = async (key: string) => {
  const found = await settled(key);
  expect(found).toMatchObject({ key, state: "ready" });
  return found;
};
const queue = async (QueueName: string) => {
  const { QueueUrl } = await aws.sqs.send(new GetQueueUrlCommand({ QueueName }));
  const { Attributes } = await aws.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] }),
  );
  return { url: QueueUrl, arn: Attributes!.QueueArn };
};
const startStack = async () => {
  stack = await spawnStack({
    dataDir: join(folder, "data"),
    args: ["--localstack", "--no-samples"],
    env: { AWS_ENDPOINT_URL: aws.url, KETTLE_CONFIG: parameters },
  });
  api = apiAt(stack.url, bucket);
};

beforeAll(async () => {
  writeFileSync(
    parameters,
    stringify({
      name: "kettle",
      aws: { documentBucket: bucket, stateBucket: `${prefix}-state`, queuePrefix: prefix },
      stages: { localstack: { store: { driver: "embedded" }, http: { auth: false } } },
    }),
  );
  // Before anything listens to the bucket: its event is lost.
  await aws.s3.send(new CreateBucketCommand({ Bucket: bucket }));
  await put("lost.txt", "Nobody heard of the otter that fell asleep on the river.");
  await startStack();
}, 90_000);

afterAll(async () => {
  await stack?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe("the functions against LocalStack", () => {
  it("an object that is put is found, in English and in Chinese", async () => {
    await put("birds.txt", "A kettle is a flock of hawks that circle in one rising column of warm air.");
    await put("茶/绿茶 笔记+1.md", "# 绿茶\n\n绿茶要用八十度左右的水冲泡,水太烫,茶汤会变得又苦又涩。");
    await Promise.all(["birds.txt", "茶/绿茶 笔记+1.md"].map(ready));
    const chinese = await api.search({ query: "泡绿茶用多少度的水?", rerank: "none" });
    expect(chinese.hits[0]).toMatchObject({ key: "茶/绿茶 笔记+1.md", rank: 1 });
    const english = await api.search({ query: "Why do hawks circle?", rerank: "none" });
    expect(english.hits[0]?.key).toBe("birds.txt");
  });

  it("an overwrite replaces, and a delete removes", async () => {
    await put("note.txt", "The lighthouse keeper counts nine steps to the lamp.");
    const first = await ready("note.txt");
    await put("note.txt", "The lighthouse keeper counts forty steps to the lamp.");
    await until(
      () => api.document("note.txt"),
      (found) => found?.state === "ready" && found.revision !== first?.revision,
    );
    const texts = async () => {
      const { hits } = await api.search({ query: "How many steps does the keeper count?", topK: 20 });
      return hits.filter((hit) => hit.key === "note.txt").map((hit) => hit.text);
    };
    expect(await until(texts, (found) => found.length === 1)).toEqual([
      "The lighthouse keeper counts forty steps to the lamp.",
    ]);
    await aws.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: "note.txt" }));
    await until(
      () => api.document("note.txt"),
      (found) => found?.state === "deleted",
    );
    await until(texts, (found) => found.length === 0);
  });

  it("a poison PDF fails visibly, and nothing is in a dead-letter queue", async () => {
    await put("poison.pdf", "%PDF-1.7\nthis is not a PDF at all\n%%EOF", { ContentType: "application/pdf" });
    await put("rock.txt", "Granite is an igneous rock with large crystals.");
    expect(await settled("poison.pdf")).toMatchObject({
      state: "failed",
      failure: { stage: "parse", code: "CORRUPT_DOCUMENT" },
    });
    await ready("rock.txt");
    expect(await deadLetters(aws.sqs, prefix)).toBe(0);
  });

  it("a presigned upload goes to LocalStack and is ingested", async () => {
    const body = "A sundial tells the time by the shadow of its gnomon.";
    const { status, body: upload } = await api.json("/uploads", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ key: "up/sundial.txt", contentType: "text/plain", size: body.length }),
    });
    expect(status).toBe(200);
    const { url, headers } = upload as { url: string; headers: Record<string, string> };
    expect(url.startsWith(aws.url)).toBe(true);
    expect((await fetch(url, { method: "PUT", headers, body })).status).toBe(200);
    const found = await ready("up/sundial.txt");
    const { body: original } = await api.json(`/documents/${found?.id}/original`);
    expect(await (await fetch((original as { url: string }).url)).text()).toBe(body);
  });

  it("a message redriven from the dead-letter queue is handled", async () => {
    expect(await api.document("lost.txt")).toBeNull();
    const [work, dead] = await Promise.all([queue(`${prefix}-ingest`), queue(`${prefix}-ingest-dlq`)]);
    const look = JSON.stringify({ version: 1, bucket, key: "lost.txt" });
    await aws.sqs.send(new SendMessageCommand({ QueueUrl: dead.url, MessageBody: look }));
    expect(await deadLetters(aws.sqs, prefix)).toBe(1);
    // It was put there by hand, so the queue that it comes from is not known.
    await aws.sqs.send(new StartMessageMoveTaskCommand({ SourceArn: dead.arn, DestinationArn: work.arn }));
    await ready("lost.txt");
    expect(await deadLetters(aws.sqs, prefix)).toBe(0);
  });

  it("the kettle command ingests a folder and searches", async () => {
    const env = { KETTLE_URL: stack.url };
    const ingested = await runKettle(["ingest", "samples/coffee", "--prefix", "cli/", "--json"], env);
    expect(ingested.code, ingested.err).toBe(0);
    const { files } = JSON.parse(ingested.out) as { files: { key: string; outcome: string }[] };
    expect(files.map(({ outcome }) => outcome)).toEqual(["ready", "ready", "ready"]);
    const found = await runKettle(["search", "手冲咖啡为什么要闷蒸", "--rerank", "none", "--json"], env);
    expect((JSON.parse(found.out) as { hits: { key: string }[] }).hits[0]?.key).toBe("cli/pourover-zh.md");
  });

  it("is healthy; what is put while it is stopped is ingested after the next start, the rest not again", async () => {
    const health = await api.json("/health");
    expect(health).toMatchObject({ status: 200, body: { status: "ok" } });
    const before = await api.document("birds.txt");
    await stack.stop();
    expect(stack.process.exitCode).toBe(0);
    await put("later.txt", "Basalt is an igneous rock with fine crystals.");
    await startStack();
    await ready("later.txt");
    expect(await api.document("birds.txt")).toEqual(before);
  });
});
