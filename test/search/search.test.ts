import { beforeEach, describe, expect, it } from "vitest";
import { sketchOf } from "../../lib/quality/sketch.ts";
import type { SearchAnswer } from "../../lib/steps/search.ts";
import { searchStack, subjectRows } from "./stack.ts";

const ids = (answer: SearchAnswer): string[] => answer.hits.map(({ id }) => id);
const subjectsOf = (answer: SearchAnswer): string[] => answer.hits.map(({ id }) => id.replace(/-.*/, ""));
const runsOf = (subjects: readonly string[]): string[] => subjects.filter((s, i) => s !== subjects[i - 1]);

type Stack = Awaited<ReturnType<typeof searchStack>>;

describe("a search", () => {
  let stack: Stack;
  beforeEach(async () => {
    stack = await searchStack();
  });

  it("gives the best hits with everything the API promises of them", async () => {
    await stack.add(
      {
        id: "a",
        text: "kites circle in warm air",
        page: 3,
        heading: "Birds › Kites",
        key: "birds.pdf",
        charStart: 5,
        charEnd: 29,
        quality: 0.8,
        metadata: { team: "wings" },
        documentId: "doc-a",
        tokens: 7,
      },
      { id: "b", text: "invoices are due in thirty days" },
    );
    const answer = await stack.search({ query: "kites in warm air", topK: 1 });
    expect(answer.hits).toEqual([
      {
        id: "a",
        rank: 1,
        score: expect.any(Number),
        text: "kites circle in warm air",
        modality: "text",
        documentId: "doc-a",
        key: "birds.pdf",
        page: 3,
        heading: "Birds › Kites",
        charStart: 5,
        charEnd: 29,
        clusterId: 0,
        clusterDistance: expect.closeTo(0, 6),
        quality: 0.8,
        metadata: { team: "wings" },
      },
    ]);
    const [vector] = [await stack.embedder.embed(["kites in warm air"], "query")];
    const [row] = await stack.store.fetch(stack.names.main, ["a"]);
    const cosine = row!.vector.reduce((sum, x, i) => sum + x * vector![i]!, 0);
    expect(answer.hits[0]!.score).toBeCloseTo(cosine, 5);
    expect(answer.clusters).toEqual([
      { id: 0, size: 1, centerDistance: expect.closeTo(1 - cosine, 5), hitIds: ["a"] },
    ]);
    expect(answer).toMatchObject({ tokens: 7, plainTokens: 7, clusterVersion: 0 });
    for (const ms of Object.values(answer.timings)) expect(ms).toBeGreaterThanOrEqual(0);
  });

  it("of a store in which nothing was ever put, or an empty one, is empty", async () => {
    const empty = { hits: [], clusters: [], clusterVersion: 0, tokens: 0, plainTokens: 0 };
    expect(await stack.search({ query: "kites" })).toMatchObject(empty);
    await stack.store.drop(stack.names.main);
    expect(await stack.search({ query: "kites" })).toMatchObject(empty);
  });

  it("groups hits of a subject although nothing is published, by clustering the candidates", async () => {
    await stack.add(...subjectRows(6));
    const answer = await stack.search({ query: "water wind coffee tea kite number1", topK: 18 });
    expect(answer.clusterVersion).toBe(0);
    expect(runsOf(subjectsOf(answer))).toHaveLength(3);
    expect(answer.clusters.map(({ size }) => size)).toEqual([6, 6, 6]);
    expect(answer.clusters.flatMap(({ hitIds }) => hitIds)).toEqual(ids(answer));
    for (const hit of answer.hits)
      expect(answer.clusters.find(({ id }) => id === hit.clusterId)?.hitIds).toContain(hit.id);
  });

  it("answers the same question the same way", async () => {
    await stack.add(...subjectRows(6));
    const { timings: _, ...first } = await stack.search({ query: "hot water", topK: 12 });
    const { timings: __, ...second } = await stack.search({ query: "hot water", topK: 12 });
    expect(second).toEqual(first);
  });

  it("finds by words alone and by both, and filters", async () => {
    await stack.add(
      { id: "a", text: "kites circle" },
      { id: "b", text: "kites dive", metadata: { team: "x" } },
    );
    await stack.add({ id: "c", text: "invoices" });
    expect(ids(await stack.search({ query: "kites", mode: "sparse" })).sort()).toEqual(["a", "b"]);
    expect(ids(await stack.search({ query: "kites", mode: "hybrid" })).sort()).toEqual(["a", "b", "c"]);
    const filter = { field: "metadata.team", op: "eq", value: "x" } as const;
    expect(ids(await stack.search({ query: "kites", filter }))).toEqual(["b"]);
    expect((await stack.search({ query: "kites", mode: "sparse" })).clusters[0]?.centerDistance).toBeLessThan(
      1,
    );
  });

  it("asks both collections for low-quality chunks, only when told to", async () => {
    await stack.add({ id: "good", text: "kites circle in warm air" }, { id: "other", text: "invoices" });
    await stack.addLow({ id: "poor", text: "kites circle in warm air today" });
    expect(ids(await stack.search({ query: "kites circle", rerank: "none" }))).toEqual(["good", "other"]);
    const both = await stack.search({ query: "kites circle", rerank: "none", includeLowQuality: true });
    expect(ids(both)).toEqual(["good", "poor", "other"]);
  });

  it("never mixes two runs of a document: the lower one is served until it has been collected", async () => {
    const text = "kites circle in warm air";
    await stack.add(
      ...["a", "b", "c"].map((id, i) => ({
        id: `old-${id}`,
        documentId: "d",
        run: 5,
        text: `${text} old${i}`,
      })),
      ...["a", "b", "c"].map((id) => ({ id: `new-${id}`, documentId: "d", run: 9, text })),
      { id: "other", documentId: "e", run: 9, text: "kites" },
    );
    expect(ids(await stack.search({ query: text, topK: 4, rerank: "none" })).sort()).toEqual([
      "old-a",
      "old-b",
      "old-c",
      "other",
    ]);
  });

  it("still finds topK hits when many rows of runs not yet served stand in the way", async () => {
    const text = "kites circle in warm air";
    const served = Array.from({ length: 3 }, (_, i) => ({ id: `s${i}`, documentId: "d", run: 1, text }));
    const coming = Array.from({ length: 60 }, (_, i) => ({
      id: `n${i}`,
      documentId: "d",
      run: 2,
      text: `${text} n${i}`,
    }));
    await stack.add(...served, ...coming, { id: "far", documentId: "e", text: "kites" });
    expect(ids(await stack.search({ query: text, topK: 4, rerank: "none" }))).toEqual([
      "s0",
      "s1",
      "s2",
      "far",
    ]);
  });

  it("refuses a collection of another model, and says how to go on", async () => {
    const other = { name: "other_main", dimension: 8, identity: "other", model: "other-model" };
    await stack.store.ensure(other);
    await stack.store.setAlias("kettle", other.name);
    await expect(stack.search({ query: "kites" })).rejects.toMatchObject({
      name: "EMBEDDING_MISMATCH",
      message: expect.stringMatching(/other-model.*hash.*set embedding\.model/s),
    });
  });

  it("stops when the caller has gone", async () => {
    await stack.add({ id: "a" });
    const gone = AbortSignal.abort(new Error("gone"));
    await expect(stack.search({ query: "kites" }, gone)).rejects.toThrow("gone");
  });
});

describe("candidates, topK and budget", () => {
  let stack: Stack;
  beforeEach(async () => {
    stack = await searchStack("search: { topK: 4, rerank: none }");
    await stack.add(...subjectRows(10));
  });

  it("rerankers that only reorder get as many candidates as hits are wanted", async () => {
    const answer = await stack.search({ query: "green tea", rerank: "cluster-size" });
    expect(answer.clusters.reduce((sum, { size }) => sum + size, 0)).toBe(4);
  });

  it("a caller may ask for more, and the sizes of clusters count all of them", async () => {
    const answer = await stack.search({ query: "green tea", rerank: "cluster-size", candidates: 30 });
    expect(answer.hits).toHaveLength(4);
    expect(answer.clusters[0]).toMatchObject({ size: 10 });
    expect(answer.clusters[0]!.hitIds).toHaveLength(4);
  });

  it("fewer candidates than hits are as many as hits", async () => {
    expect((await stack.search({ query: "green tea", candidates: 1 })).hits).toHaveLength(4);
  });

  it("hits come in order until the next would exceed the budget", async () => {
    const tokensOf = async (tokens: number | null) => {
      const {
        hits,
        tokens: spent,
        plainTokens,
      } = await stack.search({ query: "green tea", budget: { tokens } });
      return [hits.length, spent, plainTokens];
    };
    expect(await tokensOf(null)).toEqual([4, 40, 40]);
    expect(await tokensOf(40)).toEqual([4, 40, 40]);
    expect(await tokensOf(39)).toEqual([3, 30, 40]);
    expect(await tokensOf(9)).toEqual([0, 0, 40]);
  });

  it("a long hit ends the answer: a shorter one behind it does not slip in", async () => {
    const own = await searchStack();
    await own.add(
      { id: "a", text: "green tea", tokens: 10 },
      { id: "b", text: "green tea water", tokens: 100 },
      { id: "c", text: "green water wind", tokens: 10 },
    );
    const query = { query: "green tea", rerank: "none", budget: { tokens: 50 } };
    expect(ids(await own.search(query))).toEqual(["a"]);
  });
});

describe("labels", () => {
  const yaml = "clustering: { minRows: 10, k: 3 }";
  const question = { query: "tea kite coffee number1", topK: 30 };

  it("are those of the published centroids, computed for rows that carry none", async () => {
    const stack = await searchStack(yaml);
    await stack.add(...subjectRows(10));
    await stack.recluster();
    const answer = await stack.search(question);
    expect(answer.clusterVersion).toBe(1);
    const published = await stack.centroids.current(stack.embedder.identity);
    for (const cluster of answer.clusters) {
      const hits = answer.hits.filter(({ clusterId }) => clusterId === cluster.id);
      expect(new Set(hits.map(({ id }) => id.replace(/-.*/, ""))).size).toBe(1);
      expect(cluster.size).toBe(published!.sizes[cluster.id]);
    }
  });

  it("that rows carry are taken as they are for the current version only", async () => {
    const stack = await searchStack(yaml);
    await stack.add(...subjectRows(10));
    await stack.recluster();
    const far = { text: "green tea leaves brewed in hot water taste sweet", documentId: "x" };
    const nearest = (await stack.search({ query: far.text, topK: 1 })).hits[0]!.clusterId;
    const labelled = (nearest + 1) % 3;
    await stack.add(
      { ...far, id: "current", clusterId: labelled, clusterVersion: 1 },
      { ...far, id: "older", clusterId: labelled, clusterVersion: 7 },
      { ...far, id: "broken", clusterId: 99, clusterVersion: 1 },
      { ...far, id: "noise", clusterId: -1, clusterVersion: 1 },
    );
    const { hits } = await stack.search({ query: far.text, topK: 4 });
    const label = (id: string) => hits.find((hit) => hit.id === id)?.clusterId;
    expect([label("current"), label("older"), label("broken"), label("noise")]).toEqual([
      labelled,
      nearest,
      nearest,
      -1,
    ]);
  });

  it("are made of the candidates when the caller asks for that, with the k that was asked for", async () => {
    const stack = await searchStack(yaml);
    await stack.add(...subjectRows(10));
    await stack.recluster();
    const asked = await stack.search({ ...question, cluster: { when: "query" } });
    expect(asked).toMatchObject({ clusterVersion: 0, hits: { length: 30 }, clusters: { length: 3 } });
    expect((await stack.search({ ...question, cluster: { k: 5 } })).clusters).toHaveLength(5);
  });

  it.each([
    ["minibatch-kmeans", []],
    ["hdbscan", [{ id: "alone", text: "zinc umbrellas quarrel" }]],
  ] as const)("are made of the candidates by %s on request", async (algorithm, noise) => {
    const stack = await searchStack(yaml);
    await stack.add(...subjectRows(10), ...noise);
    const answer = await stack.search({
      ...question,
      topK: 31,
      cluster: { when: "query", algorithm, k: 3 },
    });
    for (const { hitIds } of answer.clusters)
      expect(new Set(hitIds.map((id) => id.replace(/-.*/, ""))).size).toBe(1);
    const strays = answer.clusters.filter(({ id }) => id < 0).map(({ hitIds }) => hitIds);
    expect(strays).toEqual(noise.map(({ id }) => [id]));
  });

  it("by HDBSCAN have radii: what lies outside all of them is noise, each hit on its own", async () => {
    const stack = await searchStack("clustering: { minRows: 10, algorithm: hdbscan }");
    await stack.add(...subjectRows(10));
    await stack.recluster();
    const published = await stack.centroids.current(stack.embedder.identity);
    expect(published!.radii).toHaveLength(published!.k);
    await stack.add(
      { id: "alone", text: "zinc umbrellas quarrel" },
      { id: "odd", text: "violet orbit seven" },
    );
    const answer = await stack.search({ ...question, topK: 32 });
    expect(answer.clusterVersion).toBe(1);
    const strays = answer.hits.filter(({ id }) => id === "alone" || id === "odd");
    expect(strays.every(({ clusterId }) => clusterId < 0)).toBe(true);
    expect(new Set(strays.map(({ clusterId }) => clusterId)).size).toBe(2);
  });

  it("come from the candidates too where kettle.yml says `query`", async () => {
    const stack = await searchStack("clustering: { minRows: 10, k: 4, when: query }");
    await stack.add(...subjectRows(10));
    await stack.recluster();
    expect(await stack.search(question)).toMatchObject({ clusterVersion: 0, clusters: { length: 4 } });
    const stored = await stack.search({ ...question, cluster: { when: "store" } });
    expect(stored.clusterVersion).toBe(1);
  });

  it("do not exist with algorithm `none`: each hit is its own cluster, with a negative id of its own", async () => {
    const stack = await searchStack(yaml);
    await stack.add(...subjectRows(3));
    const answer = await stack.search({ ...question, cluster: { algorithm: "none" } });
    expect(answer.clusters.map(({ id }) => id)).toEqual([-1, -2, -3, -4, -5, -6, -7, -8, -9]);
    expect(answer.hits.every(({ clusterDistance }) => clusterDistance === 0)).toBe(true);
    expect(ids(answer)).toEqual(ids(await stack.search({ ...question, rerank: "none" })));
  });
});

describe("what a search refuses", () => {
  it.each([
    [
      "a reranker that does not exist",
      { rerank: "best" },
      "BAD_REQUEST",
      /no reranker `best`; available: none, distance/,
    ],
    ["an own one that kettle.yml lacks", { rerank: "custom:mine" }, "BAD_REQUEST", /custom:recency/],
    ["a name of every object", { rerank: "constructor" }, "BAD_REQUEST", /no reranker/],
    [
      "an option that a reranker lacks",
      { rerank: { name: "distance", k: 3 } },
      "BAD_REQUEST",
      /distance: .*"k"/,
    ],
    ["a k for stored clusters", { cluster: { when: "store", k: 3 } }, "BAD_REQUEST", /cluster\.k/],
    ["more clusters than it can make in time", { cluster: { k: 65 } }, "BAD_REQUEST", /at most 64/],
  ] as const)("%s", async (_, query, name, message) => {
    const stack = await searchStack("search: { custom: { recency: lib/rerank/examples/recency.ts } }");
    await stack.add({ id: "a" });
    await expect(stack.search({ query: "kites", ...query })).rejects.toMatchObject({
      name,
      message: expect.stringMatching(message),
    });
  });

  it("more candidates than it can cluster in time", async () => {
    const stack = await searchStack();
    await stack.add(...subjectRows(340));
    await expect(stack.search({ query: "kites", candidates: 1_020 })).rejects.toMatchObject({
      name: "BAD_REQUEST",
    });
    const unclustered = await stack.search({
      query: "kites",
      candidates: 1_020,
      cluster: { algorithm: "none" },
    });
    expect(unclustered.hits).toHaveLength(10);
  });
});

describe("an own reranker in a search", () => {
  it("is called by its name with its options, on a hundred candidates if it may drop some", async () => {
    const stack = await searchStack("search: { custom: { recency: lib/rerank/examples/recency.ts } }");
    const day = 86_400_000;
    await stack.add(...subjectRows(40).map((row, i) => ({ ...row, ingestedAt: i * day })));
    const answer = await stack.search({
      query: "tea",
      topK: 3,
      rerank: { name: "custom:recency", halfLifeDays: 1 },
    });
    expect(answer.hits).toHaveLength(3);
    expect(answer.clusters.length).toBeGreaterThan(0);
    const newest = await stack.search({
      query: "tea",
      topK: 3,
      rerank: { name: "custom:recency", halfLifeDays: 1e-3 },
    });
    expect(ids(newest)).not.toEqual(ids(await stack.search({ query: "tea", topK: 3, rerank: "none" })));
  });
});

describe("copies among what a search finds", () => {
  const said = "kites circle in warm air above the ridge until the sun goes down behind the western hills";
  const copy = (id: string, documentId: string, text = said) => ({
    id,
    documentId,
    key: `${documentId}.txt`,
    text,
    tokens: 10,
    duplicateGroup: sketchOf(text),
  });
  const others = Array.from({ length: 12 }, (_, i) => {
    const text = `kites and other birds of the coast, part ${i}: ${"wing tail beak claw nest".split(" ")[i % 5]}`;
    return copy(`other-${String(i).padStart(2, "0")}`, `other-${i}`, text);
  });

  it("one of a group is a hit and counts the others; the answer is filled up from further candidates", async () => {
    const stack = await searchStack();
    await stack.add(...Array.from({ length: 60 }, (_, i) => copy(`copy-${i}`, `copy-${i}`)), ...others);
    const answer = await stack.search({ query: said, topK: 5, rerank: "none" });
    expect(answer.hits).toHaveLength(5);
    expect(answer.hits[0]).toMatchObject({ text: said, duplicates: 59 });
    expect(answer.hits[0]?.alsoIn).toHaveLength(20);
    expect(new Set(answer.hits.map(({ text }) => text)).size).toBe(5);
    expect(answer.hits[1]).not.toHaveProperty("duplicates");
    // Plain top-k would have handed on five times the same.
    expect(answer.plainTokens).toBe(50);
    const all = await stack.search({ query: said, topK: 5, rerank: "none", duplicates: "keep" });
    expect(new Set(all.hits.map(({ text }) => text)).size).toBe(1);
  });

  it("deleting one document never loses what another says", async () => {
    const stack = await searchStack();
    await stack.add(copy("a", "doc-a"), copy("b", "doc-b", `${said.replace("until", "till")}!`), ...others);
    const ask = async () => (await stack.search({ query: said, topK: 20, rerank: "none" })).hits;
    const before = await ask();
    expect(before[0]).toMatchObject({ documentId: "doc-a", duplicates: 1, alsoIn: [{ key: "doc-b.txt" }] });
    expect(before.filter(({ documentId }) => documentId === "doc-b")).toEqual([]);
    await stack.store.delete(stack.names.main, { field: "documentId", op: "eq", value: "doc-a" });
    const after = await ask();
    expect(after[0]).toMatchObject({ documentId: "doc-b" });
    expect(after[0]).not.toHaveProperty("duplicates");
    expect(after).toHaveLength(before.length);
  });

  it("a copy that a filter leaves out is not counted, and other numbers are no copy", async () => {
    const stack = await searchStack();
    await stack.add(
      { ...copy("a", "doc-a"), metadata: { team: "wings" } },
      { ...copy("b", "doc-b"), metadata: { team: "tails" } },
      copy("c", "doc-c", `${said} in 1871`),
      copy("d", "doc-d", `${said} in 1902`),
    );
    const all = await stack.search({ query: said, topK: 10, rerank: "none" });
    expect(all.hits.map(({ id }) => id).sort()).toEqual(["a", "c", "d"]);
    const filter = { field: "metadata.team", op: "eq", value: "tails" } as const;
    const { hits } = await stack.search({ query: said, topK: 10, rerank: "none", filter });
    expect(hits.map(({ id, duplicates }) => [id, duplicates])).toEqual([["b", undefined]]);
  });
});
