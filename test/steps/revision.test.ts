import { describe, expect, it } from "vitest";
import { parseConfig } from "../../lib/config/load.ts";
import { shapedBy } from "../../lib/fingerprint.ts";
import { fingerprint, revisionOf } from "../../lib/steps/revision.ts";

const head = { etag: '"1"', contentType: "text/plain", metadata: { a: "1", b: "2" } };
const revision = revisionOf(head, {}, "f");

describe("revisionOf", () => {
  it("does not depend on the order of metadata", () => {
    expect(revisionOf({ ...head, metadata: { b: "2", a: "1" } }, {}, "f")).toBe(revision);
  });

  it.each([
    ["bytes", { ...head, etag: '"2"' }, "f"],
    ["content type", { ...head, contentType: "text/html" }, "f"],
    ["a metadata value", { ...head, metadata: { a: "1", b: "3" } }, "f"],
    ["a metadata name", { ...head, metadata: { a: "1", c: "2" } }, "f"],
    ["the fingerprint", head, "g"],
  ])("another one by %s", (_, other, shapedBy) => {
    expect(revisionOf(other, {}, shapedBy)).not.toBe(revision);
  });

  it("another one by a tag, and the one before when the tag is gone", () => {
    const tagged = revisionOf(head, { team: "red" }, "f");
    expect(tagged).not.toBe(revision);
    expect(revisionOf(head, { team: "blue" }, "f")).not.toBe(tagged);
    expect(revisionOf(head, { team: "red", year: "1" }, "f")).toBe(
      revisionOf(head, { year: "1", team: "red" }, "f"),
    );
    // As it was before tags were read: documents of before are not read again.
    expect(revisionOf(head, {}, "f")).toBe("43c414ce7b521008af621389b2c51f75");
  });
});

describe("fingerprint", () => {
  it("knows of tags only where they are not read", () => {
    const shaped = shapedBy(parseConfig("", "local"), { identity: "one" });
    expect(shaped).not.toHaveProperty("tags");
    const without = shapedBy(parseConfig("metadata: { tags: false }", "local"), { identity: "one" });
    expect(without).toEqual({ ...shaped, tags: false });
  });

  it("depends on values, not on the order of names", () => {
    const parts = { readers: { txt: 1, pdf: 2 }, chunking: { size: 256 } };
    expect(fingerprint(parts)).toBe(fingerprint({ chunking: { size: 256 }, readers: { pdf: 2, txt: 1 } }));
    expect(fingerprint(parts)).not.toBe(fingerprint({ ...parts, readers: { txt: 1, pdf: 3 } }));
    expect(fingerprint({ list: ["a", "b"] })).not.toBe(fingerprint({ list: ["b", "a"] }));
  });

  it("chunks without parents have the one that they had before there were any", () => {
    const shapes = (yaml: string) => shapedBy(parseConfig(yaml, "local"), { identity: "one" }).chunking;
    const plain = { strategy: "recursive", size: 256, overlap: 32 };
    const rule = { prefix: "a/", strategy: "page", size: 256, overlap: 32 };
    expect(shapes("chunking: { rules: [{ prefix: a/, strategy: page }] }")).toEqual({
      ...plain,
      rules: [rule],
    });
    const parent = { tokens: 1_024, version: 1 };
    expect(shapes("chunking: { parent: { tokens: 1024 }, rules: [{ prefix: a/, strategy: page }] }")).toEqual(
      {
        ...plain,
        parent,
        rules: [{ ...rule, parent }],
      },
    );
    const [first, second] = [1_024, 2_048].map((tokens) =>
      fingerprint(
        shapedBy(parseConfig(`chunking: { parent: { tokens: ${tokens} } }`, "local"), { identity: "one" }),
      ),
    );
    expect(first).not.toBe(second);
  });

  it.each(["semantic", "cluster"])("%s: depends on its version and on the model that it cuts by", (name) => {
    const config = parseConfig(`chunking: { rules: [{ prefix: a/, strategy: ${name} }] }`, "local");
    const shaped = shapedBy(config, { identity: "one" });
    expect(shaped.chunker).toEqual({ recursive: 1, [name]: 1 });
    expect(fingerprint(shapedBy(config, { identity: "two" }))).not.toBe(fingerprint(shaped));
    const pictured = [{ identity: "three" }, { identity: "four" }].map((images) =>
      fingerprint(shapedBy(config, { identity: "one" }, images)),
    );
    expect(new Set([fingerprint(shaped), ...pictured]).size).toBe(3);
    expect(fingerprint({ ...shaped, chunker: { recursive: 1, [name]: 2 } })).not.toBe(fingerprint(shaped));
  });
});
