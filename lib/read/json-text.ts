/** Deeper nesting than this is an attack or a mistake; its paths would be longer than its values. */
const deepest = 200;

export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

const isTree = (value: JsonValue): value is { readonly [key: string]: JsonValue } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Numbers that a double cannot hold stay as they are written, so that long ids keep their digits. */
const keepDigits = (
  ...[, value, context]: readonly [string, unknown, { readonly source?: string }?]
): unknown =>
  typeof value === "number" && context?.source !== undefined && !/^-?\d{1,15}$/.test(context.source)
    ? context.source
    : value;

/** @throws SyntaxError where the text is not JSON */
export const parseJson = (text: string): JsonValue =>
  /\d{16}/.test(text)
    ? (JSON.parse(text, keepDigits as (this: unknown, key: string, value: unknown) => unknown) as JsonValue)
    : (JSON.parse(text) as JsonValue);

const childPath = (path: string, key: string | number): string => {
  if (typeof key === "number") return `${path}[${key}]`;
  return path === "" ? key : `${path}.${key}`;
};

const entries = (value: JsonValue): readonly (readonly [string | number, JsonValue])[] => {
  if (Array.isArray(value)) return value.map((item: JsonValue, index: number) => [index, item] as const);
  return isTree(value) ? Object.entries(value) : [];
};

const isPlain = (value: JsonValue): boolean => typeof value !== "object" || value === null;

/** A list of short plain values reads better on one line. */
const isShortList = (value: JsonValue): value is readonly JsonValue[] =>
  Array.isArray(value) && value.every((item: JsonValue) => isPlain(item) && String(item).length <= 80);

const line = (path: string, value: string): readonly string[] => {
  if (value === "") return [];
  return [path === "" ? value : `${path}: ${value}`];
};

/**
 * Readable lines `path: value`, in the order of the document; null and empty values have none.
 * @throws RangeError when nested more than 200 deep
 */
export const jsonLines = (value: JsonValue, path = "", depth = 0): readonly string[] => {
  if (depth > deepest) throw new RangeError(`nested more than ${deepest} deep`);
  if (value === null) return [];
  if (typeof value !== "object") return line(path, String(value));
  if (isShortList(value)) return line(path, value.filter((item) => item !== null && item !== "").join(", "));
  return entries(value).flatMap(([key, item]) => jsonLines(item, childPath(path, key), depth + 1));
};

const isRecordList = (value: JsonValue): value is readonly JsonValue[] =>
  Array.isArray(value) && value.some((item: JsonValue) => typeof item === "object" && item !== null);

/** Texts of the records of a document: one an element of a list of records, one for all else under the same parent. */
export const jsonRecords = (value: JsonValue): readonly string[] => {
  if (isRecordList(value)) return value.map((item) => jsonLines(item).join("\n"));
  if (!isTree(value)) return [jsonLines(value).join("\n")];
  const records: string[] = [];
  let lines: string[] = [];
  const flush = (): void => {
    if (lines.length > 0) records.push(lines.join("\n"));
    lines = [];
  };
  for (const [key, item] of Object.entries(value)) {
    if (isRecordList(item)) {
      flush();
      item.forEach((element, index) => {
        records.push(jsonLines(element, childPath(key, index), 1).join("\n"));
      });
    } else for (const line of jsonLines(item, key, 1)) lines.push(line);
  }
  flush();
  return records;
};
