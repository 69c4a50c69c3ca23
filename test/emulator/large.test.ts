import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { expect, test } from "vitest";
import { bucket, clients, options, startStandalone } from "./harness.ts";

const Bucket = bucket;
const piece = Buffer.alloc(1_048_576);
for (let index = 0; index < piece.length; index++) piece[index] = (index * 31 + (index >> 8)) & 0xff;
const pieces = 300;
const size = pieces * piece.length;

function* bytes(): Generator<Buffer> {
  for (let index = 0; index < pieces; index++) yield piece;
}

/** The most memory the process ever held, in bytes; Linux tells. */
const peakMemory = (pid: number): number => {
  const [, kib] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kib) * 1024;
};

test("300 MB go up by one PUT and come down again, in little memory", async () => {
  const emulator = await startStandalone(options());
  const { s3 } = clients(emulator.url);
  const expected = createHash("md5");
  for (const part of bytes()) expected.update(part);
  const md5 = expected.digest("hex");
  const link = await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key: "presigned" }));
  const put = await fetch(link, {
    method: "PUT",
    headers: { "content-length": String(size) },
    body: Readable.toWeb(Readable.from(bytes(), { objectMode: false })) as ReadableStream,
    duplex: "half",
  } as RequestInit);
  expect(put.headers.get("etag")).toBe(`"${md5}"`);
  // The SDK frames a stream in chunks and appends a CRC32.
  const Body = Readable.from(bytes(), { objectMode: false });
  await s3.send(new PutObjectCommand({ Bucket, Key: "sdk", Body, ContentLength: size }));
  const head = await s3.send(new HeadObjectCommand({ Bucket, Key: "sdk" }));
  expect(head).toMatchObject({ ContentLength: size, ETag: `"${md5}"` });
  const stored = await s3.send(new GetObjectCommand({ Bucket, Key: "sdk" }));
  const received = createHash("md5");
  for await (const part of stored.Body as AsyncIterable<Buffer>) received.update(part);
  expect(received.digest("hex")).toBe(md5);
  if (process.platform === "linux") expect(peakMemory(emulator.process.pid!)).toBeLessThan(size * 0.8);
  else console.warn("memory was not measured: only Linux tells a process's peak");
}, 120_000);
