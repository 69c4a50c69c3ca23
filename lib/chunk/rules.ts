/** How a document is cut. */
export type ChunkChoice<Strategy extends string = string> = {
  readonly strategy: Strategy;
  readonly size: number;
  readonly overlap: number;
  /** Larger texts that answers hand on in the stead of the chunks in them; null or absent: none. */
  readonly parent?: { readonly tokens: number } | null | undefined;
};

/** For the keys that begin with `prefix`; what it leaves out is as for all others. */
export type ChunkRule<Strategy extends string = string> = { readonly prefix: string } & {
  readonly [Name in keyof ChunkChoice<Strategy>]?: ChunkChoice<Strategy>[Name] | undefined;
};

/** A rule with what it leaves out: an overlap that is not given never exceeds half of the rule's size. */
export const completeRule = <Strategy extends string>(
  { strategy, size, overlap, parent }: ChunkRule<Strategy>,
  others: ChunkChoice<Strategy>,
): ChunkChoice<Strategy> => {
  const chosen = size ?? others.size;
  return {
    strategy: strategy ?? others.strategy,
    size: chosen,
    overlap: overlap ?? Math.min(others.overlap, chosen >> 1),
    parent: parent === undefined ? others.parent : parent,
  };
};

/** The rule with the longest prefix of `key`, whatever their order; the first of equals. */
export const choiceFor = <Strategy extends string>(
  key: string,
  rules: readonly ChunkRule<Strategy>[],
  others: ChunkChoice<Strategy>,
): ChunkChoice<Strategy> => {
  let best: ChunkRule<Strategy> | undefined;
  for (const rule of rules)
    if (key.startsWith(rule.prefix) && rule.prefix.length > (best?.prefix.length ?? 0)) best = rule;
  return best ? completeRule(best, others) : others;
};

/** Every strategy that some document may be cut by, each once. */
export const strategiesIn = <Strategy extends string>({
  strategy,
  rules,
}: {
  readonly strategy: Strategy;
  readonly rules: readonly ChunkRule<Strategy>[];
}): readonly Strategy[] => [...new Set([strategy, ...rules.flatMap((rule) => rule.strategy ?? [])])].sort();

/** Whether some document's chunks have parents. */
export const hasParents = ({
  parent,
  rules,
}: Pick<ChunkChoice, "parent"> & { readonly rules: readonly ChunkRule[] }): boolean =>
  [parent, ...rules.map((rule) => rule.parent)].some(Boolean);
