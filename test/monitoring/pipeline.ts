import type { Block, Value } from "./alloy-syntax.ts";

/**
 * Runs the stages of a `loki.process` block over lines as Alloy does (grafana.com/docs/alloy, loki.process), as far as
 * ours uses them. An unknown stage or attribute throws: nothing of the configuration is passed over.
 */

export type Entry = {
  readonly line: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, string>>;
};

type Working = {
  line: string;
  readonly labels: Record<string, string>;
  readonly extracted: Record<string, string>;
  readonly metadata: Record<string, string>;
};

const text = (value: Value | undefined, what: string): string => {
  if (typeof value !== "string") throw new Error(`${what} is not a string: ${JSON.stringify(value)}`);
  return value;
};

const texts = (value: Value | undefined, what: string): Readonly<Record<string, string>> => {
  if (typeof value !== "object" || !("map" in value)) throw new Error(`${what} is not a map`);
  return Object.fromEntries(
    Object.entries(value.map).map(([key, each]) => [key, text(each, `${what}.${key}`)]),
  );
};

/** RE2 as Go writes it: flags in front, `(?P<name>…)`. What JavaScript would read otherwise throws. */
export const goRegex = (expression: string): RegExp => {
  const [, flags = "", rest = ""] = /^\^?(?:\(\?([ims]+)\))?([\s\S]*)$/.exec(expression) ?? [];
  const anchored = expression.startsWith("^") && flags !== "" ? `^${rest}` : rest;
  const body = expression.startsWith("^") && flags === "" ? expression : anchored;
  return new RegExp(body.replaceAll("(?P<", "(?<"), `${flags}u`);
};

/** `{job="milvus"} |~ "…"`, the form that our selectors have. */
const selects = (selector: string, { labels, line }: Working): boolean => {
  const [, name, value, pattern] = /^\{(\w+)="([^"]*)"\} \|~ ("(?:[^"\\]|\\.)*")$/.exec(selector) ?? [];
  if (name === undefined || pattern === undefined)
    throw new Error(`a selector that is not read here: ${selector}`);
  return labels[name] === value && goRegex(JSON.parse(pattern) as string).test(line);
};

type Stage = (entry: Working, block: Block) => void;

const named: Stage = ({ line, extracted }, { attributes }) => {
  const groups = goRegex(text(attributes.expression, "expression")).exec(line)?.groups ?? {};
  for (const [name, value] of Object.entries(groups)) if (value !== undefined) extracted[name] = value;
};

/** What stage.cri and stage.docker of Alloy are made of (internal/component/loki/process/stages/extensions.go). */
const runtimes: Readonly<
  Record<"cri" | "docker", (line: string) => { line: string; stream: string } | null>
> = {
  cri: (line) => {
    const [, stream, content] = /^\S+? (stdout|stderr) \S+? ([\s\S]*)$/.exec(line) ?? [];
    return stream === undefined || content === undefined ? null : { line: content, stream };
  },
  docker: (line) => {
    const { log, stream } = JSON.parse(line) as { log: string; stream: string };
    return { line: log, stream };
  },
};

const unwrapped =
  (runtime: keyof typeof runtimes): Stage =>
  (entry) => {
    const found = runtimes[runtime](entry.line);
    if (found === null) return;
    entry.line = found.line;
    entry.labels.stream = found.stream;
  };

const stages: Readonly<Record<string, Stage>> = {
  "stage.regex": named,
  "stage.cri": unwrapped("cri"),
  "stage.docker": unwrapped("docker"),
  "stage.match": (entry, { attributes, blocks }) => {
    if (selects(text(attributes.selector, "selector"), entry)) for (const block of blocks) run(entry, block);
  },
  "stage.static_labels": ({ labels }, { attributes }) => {
    Object.assign(labels, texts(attributes.values, "values"));
  },
  "stage.labels": ({ labels, extracted }, { attributes }) => {
    for (const [name, source] of Object.entries(texts(attributes.values, "values"))) {
      const value = extracted[source || name];
      if (value !== undefined) labels[name] = value;
    }
  },
  "stage.structured_metadata": ({ metadata, extracted }, { attributes }) => {
    for (const [name, source] of Object.entries(texts(attributes.values, "values"))) {
      const value = extracted[source || name];
      if (value !== undefined) metadata[name] = value;
    }
  },
  "stage.label_drop": ({ labels }, { attributes }) => {
    for (const name of attributes.values as readonly string[]) delete labels[name];
  },
};

const run = (entry: Working, block: Block): void => {
  const stage = stages[block.name];
  if (stage === undefined) throw new Error(`a stage that is not run here: ${block.name}`);
  stage(entry, block);
};

/** Lines that begin no entry belong to the one before, up to `max_lines`. */
const joined = (lines: readonly string[], { attributes }: Block): readonly string[] => {
  const first = goRegex(text(attributes.firstline, "firstline"));
  const most = attributes.max_lines as number;
  const entries: string[][] = [];
  for (const line of lines) {
    const last = entries.at(-1);
    if (last === undefined || first.test(line) || last.length >= most) entries.push([line]);
    else last.push(line);
  }
  return entries.map((entry) => entry.join("\n"));
};

/** The entries that lines with these labels become. A `stage.multiline` must be the first stage. */
export const runPipeline = (
  { blocks }: Block,
  lines: readonly string[],
  labels: Readonly<Record<string, string>>,
): readonly Entry[] => {
  const [first, ...others] = blocks;
  const multiline = first?.name === "stage.multiline";
  const rest = multiline ? others : blocks;
  return (multiline ? joined(lines, first) : lines).map((line) => {
    const entry: Working = { line, labels: { ...labels }, extracted: {}, metadata: {} };
    for (const block of rest) run(entry, block);
    return entry;
  });
};

/** How many entries have each level; those without one under "none". */
export const levelCounts = (entries: readonly Entry[]): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const { labels } of entries)
    counts[labels.level ?? "none"] = (counts[labels.level ?? "none"] ?? 0) + 1;
  return counts;
};
