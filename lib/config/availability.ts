import type { z } from "zod";
import type { configSchema } from "./schema.ts";

type Parameters = z.infer<typeof configSchema>;
type Rule = {
  readonly path: string;
  readonly refused: (config: Parameters) => string | null;
};

const only = (value: string, available: readonly string[]) => (): string | null =>
  available.includes(value)
    ? null
    : `\`${value}\` is not part of this version; available: ${available.join(", ")}`;

/** The embedded store is exact, on one machine and in one piece; the milvus driver has the rest. */
const embeddedOnly =
  (value: (config: Parameters) => string, available: readonly string[]) =>
  (config: Parameters): string | null =>
    config.store.driver !== "embedded" || available.includes(value(config))
      ? null
      : `\`${value(config)}\` is not part of this version's embedded store; available: ${available.join(", ")}; \`store.driver: milvus\` has it`;

/**
 * Keys whose feature is declared but not there yet. A value that needs it is refused, never ignored.
 * A feature that arrives deletes its line.
 */
const rules: readonly Rule[] = [
  { path: "store.device", refused: embeddedOnly((c) => c.store.device, ["cpu"]) },
  { path: "store.index.type", refused: embeddedOnly((c) => c.store.index.type, ["AUTOINDEX", "FLAT"]) },
  { path: "store.metric", refused: embeddedOnly((c) => c.store.metric, ["COSINE"]) },
  { path: "store.replicas", refused: embeddedOnly((c) => String(c.store.replicas), ["1"]) },
  { path: "store.shards", refused: embeddedOnly((c) => String(c.store.shards), ["1"]) },
  { path: "store.partitionKey", refused: embeddedOnly((c) => String(c.store.partitionKey), ["null"]) },
  { path: "embedding.device", refused: (c) => only(c.embedding.device, ["cpu"])() },
];

/** Problems as `{path, message}` for each value whose feature is not there yet. */
export const unavailable = (config: Parameters): readonly { path: string; message: string }[] =>
  rules.flatMap(({ path, refused }) => {
    const message = refused(config);
    return message === null ? [] : [{ path, message }];
  });
