import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, afterEach, expect, it } from "vitest";
import type { ChunkRow } from "../../lib/chunk-row.ts";
import { embeddedStore } from "../../lib/store/embedded.ts";
import type { VectorStore } from "../../lib/store/store.ts";
import { at, spec } from "./rows.ts";

const folder = mkdtempSync(join(tmpdir(), "kettle-processes-"));
const children = new Set<ChildProcess>();
afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  children.clear();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Written = { readonly batch: number; readonly generation: number };
type Writer = {
  readonly child: ChildProcess;
  readonly acknowledged: Written[];
  readonly ended: Promise<unknown[]>;
};

const write = (path: string, ...args: readonly string[]): Writer => {
  const child = fork(join(import.meta.dirname, "writer-process.ts"), [path, ...args], { stdio: "inherit" });
  children.add(child);
  const acknowledged: Written[] = [];
  child.on("message", (message: Written) => {
    if ("batch" in message) acknowledged.push(message);
  });
  return { child, acknowledged, ended: once(child, "exit") };
};

/** All rows by batch (their document), read page by page. */
const rowsByDocument = async (store: VectorStore): Promise<Map<string, ChunkRow[]>> => {
  const rows: ChunkRow[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.scan("c", { limit: 1000, ...(cursor && { cursor }) });
    rows.push(...page.rows);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return Map.groupBy(rows, (row) => row.documentId);
};

const checkFile = (path: string, words: string): void => {
  const db = new DatabaseSync(path);
  expect(db.prepare("PRAGMA integrity_check").all()).toEqual([{ integrity_check: "ok" }]);
  db.exec(`INSERT INTO ${words} (${words}) VALUES ('integrity-check')`);
  const counts = ["rows_1", "texts_1", "vectors_1"].map(
    (table) => db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n,
  );
  expect(new Set(counts).size).toBe(1);
  db.close();
};

it("processes that start together on a new file write side by side, and a reader sees whole batches only", async () => {
  const path = join(folder, "together", "store.sqlite");
  const own = ["w", "x", "y"].map((name) => write(path, name, "10", "12"));
  const shared = ["p", "q"].map((name) => write(path, name, "10", "12", "shared"));
  const all = [...own, ...shared];
  const reader = embeddedStore({ path });
  await reader.ensure(spec("c"));
  let ended = false;
  const end = Promise.all(all.map((writer) => writer.ended)).then((exits) => {
    ended = true;
    return exits.map(([code]) => code);
  });
  let partial = 0;
  while (!ended) {
    const hits = await reader.search("c", { mode: "dense", vector: at(0), limit: 1000 });
    for (const rows of Map.groupBy(hits, (hit) => hit.documentId).values())
      if (rows.length !== 10 || new Set(rows.map((row) => row.text)).size !== 1) partial++;
    await new Promise(setImmediate);
  }
  expect(await end).toEqual([0, 0, 0, 0, 0]);
  expect(partial).toBe(0);
  const batches = await rowsByDocument(reader);
  // Of twelve writes every third goes over the batch before: eight batches a writer.
  expect(batches.size).toBe(3 * 8 + 1);
  for (const rows of batches.values()) expect(rows).toHaveLength(10);
  const hits = await reader.search("c", { mode: "sparse", text: "xbatch4", limit: 100 });
  expect(hits.map((hit) => hit.run)).toEqual(Array(10).fill(6));
  await reader.close();
  checkFile(path, "words_1");
});

it("kill −9 in the middle of writes leaves each batch whole or absent, and everything acknowledged there", async () => {
  const path = join(folder, "killed", "store.sqlite");
  let survived = 0;
  for (const [round, wanted] of [1, 2, 4, 7, 9, 13, 22].entries()) {
    const writer = write(path, `r${round}x`, "25", "0");
    while (writer.acknowledged.length < wanted) await once(writer.child, "message");
    // The next write is under way by now; somewhere in it the process dies.
    writer.child.kill("SIGKILL");
    expect((await writer.ended)[1]).toBe("SIGKILL");

    const store = embeddedStore({ path });
    const batches = await rowsByDocument(store);
    for (const [document, rows] of batches) {
      expect(rows, document).toHaveLength(25);
      expect(new Set(rows.map((row) => row.run)).size, document).toBe(1);
    }
    for (const { batch, generation } of writer.acknowledged) {
      const rows = batches.get(`r${round}x-${batch}`) ?? [];
      expect(rows[0]?.run, `batch ${batch} of round ${round}`).toBeGreaterThanOrEqual(generation);
      const hits = await store.search("c", { mode: "sparse", text: `r${round}xbatch${batch}`, limit: 100 });
      expect(hits).toHaveLength(25);
      survived++;
    }
    expect(await store.search("c", { mode: "dense", vector: at(0), limit: 10_000 })).toHaveLength(
      batches.size * 25,
    );
    await store.close();
    checkFile(path, "words_1");
  }
  expect(survived).toBeGreaterThanOrEqual(58);
});

it("a new file that another process holds for a moment is waited for", async () => {
  const path = join(folder, "held.sqlite");
  const script = `
    const db = new (require("node:sqlite").DatabaseSync)(process.argv[1]);
    db.exec("BEGIN IMMEDIATE");
    console.log("held");
    setTimeout(() => db.exec("COMMIT"), 150);`;
  const holder = spawn(process.execPath, ["-e", script, path], { stdio: ["ignore", "pipe", "inherit"] });
  children.add(holder);
  await once(holder.stdout, "data");
  const store = embeddedStore({ path });
  await store.ensure(spec("c"));
  expect(await store.count("c")).toBe(0);
  await store.close();
});
