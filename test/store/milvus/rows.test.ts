import { describe, expect, it } from "vitest";
import { capabilitiesOf } from "../../../lib/store/milvus/capabilities.ts";
import { batchesOf, filterableOf, prepareRow, rowOf, wordsColumn } from "../../../lib/store/milvus/rows.ts";
import {
  createRequest,
  integerFields,
  type Layout,
  readLayout,
  wordsBytes,
} from "../../../lib/store/milvus/schema.ts";
import { row, spec } from "../rows.ts";

const layout = (overrides: Partial<Layout> = {}): Layout => ({
  spec: spec("c"),
  words: true,
  parents: true,
  partitionKey: null,
  ...overrides,
});

describe("rows of Milvus", () => {
  it("come back as they went, through the texts that Milvus makes of numbers", () => {
    const full = row("full", { page: 12, qualityFlags: ["a"], metadata: { year: 2024, tags: ["x"] } });
    const { data } = prepareRow(full, layout());
    const server = Object.fromEntries(
      Object.entries(data).map(([key, value]) => [
        key,
        integerFields.some((field) => field === key) ? String(value) : value,
      ]),
    );
    expect(rowOf(server)).toEqual(full);
    const none = row("none", { page: null });
    expect(rowOf(prepareRow(none, layout()).data)).toEqual(none);
    expect(filterableOf({ id: "x", page: "-1" })).toEqual({
      id: "x",
      page: null,
      metadata: {},
      qualityFlags: [],
    });
  });

  it("with parents come back with them; a text is bounded in bytes, and a collection of layout 1 takes none", () => {
    const parent = { id: "p", text: "表头\nrow", tokens: 3, charStart: 4, charEnd: 7 };
    const child = row("a", { parent });
    const { data, bytes } = prepareRow(child, layout());
    expect(rowOf({ ...data, parentTokens: "3", parentStart: "4", parentEnd: "7" })).toEqual(child);
    expect(bytes).toBeGreaterThan(prepareRow(row("a"), layout()).bytes + Buffer.byteLength(parent.text));
    const long = row("a", { parent: { ...parent, text: "中".repeat(21_846) } });
    expect(() => prepareRow(long, layout())).toThrow(/the parent's text takes 65538 bytes/);
    const before = layout({ parents: false });
    expect(Object.keys(prepareRow(row("a"), before).data).filter((name) => /^parent/.test(name))).toEqual([]);
    expect(() => prepareRow(child, before)).toThrow(expect.objectContaining({ code: "NOT_AVAILABLE" }));
  });

  it("lone surrogates become U+FFFD, in metadata too", () => {
    const { data } = prepareRow(row("a", { text: "x\uD800", metadata: { k: "\uDC00" } }), layout());
    expect(data).toMatchObject({ text: "x\uFFFD", metadata: { k: "\uFFFD" } });
  });

  it("lengths are counted in bytes", () => {
    expect(() => prepareRow(row("a", { contentHash: "é".repeat(65) }), layout())).toThrow(
      expect.objectContaining({
        code: "STORE_REFUSED",
        message: "chunk a: contentHash takes 130 bytes in UTF-8, the collection holds 128",
      }),
    );
    expect(() => prepareRow(row("a", { contentHash: "é".repeat(64) }), layout())).not.toThrow();
  });

  it("batches keep to bytes and rows, and lose nothing", () => {
    const sized = (bytes: number) => ({ data: { bytes }, bytes });
    const rows = [40, 40, 40, 500, 10, 10, 10].map(sized);
    const batches = batchesOf(rows, { maxBytes: 100, maxRows: 2 });
    expect(batches.map((batch) => batch.map(({ bytes }) => bytes))).toEqual([
      [40, 40],
      [40],
      [500],
      [10, 10],
      [10],
    ]);
    expect(batchesOf([], { maxBytes: 100, maxRows: 2 })).toEqual([]);
  });

  it("words of a long Chinese text stay within the field; pairs go last", () => {
    const text = Array.from({ length: 10_666 }, (_, i) => String.fromCodePoint(0x4e00 + i)).join("");
    const words = wordsColumn(text);
    expect(Buffer.byteLength(words)).toBeLessThanOrEqual(wordsBytes);
    expect(words.split(" ")).toContain(text.slice(0, 2));
    expect(wordsColumn("向量 kettle").split(" ").toSorted()).toEqual(
      ["kettle", "向", "向量", "量"].toSorted(),
    );
  });

  it("a row with a partition key carries its value where it is a text", () => {
    const parted = layout({ partitionKey: "tenant", words: false });
    expect(prepareRow(row("a", { metadata: { tenant: "t1" } }), parted).data.partition).toBe("t1");
    expect(prepareRow(row("a", { metadata: { tenant: 7 } }), parted).data.partition).toBe("");
    expect(prepareRow(row("a"), parted).data).not.toHaveProperty("words");
  });
});

describe("the layout of a collection", () => {
  const described = (version: string, partitionKey: string | null = null) => {
    const request = createRequest(spec("c"), { server: capabilitiesOf(version), partitionKey, shards: 2 });
    return {
      schema: {
        name: "c",
        fields: request.fields.map(({ name, dim }) => ({
          name,
          ...(dim !== undefined && { type_params: [{ key: "dim", value: String(dim) }] }),
        })),
      },
      properties: Object.entries(request.properties ?? {}).map(([key, value]) => ({
        key,
        value: String(value),
      })),
    };
  };

  it("is read back from what the server keeps of it", () => {
    expect(readLayout(described("v2.6.19", "tenant"))).toEqual(layout({ partitionKey: "tenant" }));
    expect(readLayout(described("v2.3.5"))).toEqual(layout({ words: false }));
  });

  it("of a collection from before there were parents has none", () => {
    const { schema, properties } = described("v2.6.19");
    const fields = schema.fields.filter(({ name }) => !name.startsWith("parent"));
    const older = properties.map(({ key, value }) => ({ key, value: key === "kettle.layout" ? "1" : value }));
    expect(readLayout({ schema: { ...schema, fields }, properties: older })).toEqual(
      layout({ parents: false }),
    );
  });

  it("of somebody else's collection is none, of a newer Kettle's an error", () => {
    const { schema } = described("v2.6.19");
    expect(readLayout({ schema, properties: [] })).toBeNull();
    expect(() => readLayout({ schema, properties: [{ key: "kettle.layout", value: "3" }] })).toThrow(
      expect.objectContaining({ code: "NOT_AVAILABLE", message: expect.stringContaining("update Kettle") }),
    );
  });
});
