import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { milvusStore } from "../../../lib/store/milvus.ts";
import { type CollectionSpec, collectionNames } from "../../../lib/store/store.ts";
import { row, spec as specOf } from "../../store/rows.ts";
import { milvusOptions, server } from "../setup.ts";

const root = join(import.meta.dirname, "../../..");
const folder = mkdtempSync(join(tmpdir(), "kettle-verbs-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const configured = (store: string): string => {
  const file = join(folder, `${Math.random().toString(36).slice(2)}.yml`);
  writeFileSync(
    file,
    `store: { driver: milvus, address: "${server.address}", collection: verbs, index: { type: HNSW }, ${store} }\n`,
  );
  return file;
};

type Ran = { readonly code: number | null; readonly out: string; readonly err: string };

/** The command as a user runs it; `input` is its standard input. */
const kettle = (
  args: readonly string[],
  { file = configured(""), input = "", token = "root:Milvus" } = {},
): Promise<Ran> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [join(root, "cli/kettle.js"), ...args], {
      cwd: root,
      env: { ...process.env, KETTLE_CONFIG: file, KETTLE_STORE_TOKEN: token },
    });
    let [out, err] = ["", ""];
    child.stdout.on("data", (text) => (out += text));
    child.stderr.on("data", (text) => (err += text));
    child.on("close", (code) => resolve({ code, out, err }));
    child.stdin.end(input);
  });

describe("kettle users", () => {
  it("makes a user with a role, sets the password, drops it; no password is ever printed", async () => {
    const all: Ran[] = [];
    const run = async (args: readonly string[], options = {}) => {
      const ran = await kettle(args, options);
      all.push(ran);
      return ran;
    };
    const made = await run(
      ["users", "create", "verb_user", "--preset", "search", "--password-stdin", "--json"],
      {
        input: "Correct-horse1\n",
      },
    );
    expect(made.err).toBe("");
    expect(JSON.parse(made.out)).toEqual({ name: "verb_user", created: true, role: "kettle_search" });
    const login = { token: "verb_user:Correct-horse1", input: "Correct-horse1\nAnother-horse2\n" };
    expect((await run(["users", "password", "verb_user", "--password-stdin"], login)).code).toBe(0);
    const listed = JSON.parse((await run(["users", "list", "--json"])).out);
    expect(listed.users).toContainEqual({ name: "verb_user", roles: ["kettle_search"] });
    expect((await run(["users", "drop", "verb_user"])).err).toContain("--yes");
    expect((await run(["users", "drop", "verb_user", "--yes"])).code).toBe(0);
    for (const { out, err } of all) expect(out + err).not.toMatch(/-horse/);
  });

  it.each([
    ["a wrong password", ["users", "list"], { token: "root:wrong-one" }, "the server asks for a login"],
    ["a missing token", ["users", "list"], { token: "" }, "missing authorization"],
    [
      "a weak password",
      ["users", "create", "weak", "--password-stdin"],
      { input: "weak" },
      "8 to 64 characters",
    ],
    [
      "a bad name",
      ["users", "create", "1-x", "--password-stdin"],
      { input: "Correct-horse1" },
      "begin with a letter",
    ],
    ["a password given nowhere", ["users", "create", "weak"], {}, "--password-stdin"],
  ] as const)("%s is one line that says what to do", async (_, args, options, words) => {
    const { code, out, err } = await kettle(args, options);
    expect(err).toContain(words);
    expect(err.trim().split("\n")).toHaveLength(1);
    expect(err).not.toContain("wrong-one");
    expect([code, out]).toEqual([1, ""]);
  });
});

describe("kettle index check", () => {
  it("says what this server can do of what is configured", async () => {
    const { code, out } = await kettle(["index", "check", "--json"]);
    const { server: name, checks } = JSON.parse(out);
    expect([code, name]).toEqual([0, "Milvus 2.3.5"]);
    expect(checks).toContainEqual({ what: "index built", value: "HNSW", problem: null });
    expect(checks.find(({ what }: { what: string }) => what === "login").warning).toContain(
      "kettle users password root",
    );
  });

  it("names what it cannot do, and fails", async () => {
    const file = configured("replicas: 2");
    const { code, out } = await kettle(["index", "check", "--no-build"], { file });
    expect(code).toBe(1);
    expect(out).toMatch(/NO {2}store\.replicas +2\n {4}nodes not enough: .*has 1: lower store\.replicas/);
  });
});

describe("kettle collections", () => {
  const identity = "f".repeat(32);
  const names = collectionNames("verbs", identity);
  const spec: CollectionSpec = { ...specOf(names.main), identity };

  it("describes, rebuilds with another index, swaps and drops", async () => {
    const store = milvusStore(milvusOptions());
    try {
      await store.ensure(spec);
      await store.upsert(spec.name, [row("a"), row("b", { run: 2 ** 40, metadata: { tenant: "x" } })]);
      expect((await kettle(["collections", "swap", spec.name, "--yes"])).out).toContain(
        `verbs is ${spec.name} (2 rows)`,
      );
      const before = JSON.parse((await kettle(["collections", "describe", "verbs", "--json"])).out);
      expect(before.collections[0]).toMatchObject({
        rows: 2,
        aliases: ["verbs"],
        replicas: [{ nodes: [expect.any(String)] }],
        problems: ["its index is FLAT, kettle.yml asks for HNSW"],
      });
      const was = await store.fetch("verbs", ["a", "b"]);
      expect((await kettle(["collections", "rebuild", spec.name])).out).toContain(`${spec.name}: 2 rows`);
      expect(await store.fetch("verbs", ["a", "b"])).toEqual(was);
      const { out } = await kettle(["collections", "describe"]);
      expect(out).toMatch(/index +HNSW COSINE \(.*M 24.*\): finished/);
      expect(out).not.toContain("problem");
      expect((await kettle(["collections", "drop", spec.name])).err).toContain("--yes");
      expect((await kettle(["collections", "drop", spec.name, "--yes"])).code).toBe(0);
      expect(await store.resolve("verbs")).toBeNull();
    } finally {
      for (const { name } of await store.collections()) if (name.startsWith("verbs_")) await store.drop(name);
      await store.close();
    }
  });

  it("two replicas on one node are refused before anything is released", async () => {
    const store = milvusStore(milvusOptions());
    const name = `${spec.name}_two`;
    try {
      await store.ensure({ ...spec, name });
      const { code, err } = await kettle(["collections", "load", name, "--replicas", "2"]);
      expect([code, err]).toEqual([
        1,
        expect.stringMatching(/nodes not enough.*lower store\.replicas, or add query nodes/),
      ]);
    } finally {
      await store.drop(name);
      await store.close();
    }
  });
});
