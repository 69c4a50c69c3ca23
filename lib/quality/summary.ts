/** How the chunks of many documents were judged. */
export type QualitySummary = {
  /** Those that were judged. */
  readonly documents: number;
  /** Cut from them, copies that were dropped included. */
  readonly chunks: number;
  /** What became of them: stored, stored among those of low quality, dropped. */
  readonly stored: number;
  readonly lowQuality: number;
  readonly dropped: number;
  /** Chunks that have a score: copies that were dropped have none. */
  readonly scored: number;
  /** Mean score of these. */
  readonly mean: number;
  /** Chunks by flag, and by language, the most frequent first. */
  readonly flags: Readonly<Record<string, number>>;
  readonly languages: Readonly<Record<string, number>>;
  /** Chunks by score: of scores from 0 to .1, …, from .9 to 1. */
  readonly scores: readonly number[];
  /** Documents with the lowest mean, the lowest first. */
  readonly worst: readonly { readonly id: string; readonly key: string; readonly mean: number }[];
};

type Counts = { readonly expected: number; readonly stored: number } & Pick<
  QualitySummary,
  "lowQuality" | "dropped"
>;

/** A document as the ledger knows it; reports from before languages and scores were counted lack them. */
export type JudgedDocument = {
  readonly id: string;
  readonly key: string;
  readonly counts: Counts;
  readonly quality?:
    | {
        readonly mean: number;
        readonly flags: Readonly<Record<string, number>>;
        readonly languages?: Readonly<Record<string, number>> | undefined;
        readonly scores?: readonly number[] | undefined;
      }
    | undefined;
};

const mostWorst = 10;

type Numbers = Readonly<Record<string, number>>;

const added = (a: Numbers, b: Numbers): Numbers => {
  const sums = new Map(Object.entries(a));
  for (const [name, count] of Object.entries(b)) sums.set(name, (sums.get(name) ?? 0) + count);
  return Object.fromEntries([...sums].sort(([x, m], [y, n]) => n - m || (x < y ? -1 : 1)));
};

const noSummary: QualitySummary = {
  documents: 0,
  chunks: 0,
  stored: 0,
  lowQuality: 0,
  dropped: 0,
  scored: 0,
  mean: 0,
  flags: {},
  languages: {},
  scores: Array.from({ length: 10 }, () => 0),
  worst: [],
};

const summaryOf = ({ id, key, counts, quality }: JudgedDocument): QualitySummary => {
  if (quality === undefined) return noSummary;
  const { mean, flags, languages = {}, scores = noSummary.scores } = quality;
  const { expected, stored, lowQuality, dropped } = counts;
  const scored = expected - (flags.duplicate ?? 0);
  const worst = [{ id, key, mean }];
  return {
    ...{ documents: 1, chunks: expected, stored, lowQuality, dropped, scored, mean, worst },
    ...{ flags, languages, scores },
  };
};

/** The summary of the documents of both. */
export const joinSummaries = (a: QualitySummary, b: QualitySummary): QualitySummary => {
  const scored = a.scored + b.scored;
  return {
    documents: a.documents + b.documents,
    chunks: a.chunks + b.chunks,
    stored: a.stored + b.stored,
    lowQuality: a.lowQuality + b.lowQuality,
    dropped: a.dropped + b.dropped,
    scored,
    mean: (a.mean * a.scored + b.mean * b.scored) / Math.max(1, scored),
    flags: added(a.flags, b.flags),
    languages: added(a.languages, b.languages),
    scores: a.scores.map((count, bin) => count + (b.scores[bin] ?? 0)),
    worst: [...a.worst, ...b.worst]
      .sort((x, y) => x.mean - y.mean || (x.key < y.key ? -1 : 1))
      .slice(0, mostWorst),
  };
};

/** Documents that were never judged are not counted. */
export const summariseQuality = (documents: readonly JudgedDocument[]): QualitySummary =>
  documents.map(summaryOf).reduce(joinSummaries, noSummary);
