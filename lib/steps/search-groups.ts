import { copyFinder } from "../quality/sketch.ts";
import { byScore } from "../rerank/order.ts";
import type { ScoredChunk } from "../scored-chunk.ts";

/** What is done with copies and with rows of one parent. */
export type Grouping = {
  /** From this similarity on rows are copies; null: none are. */
  readonly similarity: number | null;
  readonly mergeParents: boolean;
  /** Rows that a hit stands for, as far as the parameters tell: so many more are fetched at once. */
  readonly rowsPerHit: number;
};

export type Grouped = {
  /** Of which none is a copy of another and no two have the same parent, best first. */
  readonly rows: readonly ScoredChunk[];
  /** What was left out for a row, by its id, best first. */
  readonly copies: ReadonlyMap<string, readonly ScoredChunk[]>;
  /** Of a row that stands for its parent, by its id: what was found of that parent, best first, itself included. */
  readonly children: ReadonlyMap<string, readonly ScoredChunk[]>;
};

type Judged = {
  readonly fresh: readonly ScoredChunk[];
  readonly copies: readonly (readonly [string, ScoredChunk])[];
};

/** What of the members is new, and of which earlier row each other is a copy. */
const judge = (
  members: readonly ScoredChunk[],
  find: (id: string, sketch: string) => string | null,
): Judged => {
  const own = new Set(members.map(({ id }) => id));
  const fresh: ScoredChunk[] = [];
  const copies: [string, ScoredChunk][] = [];
  for (const member of members) {
    const original = find(member.id, member.duplicateGroup);
    if (original === null || own.has(original)) fresh.push(member);
    else copies.push([original, member]);
  }
  return { fresh, copies };
};

/**
 * Of the rows of one parent the best stands for all, with the parent's tokens: that is what it will cost. Of copies one
 * is left, the best; of rows that were never sketched only equal texts are copies. Whole parents are compared, not row by
 * row: one goes if nothing that was found of it is new, else the best of what is new stands for it.
 * @param found best first
 */
export const groupRows = (
  found: readonly ScoredChunk[],
  { similarity, mergeParents }: Omit<Grouping, "rowsPerHit">,
): Grouped => {
  const find = similarity === null ? () => null : copyFinder<string>(similarity);
  const copies = new Map<string, ScoredChunk[]>();
  const children = new Map<string, readonly ScoredChunk[]>();
  /** Of a row that others are copies of: the one that stands for it. */
  const standsFor = new Map<string, string>();
  const parentOf = ({ id, parent }: ScoredChunk): string => (mergeParents && parent ? `of ${parent.id}` : id);
  const rows = [...Map.groupBy(found, parentOf).values()].flatMap((members): ScoredChunk[] => {
    const judged = judge(members, find);
    for (const [original, copy] of judged.copies) {
      const id = standsFor.get(original) ?? original;
      const others = copies.get(id);
      if (others) others.push(copy);
      else copies.set(id, [copy]);
    }
    const [best] = judged.fresh;
    if (!best) return [];
    for (const { id } of judged.fresh) standsFor.set(id, best.id);
    if (!mergeParents || !best.parent) return [best];
    children.set(best.id, judged.fresh);
    return [{ ...best, tokens: best.parent.tokens }];
  });
  for (const others of copies.values()) others.sort(byScore);
  return { rows: rows.sort(byScore), copies, children };
};
