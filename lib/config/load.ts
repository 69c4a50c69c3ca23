import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";
import { completeRule } from "../chunk/rules.ts";
import { AppError } from "../errors.ts";
import { indexProblems } from "../store/milvus/indexes.ts";
import { unavailable } from "./availability.ts";
import { infraProblems } from "./infra.ts";
import { type Config, configSchema } from "./schema.ts";

type Tree = { readonly [key: string]: unknown };
const isTree = (value: unknown): value is Tree =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Maps merge deep; every other value of `over` replaces. */
const mergeDeep = (under: Tree, over: Tree): Tree => {
  const merged: Record<string, unknown> = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key];
    merged[key] = isTree(below) && isTree(value) ? mergeDeep(below, value) : value;
  }
  return merged;
};

const fileSchema = z.looseObject({ stages: z.record(z.string(), z.looseObject({})).default({}) });

const credentialProblems = ({ tokenSecret, tokenParameter, tls, tlsFiles }: Config["store"]) => {
  const problems: { path: string; message: string }[] = [];
  const { certificate, key } = tlsFiles;
  if (tokenSecret !== null && tokenParameter !== null)
    problems.push({ path: "store.tokenParameter", message: "set it or store.tokenSecret, not both" });
  if ((certificate === null) !== (key === null))
    problems.push({
      path: `store.tlsFiles.${certificate === null ? "certificate" : "key"}`,
      message: "mutual TLS needs both the certificate and its key",
    });
  if (!tls && Object.values(tlsFiles).some((value) => value !== null))
    problems.push({ path: "store.tlsFiles", message: "needs `store.tls: true`" });
  return problems;
};

type Chunking = z.infer<typeof configSchema>["chunking"];

const chunkingProblems = (chunking: Chunking): readonly { path: string; message: string }[] => {
  const own = { path: "chunking", name: "chunking.size", ...chunking };
  const rules = chunking.rules.map((rule, index) => ({
    path: `chunking.rules.${index}`,
    name: "its size",
    ...completeRule(rule, chunking),
  }));
  return [own, ...rules].flatMap(({ path, name, size, overlap, parent }) => [
    ...(overlap * 2 > size
      ? [{ path: `${path}.overlap`, message: `must be at most half of ${name} (${size})` }]
      : []),
    ...(parent && parent.tokens < size * 2
      ? [{ path: `${path}.parent.tokens`, message: `must be at least twice ${name} (${size})` }]
      : []),
  ]);
};

const crossChecks = (config: z.infer<typeof configSchema>): { path: string; message: string }[] => {
  const problems: { path: string; message: string }[] = [];
  const add = (path: string, message: string) => problems.push({ path, message });
  if (config.store.index.type.startsWith("GPU_") && config.store.device === "cpu")
    add("store.index.type", `${config.store.index.type} needs \`store.device: gpu\``);
  if (config.store.driver === "milvus" && config.store.address === null)
    add("store.address", "the milvus driver needs host:port of the server");
  problems.push(
    ...credentialProblems(config.store),
    ...indexProblems(config.store.index, config.search),
    ...infraProblems(config),
    ...chunkingProblems(config.chunking),
  );
  const { rerank, custom } = config.search;
  if (rerank.startsWith("custom:") && !(rerank.slice("custom:".length) in custom))
    add("search.rerank", `names ${rerank}, which search.custom does not declare`);
  if (config.alarms.topicArn !== null && config.alarms.email !== null)
    add(
      "alarms.email",
      "is for the stack's own topic: subscribe it to alarms.topicArn yourself, or leave that out",
    );
  if (config.aws.documentBucket === config.aws.stateBucket)
    add("aws.stateBucket", "must not be the document bucket: its objects would be ingested");
  return problems;
};

/**
 * Checks the text of a kettle.yml for one stage and gives the complete parameters.
 * @throws AppError `CONFIG_INVALID` that names every problem at once, one a line, with its path.
 */
export const parseConfig = (text: string, stage: string, source = "kettle.yml"): Config => {
  const fail = (problems: readonly string[]): never => {
    throw new AppError(
      "CONFIG_INVALID",
      `${source} (stage ${stage}) has ${problems.length} problem${problems.length === 1 ? "" : "s"}:\n${problems.map((p) => `  - ${p}`).join("\n")}`,
    );
  };
  let raw: unknown;
  try {
    raw = parse(text) ?? {};
  } catch (error) {
    return fail([error instanceof Error ? error.message : String(error)]);
  }
  const file = fileSchema.safeParse(raw);
  if (!file.success)
    return fail(file.error.issues.map((i) => `${i.path.join(".") || "(file)"}: ${i.message}`));
  const { stages, ...base } = file.data;
  const override = stages[stage];
  if (override === undefined && Object.keys(stages).length > 0)
    return fail([`stages: no stage \`${stage}\`; there are ${Object.keys(stages).join(", ")}`]);
  const parsed = configSchema.safeParse(mergeDeep(base, override ?? {}));
  if (!parsed.success)
    return fail(parsed.error.issues.map((i) => `${i.path.join(".") || "(file)"}: ${i.message}`));
  const problems = [...crossChecks(parsed.data), ...unavailable(parsed.data)];
  if (problems.length > 0) return fail(problems.map((p) => `${p.path}: ${p.message}`));
  return Object.freeze({ ...parsed.data, stage });
};

/** Names of the stages that a kettle.yml declares. */
export const stageNames = (text: string): readonly string[] => {
  const file = fileSchema.safeParse(parse(text) ?? {});
  return file.success ? Object.keys(file.data.stages) : [];
};

/** @throws AppError `CONFIG_INVALID`, also when the file cannot be read. */
export const loadConfig = (path: string, stage: string): Config => {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new AppError(
      "CONFIG_INVALID",
      `cannot read ${path}: ${cause instanceof Error ? cause.message : cause}`,
      { cause },
    );
  }
  return parseConfig(text, stage, path);
};
