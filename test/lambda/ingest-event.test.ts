import { describe, expect, it } from "vitest";
import { parseIngest } from "../../lib/lambda/ingest-event.ts";

const record = (eventName: string, key: string, bucket = "docs") => ({
  eventVersion: "2.1",
  eventSource: "aws:s3",
  eventName,
  s3: { bucket: { name: bucket, arn: `arn:aws:s3:::${bucket}` }, object: { key, sequencer: "00" } },
});
const notification = (...Records: unknown[]): string => JSON.stringify({ Records });
const look = (key: string) => ({ version: 1, bucket: "docs", key });

describe("parseIngest", () => {
  it.each([
    ["a space as S3 writes it", "a+b.txt", "a b.txt"],
    ["a space as LocalStack writes it", "a%20b.txt", "a b.txt"],
    ["a plus", "a%2Bb.txt", "a+b.txt"],
    ["a percent sign", "100%25.txt", "100%.txt"],
    ["Chinese", "%E4%B8%AD%E6%96%87/%E6%96%87.pdf", "中文/文.pdf"],
    ["beyond the basic plane", "%F0%9F%AA%81", "🪁"],
    ["slashes and dots", "a/../b//c", "a/../b//c"],
  ])("decodes %s", (_, encoded, key) => {
    expect(parseIngest(notification(record("ObjectCreated:Put", encoded)))).toEqual([look(key)]);
  });

  it.each([
    "ObjectCreated:Put",
    "ObjectCreated:CompleteMultipartUpload",
    "ObjectCreated:Copy",
    "ObjectRemoved:Delete",
    "ObjectRemoved:DeleteMarkerCreated",
    "LifecycleExpiration:Delete",
    "LifecycleExpiration:DeleteMarkerCreated",
    "ObjectTagging:Put",
    "ObjectTagging:Delete",
    "s3:ObjectCreated:Put",
  ])("looks after %s", (eventName) => {
    expect(parseIngest(notification(record(eventName, "k")))).toEqual([look("k")]);
  });

  it("looks at every record of a notification", () => {
    const body = notification(record("ObjectCreated:Put", "a"), record("ObjectRemoved:Delete", "b"));
    expect(parseIngest(body)).toEqual([look("a"), look("b")]);
  });

  it("ignores events that change no object", () => {
    expect(parseIngest(notification(record("ObjectAcl:Put", "a")))).toEqual([]);
  });

  it("ignores the test event of a new notification", () => {
    const body = { Service: "Amazon S3", Event: "s3:TestEvent", Bucket: "docs", RequestId: "r" };
    expect(parseIngest(JSON.stringify(body))).toEqual([]);
  });

  it("takes our own message", () => {
    expect(parseIngest(JSON.stringify(look("a+b%20c")))).toEqual([look("a+b%20c")]);
  });

  it.each([
    ["no JSON", "{"],
    ["something else", '{"hello":1}'],
    ["another version of our message", '{"version":2,"bucket":"docs","key":"k"}'],
    [
      "a record without a key",
      notification({ eventName: "ObjectCreated:Put", s3: { bucket: { name: "b" } } }),
    ],
    ["a key that is not URL-encoded", notification(record("ObjectCreated:Put", "100%"))],
  ])("throws for %s", (_, body) => {
    expect(() => parseIngest(body)).toThrow();
  });
});
