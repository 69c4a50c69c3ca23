import { describe, expect, it } from "vitest";
import { hashEmbedder } from "../../lib/embed/hash-embedder.ts";
import { embedderContract } from "../contract/embedder.ts";

embedderContract("hash", async () => hashEmbedder());
embedderContract("hash of 8 dimensions", async () => hashEmbedder({ dimension: 8 }));

describe("hash embedder", () => {
  it("another dimension is another identity", () => {
    expect(hashEmbedder({ dimension: 8 }).identity).not.toBe(hashEmbedder({ dimension: 16 }).identity);
  });

  it("Chinese texts that share characters are near each other", async () => {
    const embedder = hashEmbedder({ dimension: 256 });
    const v = await embedder.embed(["黑鸢在空中盘旋", "黑鸢盘旋", "发票三十天内付清"], "query");
    const dot = (a: number, b: number) => {
      let sum = 0;
      for (let i = 0; i < 256; i++) sum += v[a * 256 + i]! * v[b * 256 + i]!;
      return sum;
    };
    expect(dot(0, 1)).toBeGreaterThan(dot(0, 2) + 0.3);
  });
});
