import type { ClusteredHit } from "../rerank/reranker.ts";
import type { ScoredChunk } from "../scored-chunk.ts";
import type { VectorStore } from "../store/store.ts";
import type { SearchHit } from "./search.ts";
import type { Grouped } from "./search-groups.ts";

type Hit = Pick<ScoredChunk, "id" | "parent">;

/** The texts of the hits' parents by id: as far as the rows that carry them were found, else fetched. */
const parentTexts = async (
  store: Pick<VectorStore, "fetch">,
  collections: readonly string[],
  hits: readonly Hit[],
  children: Grouped["children"],
): Promise<ReadonlyMap<string, string>> => {
  const texts = new Map<string, string>();
  const note = ({ parent }: Hit): void => {
    if (parent && parent.text !== "") texts.set(parent.id, parent.text);
  };
  for (const { id } of hits) children.get(id)?.forEach(note);
  const missing = new Set(hits.flatMap(({ parent }) => (parent && !texts.has(parent.id) ? [parent.id] : [])));
  if (missing.size > 0)
    await Promise.all(
      collections.map(async (name) => (await store.fetch(name, [...missing], "asSearch")).forEach(note)),
    );
  return texts;
};

/**
 * Puts the parents' texts and places in the hits' stead. A hit whose parent went meanwhile, since its document is being
 * replaced, keeps its own.
 */
export const withParentTexts = async (
  store: Pick<VectorStore, "fetch">,
  collections: readonly string[],
  hits: readonly ClusteredHit[],
  children: Grouped["children"],
): Promise<readonly ClusteredHit[]> => {
  const merged = hits.filter(({ id }) => children.has(id));
  const texts = await parentTexts(store, collections, merged, children);
  return hits.map((hit): ClusteredHit => {
    const [own] = children.get(hit.id) ?? [];
    if (!own || !hit.parent) return hit;
    const text = texts.get(hit.parent.id);
    const { parent: _, ...alone } = hit;
    if (text === undefined) return { ...alone, tokens: own.tokens };
    const { charStart, charEnd } = hit.parent;
    return { ...hit, text, charStart, charEnd, parent: { ...hit.parent, text } };
  });
};

/** What an answer says of a hit with its parent's text: where in it the chunks stand that were found. */
export const parentView = (
  { parent }: Pick<ScoredChunk, "parent">,
  children: readonly ScoredChunk[],
): Pick<SearchHit, "parentId" | "children"> => {
  if (!parent || children.length === 0) return {};
  // A table's header stands before the slice.
  const offset = parent.text.length - parent.charEnd;
  return {
    parentId: parent.id,
    children: children.map(({ id, score, charStart, charEnd }) => ({
      id,
      score,
      charStart,
      charEnd,
      start: charStart + offset,
      end: charEnd + offset,
    })),
  };
};
