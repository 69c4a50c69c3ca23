import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { loadTokenizer, type TextTokenizer } from "../../lib/embed/tokenizer.ts";

describe("the bundled model's tokenizer", () => {
  let tokenizer: TextTokenizer;
  beforeAll(async () => {
    tokenizer = await loadTokenizer({
      modelsDir: join(import.meta.dirname, "../../models"),
      model: "multilingual-e5-small",
    });
  });

  it.each([
    ["", 0],
    [" \n\t", 0],
    ["Kites circle.", 5],
    ["黑鸢盘旋", 5],
  ])("%j has as many tokens as are in the model's input between prefix and end", (text, tokens) => {
    const withPrefix = tokenizer.encode(text, "passage").length;
    expect(tokenizer.count(text)).toBe(tokens);
    expect(withPrefix - tokenizer.encode("", "passage").length).toBe(tokens);
  });

  it("a long text has as many tokens as its lines", () => {
    const line = "The black kite circles in thermals above the city, 黑鸢在城市上空盘旋。\n";
    expect(tokenizer.count(line.repeat(3_000))).toBe(3_000 * tokenizer.count(line));
  });

  it.each([
    ["Chinese without a blank", "黑鸢在城市上空盘旋"],
    ["one letter", "a"],
    ["characters of two code units", "😀"],
  ])("200,000 characters of %s are counted, about as many as in short pieces", (_, unit) => {
    const short = unit.repeat(Math.floor(1_000 / unit.length));
    const pieces = Math.floor(200_000 / short.length);
    const ratio = tokenizer.count(short.repeat(pieces)) / (tokenizer.count(short) * pieces);
    expect(ratio).toBeGreaterThan(0.98);
    expect(ratio).toBeLessThan(1.01);
  });

  it("input is never longer than the window and ends with the closing token", () => {
    for (const text of ["kites ".repeat(100_000), "黑鸢".repeat(100_000)]) {
      const ids = tokenizer.encode(text, "query");
      expect(ids).toHaveLength(512);
      expect(ids[0]).toBe(0);
      expect(ids.at(-1)).toBe(2);
    }
  });
});
