import { budgets } from "./measure.ts";
import type { Summary } from "./summary.ts";

const [width, height, left, top, right, bottom] = [640, 360, 48, 36, 130, 40] as const;
const inks = [
  "#111111",
  "#d1495b",
  "#00798c",
  "#edae49",
  "#30638e",
  "#6a4c93",
  "#2e933c",
  "#a44a3f",
] as const;

const x = (tokens: number): number =>
  left +
  (Math.log2(tokens / budgets[0]) / Math.log2((budgets.at(-1) ?? 1) / budgets[0])) * (width - left - right);

type Scale = (recall: number) => number;

/** Steps of 1, 2 or 5 of a power of ten: at most six lines. */
const stepFor = (most: number): number => {
  const power = 10 ** Math.floor(Math.log10(most || 1));
  return [power / 10, power / 5, power / 2, power].find((step) => most / step <= 6) ?? power;
};

const grid = (most: number, y: Scale): string => {
  const step = stepFor(most);
  const lines = Array.from({ length: Math.floor(most / step + 1e-9) + 1 }, (_, i) => i * step);
  const levels = lines.map(
    (value) =>
      `<line x1="${left}" x2="${width - right}" y1="${y(value).toFixed(1)}" y2="${y(value).toFixed(1)}" stroke="#ddd"/>` +
      `<text x="${left - 6}" y="${(y(value) + 4).toFixed(1)}" text-anchor="end">${value.toFixed(2)}</text>`,
  );
  const marks = budgets.map(
    (tokens) => `<text x="${x(tokens)}" y="${height - bottom + 18}" text-anchor="middle">${tokens}</text>`,
  );
  return [...levels, ...marks].join("\n");
};

const curve = ({ recallWithin, reranker }: Summary, index: number, y: Scale): string => {
  const ink = inks[index % inks.length];
  const points = budgets.map((tokens, at) => {
    const { mean, low, high } = recallWithin[at] ?? { mean: 0, low: 0, high: 0 };
    return { at: x(tokens) + (index - 3) * 2, mean: y(mean), low: y(low), high: y(high) };
  });
  const bars = points.map(
    (p) =>
      `<line x1="${p.at.toFixed(1)}" x2="${p.at.toFixed(1)}" y1="${p.low.toFixed(1)}" y2="${p.high.toFixed(1)}" stroke="${ink}" opacity=".35"/>`,
  );
  const path = points.map((p) => `${p.at.toFixed(1)},${p.mean.toFixed(1)}`).join(" ");
  return [
    ...bars,
    `<polyline points="${path}" fill="none" stroke="${ink}" stroke-width="${reranker === "balanced" ? 3 : 1.5}"/>`,
    `<text x="${width - right + 16}" y="${top + 12 + index * 18}" fill="${ink}">${reranker}</text>`,
  ].join("\n");
};

/** Recall within a budget of tokens (log scale), a curve for each reranker, bars the 95 % intervals; an SVG. */
export const plotOf = (title: string, summaries: readonly Summary[]): string => {
  const most = Math.max(0.01, ...summaries.flatMap((one) => one.recallWithin.map(({ high }) => high)));
  const y: Scale = (recall) => height - bottom - (recall / most) * (height - top - bottom);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12">
<rect width="${width}" height="${height}" fill="#fff"/>
<text x="${left}" y="20" font-size="14">${title}</text>
${grid(most, y)}
<text x="${(left + width - right) / 2}" y="${height - 6}" text-anchor="middle">tokens handed on, at most</text>
${summaries.map((one, index) => curve(one, index, y)).join("\n")}
</svg>
`;
};
