import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Chunker, ChunkOptions, Piece, VectorChunker } from "../../lib/chunk/chunker.ts";
import { piecesOf } from "../../lib/chunk/pieces.ts";
import { hashEmbedder } from "../../lib/embed/hash-embedder.ts";
import type { Block } from "../../lib/read/reader.ts";
import { blocks as anyBlocks, options as anyOptions } from "../chunk/generators.ts";

const runs = { numRuns: 400 };
const embedder = hashEmbedder();

/** What every chunker must keep, whatever the text. */
export const testChunker = (name: string, chunker: Chunker | VectorChunker): void => {
  const cut = (blocks: readonly Block[], options: ChunkOptions): Promise<readonly Piece[]> =>
    piecesOf(chunker, blocks, options, (texts) => embedder.embed(texts, "query"));
  describe(`chunker ${name}`, () => {
    test("every character that is not blank is in a piece", async () => {
      await fc.assert(
        fc.asyncProperty(anyBlocks, anyOptions, async (blocks, options) => {
          const text = blocks.map((block) => block.text).join("\n\n");
          const covered = new Uint8Array(text.length);
          for (const piece of await cut(blocks, options)) covered.fill(1, piece.charStart, piece.charEnd);
          const lost = [...covered.keys()].filter((at) => covered[at] === 0 && /\S/.test(text.charAt(at)));
          expect(lost).toEqual([]);
        }),
        runs,
      );
    });

    test("a piece's text is its slice of the document, after a table's header where rows continue", async () => {
      await fc.assert(
        fc.asyncProperty(anyBlocks, anyOptions, async (blocks, options) => {
          const text = blocks.map((block) => block.text).join("\n\n");
          for (const piece of await cut(blocks, options)) {
            const slice = text.slice(piece.charStart, piece.charEnd);
            if (piece.text === slice) continue;
            expect(piece.modality).toBe("table");
            const headers = blocks.map((block) => `${block.header}\n${slice}`);
            expect(headers).toContain(piece.text);
          }
        }),
        runs,
      );
    });

    test("tokens are the true count, and neither tokens nor bytes exceed their limits", async () => {
      await fc.assert(
        fc.asyncProperty(anyBlocks, anyOptions, async (blocks, options) => {
          for (const piece of await cut(blocks, options)) {
            expect(piece.tokens).toBe(options.countTokens(piece.text));
            expect(piece.tokens).toBeLessThanOrEqual(options.size);
            expect(Buffer.byteLength(piece.text)).toBeLessThanOrEqual(options.maxBytes);
            expect(piece.text.trim()).not.toBe("");
          }
        }),
        runs,
      );
    });

    test("no piece begins or ends inside a surrogate pair", async () => {
      await fc.assert(
        fc.asyncProperty(anyBlocks, anyOptions, async (blocks, options) => {
          for (const piece of await cut(blocks, options)) expect(piece.text.isWellFormed()).toBe(true);
        }),
        runs,
      );
    });

    test("a piece is of one page, and pieces come in the order of the document", async () => {
      await fc.assert(
        fc.asyncProperty(anyBlocks, anyOptions, async (blocks, options) => {
          let from = 0;
          const places = blocks.map((block) => {
            const start = from;
            from += block.text.length + 2;
            return { start, end: start + block.text.length, page: block.page };
          });
          let last = -1;
          for (const piece of await cut(blocks, options)) {
            const touched = places.filter(
              (place) => place.start < piece.charEnd && place.end > piece.charStart,
            );
            expect(new Set(touched.map((place) => place.page))).toEqual(new Set([piece.page]));
            expect(piece.charStart).toBeGreaterThan(last);
            last = piece.charStart;
          }
        }),
        runs,
      );
    });

    test("the same blocks and options give the same pieces", async () => {
      await fc.assert(
        fc.asyncProperty(anyBlocks, anyOptions, async (blocks, options) => {
          expect(await cut(structuredClone(blocks), options)).toEqual(await cut(blocks, options));
        }),
        { numRuns: 50 },
      );
    });
  });
};
