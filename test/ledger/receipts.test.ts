import { beforeEach, describe, expect, it } from "vitest";
import { type Receipts, receiptsOver } from "../../lib/ledger/receipts.ts";
import { memoryBucket } from "../contract/memory-bucket.ts";

let now: number;
let receipts: Receipts;

beforeEach(() => {
  now = 100;
  receipts = receiptsOver(memoryBucket("state", () => now));
});

const one = { stored: 1, low: 0, dropped: 0 };

describe("receipts", () => {
  it("lists the batches of one run of one document", async () => {
    for (const batch of [0, 2, 11]) await receipts.put("d", 5, batch, one);
    await receipts.put("d", 55, 1, one);
    await receipts.put("e", 5, 3, one);
    expect(await receipts.list("d", 5)).toEqual(new Set([0, 2, 11]));
    expect(await receipts.list("d", 6)).toEqual(new Set());
  });

  it("sums a run's counts, each batch once", async () => {
    await receipts.put("d", 5, 0, { stored: 3, low: 1, dropped: 0 });
    await receipts.put("d", 5, 1, { stored: 9, low: 9, dropped: 9 });
    await receipts.put("d", 5, 1, { stored: 4, low: 0, dropped: 2 });
    expect(await receipts.totals("d", 5)).toEqual({ stored: 7, low: 1, dropped: 2 });
    expect(await receipts.totals("d", 6)).toEqual({ stored: 0, low: 0, dropped: 0 });
  });

  it("collects runs below the ledger's, except the served one", async () => {
    for (const run of [3, 5, 7, 9, 10]) await receipts.put("d", run, 0, one);
    await receipts.put("e", 3, 0, one);
    expect(await receipts.collect("d", 9, 5)).toBe(2);
    const left = await Promise.all([3, 5, 7, 9, 10].map((run) => receipts.list("d", run)));
    expect(left.map(({ size }) => size)).toEqual([0, 1, 0, 1, 1]);
    expect(await receipts.collect("d", 9, null)).toBe(1);
    expect((await receipts.list("e", 3)).size).toBe(1);
  });

  it("knows when a run last made progress", async () => {
    expect(await receipts.newest("d", 5)).toBeNull();
    await receipts.put("d", 5, 0, one);
    now = 200;
    await receipts.put("d", 5, 1, one);
    now = 300;
    await receipts.put("d", 6, 0, one);
    expect(await receipts.newest("d", 5)).toBe(200);
  });
});
