import type { DocumentView } from "./api-client.ts";

/** How the chunks of many documents were judged. */
export type QualitySummary = {
  readonly documents: number;
  /** Cut from them, copies that were dropped included. */
  readonly chunks: number;
  readonly lowQuality: number;
  readonly dropped: number;
  /** Mean score of the chunks, each counted once. */
  readonly mean: number;
  /** Chunks by flag, the most frequent first. */
  readonly flags: Readonly<Record<string, number>>;
  /** Documents with the lowest mean, the lowest first. */
  readonly worst: readonly { readonly id: string; readonly key: string; readonly mean: number }[];
};

const mostWorst = 10;

/** Documents that were never judged are not counted. */
export const summariseQuality = (views: readonly DocumentView[]): QualitySummary => {
  const judged = views.flatMap((view) =>
    view.quality === undefined ? [] : [{ ...view, quality: view.quality }],
  );
  const flags = new Map<string, number>();
  for (const { quality } of judged)
    for (const [flag, count] of Object.entries(quality.flags))
      flags.set(flag, (flags.get(flag) ?? 0) + count);
  const sum = (of: (view: (typeof judged)[number]) => number) =>
    judged.reduce((total, view) => total + of(view), 0);
  const scored = ({ counts, quality }: (typeof judged)[number]) =>
    counts.expected - (quality.flags.duplicate ?? 0);
  return {
    documents: judged.length,
    chunks: sum(({ counts }) => counts.expected),
    lowQuality: sum(({ counts }) => counts.lowQuality),
    dropped: sum(({ counts }) => counts.dropped),
    mean: sum((view) => view.quality.mean * scored(view)) / Math.max(1, sum(scored)),
    flags: Object.fromEntries([...flags].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))),
    worst: judged
      .toSorted((a, b) => a.quality.mean - b.quality.mean || (a.key < b.key ? -1 : 1))
      .slice(0, mostWorst)
      .map(({ id, key, quality }) => ({ id, key, mean: quality.mean })),
  };
};

const flagLines = (flags: Readonly<Record<string, number>>): readonly string[] =>
  Object.entries(flags).map(([flag, count]) => `${String(count).padStart(7)}  ${flag}`);

export const formatSummary = (summary: QualitySummary): string =>
  [
    `${summary.documents} documents, ${summary.chunks} chunks: mean quality ${summary.mean.toFixed(3)}, ` +
      `${summary.lowQuality} of low quality, ${summary.dropped} dropped`,
    ...flagLines(summary.flags),
    ...(summary.worst.length > 0 ? ["", "lowest mean:"] : []),
    ...summary.worst.map(({ mean, key }) => `${mean.toFixed(3).padStart(7)}  ${key}`),
  ].join("\n");

/** One document, with the chunks that carry flags. */
export const formatDocument = (
  { key, state, counts, quality }: DocumentView,
  chunks: readonly {
    readonly ordinal: number;
    readonly quality: number;
    readonly qualityFlags: readonly string[];
    readonly lowQuality: boolean;
    readonly text: string;
  }[],
): string =>
  [
    `${key}: ${state}, ${counts.expected} chunks${quality ? `, mean quality ${quality.mean.toFixed(3)}` : ""}, ` +
      `${counts.lowQuality} of low quality, ${counts.dropped} dropped`,
    ...flagLines(quality?.flags ?? {}),
    ...chunks
      .filter(({ qualityFlags, lowQuality }) => lowQuality || qualityFlags.length > 0)
      .map(
        (chunk) =>
          `\n#${chunk.ordinal} ${chunk.quality.toFixed(3)}${chunk.lowQuality ? " low" : ""} ${chunk.qualityFlags.join(", ")}\n` +
          `  ${chunk.text.replaceAll(/\s+/g, " ").slice(0, 160)}`,
      ),
  ].join("\n");
