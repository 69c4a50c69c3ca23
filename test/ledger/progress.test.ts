import { expect, test } from "vitest";
import { progressOver } from "../../lib/ledger/progress.ts";
import { getDocument, listDocuments } from "../../lib/steps/documents.ts";
import { memoryBucket } from "../contract/memory-bucket.ts";

const document = { documentId: "d1", key: "scan.tiff" };
const written = () => new Promise((resolve) => setImmediate(resolve));

const setup = () => {
  let now = 1_000_000;
  const progress = progressOver(memoryBucket("state"), () => now);
  return { progress, later: (ms: number) => (now += ms) };
};

test("pages are written now and then, and the last word is that reading has ended", async () => {
  const { progress, later } = setup();
  progress.note(document, 1, 40);
  await written();
  progress.note(document, 2, 40);
  await written();
  expect(await progress.find("d1")).toMatchObject({ page: 1, pages: 40 });
  later(2_000);
  progress.note(document, 9, 40);
  await written();
  expect(await progress.list(10)).toMatchObject([{ documentId: "d1", page: 9 }]);
  progress.note(document, 10, 40);
  await progress.clear("d1");
  expect(await progress.find("d1")).toBeNull();
});

test("what a reader that died left behind is not shown for ever", async () => {
  const { progress, later } = setup();
  progress.note(document, 1, 40);
  await written();
  later(15 * 60_000);
  expect(await progress.find("d1")).toBeNull();
});

test("a document without an entry yet is shown by its progress, as pending", async () => {
  const { progress } = setup();
  progress.note(document, 3, 40);
  await written();
  const ledger = { list: async () => ({ entries: [] }), find: async () => null };
  const deps = { ledger, fingerprint: "f", progress };
  expect(await getDocument(deps)("d1")).toMatchObject({ state: "pending", progress: { page: 3, pages: 40 } });
  expect((await listDocuments(deps)({ prefix: "scan", limit: 10 })).documents).toMatchObject([{ id: "d1" }]);
  expect((await listDocuments(deps)({ prefix: "other", limit: 10 })).documents).toEqual([]);
  await expect(getDocument(deps)("d2")).rejects.toMatchObject({ code: "NOT_FOUND" });
});
