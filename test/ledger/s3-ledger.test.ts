import { beforeEach, describe, expect, it } from "vitest";
import type { Bucket } from "../../lib/aws/bucket.ts";
import { AppError } from "../../lib/errors.ts";
import { documentId } from "../../lib/ids.ts";
import type { Ledger, ReadEntry } from "../../lib/ledger/ledger.ts";
import { ledgerOver } from "../../lib/ledger/s3-ledger.ts";
import { type MemoryBucket, memoryBucket } from "../contract/memory-bucket.ts";
import { change } from "./entries.ts";

let state: MemoryBucket;
let ledger: Ledger;
let nonces: number;

const over = (bucket: Bucket): Ledger =>
  ledgerOver({ state: bucket, bucket: "documents", clock: () => 42, nonce: () => `n${++nonces}` });

beforeEach(() => {
  nonces = 0;
  state = memoryBucket("state");
  ledger = over(state);
});

const swapped = async (key: string, previous: ReadEntry | null, run: number): Promise<ReadEntry> => {
  const entry = await ledger.swap(key, previous, change({ run }));
  if (entry === null) throw new Error("lost");
  return entry;
};

describe("the ledger", () => {
  it("gives null for a document that it does not know", async () => {
    expect(await ledger.read("k")).toBeNull();
    expect(await ledger.find(documentId("documents", "k"))).toBeNull();
    expect(await ledger.find("../ledger/k")).toBeNull();
  });

  it("gives back what was swapped in, with ids, nonce and time", async () => {
    const entry = await swapped("dir/k.txt", null, 7);
    expect(entry).toMatchObject({
      version: 1,
      documentId: documentId("documents", "dir/k.txt"),
      bucket: "documents",
      key: "dir/k.txt",
      run: 7,
      nonce: "n1",
      updatedAt: 42,
    });
    expect(await ledger.read("dir/k.txt")).toEqual(entry);
    expect(await ledger.find(entry.documentId)).toEqual(entry);
  });

  it("lets one of two swaps from the same state win", async () => {
    const first = await swapped("k", null, 1);
    expect(await ledger.swap("k", null, change({ run: 2 }))).toBeNull();
    const second = await swapped("k", first, 2);
    expect(await ledger.swap("k", first, change({ run: 3 }))).toBeNull();
    expect(await ledger.read("k")).toEqual(second);
  });

  it("keeps nothing but the ledger's own fields of a change", async () => {
    const first = await swapped("k", null, 1);
    await swapped("k", { ...first, stray: true } as ReadEntry, 2);
    await ledger.swap("k", await ledger.read("k"), { ...first, run: 3 });
    const text = Buffer.from(state.objects.get("ledger/k.json")!.bytes).toString();
    expect(Object.keys(JSON.parse(text))).not.toContain("etag");
    expect(text).not.toContain("stray");
  });

  it("takes a conflict with its own nonce for success: the request was repeated", async () => {
    const repeating: Bucket = {
      ...state,
      put: async (...put) => {
        await state.put(...put);
        return state.put(...put);
      },
    };
    const entry = await over(repeating).swap("k", null, change());
    expect(entry).toEqual(await ledger.read("k"));
    const next = await over(repeating).swap("k", entry, change({ run: 2 }));
    expect(next).toEqual(await ledger.read("k"));
    expect(next?.run).toBe(2);
  });

  it("the same content never has the same ETag twice", async () => {
    const first = await swapped("k", null, 1);
    const second = await swapped("k", first, 1);
    expect(second.etag).not.toBe(first.etag);
  });

  it("finds a document even when its first swap died half-way: the index is written first", async () => {
    const dying: Bucket = {
      ...state,
      put: (key, ...rest) =>
        key.startsWith("ledger/")
          ? Promise.reject(new AppError("AWS_UNAVAILABLE", "died"))
          : state.put(key, ...rest),
    };
    await expect(over(dying).swap("k", null, change())).rejects.toThrow("died");
    const id = documentId("documents", "k");
    expect(await ledger.find(id)).toBeNull();
    await swapped("k", null, 1);
    expect((await ledger.find(id))?.key).toBe("k");
  });

  it("lists by prefix of the object's key, by pages, long keys included", async () => {
    const long = `deep/${"x".repeat(1015)}`;
    for (const key of ["a/1", "a/2", "a/../b", "b/1", `${long}1`, `${long}2`]) await swapped(key, null, 1);
    const keysUnder = async (prefix: string): Promise<string[]> => {
      const keys: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await ledger.list({ prefix, limit: 2, ...(cursor === undefined ? {} : { cursor }) });
        keys.push(...page.entries.map(({ key }) => key));
        cursor = page.cursor;
      } while (cursor !== undefined);
      return keys.sort();
    };
    expect(await keysUnder("a/")).toEqual(["a/../b", "a/1", "a/2"]);
    expect(await keysUnder("a/..")).toEqual(["a/../b"]);
    expect(await keysUnder("deep/xxx")).toEqual([`${long}1`, `${long}2`]);
    expect(await keysUnder(`${long}2`)).toEqual([`${long}2`]);
    expect(await keysUnder("")).toHaveLength(6);
    expect(await keysUnder("c")).toEqual([]);
  });

  it.each([
    ["no JSON", "{"],
    ["another version", JSON.stringify({ version: 2 })],
    ["a state that does not exist", JSON.stringify({ ...change(), state: "lost" })],
  ])("names an entry that it does not understand: %s", async (_, body) => {
    await state.put("ledger/k.json", body);
    for (const reading of [ledger.read("k"), ledger.list({ prefix: "" })])
      await expect(reading).rejects.toMatchObject({
        code: "INTERNAL",
        message: expect.stringContaining("ledger/k.json in bucket state"),
      });
  });
});
