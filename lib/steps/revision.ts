import type { Bucket, ObjectHead, Tags } from "../aws/bucket.ts";
import { hashParts } from "../ids.ts";

type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** JSON whose bytes depend on the value only, not on the order in which its maps were filled. */
const canonical = (value: Json): string => {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  const map = value as { readonly [name: string]: Json };
  const names = Object.keys(map).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(map[name] ?? null)}`).join(",")}}`;
};

/**
 * Hash of everything but the object itself that shapes chunks: versions of readers, chunker and quality rules, their
 * parameters, the embedding identity. A document made under another one is outdated.
 */
export const fingerprint = (shapedBy: { readonly [name: string]: Json }): string =>
  hashParts("fingerprint", canonical(shapedBy));

/**
 * Decides only *whether* there is work: the same revision has the same outcome. Of an object uploaded again unchanged
 * it is the same; another ETag, other user metadata, other tags or another content type make another one. No tags are no
 * part of it: an object without any has the revision that it had before tags were read.
 */
export const revisionOf = (
  head: Pick<ObjectHead, "etag" | "contentType" | "metadata">,
  tags: Tags,
  shapedBy: string | null,
): string =>
  hashParts(
    "revision",
    head.etag,
    head.contentType,
    canonical(head.metadata),
    shapedBy ?? "",
    ...(Object.keys(tags).length === 0 ? [] : [canonical(tags)]),
  );

/** That of the object as it is now; null: it is gone. */
export const revisionAt = async (
  bucket: Pick<Bucket, "head" | "tags">,
  key: string,
  shapedBy: string | null,
): Promise<string | null> => {
  const head = await bucket.head(key);
  const tags = head === null ? null : await bucket.tags(key);
  return head === null || tags === null ? null : revisionOf(head, tags, shapedBy);
};
