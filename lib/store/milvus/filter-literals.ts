/** Values as the grammar of Milvus's expressions reads them (`internal/parser/planparserv2/Plan.g4`). */

/** A string literal. The grammar takes every character but these as it is. */
export const quote = (text: string): string =>
  `"${text
    .replace(/[\\"]/g, "\\$&")
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r")
    .replaceAll("\t", "\\t")}"`;

/** NUL ends a string somewhere in some servers, and a lone surrogate is not the same character there. */
export const sayable = (text: string): boolean => !text.includes("\0") && text.isWellFormed();

/** Numbers as the grammar reads them: whole ones that fit, others with an exponent. */
export const decimal = (value: number): string =>
  Number.isSafeInteger(value) ? String(value) : value.toExponential();

export type Ranged = "gt" | "gte" | "lt" | "lte";
export const symbols: Readonly<Record<Ranged, string>> = { gt: ">", gte: ">=", lt: "<", lte: "<=" };

/** Of a field of whole numbers; bounds beyond it are no bounds. */
export const integerBound = (op: Ranged, value: number): { op: string; bound: bigint } | boolean => {
  if (Number.isNaN(value)) return false;
  const up = op === "gt" || op === "gte";
  if (value >= 2 ** 63) return !up;
  if (value < -(2 ** 63)) return up;
  const bound = op === "gt" || op === "lte" ? Math.floor(value) : Math.ceil(value);
  return { op: symbols[op], bound: BigInt(bound) };
};
