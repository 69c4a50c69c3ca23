import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { parseConfig } from "../../lib/config/load.ts";
import type { Config } from "../../lib/config/schema.ts";
import { createStore } from "../../lib/store/create.ts";
import { spec } from "./rows.ts";

const folder = mkdtempSync(join(tmpdir(), "kettle-create-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const setting = (config: Config, dataDir: string) => ({
  config,
  dataDir,
  root: folder,
  storeLogin: { token: null, user: null, password: null },
  deployed: false,
});

it("the embedded store keeps its file in the data folder", async () => {
  const store = createStore(setting(parseConfig("{}", "local"), join(folder, "data")));
  expect(existsSync(join(folder, "data"))).toBe(false);
  await store.ensure(spec("c"));
  await store.close();
  expect(existsSync(join(folder, "data", "store.sqlite"))).toBe(true);
});

it("store.path moves the file", async () => {
  const path = join(folder, "elsewhere.db");
  const config = parseConfig(JSON.stringify({ store: { path } }), "local");
  const store = createStore(setting(config, join(folder, "unused")));
  await store.ensure(spec("c"));
  await store.close();
  expect(existsSync(path)).toBe(true);
  expect(existsSync(join(folder, "unused"))).toBe(false);
});

it("the milvus store opens nothing until it is used, and says which server is away", async () => {
  const config = parseConfig("{ store: { driver: milvus, address: '127.0.0.1:1' } }", "local");
  const store = createStore(setting(config, folder));
  await expect(store.count("c")).rejects.toMatchObject({
    code: "STORE_UNAVAILABLE",
    message: expect.stringContaining("127.0.0.1:1"),
  });
  await store.close();
});

it("a driver that is not there is refused with those that are", () => {
  const config = parseConfig("{}", "local");
  const other = { ...config, store: { ...config.store, driver: "other" as "milvus" } };
  expect(() => createStore(setting(other, folder))).toThrow(
    expect.objectContaining({ code: "NOT_AVAILABLE", message: expect.stringContaining("embedded") }),
  );
});
