import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { parseConfig } from "../../lib/config/load.ts";
import { createStore } from "../../lib/store/create.ts";
import { spec } from "./rows.ts";

const folder = mkdtempSync(join(tmpdir(), "kettle-create-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("the embedded store keeps its file in the data folder", async () => {
  const store = createStore({ config: parseConfig("{}", "local"), dataDir: join(folder, "data") });
  expect(existsSync(join(folder, "data"))).toBe(false);
  await store.ensure(spec("c"));
  await store.close();
  expect(existsSync(join(folder, "data", "store.sqlite"))).toBe(true);
});

it("store.path moves the file", async () => {
  const path = join(folder, "elsewhere.db");
  const config = parseConfig(JSON.stringify({ store: { path } }), "local");
  const store = createStore({ config, dataDir: join(folder, "unused") });
  await store.ensure(spec("c"));
  await store.close();
  expect(existsSync(path)).toBe(true);
  expect(existsSync(join(folder, "unused"))).toBe(false);
});

it("a driver that is not there is refused with those that are", () => {
  const config = parseConfig("{}", "local");
  const milvus = { ...config, store: { ...config.store, driver: "milvus" as const } };
  expect(() => createStore({ config: milvus, dataDir: folder })).toThrow(
    expect.objectContaining({ code: "NOT_AVAILABLE", message: expect.stringContaining("embedded") }),
  );
});
