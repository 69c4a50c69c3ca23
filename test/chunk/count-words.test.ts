import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { countByWords } from "../../lib/chunk/count-words.ts";
import { recursiveChunker } from "../../lib/chunk/recursive.ts";
import { loadTokenizer, type TextTokenizer } from "../../lib/embed/tokenizer.ts";
import { blocks as anyBlocks, mixedText } from "./generators.ts";

let tokenizer: TextTokenizer;
beforeAll(async () => {
  const modelsDir = fileURLToPath(new URL("../../models", import.meta.url));
  tokenizer = await loadTokenizer({ modelsDir, model: "multilingual-e5-small" });
});

test("word by word gives the tokenizer's own count, whatever the text", () => {
  const countTokens = countByWords(tokenizer.count);
  const text = fc.oneof(
    mixedText,
    fc.string({ unit: "binary", maxLength: 80 }),
    fc.string({ unit: "grapheme" }),
  );
  fc.assert(
    fc.property(text, (any) => {
      expect(countTokens(any)).toBe(tokenizer.count(any));
    }),
    { numRuns: 1_000 },
  );
});

test("a word is tokenized once", () => {
  let calls = 0;
  const countTokens = countByWords((text) => {
    calls++;
    return text.length;
  });
  expect(countTokens("kite air\nkite  air kite")).toBe(18);
  expect(calls).toBe(2);
});

test("with the model's tokenizer, too, no piece is larger than its size", () => {
  const countTokens = countByWords(tokenizer.count);
  fc.assert(
    fc.property(anyBlocks, (blocks) => {
      for (const piece of recursiveChunker.chunk(blocks, {
        size: 48,
        overlap: 12,
        maxBytes: 1_000,
        countTokens,
      })) {
        expect(piece.tokens).toBe(tokenizer.count(piece.text));
        expect(piece.tokens).toBeLessThanOrEqual(48);
      }
    }),
    { numRuns: 100 },
  );
});
