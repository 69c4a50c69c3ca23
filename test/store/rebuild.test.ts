import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { embeddedStore } from "../../lib/store/embedded.ts";
import { memoryStore } from "../../lib/store/memory.ts";
import { copyName, rebuildCollection } from "../../lib/store/rebuild.ts";
import type { VectorStore } from "../../lib/store/store.ts";
import { row, spec } from "./rows.ts";

const folder = mkdtempSync(join(tmpdir(), "kettle-rebuild-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const served = spec("served_main");
const rows = Array.from({ length: 1_203 }, (_, i) =>
  row(`row-${String(i).padStart(5, "0")}`, { ordinal: i }),
);

const filled = async (store: VectorStore): Promise<VectorStore> => {
  await store.ensure(served);
  await store.upsert(served.name, rows);
  await store.setAlias("served", served.name);
  return store;
};

class Died extends Error {}

/** A store whose process dies before its n-th call that changes something. */
const dyingAt = (store: VectorStore, n: number): VectorStore => {
  let calls = 0;
  const guard = <Args extends readonly unknown[], T>(call: (...args: Args) => Promise<T>) => {
    return async (...args: Args): Promise<T> => {
      calls += 1;
      if (calls === n) throw new Died();
      return call(...args);
    };
  };
  return {
    ...store,
    ensure: guard(store.ensure),
    drop: guard(store.drop),
    setAlias: guard(store.setAlias),
    upsert: guard(store.upsert),
  };
};

const expectWhole = async (store: VectorStore): Promise<void> => {
  expect((await store.resolve("served"))?.name).toBe(served.name);
  expect((await store.collections()).map(({ name }) => name)).toEqual([served.name]);
  expect(await store.count("served")).toBe(rows.length);
  expect(await store.fetch("served", [rows[700]!.id])).toEqual([rows[700]]);
};

describe("rebuilding a collection", () => {
  it.each([
    ["memory", async () => memoryStore()],
    ["embedded", async () => embeddedStore({ path: join(folder, "rebuild.sqlite") })],
  ])("of the %s store keeps name, alias and every row", async (_, open) => {
    const store = await filled(await open());
    const steps: string[] = [];
    expect(
      await rebuildCollection(store, served, "served", (step, done) => steps.push(`${step} ${done}`)),
    ).toBe(rows.length);
    await expectWhole(store);
    expect(steps.at(-1)).toBe(`${copyName(served.name)} → ${served.name} 1203`);
    await store.close();
  });

  it("died at any point: search still finds every row, and the same call goes on", async () => {
    let deaths = 0;
    for (let at = 1; ; at++) {
      const store = await filled(memoryStore());
      const died = await rebuildCollection(dyingAt(store, at), served, "served").then(
        () => false,
        (error: unknown) => error instanceof Died,
      );
      if (!died) break;
      deaths += 1;
      expect(await store.count("served"), `after dying at call ${at}`).toBe(rows.length);
      await rebuildCollection(store, served, "served");
      await expectWhole(store);
    }
    // ensure, 3 pages, alias, drop, ensure, 3 pages, alias, drop
    expect(deaths).toBe(12);
  });

  it("that search does not read is refused, and nothing changes", async () => {
    const store = await filled(memoryStore());
    const other = spec("other_main", { identity: "b".repeat(32) });
    await store.ensure(other);
    await expect(rebuildCollection(store, other, "served")).rejects.toMatchObject({
      code: "CONFLICT",
      message: expect.stringContaining("served is served_main"),
    });
    expect(await store.count("served")).toBe(rows.length);
  });

  it("whose rows do not all arrive leaves search on the whole one", async () => {
    const store = await filled(memoryStore());
    const losing: VectorStore = { ...store, upsert: (name, some) => store.upsert(name, some.slice(1)) };
    await expect(rebuildCollection(losing, served, "served")).rejects.toMatchObject({ code: "CONFLICT" });
    expect((await store.resolve("served"))?.name).toBe(served.name);
    expect(await store.count("served")).toBe(rows.length);
  });
});
