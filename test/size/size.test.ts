import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { inUnits, sizeTable } from "../../cli/size-table.ts";
import { indexTypes } from "../../lib/config/schema.ts";
import { type SizeRequest, sizeOf } from "../../lib/store/milvus/size.ts";
import { runKettle } from "../cli/run-kettle.ts";

const GiB = 2 ** 30;
const request = (overrides: Partial<SizeRequest> = {}): SizeRequest => ({
  rows: 1_000_000,
  dimension: 384,
  index: "HNSW",
  replicas: 1,
  textBytes: 1_000,
  mmap: false,
  nodeBytes: 32 * GiB,
  gpuBytes: 24 * GiB,
  ...overrides,
});

describe("the size of a collection", () => {
  it("of FLAT vectors is four bytes a number", () => {
    expect(sizeOf(request({ index: "FLAT" })).vectorIndex).toBe(4 * 384 * 1_000_000);
  });

  it("of HNSW adds the links of an hnswlib graph: 2 M + 1 on the ground, a label, some above", () => {
    const { vectorIndex, rawVectors } = sizeOf(request({ build: { M: 16 } }));
    const perRow = (vectorIndex - rawVectors) / 1_000_000;
    expect(perRow).toBeGreaterThan(4 * 33 + 8);
    expect(perRow).toBeLessThan(4 * 33 + 8 + 8);
  });

  it("of quantised indexes is a quarter and less, in the order of their codes", () => {
    const share = (index: SizeRequest["index"]) => {
      const { vectorIndex, rawVectors } = sizeOf(request({ index }));
      return vectorIndex / rawVectors;
    };
    expect(share("IVF_SQ8")).toBeGreaterThan(0.25);
    expect(share("IVF_SQ8")).toBeLessThan(0.27);
    expect(share("IVF_PQ")).toBeLessThan(0.1);
    expect(share("DISKANN")).toBeLessThan(share("IVF_SQ8"));
  });

  it("of DISKANN fills whole sectors of the disk", () => {
    // 4 · 384 + 4 · 57 bytes a row: two to a sector of 4,096.
    expect(sizeOf(request({ index: "DISKANN" })).localDisk).toBe((1_000_000 / 2) * 4_096);
    expect(sizeOf(request({ index: "DISKANN", dimension: 1_536 })).localDisk).toBe(1_000_000 * 2 * 4_096);
  });

  it("of a GPU index lies on the GPU, unless it was built to be searched on a CPU", () => {
    const gpu = sizeOf(request({ index: "GPU_CAGRA" }));
    const cpu = sizeOf(request({ index: "GPU_CAGRA", build: { adapt_for_cpu: true } }));
    expect(gpu.gpuMemory).toBeGreaterThan(gpu.rawVectors);
    expect(cpu.gpuMemory).toBe(0);
    expect(cpu.memory).toBeGreaterThan(gpu.memory + gpu.rawVectors);
  });

  it("of chunks with parents holds their texts once more", () => {
    const [without, parents] = [sizeOf(request()), sizeOf(request({ parents: true }))];
    const perRow = (parents.fields - without.fields) / 1_000_000;
    expect(perRow).toBeGreaterThan(1_000);
    expect(perRow).toBeLessThan(1_100);
    expect(parents.vectorIndex).toBe(without.vectorIndex);
  });

  it("is mapped to disk rather than read, where that is asked for", () => {
    const read = sizeOf(request());
    const mapped = sizeOf(request({ mmap: true }));
    expect(mapped.memory).toBeLessThan(read.memory / 2);
    expect(mapped.localDisk).toBe(read.vectorIndex + read.fields);
  });

  it("fits its nodes, and replicas have nodes of their own", () => {
    fc.assert(
      fc.property(
        fc.record({
          rows: fc.integer({ min: 1, max: 1_000_000_000 }),
          dimension: fc.integer({ min: 8, max: 4_096 }),
          index: fc.constantFrom(...indexTypes),
          replicas: fc.integer({ min: 1, max: 8 }),
          mmap: fc.boolean(),
        }),
        (some) => {
          const one = sizeOf(request(some));
          expect(one.memory).toBeLessThanOrEqual(one.nodesPerReplica * 32 * GiB);
          expect(one.gpuMemory).toBeLessThanOrEqual(one.nodesPerReplica * 24 * GiB);
          expect(one.nodes).toBe(one.nodesPerReplica * some.replicas);
          const more = sizeOf(request({ ...some, rows: some.rows * 2 }));
          expect(more.memory).toBeGreaterThan(one.memory);
          expect(more.nodesPerReplica).toBeGreaterThanOrEqual(one.nodesPerReplica);
        },
      ),
    );
  });
});

describe("sizes in words", () => {
  it.each([
    [0, "0 B"],
    [1_023, "1023 B"],
    [1_536, "1.5 KiB"],
    [15 * GiB, "15 GiB"],
    [700 * GiB, "700 GiB"],
    [3 * 1_024 * GiB, "3.0 TiB"],
  ])("%d is %s", (bytes, words) => {
    expect(inUnits(bytes)).toBe(words);
  });
});

describe("kettle size", () => {
  it("takes what is not given from kettle.yml", async () => {
    const { code, out } = await runKettle(["size", "--rows", "5000", "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      request: { rows: 5_000, dimension: 384, index: "AUTOINDEX", replicas: 1 },
      size: { rawVectors: 5_000 * 384 * 4, nodes: 1 },
    });
  });

  it("counts parents where some document has them, or when asked to", async () => {
    const folder = mkdtempSync(join(tmpdir(), "kettle-size-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const yaml = join(folder, "kettle.yml");
    writeFileSync(yaml, "chunking: { rules: [{ prefix: books/, parent: { tokens: 1024 } }] }");
    const parentsOf = async (...args: string[]) =>
      JSON.parse((await runKettle(["size", "--rows", "5000", "--json", ...args])).out).request.parents;
    expect(await parentsOf()).toBe(false);
    expect(await parentsOf("--parents")).toBe(true);
    expect(await parentsOf("--file", yaml)).toBe(true);
  });

  it.each([
    [["--rows", "0"], "whole number"],
    [["--index", "KDTREE"], "Allowed choices"],
    [["--node-memory", "1"], "number of GiB"],
  ])("%j is wrong usage", async (args, words) => {
    const { code, err } = await runKettle(["size", ...args]);
    expect(err).toContain(words);
    expect(code).toBe(2);
  });

  it.each([
    [384, false],
    [384, true],
    [1_024, false],
    [1_024, true],
  ])("docs/scale.md has the table of %d numbers, mapped: %s", (dimension, mmap) => {
    const page = readFileSync(join(import.meta.dirname, "../../docs/scale.md"), "utf8");
    expect(page).toContain(sizeTable(request({ dimension, mmap })));
  });
});
