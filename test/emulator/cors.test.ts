import {
  DeleteBucketCorsCommand,
  GetBucketCorsCommand,
  GetObjectCommand,
  PutBucketCorsCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { expect, test } from "vitest";
import { bucket, options, running } from "./harness.ts";

const Bucket = bucket;
const origin = "http://127.0.0.1:3000";
const cors = [
  {
    allowedOrigins: [origin, "https://*.example.com"],
    allowedMethods: ["GET", "PUT"],
    allowedHeaders: ["*"],
    exposeHeaders: ["ETag"],
    maxAgeSeconds: 600,
  },
];
const withCors = () => running({ ...options(), buckets: [{ name: bucket, notifications: [], cors }] });

const preflight = (url: string, from: string, method: string, headers = "content-type,x-amz-meta-a") =>
  fetch(url, {
    method: "OPTIONS",
    headers: {
      origin: from,
      "access-control-request-method": method,
      "access-control-request-headers": headers,
    },
  });

test("a page may upload and download by presigned links", async () => {
  const { s3 } = await withCors();
  const link = await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key: "a b" }));
  const asked = await preflight(link, origin, "PUT");
  expect(asked.status).toBe(200);
  expect(asked.headers.get("access-control-allow-origin")).toBe(origin);
  expect(asked.headers.get("access-control-allow-methods")).toBe("GET, PUT");
  expect(asked.headers.get("access-control-allow-headers")).toBe("content-type, x-amz-meta-a");
  expect(asked.headers.get("access-control-max-age")).toBe("600");
  const put = await fetch(link, { method: "PUT", body: "hello", headers: { origin } });
  expect(put.status).toBe(200);
  expect(put.headers.get("access-control-allow-origin")).toBe(origin);
  expect(put.headers.get("access-control-expose-headers")).toBe("ETag");
  expect(put.headers.get("vary")).toContain("Origin");
  const get = await fetch(await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key: "a b" })), {
    headers: { origin: "https://app.example.com" },
  });
  expect(get.headers.get("access-control-allow-origin")).toBe("https://app.example.com");
  expect(await get.text()).toBe("hello");
});

test("the page can read why a request failed", async () => {
  const { url } = await withCors();
  const missing = await fetch(`${url}/${bucket}/none`, { headers: { origin } });
  expect(missing.status).toBe(404);
  expect(missing.headers.get("access-control-allow-origin")).toBe(origin);
});

test.each([
  ["another origin", "http://evil.example", "PUT"],
  ["a longer origin", `${origin}0`, "PUT"],
  ["another method", origin, "DELETE"],
])("%s is refused, before anything is done", async (_, from, method) => {
  const { s3, url } = await withCors();
  await s3.send(new PutObjectCommand({ Bucket, Key: "key", Body: "x" }));
  expect((await preflight(`${url}/${bucket}/key`, from, method)).status).toBe(403);
  const direct = await fetch(`${url}/${bucket}/key`, {
    method,
    headers: { origin: from },
    ...(method === "PUT" ? { body: "changed" } : {}),
  });
  expect(direct.status).toBe(403);
  expect(direct.headers.has("access-control-allow-origin")).toBe(false);
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: "key" }));
  expect(await Body!.transformToString()).toBe("x");
});

test("rules set by a client are honoured, given back and removed", async () => {
  const { s3, url } = await running();
  expect((await preflight(`${url}/${bucket}/key`, origin, "PUT")).status).toBe(403);
  const CORSRules = [{ AllowedOrigins: ["*"], AllowedMethods: ["PUT"], AllowedHeaders: ["content-*"] }];
  await s3.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }));
  expect((await s3.send(new GetBucketCorsCommand({ Bucket }))).CORSRules).toEqual(CORSRules);
  const allowed = await preflight(`${url}/${bucket}/key`, origin, "PUT", "content-type");
  expect(allowed.headers.get("access-control-allow-origin")).toBe("*");
  expect((await preflight(`${url}/${bucket}/key`, origin, "PUT", "x-other")).status).toBe(403);
  await s3.send(new DeleteBucketCorsCommand({ Bucket }));
  expect((await preflight(`${url}/${bucket}/key`, origin, "PUT", "content-type")).status).toBe(403);
});

test("a page cannot reach the queues", async () => {
  const { url } = await withCors();
  expect((await preflight(`${url}/`, origin, "POST", "x-amz-target,content-type")).status).toBe(403);
});
