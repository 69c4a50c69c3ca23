import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { expect, test } from "vitest";
import { bucket, clients, options, startStandalone } from "./harness.ts";

const Bucket = bucket;
const piece = Buffer.alloc(1_048_576);
for (let index = 0; index < piece.length; index++) piece[index] = (index * 31 + (index >> 8)) & 0xff;

/** So many MiB. */
function* bytes(count: number): Generator<Buffer> {
  for (let index = 0; index < count; index++) yield piece;
}

const stream = (count: number): Readable => Readable.from(bytes(count), { objectMode: false });

const md5Of = async (source: Iterable<Buffer> | AsyncIterable<Buffer>): Promise<string> => {
  const md5 = createHash("md5");
  for await (const part of source) md5.update(part);
  return md5.digest("hex");
};

/** PUTs to a presigned link as a browser would: plain bytes of known length. Gives the ETag. */
const upload = async (link: string, count: number): Promise<string | undefined> => {
  const headers = { "content-length": count * piece.length };
  const outgoing = request(link, { method: "PUT", headers });
  const [[response]] = await Promise.all([
    once(outgoing, "response") as Promise<[IncomingMessage]>,
    pipeline(stream(count), outgoing),
  ]);
  response.resume();
  return response.headers.etag;
};

/** The most memory the process ever held, in bytes; Linux tells. */
const peakMemory = (pid: number): number => {
  const [, kib] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kib) * 1024;
};

test("300 MB go up by one PUT and come down again, in little memory", async () => {
  const emulator = await startStandalone(options());
  const { s3 } = clients(emulator.url);
  const link = await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key: "presigned" }));
  const md5 = await md5Of(bytes(300));
  expect(await upload(link, 300)).toBe(`"${md5}"`);
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: "presigned" }));
  expect(await md5Of(Body as AsyncIterable<Buffer>)).toBe(md5);
  // The SDK frames a stream in chunks and appends a CRC32.
  const framed = { Bucket, Key: "sdk", Body: stream(64), ContentLength: 64 * piece.length };
  expect((await s3.send(new PutObjectCommand(framed))).ETag).toBe(`"${await md5Of(bytes(64))}"`);
  if (process.platform === "linux") expect(peakMemory(emulator.process.pid!)).toBeLessThan(260_000_000);
  else console.warn("memory was not measured: only Linux tells a process's peak");
}, 120_000);
