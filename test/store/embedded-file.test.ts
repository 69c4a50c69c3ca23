import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, expect, it } from "vitest";
import { storeFailure } from "../../lib/store/embedded/failures.ts";
import { compileFilter } from "../../lib/store/embedded/filter-sql.ts";
import { embeddedStore } from "../../lib/store/embedded.ts";
import { row, spec } from "./rows.ts";

const folder = mkdtempSync(join(tmpdir(), "kettle-file-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const newPath = (): string => join(folder, `store-${files++}.sqlite`);

const unavailable = (message: RegExp) => ({
  code: "STORE_UNAVAILABLE",
  retry: true,
  message: expect.stringMatching(message),
});

const made = async (): Promise<string> => {
  const path = newPath();
  const store = embeddedStore({ path });
  await store.ensure(spec("c"));
  await store.upsert(
    "c",
    Array.from({ length: 50 }, (_, i) => row(`r${i}`)),
  );
  await store.close();
  return path;
};

it("what was written is there after closing and opening again", async () => {
  const store = embeddedStore({ path: await made() });
  expect(await store.count("c")).toBe(50);
  await store.close();
});

it.each<[string, (path: string) => void, RegExp]>([
  [
    "not a database",
    (path) => writeFileSync(path, "plain text, long enough to have a header of a file ".repeat(50)),
    /not a SQLite database.*store\.path/,
  ],
  [
    "another program's database",
    (path) => new DatabaseSync(path).exec("CREATE TABLE theirs (a)"),
    /another program.*store\.path/,
  ],
  [
    "a newer layout",
    (path) => new DatabaseSync(path).exec("PRAGMA application_id = 0x4b746c65; PRAGMA user_version = 99"),
    /newer Kettle.*update/,
  ],
  ["a folder", (path) => mkdirSync(path), /cannot be opened/],
])("a file that is %s is left alone, and the failure says what to do", async (_, prepare, message) => {
  const path = newPath();
  prepare(path);
  const store = embeddedStore({ path });
  await expect(store.ensure(spec("c"))).rejects.toMatchObject(unavailable(message));
  await expect(store.search("c", { mode: "sparse", text: "a", limit: 1 })).rejects.toMatchObject(
    unavailable(message),
  );
  await store.close();
});

/** The file as it was made before there were parents. */
const ofVersion1 = async (): Promise<string> => {
  const path = await made();
  const db = new DatabaseSync(path);
  db.exec("DROP TABLE parents_1; PRAGMA user_version = 1");
  db.close();
  return path;
};

it("a file from before there were parents keeps its rows and takes rows with parents, whoever opens it first", async () => {
  const path = await ofVersion1();
  const stores = [embeddedStore({ path }), embeddedStore({ path }), embeddedStore({ path })];
  expect(await Promise.all(stores.map((store) => store.count("c")))).toEqual([50, 50, 50]);
  const [first, second] = stores;
  const child = row("child", {
    parent: { id: "child", text: "parent", tokens: 2, charStart: 0, charEnd: 6 },
  });
  await first!.upsert("c", [child]);
  expect(await second!.fetch("c", ["r1", "child"])).toEqual([row("r1"), child]);
  await second!.ensure(spec("d"));
  await first!.upsert("d", [child]);
  expect(await second!.fetch("d", ["child"])).toEqual([child]);
  await first!.drop("c");
  for (const store of stores) await store.close();
  const db = new DatabaseSync(path);
  expect(db.prepare("PRAGMA user_version").get()).toEqual({ user_version: 2 });
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE name LIKE 'parents%'").all();
  expect(tables).toEqual([{ name: "parents_2" }]);
  db.close();
});

it("a damaged file fails with advice, and the same handle works once it is replaced", async () => {
  const path = newPath();
  writeFileSync(path, "x".repeat(20_000));
  const store = embeddedStore({ path });
  await expect(store.collections()).rejects.toMatchObject(unavailable(/move the file away/));
  rmSync(path);
  await store.ensure(spec("c"));
  expect(await store.count("c")).toBe(0);
  await store.close();
});

it("a folder that cannot be made is an outage", async () => {
  const path = newPath();
  writeFileSync(path, "a file where a folder should be");
  const store = embeddedStore({ path: join(path, "store.sqlite") });
  await expect(store.collections()).rejects.toMatchObject(unavailable(/cannot open/));
});

it("a file torn in the middle is reported as damage", async () => {
  const path = await made();
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.fill(0xff, 8192 * 2));
  const store = embeddedStore({ path });
  await expect(store.fetch("c", ["r1"])).rejects.toMatchObject(unavailable(/damaged.*reconcile/));
  await store.close();
});

it("a write that waits too long for another process's is retryable, reads go on, and later it succeeds", async () => {
  const path = await made();
  const other = new DatabaseSync(path);
  other.exec("BEGIN IMMEDIATE");
  const store = embeddedStore({ path, busyMs: 30 });
  await expect(store.upsert("c", [row("new")])).rejects.toMatchObject(unavailable(/another process/));
  expect(await store.count("c")).toBe(50);
  other.exec("ROLLBACK");
  await store.upsert("c", [row("new")]);
  expect(await store.count("c")).toBe(51);
  other.close();
  await store.close();
});

it("a full disk is an outage that says so", () => {
  const db = new DatabaseSync(newPath());
  db.exec("PRAGMA max_page_count = 3; CREATE TABLE t (a)");
  let thrown: unknown;
  try {
    db.prepare("INSERT INTO t VALUES (?)").run("x".repeat(100_000));
  } catch (error) {
    thrown = error;
  }
  expect(storeFailure("store.sqlite", thrown)).toMatchObject(unavailable(/disk is full/));
  db.close();
});

it("a file that may not be written says so", async () => {
  const path = await made();
  const db = new DatabaseSync(path, { readOnly: true });
  let thrown: unknown;
  try {
    db.exec("DELETE FROM aliases");
  } catch (error) {
    thrown = error;
  }
  expect(storeFailure("store.sqlite", thrown)).toMatchObject(unavailable(/read-only/));
  db.close();
});

it("a bug is not dressed up as an outage", () => {
  const bug = new TypeError("x is not a function");
  expect(storeFailure("store.sqlite", bug)).toBe(bug);
});

it("calls after close are refused as an outage", async () => {
  const store = embeddedStore({ path: await made() });
  await store.close();
  await store.close();
  await expect(store.count("c")).rejects.toMatchObject(unavailable(/closed/));
});

it("garbage collection finds a document's rows by index", async () => {
  const db = new DatabaseSync(await made());
  const { sql, values } = compileFilter({
    and: [
      { field: "documentId", op: "eq", value: "d" },
      { field: "run", op: "lt", value: 5 },
      { field: "run", op: "ne", value: 3 },
    ],
  });
  const plan = db.prepare(`EXPLAIN QUERY PLAN SELECT "row" FROM rows_1 WHERE ${sql}`).all(...values);
  expect(plan.map((step) => step.detail).join("\n")).toMatch(
    /SEARCH rows_1 USING (COVERING )?INDEX rows_1_document \(documentId=\? AND run<\?\)/,
  );
  db.close();
});

it("an `or` of thousands of conditions stays within SQLite's bounds", async () => {
  const store = embeddedStore({ path: await made() });
  const or = Array.from({ length: 4000 }, (_, i) => ({ field: "id", op: "eq", value: `r${i}` }) as const);
  expect(await store.count("c", { or })).toBe(50);
  await store.close();
});

it("an English question finds other forms of its words, and letters newer than Unicode 6.1 are words too", async () => {
  const store = embeddedStore({ path: newPath() });
  await store.ensure(spec("c"));
  await store.upsert("c", [
    row("a", { text: "kites circling" }),
    row("b", { text: "\u{2B81C}\u{2B81D} is rare" }),
  ]);
  const found = async (text: string) =>
    (await store.search("c", { mode: "sparse", text, limit: 5 })).map(({ id }) => id);
  expect(await found("kite circles")).toEqual(["a"]);
  expect(await found("\u{2B81C}")).toEqual(["b"]);
  await store.close();
});
