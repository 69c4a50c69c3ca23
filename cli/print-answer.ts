import { styleText } from "node:util";
import type { SearchAnswer, SearchCluster, SearchHit } from "../lib/steps/search.ts";
import { displayWidth, fitColumns } from "./progress.ts";

export type PrintOptions = {
  /** Width of the terminal. */
  readonly columns?: number | undefined;
  readonly color?: boolean | undefined;
  /** What each published cluster is about, best words first. */
  readonly terms?: ReadonlyMap<number, readonly string[]> | undefined;
};

type Style = Parameters<typeof styleText>[0];

const excerptLines = 3;
const indent = "     ";

/** Breaks a text into lines of so many columns, between words where there are any. */
const wrap = (text: string, columns: number, maxLines: number): readonly string[] => {
  const lines: string[] = [];
  let line = "";
  for (const { segment } of new Intl.Segmenter(undefined, { granularity: "word" }).segment(text)) {
    if (displayWidth(line + segment) > columns && line !== "") {
      lines.push(line.trimEnd());
      line = "";
    }
    if (line !== "" || segment.trim() !== "") line += segment;
    if (lines.length > maxLines) break;
  }
  if (line !== "") lines.push(line.trimEnd());
  if (lines.length <= maxLines) return lines;
  return [...lines.slice(0, maxLines - 1), fitColumns(`${lines[maxLines - 1]} …`, columns)];
};

const place = ({ key, page, heading }: SearchHit): string =>
  [key, page === null ? "" : `p. ${page}`, heading].filter((part) => part !== "").join(" › ");

/** Where else the same is said. */
const copyLines = ({ duplicates = 0, alsoIn = [] }: SearchHit, columns: number): readonly string[] => {
  if (duplicates === 0) return [];
  const keys = [...new Set(alsoIn.map(({ key }) => key))].join(", ");
  return [
    fitColumns(`${indent}and ${duplicates} ${duplicates === 1 ? "copy" : "copies"} in ${keys}`, columns),
  ];
};

/** Of a parent the chunk that was found best. */
const found = ({ text, children: [best] = [] }: SearchHit): string =>
  best === undefined ? text : text.slice(best.start, best.end);

const passages = (count: number): string => `${count} passage${count === 1 ? "" : "s"}`;

const clusterTitle = (cluster: SearchCluster, options: PrintOptions): string => {
  const terms = options.terms?.get(cluster.id)?.slice(0, 5) ?? [];
  const about = terms.length > 0 ? `: ${terms.join(", ")}` : "";
  const more = cluster.size - cluster.hitIds.length;
  return `Cluster ${cluster.id}${about} · ${passages(cluster.hitIds.length)}${more > 0 ? ` of ${cluster.size}` : ""}`;
};

/**
 * An answer as people read it: passages grouped by cluster, in the order of the answer.
 * @returns lines joined by "\n", without one at the end
 */
export const formatAnswer = (question: string, answer: SearchAnswer, options: PrintOptions = {}): string => {
  const columns = Math.min(options.columns || 80, 110);
  const paint = (style: Style, text: string) =>
    options.color === true ? styleText(style, text, { validateStream: false }) : text;
  const hits = new Map(answer.hits.map((hit) => [hit.id, hit]));
  const lines = [paint("bold", question)];
  if (answer.hits.length === 0) lines.push("", "Nothing found.");
  for (const cluster of answer.clusters) {
    const title = cluster.id < 0 ? "On its own" : `${clusterTitle(cluster, options)}`;
    lines.push("", paint(["bold", "cyan"], `● ${title}`));
    for (const hit of cluster.hitIds.flatMap((id) => hits.get(id) ?? [])) {
      const head = fitColumns(`${String(hit.rank).padStart(4)} ${place(hit)}`, columns - 8);
      const gap = " ".repeat(Math.max(1, columns - displayWidth(head) - 6));
      lines.push(`${head}${gap}${paint("dim", hit.score.toFixed(3))}`);
      const excerpt = found(hit).replaceAll(/\s+/g, " ").trim();
      lines.push(...copyLines(hit, columns).map((line) => paint("dim", line)));
      for (const line of wrap(excerpt, columns - indent.length - 2, excerptLines))
        lines.push(paint("dim", `${indent}${line}`));
    }
  }
  const { totalMs } = answer.timings;
  lines.push(
    "",
    `${passages(answer.hits.length)} in ${answer.clusters.length} group${answer.clusters.length === 1 ? "" : "s"} · ` +
      `${answer.tokens} tokens (plain top-k: ${answer.plainTokens}) · ${Math.round(totalMs)} ms`,
  );
  return lines.join("\n");
};
