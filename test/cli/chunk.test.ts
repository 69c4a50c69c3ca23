import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { formatPreview, type Overrides, previewChunks } from "../../cli/chunk-preview.ts";
import { listFiles } from "../../cli/upload.ts";
import { readEnvironment } from "../../lib/config/environment.ts";
import { runKettle } from "./run-kettle.ts";

const folder = mkdtempSync(join(tmpdir(), "kettle-chunk-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const yaml = join(folder, "kettle.yml");
writeFileSync(
  yaml,
  `chunking:
  size: 32
  overlap: 0
  rules:
    - { prefix: books/, strategy: markdown, size: 64, parent: { tokens: 256 } }`,
);
const guide = join(import.meta.dirname, "../fixtures/documents/guide.md");

const preview = async (path: string, key: string, overrides: Overrides = {}) => {
  const [file] = await listFiles(path);
  return previewChunks(
    { ...file!, key },
    readEnvironment({ file: yaml }),
    overrides,
    new AbortController().signal,
  );
};

describe("the chunks of a file before it is stored", () => {
  it("are cut as kettle.yml says for the key that it would have", async () => {
    const book = await preview(guide, "books/guide.md");
    expect(book).toMatchObject({
      type: "md",
      chunking: { strategy: "markdown", size: 64, parent: { tokens: 256 } },
    });
    expect(Math.max(...book.chunks.map(({ tokens }) => tokens))).toBeLessThanOrEqual(64);
    expect(book.chunks.some(({ parent }) => parent)).toBe(true);
  });

  it("are cut otherwise where the caller says so, by the embedding model itself where it cuts by meaning", async () => {
    const own = await preview(guide, "books/guide.md", { strategy: "semantic", size: 40, parent: null });
    expect(own.chunking).toMatchObject({ strategy: "semantic", size: 40, overlap: 0, parent: null });
    expect(own.chunks.length).toBeGreaterThan(1);
    const wrong = preview(guide, "guide.md", { size: 8, parent: { tokens: 5 } });
    await expect(wrong).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringMatching(
        /chunking of guide\.md.*2 problems.*chunking\.size.*chunking\.parent\.tokens/s,
      ),
    });
  });

  it("read for people with number, tokens, place, judgement and text", async () => {
    const path = join(folder, "notes.txt");
    const menu = "home | about | login | cart | search | help\n".repeat(3);
    writeFileSync(path, `${menu}\n\n鸢群在上升气流中盘旋。它们借此升高,然后滑翔向前,再遇到一股热气流。\n`);
    const found = await preview(path, "notes.txt", { parent: { tokens: 128 } });
    const lines = formatPreview(found, "separate").split("\n");
    expect(lines[0]).toBe(
      `notes.txt (txt): ${found.chunks.length} chunks by recursive, up to 32 tokens, overlap 0, parents up to 128`,
    );
    const chinese = found.chunks.find(({ language }) => language === "zh")!;
    const { ordinal, tokens, charStart, charEnd, parent } = chinese;
    const at = lines.indexOf(
      `#${ordinal} · ${tokens} tokens · text · zh · characters ${charStart}–${charEnd}`,
    );
    expect(at).toBeGreaterThan(0);
    expect(lines[at + 1]).toContain(`quality ${chinese.quality.toFixed(2)}`);
    expect(lines[at + 2]).toBe(
      `    in the parent of #${parent?.ordinal}: ${parent?.tokens} tokens, characters ${parent?.charStart}–${parent?.charEnd}`,
    );
    expect(lines[at + 3]).toBe(`  │ ${chinese.text.split("\n")[0]}`);
    const poor = found.chunks.filter(({ lowQuality }) => lowQuality);
    expect(poor.length).toBeGreaterThan(0);
    expect(lines).toContain(`${poor.length} of low quality`);
    expect(lines.filter((line) => line.endsWith(", low: separate"))).toHaveLength(poor.length);
  });
});

describe("kettle chunk", () => {
  it("prints them, as JSON where asked", async () => {
    const { code, out } = await runKettle([
      "chunk",
      guide,
      "--file",
      yaml,
      "--key",
      "books/guide.md",
      "--parent",
      "none",
      "--json",
    ]);
    expect(code).toBe(0);
    const { chunks, ...rest } = JSON.parse(out);
    expect(rest).toMatchObject({ key: "books/guide.md", type: "md", copies: 0, notes: [] });
    expect(rest.chunking).toMatchObject({ strategy: "markdown", size: 64, parent: null });
    expect(chunks[0]).toMatchObject({
      ordinal: 0,
      charStart: 0,
      lowQuality: false,
      heading: "Watching kites",
    });
    expect(chunks[0]).not.toHaveProperty("parent");
  });

  it.each([
    ["a folder", [folder], 1, "is a folder"],
    ["a strategy that is none", [guide, "--method", "guess"], 2, "Allowed choices are fixed"],
    [
      "a document that cannot be read",
      [join(import.meta.dirname, "../fixtures/documents/truncated.pdf")],
      1,
      "CORRUPT_DOCUMENT: truncated.pdf",
    ],
  ])("%s: says so", async (_, args, exit, words) => {
    const { code, err } = await runKettle(["chunk", ...args]);
    expect(err).toContain(words);
    expect(code).toBe(exit);
  });
});
