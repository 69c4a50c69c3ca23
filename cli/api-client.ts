import type { z } from "zod";
import type { DocumentState } from "../lib/ledger/ledger.ts";
import type { SearchAnswer, SearchQuery } from "../lib/steps/search.ts";

// Types alone: the command starts without loading the schemas.
type Schemas = typeof import("../lib/http/schemas.ts");
type Response<Name extends keyof Schemas> = Schemas[Name] extends z.ZodType ? z.infer<Schemas[Name]> : never;

export type DocumentView = Response<"documentView">;
export type DocumentPage = Response<"documentsResponse">;
export type QualityPage = Response<"qualityResponse">;
export type ChunkPage = Response<"chunksResponse">;
export type OriginalLink = Response<"originalResponse">;
export type Accepted = Response<"acceptedDocument">;
export type Upload = Response<"uploadResponse">;
export type ClusterPage = Response<"clustersResponse">;
export type PublicConfig = Response<"configResponse">;
export type Health = Response<"healthResponse">;

/** What the server refused, in its words. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly requestId: string | null;
  constructor(status: number, code: string, message: string, requestId: string | null) {
    super(requestId === null ? `${code}: ${message}` : `${code}: ${message} (request ${requestId})`);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.requestId = requestId;
  }
}

export type ApiClient = {
  /** Without a slash at its end. */
  readonly url: string;
  search(query: SearchQuery): Promise<SearchAnswer>;
  documents(options?: {
    readonly prefix?: string | undefined;
    readonly state?: DocumentState | undefined;
    readonly limit?: number | undefined;
    readonly cursor?: string | undefined;
  }): Promise<DocumentPage>;
  /** Null when the server does not know it. */
  document(id: string): Promise<DocumentView | null>;
  quality(options?: {
    readonly prefix?: string | undefined;
    readonly cursor?: string | undefined;
  }): Promise<QualityPage>;
  chunks(id: string, options?: { readonly limit?: number; readonly cursor?: string }): Promise<ChunkPage>;
  /** Null when the document or its object is not there. */
  original(id: string): Promise<OriginalLink | null>;
  retry(id: string): Promise<Accepted>;
  remove(id: string): Promise<Accepted>;
  upload(request: {
    readonly key: string;
    readonly contentType: string;
    readonly size: number;
  }): Promise<Upload>;
  clusters(options?: { readonly limit?: number; readonly cursor?: string }): Promise<ClusterPage>;
  rebuildClusters(): Promise<{ readonly state: string }>;
  config(): Promise<PublicConfig>;
  /** Also when it is bad; `deep` looks at buckets and at the store's server too. */
  health(options?: { readonly deep?: boolean }): Promise<Health>;
};

export type ApiClientOptions = {
  readonly url: string;
  readonly token?: string | null | undefined;
  readonly signal?: AbortSignal | undefined;
};

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

const errorOf = async (response: globalThis.Response): Promise<ApiError> => {
  const text = await response.text();
  try {
    const { error } = JSON.parse(text);
    if (typeof error.code === "string")
      return new ApiError(response.status, error.code, error.message, error.requestId ?? null);
  } catch {
    // Not our API: a proxy, or another server on that port.
  }
  return new ApiError(
    response.status,
    `HTTP ${response.status}`,
    text.slice(0, 300) || response.statusText,
    null,
  );
};

const request = async (
  options: ApiClientOptions,
  method: string,
  path: string,
  body?: unknown,
): Promise<globalThis.Response> =>
  fetch(`${options.url}${path}`, {
    method,
    headers: {
      accept: "application/json",
      ...(body !== undefined && { "content-type": "application/json" }),
      ...(options.token && { authorization: `Bearer ${options.token}` }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(options.signal && { signal: options.signal }),
  }).catch((cause: unknown) => {
    if (options.signal?.aborted) throw cause;
    const reason =
      cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : String(cause);
    throw new Error(`no answer from ${options.url}: ${reason}`, { cause });
  });

const call = async (...asked: Parameters<typeof request>): Promise<unknown> => {
  const response = await request(...asked);
  if (!response.ok) throw await errorOf(response);
  return response.json();
};

/** A bad health is an answer, with status 503. */
const isHealth = (body: unknown): body is Health =>
  typeof body === "object" && body !== null && "status" in body && "checks" in body;

const readHealth = async (response: globalThis.Response): Promise<Health> => {
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => null);
  if (isHealth(body)) return body;
  throw await errorOf(response);
};

const withQuery = (path: string, query: Query = {}): string => {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, String(value));
  return given.size === 0 ? path : `${path}?${given}`;
};

const orNull = async <Value>(answer: Promise<Value>): Promise<Value | null> => {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
};

const withoutSlash = (url: string): string => url.replace(/\/+$/, "");

/** Talks to Kettle's HTTP API. Every call throws ApiError for what the server refuses, Error when it does not answer. */
export const createApiClient = (given: ApiClientOptions): ApiClient => {
  const options = { ...given, url: withoutSlash(given.url) };
  // The server checks its answers against the same schemas (test/http), so a client need not.
  const get = <Value>(path: string, query?: Query) =>
    call(options, "GET", withQuery(path, query)) as Promise<Value>;
  const send = <Value>(method: string, path: string, body?: unknown) =>
    call(options, method, path, body) as Promise<Value>;
  const document = (id: string, rest = "") => `/documents/${encodeURIComponent(id)}${rest}`;
  return {
    url: options.url,
    search: (query) => send("POST", "/search", query),
    documents: (page) => get("/documents", page),
    document: (id) => orNull(get<DocumentView>(document(id))),
    quality: (page) => get("/quality", page),
    chunks: (id, page) => get(document(id, "/chunks"), page),
    original: (id) => orNull(get<OriginalLink>(document(id, "/original"))),
    retry: (id) => send("POST", document(id, "/retry")),
    remove: (id) => send("DELETE", document(id)),
    upload: (request) => send("POST", "/uploads", request),
    clusters: (page) => get("/clusters", page),
    rebuildClusters: () => send("POST", "/clusters/rebuild"),
    config: () => get("/config"),
    health: async (look) => readHealth(await request(options, "GET", withQuery("/health", look))),
  };
};

/** The client for KETTLE_URL (default http://127.0.0.1:3000) and KETTLE_TOKEN. */
export const clientFromEnvironment = (signal?: AbortSignal): ApiClient =>
  createApiClient({
    url: process.env.KETTLE_URL || "http://127.0.0.1:3000",
    token: process.env.KETTLE_TOKEN || null,
    signal,
  });
