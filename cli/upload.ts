import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, extname, join, relative, sep } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { HeadObjectCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { documentId } from "../lib/ids.ts";
import type { ApiClient } from "./api-client.ts";

/** A file on this machine and where it goes. */
export type LocalFile = {
  readonly path: string;
  readonly key: string;
  readonly size: number;
  readonly contentType: string;
};

/** An upload that is about to happen. */
export type PreparedUpload = {
  readonly documentId: string;
  /** Of the object that is there now, without quotes; null when there is none. */
  currentEtag(): Promise<string | null>;
  put(): Promise<void>;
};

/** Where files are uploaded to. */
export type UploadTarget = { prepare(file: LocalFile): Promise<PreparedUpload> };

/** Only a hint: what a document is, is decided by its bytes. */
const contentTypes: Readonly<Record<string, string>> = {
  ".csv": "text/csv",
  ".htm": "text/html",
  ".html": "text/html",
  ".json": "application/json",
  ".jsonl": "application/jsonl",
  ".md": "text/markdown",
  ".pdf": "application/pdf",
  ".tsv": "text/tab-separated-values",
  ".txt": "text/plain",
  ".xml": "application/xml",
};

const localFile = async (path: string, key: string): Promise<LocalFile> => ({
  path,
  key,
  size: (await stat(path)).size,
  contentType: contentTypes[extname(path).toLowerCase()] ?? "application/octet-stream",
});

const isHidden = (key: string): boolean => key.split("/").some((part) => part.startsWith("."));

/**
 * The files of a folder, keys relative to it, in order of their keys; a file alone has its name as its key.
 * What begins with a dot is left out; symbolic links to files are followed.
 * @throws Error when there is nothing at `path`
 */
export const listFiles = async (path: string, prefix = ""): Promise<readonly LocalFile[]> => {
  const found = await stat(path).catch(() => null);
  if (found === null) throw new Error(`there is no file or folder ${path}`);
  if (found.isFile()) return [await localFile(path, prefix + basename(path))];
  const names = await readdir(path, { recursive: true, withFileTypes: true });
  const files: LocalFile[] = [];
  for (const entry of names) {
    const full = join(entry.parentPath, entry.name);
    const key = relative(path, full).split(sep).join("/");
    const isFile =
      entry.isFile() || (entry.isSymbolicLink() && (await stat(full).catch(() => null))?.isFile());
    if (isFile === true && !isHidden(key)) files.push(await localFile(full, prefix + key));
  }
  return files.sort((a, b) => (a.key < b.key ? -1 : 1));
};

/** S3's ETag of an object put in one part, unless the bucket encrypts with KMS. */
export const md5Of = async (path: string): Promise<string> => {
  const hash = createHash("md5");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
};

const withoutQuotes = (etag: string): string => etag.replaceAll('"', "");

/** Puts files with S3 credentials. */
export const s3Target = (client: S3Client, bucket: string): UploadTarget => ({
  prepare: async (file) => ({
    documentId: documentId(bucket, file.key),
    currentEtag: async () => {
      try {
        const { ETag } = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: file.key }));
        return ETag === undefined ? null : withoutQuotes(ETag);
      } catch (error) {
        if (error instanceof Error && error.name === "NotFound") return null;
        throw error;
      }
    },
    put: async () => {
      await client.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: file.key,
          Body: createReadStream(file.path),
          ContentLength: file.size,
          ContentType: file.contentType,
        }),
      );
    },
  }),
});

/** Puts files through presigned links of the HTTP API: no credentials but its token. */
export const apiTarget = (api: ApiClient, signal?: AbortSignal): UploadTarget => ({
  prepare: async (file) => {
    const { path, ...request } = file;
    const { url, headers, documentId: id } = await api.upload(request);
    return {
      documentId: id,
      currentEtag: async () => {
        const original = await api.original(id);
        if (original === null) return null;
        // A presigned GET allows no HEAD; one byte is enough.
        const response = await fetch(original.url, {
          headers: { range: "bytes=0-0" },
          ...(signal && { signal }),
        });
        await response.body?.cancel();
        const etag = response.headers.get("etag");
        return etag === null ? null : withoutQuotes(etag);
      },
      put: async () => {
        const response = await fetch(url, {
          method: "PUT",
          headers: { ...headers, "content-length": String(file.size) },
          body: file.size === 0 ? "" : Readable.toWeb(createReadStream(path)),
          duplex: "half",
          ...(signal && { signal }),
        } as RequestInit);
        if (!response.ok)
          throw new Error(
            `the bucket refused it: ${response.status} ${(await response.text()).slice(0, 200)}`,
          );
      },
    };
  },
});
