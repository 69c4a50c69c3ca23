import type { Metadata, MetadataValue } from "../chunk-row.ts";

/** Metadata travels in every queue message of the document, so files may not bring as much as they like. */
const mostFields = 64;
const mostChars = 1_000;
const mostItems = 50;

const cut = (text: string): string => {
  const clean = text.toWellFormed().replace(/\s+/g, " ").trim();
  return clean.length > mostChars ? `${clean.slice(0, mostChars - 1).toWellFormed()}…` : clean;
};

const isScalar = (value: unknown): value is string | number | boolean =>
  typeof value === "string" ||
  typeof value === "boolean" ||
  (typeof value === "number" && Number.isFinite(value));

const metadataValue = (value: unknown): MetadataValue | null => {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (typeof value === "string") return value.trim() === "" ? null : cut(value);
  if (isScalar(value)) return value;
  if (!Array.isArray(value)) return null;
  const items = value
    .filter(isScalar)
    .slice(0, mostItems)
    .map((item) => cut(String(item)));
  return items.length === 0 ? null : items;
};

/** The fields that metadata can hold (text, numbers, booleans, lists of these), bounded; the others are left out. */
export const flatMetadata = (fields: Readonly<Record<string, unknown>>): Metadata =>
  Object.fromEntries(
    Object.entries(fields)
      .flatMap(([key, value]) => {
        const usable = metadataValue(value);
        return usable === null || key === "" || key.length > 100 ? [] : [[key, usable] as const];
      })
      .slice(0, mostFields),
  );
