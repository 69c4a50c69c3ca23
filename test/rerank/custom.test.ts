import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { customReranker, type RerankModule } from "../../lib/rerank/custom.ts";
import { customRerankers } from "../../lib/steps/custom-rerankers.ts";
import { context, workedExample } from "./hits.ts";

const own = (rerank: RerankModule["rerank"], timeoutMs = 1_000) =>
  customReranker({ rerank }, { name: "mine", path: "mine.ts", timeoutMs });

const failure = async (rerank: RerankModule["rerank"], timeoutMs?: number): Promise<Error> =>
  Promise.resolve(own(rerank, timeoutMs).rerank(workedExample(), context())).then(
    () => expect.fail("it should have failed"),
    (error: Error) => error,
  );

describe("a user's own reranker", () => {
  it("may drop and reorder hits, at once or later", async () => {
    const hits = workedExample();
    const last = own(async (given) => given.slice(-2).reverse());
    expect((await last.rerank(hits, context())).map(({ id }) => id)).toEqual(["c", "b"]);
    expect(await own(() => []).rerank(hits, context())).toEqual([]);
  });

  it("gets the hits best score first, the question and its options", async () => {
    const seen: unknown[] = [];
    const spy = own((hits, { queryText, options, query, topK }) => {
      seen.push(hits.map(({ id }) => id).join(""), queryText, options, query.length, topK);
      return hits;
    });
    await spy.rerank([...workedExample()].reverse(), context({ options: { days: 3 } }));
    expect(seen).toEqual(["adfbc", "kites", { days: 3 }, 2, 10]);
  });

  it("cannot change the hits themselves", async () => {
    const hits = workedExample();
    const forge = own((given) => given.map((one) => Object.assign(one, { score: 99, text: "forged" })));
    expect(await forge.rerank(hits, context())).toEqual(hits);
  });

  it.each<[string, RerankModule["rerank"], RegExp]>([
    [
      "throws",
      () => {
        throw new Error("no such table");
      },
      /failed: no such table/,
    ],
    ["rejects", () => Promise.reject(new Error("no route")), /failed: no route/],
    ["gives no array", () => ({ hits: [] }), /must give an array/],
    [
      "gives a stranger",
      (hits) => [...hits, { ...hits[0], id: "stranger" }],
      /position 5 stranger, which is not a hit/,
    ],
    [
      "gives a hit twice",
      (hits) => [hits[0], hits[1], hits[0]],
      /position 2 a, which is not a hit or came before/,
    ],
    ["gives something else", () => ["a"], /position 0 no hit/],
  ])("one that %s is RERANKER_FAILED, with its name and path", async (_, rerank, message) => {
    const error = await failure(rerank);
    expect(error).toMatchObject({
      name: "RERANKER_FAILED",
      status: 500,
      message: expect.stringMatching(message),
    });
    expect(error.message).toContain("custom:mine (mine.ts)");
  });

  it("one that takes too long is RERANKER_FAILED, and is told to stop", async () => {
    const told = Promise.withResolvers<unknown>();
    const error = await failure((_, { signal }) => {
      signal.addEventListener("abort", () => told.resolve(signal.reason));
      return new Promise(() => {});
    }, 20);
    expect(error.message).toMatch(/took longer than 20 ms/);
    expect(error.name).toBe("RERANKER_FAILED");
    expect(await told.promise).toBeInstanceOf(Error);
  });

  it("that the request was aborted is not its fault", async () => {
    const stop = new AbortController();
    const waiting = own(
      (_, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(new Error("my own words")));
          stop.abort(new Error("the caller has gone"));
        }),
    );
    await expect(waiting.rerank(workedExample(), context({ signal: stop.signal }))).rejects.toThrow(
      "the caller",
    );
  });

  it.each([
    ["nothing", {}],
    ["no function", { rerank: "distance" }],
    ["a wrong `reorders`", { rerank: () => [], reorders: "yes" }],
  ])("a module that exports %s is refused", (_, exported) => {
    expect(() => customReranker(exported, { name: "mine", path: "mine.ts", timeoutMs: 1 })).toThrow(
      /custom:mine \(mine\.ts\) must export a function `rerank`/,
    );
  });
});

describe("the modules that kettle.yml names", () => {
  let root: string;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "kettle-rerankers-"));
    await writeFile(
      join(root, "first.mjs"),
      "export const reorders = true; export const rerank = (hits) => hits;",
    );
    await writeFile(join(root, "broken.mjs"), "export const rerank = (hits => hits;");
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  const load = (name: string, custom: Record<string, string> = { [name]: `${name}.mjs` }) =>
    customRerankers({ custom, root })(name);

  it("are loaded by their names, from paths relative to the root", async () => {
    const first = await load("first");
    expect(first?.reorders).toBe(true);
    expect(await first?.rerank(workedExample(), context())).toEqual(workedExample());
  });

  it("are null where kettle.yml has no such name", async () => {
    expect(await load("other", { first: "first.mjs" })).toBeNull();
    expect(await load("constructor", { first: "first.mjs" })).toBeNull();
  });

  it.each(["broken", "missing"])("fail by name and path when they are %s", async (name) => {
    await expect(load(name)).rejects.toMatchObject({
      name: "RERANKER_FAILED",
      message: expect.stringContaining(`custom:${name} (${name}.mjs) cannot be loaded`),
    });
  });

  it("may be the examples that ship, in TypeScript", async () => {
    const examples = customRerankers({
      custom: { recency: "lib/rerank/examples/recency.ts", boost: "lib/rerank/examples/metadata-boost.ts" },
      root: process.cwd(),
    });
    expect((await examples("recency"))?.reorders).toBe(false);
    expect((await examples("boost"))?.reorders).toBe(true);
  });
});
