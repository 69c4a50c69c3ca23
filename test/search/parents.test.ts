import { describe, expect, it } from "vitest";
import type { ChunkRow } from "../../lib/chunk-row.ts";
import { sketchOf } from "../../lib/quality/sketch.ts";
import { rerankerNames } from "../../lib/rerank/registry.ts";
import type { SearchAnswer } from "../../lib/steps/search.ts";
import { searchStack } from "./stack.ts";

type Row = Partial<ChunkRow> & { readonly id: string };

/** A document of one parent: its sentences are the chunks, joined by blanks they are the parent. */
const document = (
  name: string,
  sentences: readonly string[],
  over: Partial<ChunkRow> = {},
): readonly Row[] => {
  const text = sentences.join(" ");
  return sentences.map((sentence, ordinal): Row => {
    const charStart = 100 + text.indexOf(sentence);
    return {
      id: `${name}-${ordinal}`,
      documentId: name,
      key: `${name}.txt`,
      ordinal,
      text: sentence,
      tokens: 10,
      charStart,
      charEnd: charStart + sentence.length,
      duplicateGroup: sketchOf(sentence),
      parent: {
        id: `${name}-0`,
        text: ordinal === 0 ? text : "",
        tokens: 10 * sentences.length,
        charStart: 100,
        charEnd: 100 + text.length,
      },
      ...over,
    };
  });
};

const kites = [
  "Kites circle in warm air above the ridge.",
  "The tower was painted white and red in spring.",
  "Kites leave the warm air when the sun goes down.",
];
const chinese = ["鸢群在上升气流中盘旋。", "灯塔在春天漆成红白两色。", "太阳下山时鸢群离开热气流。"];
const harbour = ["Ships lie in the harbour.", "Their crews sleep on board."];
const alone: Row = { id: "alone", documentId: "alone", text: "Warm air rises over the plain.", tokens: 10 };

const ids = ({ hits }: SearchAnswer): readonly string[] => hits.map(({ id }) => id);
const plain = { rerank: "none" } as const;

describe("a search that finds chunks of a parent", () => {
  it.each([
    ["English", kites, "kites in warm air"],
    ["Chinese", chinese, "鸢群 气流"],
  ])(
    "gives the parent once, as a hit of its best chunk, and says where in it they stand: %s",
    async (_, sentences, query) => {
      const stack = await searchStack();
      await stack.add(...document("kites", sentences), ...document("harbour", harbour), alone);
      const { hits } = await stack.search({
        ...plain,
        query,
        filter: { field: "key", op: "eq", value: "kites.txt" },
      });
      expect(hits).toHaveLength(1);
      const [hit] = hits;
      const text = sentences.join(" ");
      expect(hit).toMatchObject({ text, parentId: "kites-0", charStart: 100, charEnd: 100 + text.length });
      const children = hit?.children ?? [];
      expect(children[0]).toMatchObject({ id: hit?.id, score: hit?.score });
      expect(children.map(({ score }) => score)).toEqual(
        children.map(({ score }) => score).toSorted((a, b) => b - a),
      );
      const said = children.map(({ start, end }) => text.slice(start, end));
      expect(said.toSorted()).toEqual(sentences.toSorted());
      expect(children.map(({ charStart }) => text[charStart - 100])).toEqual(said.map((each) => each[0]));
    },
  );

  it("counts what it hands on: a parent's tokens once, a chunk without one by itself", async () => {
    const stack = await searchStack();
    await stack.add(...document("kites", kites), ...document("harbour", harbour), alone);
    const query = { ...plain, query: "kites in warm air" };
    expect(await stack.search(query)).toMatchObject({ tokens: 60, plainTokens: 60, hits: { length: 3 } });
    const within = async (tokens: number) => {
      const { hits, tokens: spent } = await stack.search({ ...query, budget: { tokens } });
      return [hits.length, spent];
    };
    expect([await within(60), await within(59), await within(29)]).toEqual([
      [3, 60],
      [2, 40],
      [0, 0],
    ]);
  });

  it.each([...rerankerNames])("by %s: each parent once, within the budget", async (rerank) => {
    const stack = await searchStack();
    const many = Array.from({ length: 8 }, (_, n) =>
      document(
        `kites-${n}`,
        kites.map((text) => `${text.slice(0, -1)}, says book ${n}.`),
      ),
    );
    await stack.add(...many.flat(), alone);
    const answer = await stack.search({
      query: "kites in warm air",
      rerank,
      topK: 6,
      budget: { tokens: 100 },
    });
    expect(answer.hits.length).toBeGreaterThan(0);
    const parents = answer.hits.flatMap(({ parentId }) => parentId ?? []);
    expect(new Set(parents).size).toBe(parents.length);
    expect(answer.tokens).toBe(answer.hits.reduce((sum, hit) => sum + (hit.parentId ? 30 : 10), 0));
    expect(answer.tokens).toBeLessThanOrEqual(100);
  });

  it("fills the answer up where many chunks that match share a parent", async () => {
    const stack = await searchStack();
    const crowd = document(
      "crowd",
      Array.from({ length: 60 }, (_, n) => `Kites circle in warm air, page ${n}.`),
    );
    await stack.add(...crowd, ...document("kites", kites), ...document("harbour", harbour), alone);
    const answer = await stack.search({ ...plain, query: "kites circle in warm air", topK: 4 });
    expect(answer.hits.map(({ parentId, id }) => parentId ?? id).toSorted()).toEqual([
      "alone",
      "crowd-0",
      "harbour-0",
      "kites-0",
    ]);
  });

  it("each chunk is a hit by itself where the caller or kettle.yml says so", async () => {
    const asked = await searchStack();
    const configured = await searchStack("search: { parents: ignore }");
    for (const stack of [asked, configured]) await stack.add(...document("kites", kites));
    const query = { ...plain, query: "kites in warm air" };
    const { hits, tokens } = await asked.search({ ...query, parents: "ignore" });
    expect(hits.map(({ text }) => text).toSorted()).toEqual(kites.toSorted());
    expect(hits[0]).not.toHaveProperty("parentId");
    expect(tokens).toBe(30);
    expect((await configured.search(query)).hits).toEqual(hits);
    expect((await configured.search({ ...query, parents: "merge" })).hits).toHaveLength(1);
  });

  it("a filter chooses chunks; the parent of one that passes comes whole", async () => {
    const stack = await searchStack();
    const [first, second, third] = document("kites", kites);
    await stack.add(first!, { ...second!, metadata: { season: "spring" } }, third!);
    const filter = { field: "metadata.season", op: "eq", value: "spring" } as const;
    const { hits } = await stack.search({ ...plain, query: "kites", filter });
    expect(hits).toMatchObject([{ id: "kites-1", text: kites.join(" "), children: [{ id: "kites-1" }] }]);
  });

  it("a table's header, which stands before the slice, moves the places of its chunks", async () => {
    const stack = await searchStack();
    const rows = ["Harbour | 412", "Ridge | 97"];
    await stack.add(
      ...document("table", rows).map((row, at) => ({
        ...row,
        text: `Site | Kites\n${row.text}`,
        parent: { ...row.parent!, text: at === 0 ? `Site | Kites\n${rows.join(" ")}` : "" },
      })),
    );
    const [hit] = (await stack.search({ ...plain, query: "kites at the harbour" })).hits;
    expect(hit?.children?.map(({ start, end }) => hit.text.slice(start, end)).toSorted()).toEqual(rows);
  });
});

describe("parents and copies", () => {
  const again = (name: string) => document(name, kites.toReversed());

  it("a document that says the same in another order is handed on once, however its chunks rank", async () => {
    const stack = await searchStack();
    await stack.add(...document("one", kites), ...again("two"), ...document("harbour", harbour));
    for (const query of ["kites circle in warm air", "the tower was painted", "sun goes down"]) {
      const { hits } = await stack.search({ ...plain, query });
      expect(hits.map(({ documentId }) => documentId).toSorted()).toHaveLength(2);
      const copied = hits.find(({ documentId }) => documentId !== "harbour");
      expect(copied).toMatchObject({ duplicates: 3, children: { length: 3 } });
      expect(new Set(copied?.alsoIn?.map(({ documentId }) => documentId)).size).toBe(1);
    }
  });

  it("a parent that says more than the other is a hit by what is new in it", async () => {
    const stack = await searchStack();
    const news = "Kites in warm air were counted by nine men of the town.";
    await stack.add(...document("one", kites), ...document("two", [kites[0]!, news]));
    const { hits } = await stack.search({ ...plain, query: "kites circle in warm air above the ridge" });
    expect(hits.map(({ id, parentId }) => [id, parentId])).toEqual([
      ["one-0", "one-0"],
      ["two-1", "two-0"],
    ]);
    expect(hits[0]).toMatchObject({ duplicates: 1, alsoIn: [{ id: "two-0" }] });
    expect(hits[1]).toMatchObject({ text: `${kites[0]} ${news}`, children: [{ id: "two-1" }] });
  });

  it("all are hits where copies are kept", async () => {
    const stack = await searchStack();
    await stack.add(...document("one", kites), ...again("two"));
    const answer = await stack.search({ ...plain, query: "kites", duplicates: "keep" });
    expect(answer.hits.map(({ parentId }) => parentId).toSorted()).toEqual(["one-0", "two-0"]);
  });
});

describe("where the parent's text is", () => {
  const query = { ...plain, query: "kites leave the warm air when the sun goes down", topK: 1 };
  const crowd = Array.from({ length: 40 }, (_, n): Row => {
    const text = `Kites leave the warm air when the sun goes down, book ${n}.`;
    return { id: `crowd-${n}`, documentId: `crowd-${n}`, text, duplicateGroup: sketchOf(text) };
  });

  it("fetched when the chunk that carries it is not among what was found, in the other collection too", async () => {
    const stack = await searchStack();
    const [first, second, third] = document("kites", kites);
    await stack.add({ ...first!, text: "zinc umbrellas quarrel" }, ...crowd);
    await stack.addLow(second!, third!);
    const answer = await stack.search({ ...query, includeLowQuality: true });
    expect(answer.hits).toMatchObject([
      { id: "kites-2", text: kites.join(" "), children: [{ id: "kites-2" }, { id: "kites-1" }] },
    ]);
  });

  it("of low quality throughout, it lies with them: found only when they are asked for", async () => {
    const stack = await searchStack();
    await stack.add(alone);
    await stack.addLow(...document("kites", kites));
    expect(ids(await stack.search(query))).toEqual(["alone"]);
    const [hit] = (await stack.search({ ...query, includeLowQuality: true })).hits;
    expect(hit?.text).toBe(kites.join(" "));
  });

  it("gone meanwhile, with its document: the chunk answers with its own text, place and tokens", async () => {
    const stack = await searchStack();
    const [, second, third] = document("kites", kites);
    await stack.add(second!, third!);
    const { hits, tokens } = await stack.search(query);
    expect(hits).toMatchObject([{ id: "kites-2", text: kites[2], charStart: third!.charStart }]);
    expect(hits[0]).not.toHaveProperty("parentId");
    expect(tokens).toBe(10);
  });

  it("a deleted document's parent goes with it", async () => {
    const stack = await searchStack();
    await stack.add(...document("kites", kites), alone);
    await stack.store.delete(stack.names.main, { field: "documentId", op: "eq", value: "kites" });
    expect(ids(await stack.search(query))).toEqual(["alone"]);
  });
});
