import type { QualitySummary } from "../lib/quality/summary.ts";
import type { DocumentView } from "./api-client.ts";

const flagLines = (flags: Readonly<Record<string, number>>): readonly string[] =>
  Object.entries(flags).map(([flag, count]) => `${String(count).padStart(7)}  ${flag}`);

export const formatSummary = (summary: QualitySummary): string =>
  [
    `${summary.documents} documents, ${summary.chunks} chunks: mean quality ${summary.mean.toFixed(3)}, ` +
      `${summary.lowQuality} of low quality, ${summary.dropped} dropped`,
    ...flagLines(summary.flags),
    "",
    "score      chunks",
    ...summary.scores.map(
      (count, bin) => `${(bin / 10).toFixed(1)}–${((bin + 1) / 10).toFixed(1)}  ${String(count).padStart(7)}`,
    ),
    "",
    `languages: ${Object.entries(summary.languages)
      .map(([language, count]) => `${language} ${count}`)
      .join(", ")}`,
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
