import { S3Fault } from "./fault.ts";

/** First and last byte, both inclusive. */
export type Range = { readonly start: number; readonly end: number };

const fromText = (first: string, last: string, size: number): Range => {
  if (first === "") return { start: Math.max(size - Number(last), 0), end: size - 1 };
  return { start: Number(first), end: last === "" ? size - 1 : Math.min(Number(last), size - 1) };
};

/**
 * A Range header. Several ranges and malformed ones mean the whole object, as RFC 9110 allows: undefined.
 * @throws S3Fault `InvalidRange` when no byte of it is there
 */
export const parseRange = (value: string | undefined, size: number): Range | undefined => {
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(value ?? "") ?? [];
  const isSuffix = first === "";
  if (isSuffix ? last === "" : last !== "" && Number(last) < Number(first)) return undefined;
  const range = fromText(first, last, size);
  if (range.start <= range.end) return range;
  throw new S3Fault(416, "InvalidRange", "The requested range is not satisfiable", {
    ActualObjectSize: String(size),
  });
};
