import { once } from "node:events";
import { readdirSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { expect, onTestFinished, test } from "vitest";
import { startEmulator } from "../../localstack/emulator/emulator.ts";
import { EmulatorError } from "../../localstack/emulator/errors.ts";
import { bucket, deadLetters, options, queue, receive, running, send, temporaryFolder } from "./harness.ts";

test("a taken port is one line that says so, and the data folder is let go of", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  onTestFinished(() => void other.close());
  const { port } = other.address() as { port: number };
  const chosen = options({ port });
  const start = startEmulator(chosen);
  await expect(start).rejects.toBeInstanceOf(EmulatorError);
  await expect(start).rejects.toMatchObject({
    code: "PORT_TAKEN",
    message: expect.stringMatching(new RegExp(`^port ${port} .*$`)),
  });
  await running({ ...chosen, port: 0 });
});

test("two emulators do not share a data folder, and run side by side on two", async () => {
  const first = await running();
  const second = startEmulator({ ...first.options });
  await expect(second).rejects.toMatchObject({ code: "DATA_DIR_IN_USE" });
  await running();
  await send(first.sqs, "still works");
});

test("a data folder that cannot be made is one line that says so", async () => {
  const file = join(temporaryFolder(), "file");
  writeFileSync(file, "");
  const start = startEmulator(options({ dataDir: join(file, "data") }));
  await expect(start).rejects.toMatchObject({
    code: "DATA_DIR_UNUSABLE",
    message: expect.stringContaining(file),
  });
});

test("a data folder of another version is left alone", async () => {
  const chosen = options();
  const database = new DatabaseSync(join(chosen.dataDir, "emulator.db"));
  database.exec("PRAGMA user_version = 99");
  database.close();
  const start = startEmulator(chosen);
  await expect(start).rejects.toMatchObject({
    code: "DATA_DIR_UNUSABLE",
    message: expect.stringContaining("99"),
  });
});

test("it listens on this machine only", async () => {
  const { url } = await running();
  expect(new URL(url).hostname).toBe("127.0.0.1");
  const outside = Object.values((await import("node:os")).networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === "IPv4" && !internal);
  const address = outside?.address ?? "127.0.0.2";
  const socket = connect(Number(new URL(url).port), address);
  const [error] = (await once(socket, "error")) as [Error & { code: string }];
  expect(error.code).toBe("ECONNREFUSED");
});

test("closing takes less than half a second with polls, downloads and idle connections open", async () => {
  const { s3, sqs, url, close } = await running();
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "big", Body: Buffer.alloc(20_000_000) }));
  await receive(sqs);
  const polls = [1, 2, 3].map(() => receive(sqs, { WaitTimeSeconds: 20 }).catch((error: Error) => error));
  // A download that nobody reads on.
  const download = await fetch(`${url}/${bucket}/big`);
  const reader = download.body!.getReader();
  await reader.read();
  const started = performance.now();
  await close();
  expect(performance.now() - started).toBeLessThan(500);
  for (const poll of await Promise.all(polls))
    expect(poll).toSatisfy((end) => end instanceof Error || Array.isArray(end));
  await close();
});

test("objects, uploads' metadata and messages survive a restart, without leftovers", async () => {
  const first = await running();
  const Body = Buffer.alloc(300_000, "長");
  const object = { Bucket: bucket, Key: "报告", Body, Metadata: { a: "b" }, ContentType: "text/plain" };
  const { ETag } = await first.s3.send(new PutObjectCommand(object));
  await first.s3.send(new PutObjectCommand(object));
  await send(first.sqs, "hello");
  await first.close();
  writeFileSync(join(first.options.dataDir, "bodies", "leftover"), "of an upload that was cut off");
  const second = await running(first.options);
  const stored = await second.s3.send(new GetObjectCommand({ Bucket: bucket, Key: "报告" }));
  expect(stored).toMatchObject({ ETag, Metadata: { a: "b" }, ContentType: "text/plain" });
  expect(Buffer.from(await stored.Body!.transformToByteArray()).equals(Body)).toBe(true);
  expect((await receive(second.sqs)).at(-1)!.Body).toBe("hello");
  expect(readdirSync(join(first.options.dataDir, "bodies"))).toHaveLength(1);
});

test("messages in flight are visible again after a restart, with their receives counted", async () => {
  const first = await running();
  await send(first.sqs, "in flight");
  await receive(first.sqs, { VisibilityTimeout: 43_200 });
  await first.close();
  const second = await running(first.options);
  const [message] = await receive(second.sqs);
  expect(message).toMatchObject({ Body: "in flight", Attributes: { ApproximateReceiveCount: "2" } });
});

test("what is declared at start replaces what was declared before", async () => {
  const first = await running();
  await first.close();
  const changed = { name: queue, visibilityTimeout: 77, retentionSeconds: 3600 };
  const second = await running({
    ...first.options,
    queues: [changed],
    buckets: [{ name: bucket, notifications: [] }],
  });
  await second.s3.send(new PutObjectCommand({ Bucket: bucket, Key: "key", Body: "x" }));
  expect(await receive(second.sqs)).toEqual([]);
  for (let count = 0; count < 5; count++) {
    if (count === 0) await send(second.sqs, "never dead");
    expect(await receive(second.sqs, { VisibilityTimeout: 0 })).toHaveLength(1);
  }
});

test("messages older than their queue's retention are dropped", async () => {
  const first = await running();
  await send(first.sqs, "old");
  await send(first.sqs, "old", deadLetters);
  await first.close();
  const [kept, ...others] = first.options.queues;
  const queues = [{ ...kept!, retentionSeconds: 0 }, ...others];
  const second = await running({ ...first.options, queues });
  expect(second.queueDepths().map(({ name, visible }) => [name, visible])).toEqual([
    [queue, 0],
    [deadLetters, 1],
  ]);
});
