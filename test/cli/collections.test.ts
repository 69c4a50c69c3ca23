import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadConfig } from "../../lib/config/load.ts";
import { readIdentity } from "../../lib/embed/create.ts";
import { embeddedStore } from "../../lib/store/embedded.ts";
import { collectionNames } from "../../lib/store/store.ts";
import { row } from "../store/rows.ts";
import { type Ran, runKettle } from "./run-kettle.ts";

const dataDir = mkdtempSync(join(tmpdir(), "kettle-collections-"));
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));
const collections = (...args: readonly string[]): Promise<Ran> =>
  runKettle(["collections", ...args], { KETTLE_DATA_DIR: dataDir, KETTLE_STAGE: "local" });

let names: ReturnType<typeof collectionNames>;
const older = collectionNames("kettle", "e".repeat(32));

/** Two rows that search reads, one of low quality, and a collection of an older model. */
beforeAll(async () => {
  const root = join(import.meta.dirname, "../..");
  const { identity, dimension, model } = await readIdentity({
    config: loadConfig(join(root, "kettle.yml"), "local"),
    modelsDir: join(root, "models"),
  });
  names = collectionNames("kettle", identity);
  const vector = new Float32Array(dimension).fill(1 / Math.sqrt(dimension));
  const store = embeddedStore({ path: join(dataDir, "store.sqlite") });
  for (const name of [names.main, names.low]) await store.ensure({ name, identity, dimension, model });
  await store.ensure({ name: older.main, identity: "e".repeat(32), dimension: 8, model: "older" });
  await store.setAlias("kettle", names.main);
  await store.setAlias("kettle_low", names.low);
  await store.upsert(names.main, [row("a", { vector }), row("b", { vector })]);
  await store.upsert(names.low, [row("c", { vector })]);
  await store.upsert(older.main, [row("d")]);
  await store.close();
});

describe("kettle collections, on the embedded store", () => {
  it("describes each with rows, aliases and whether its model is today's", async () => {
    const { code, out } = await collections("describe", "--json");
    expect(code).toBe(0);
    const described = JSON.parse(out).collections as {
      spec: { name: string };
      rows: number;
      aliases: string[];
      current: boolean;
    }[];
    expect(
      described.map(({ spec, rows, aliases, current }) => [spec.name, rows, aliases, current]).sort(),
    ).toEqual(
      [
        [names.main, 2, ["kettle"], true],
        [names.low, 1, ["kettle_low"], true],
        [older.main, 1, [], false],
      ].sort(),
    );
    expect((await collections()).out).toMatch(
      /older, 8 numbers, identity e{32} \(not the one of kettle\.yml\)/,
    );
  });

  it("rebuilds both that search reads, with every row", async () => {
    const { code, out } = await collections("rebuild", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({
      rebuilt: [
        { name: names.main, rows: 2 },
        { name: names.low, rows: 1 },
      ],
    });
  });

  it("swaps what search reads, there and back", async () => {
    expect((await collections("swap", older.main)).err).toContain("--yes");
    expect((await collections("swap", older.main, "--yes")).out).toContain(
      `kettle is ${older.main} (1 rows)`,
    );
    const back = await collections("swap", names.main, "--yes", "--json");
    expect(JSON.parse(back.out)).toEqual({ alias: "kettle", collection: names.main, rows: 2 });
  });

  it("drops one only when asked twice or told so", async () => {
    const unasked = await collections("drop", older.main);
    expect([unasked.code, unasked.out]).toEqual([1, ""]);
    expect((await collections("drop", older.main, "--yes")).code).toBe(0);
    expect((await collections("describe", older.main)).err).toContain("there is no collection or alias");
  });

  it.each([
    [["drop", "kettle", "--yes"], "aliases are not taken here"],
    [["swap", "nothing", "--yes"], "there is no collection nothing"],
    [["load"], "belong to a Milvus server"],
  ])("%j is one line that says why not", async (args, words) => {
    const { code, err } = await collections(...args);
    expect(err).toContain(words);
    expect(err.trim().split("\n")).toHaveLength(1);
    expect(code).toBe(1);
  });
});
