import { z } from "zod";
import { rerankNames } from "../config/schema.ts";
import { type FailureCode, failures } from "../errors.ts";
import { documentStates, failureStages } from "../ledger/ledger.ts";
import { filterSchema } from "../store/filter.ts";

/**
 * Every request and response of the HTTP API. /openapi.json is generated from these, so a description here is what
 * callers read. Requests are strict: a misspelt parameter is refused instead of ignored.
 */

const cursor = z.string().min(1).max(4096).describe("as the page before gave it");
const limit = (most: number, normal: number) =>
  z.coerce.number().int().min(1).max(most).default(normal).describe("most items on a page");
const milliseconds = z.number().describe("milliseconds");
const instant = z.int().describe("milliseconds since 1970");
const metadata = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]));

// ---- Search ----------------------------------------------------------------------------------------------------

const rerankError = `must be one of ${rerankNames.join(", ")} or custom:<name>`;
const rerankName = z.union(
  [z.enum(rerankNames), z.string(rerankError).regex(/^custom:[a-z][a-z0-9-]*$/, rerankError)],
  { error: rerankError },
);

export const searchRequest = z
  .strictObject({
    query: z.string().trim().min(1).max(8192).optional().describe("the question, in any language"),
    image: z
      .base64()
      .min(1)
      .max(1_000_000)
      .optional()
      .describe("a picture to search pictures by, base64, at most 750,000 bytes before"),
    target: z
      .enum(["text", "images"])
      .optional()
      .describe(
        "what `query` looks for: passages, or pictures by what they show; `image` looks for pictures",
      ),
    topK: z.int().min(1).max(1000).optional().describe("hits in the answer"),
    candidates: z.int().min(1).max(10_000).optional().describe("hits to rerank"),
    mode: z.enum(["dense", "sparse", "hybrid"]).optional().describe("vectors, words (BM25), or both"),
    filter: filterSchema.optional(),
    cluster: z
      .strictObject({
        when: z.enum(["store", "query"]).optional().describe("stored labels, or cluster the candidates"),
        algorithm: z.enum(["none", "kmeans", "minibatch-kmeans", "hdbscan"]).optional(),
        k: z
          .union([z.literal("auto"), z.int().min(1).max(4096)], { error: "must be `auto` or 1 to 4096" })
          .optional(),
      })
      .optional(),
    rerank: z
      .union([rerankName, z.looseObject({ name: rerankName })])
      .optional()
      .describe("a reranker's name, or `{name, …options}`"),
    budget: z
      .strictObject({ tokens: z.int().min(1).nullable().optional().describe("null: no budget") })
      .optional(),
    duplicates: z
      .enum(["group", "keep"])
      .optional()
      .describe("`group`: of copies one is a hit and counts the others; `keep`: all are hits"),
    parents: z
      .enum(["merge", "ignore"])
      .optional()
      .describe("`merge`: chunks of one parent are one hit with its text; `ignore`: each is a hit by itself"),
    includeLowQuality: z.boolean().optional().describe("search the low-quality chunks too"),
  })
  .refine(({ query, image }) => (query === undefined) !== (image === undefined), {
    path: ["query"],
    error: "give either `query` or `image`",
  })
  .refine(({ image, target }) => image === undefined || target !== "text", {
    path: ["target"],
    error: "a picture finds pictures: leave it out, or say `images`",
  })
  .meta({ oneOf: [{ required: ["query"] }, { required: ["image"] }] });

const searchHit = z.object({
  id: z.string(),
  rank: z.int().min(1),
  score: z.number().describe("the retrieval score: higher is better, unchanged by reranking"),
  text: z.string().describe("of a picture: its name, title and EXIF, then the beginning of the text in it"),
  modality: z.enum(["text", "table", "image"]),
  documentId: z.string(),
  key: z.string(),
  page: z.int().min(1).nullable().describe("1-based page, slide or sheet; null where the format has none"),
  heading: z.string(),
  charStart: z.int().min(0),
  charEnd: z.int().min(0),
  clusterId: z.int().describe("one of `clusters`; negative for a hit outside every cluster"),
  clusterDistance: z.number().describe("1 − cosine to the cluster's centre"),
  quality: z.number().min(0).max(1),
  metadata,
  parentId: z
    .string()
    .optional()
    .describe(
      "`text`, `charStart` and `charEnd` are those of the larger text around the chunks that were found",
    ),
  children: z
    .array(
      z.object({
        id: z.string(),
        score: z.number(),
        charStart: z.int().min(0),
        charEnd: z.int().min(0),
        start: z.int().min(0).describe("of the chunk in `text`, in UTF-16 units"),
        end: z.int().min(0),
      }),
    )
    .optional()
    .describe("the chunks of the parent that were found, best first; the first has the hit's `id`"),
  duplicates: z
    .int()
    .min(1)
    .optional()
    .describe("other hits that say the same and were left out for this one, as far as they were seen"),
  alsoIn: z
    .array(z.object({ id: z.string(), documentId: z.string(), key: z.string(), page: z.int().nullable() }))
    .optional()
    .describe("where they are, the first of them"),
});

const searchCluster = z.object({
  id: z.int(),
  size: z.int().min(1).describe("candidates in it"),
  centerDistance: z.number().describe("1 − cosine of the centre to the question"),
  hitIds: z.array(z.string()),
});

export const searchResponse = z.object({
  hits: z.array(searchHit),
  clusters: z.array(searchCluster),
  clusterVersion: z
    .int()
    .min(0)
    .describe("version of the published clusters; 0: clustered for this answer, ids mean nothing elsewhere"),
  tokens: z.int().min(0).describe("tokens of the hits"),
  plainTokens: z.int().min(0).describe("tokens that plain top-k would have handed on"),
  timings: z.object({
    embedMs: milliseconds,
    searchMs: milliseconds,
    clusterMs: milliseconds,
    rerankMs: milliseconds,
    totalMs: milliseconds,
  }),
});

// ---- Documents -------------------------------------------------------------------------------------------------

export const documentParams = z.strictObject({ id: z.string() });

export const documentsQuery = z.strictObject({
  prefix: z.string().max(1024).default("").describe("documents whose key begins with it"),
  state: z.enum(documentStates).optional().describe("only these; without it, all but `deleted`"),
  limit: limit(200, 50),
  cursor: cursor.optional(),
});

const failureCodes = Object.keys(failures) as [FailureCode, ...FailureCode[]];

const scoresHelp = "chunks by score: ten numbers, of scores from 0 to .1, …, from .9 to 1";

export const documentView = z.object({
  id: z.string(),
  key: z.string(),
  state: z.enum(documentStates),
  revision: z.string().nullable(),
  outdated: z
    .boolean()
    .describe("its chunks were made with other parameters than today's: `kettle reindex` renews them"),
  counts: z.object({
    expected: z.int().min(0),
    stored: z.int().min(0),
    lowQuality: z.int().min(0),
    dropped: z.int().min(0),
  }),
  quality: z
    .object({
      mean: z.number().min(0).max(1).describe("of the chunks' scores"),
      flags: z.record(z.string(), z.int()).describe("chunks by flag; `duplicate`: copies that were dropped"),
      languages: z.record(z.string(), z.int()).optional().describe("chunks by language"),
      scores: z.array(z.int()).optional().describe(scoresHelp),
    })
    .optional()
    .describe("how the chunks of the last reading were judged"),
  failure: z
    .object({
      stage: z.enum(failureStages),
      code: z.enum(failureCodes),
      message: z.string(),
      attempts: z.int().min(1),
    })
    .optional(),
  notes: z
    .array(z.string())
    .optional()
    .describe("for people: what was left out of the document, and what would mend that"),
  progress: z
    .object({ page: z.int().min(0), pages: z.int().min(1), updatedAt: instant })
    .optional()
    .describe("while a long document is being read: pages so far"),
  updatedAt: instant,
});

export const documentsResponse = z.object({
  documents: z.array(documentView),
  cursor: z
    .string()
    .optional()
    .describe("there is more; a page may hold fewer items than `limit` and still have one"),
});

export const qualityQuery = z.strictObject({
  prefix: z.string().max(1024).default("").describe("documents whose key begins with it"),
  limit: limit(1000, 500),
  cursor: cursor.optional(),
});

const chunkCount = z.int().min(0);

export const qualityResponse = z.object({
  documents: z.int().min(0).describe("documents of this page that were judged"),
  chunks: chunkCount.describe("cut from them, copies that were dropped included"),
  stored: chunkCount.describe("among those that search looks at"),
  lowQuality: chunkCount.describe("among those that only `includeLowQuality` looks at"),
  dropped: chunkCount.describe("copies inside a document, and low-quality ones where they are dropped"),
  scored: chunkCount.describe("chunks with a score: copies that were dropped have none"),
  mean: z.number().min(0).max(1).describe("of these scores"),
  flags: z.record(z.string(), chunkCount).describe("chunks by flag, the most frequent first"),
  languages: z.record(z.string(), chunkCount).describe("chunks by language, the most frequent first"),
  scores: z.array(chunkCount).describe(scoresHelp),
  worst: z
    .array(z.object({ id: z.string(), key: z.string(), mean: z.number() }))
    .describe("documents with the lowest mean, the lowest first"),
  cursor: z
    .string()
    .optional()
    .describe("there are more documents; of their counts the sum is that of all pages"),
});

export const chunksQuery = z.strictObject({ limit: limit(200, 50), cursor: cursor.optional() });

const chunkView = z.object({
  id: z.string(),
  ordinal: z.int().min(0),
  text: z.string(),
  tokens: z.int().min(0),
  page: z.int().min(1).nullable(),
  heading: z.string(),
  charStart: z.int().min(0),
  charEnd: z.int().min(0),
  parentId: z.string().optional().describe("chunks with the same one share a parent (`chunking.parent`)"),
  modality: z.enum(["text", "table", "image"]),
  language: z.string(),
  quality: z.number().min(0).max(1),
  qualityFlags: z.array(z.string()),
  lowQuality: z.boolean().describe("kept apart from the others: search finds it only on request"),
  clusterId: z.int().describe("−1: none"),
  clusterDistance: z.number(),
  duplicateGroup: z.string(),
});

export const chunksResponse = z.object({
  documentId: z.string(),
  total: z.int().min(0).describe("chunks that the document was cut into, dropped ones included"),
  chunks: z.array(chunkView).describe("in the order of the document"),
  cursor: z.string().optional(),
});

export const originalResponse = z.object({
  url: z.url().describe("presigned link: GET it without credentials"),
  contentType: z.string(),
  size: z.int().min(0),
  expiresAt: instant,
});

export const acceptedDocument = z.object({ id: z.string(), state: z.enum(documentStates) });

// ---- Uploads ---------------------------------------------------------------------------------------------------

const encoder = new TextEncoder();
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const controlCharacters = /[\u0000-\u001f\u007f-\u009f]/;

/** A key that S3 takes and that every listing, link and shell can show. */
const uploadKey = z
  .string()
  .min(1)
  .refine((key) => !key.startsWith("/"), "must not begin with a slash")
  .refine((key) => !key.endsWith("/"), "must not end with a slash")
  .refine((key) => !controlCharacters.test(key), "must not hold control characters")
  .refine((key) => key.isWellFormed(), "must be well-formed Unicode")
  .refine(
    (key) => !key.split("/").some((part) => part === "." || part === ".."),
    "must not hold `.` or `..` parts",
  )
  .refine((key) => encoder.encode(key).length <= 1024, "must be at most 1,024 bytes of UTF-8")
  .describe("where the document goes in the bucket; the same key again replaces it");

export const uploadRequest = z.strictObject({
  key: uploadKey,
  contentType: z
    .string()
    .max(255)
    .regex(
      /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(\s*;\s*[\w-]+=("[^"\\\p{Cc}]*"|[\w!#$&^.+-]+))*$/u,
      "must be type/subtype",
    ),
  size: z.int().min(0).describe("bytes; the upload must have exactly so many"),
});

export const uploadResponse = z.object({
  url: z.url().describe("PUT the bytes here, with `headers`"),
  headers: z.record(z.string(), z.string()),
  key: z.string(),
  documentId: z.string(),
  expiresAt: instant,
});

// ---- Clusters --------------------------------------------------------------------------------------------------

export const clustersQuery = z.strictObject({
  limit: limit(500, 100),
  cursor: cursor.optional(),
  examples: z.coerce
    .number()
    .int()
    .min(0)
    .max(5)
    .default(0)
    .describe("nearest chunks of each cluster to show"),
});

export const clustersResponse = z.object({
  version: z.int().min(0).describe("0: nothing is published yet"),
  trainedAt: instant.optional().describe("when this version was trained; milliseconds since 1970"),
  rows: z.int().min(0).describe("chunks that were clustered"),
  exact: z.boolean().describe("false: sizes and spreads are those of a sample, scaled up"),
  clusters: z.array(
    z.object({
      id: z.int().min(0).describe("a name: the same cluster keeps it when the clusters are rebuilt"),
      size: z.int().min(0),
      spread: z.number().describe("mean distance, 1 − cosine, of its chunks to its centre"),
      terms: z.array(z.string()).describe("words that set the cluster apart, best first"),
      nearest: z.array(z.string()).describe("ids of the chunks nearest to the centre"),
      examples: z
        .array(z.object({ id: z.string(), documentId: z.string(), key: z.string(), text: z.string() }))
        .optional()
        .describe("the first of `nearest` that are still there; present when asked for"),
    }),
  ),
  cursor: z.string().optional(),
});

export const clustersMapResponse = z.object({
  version: z.int().min(0).describe("0: nothing is published yet"),
  points: z
    .array(
      z.object({
        id: z.string().describe("of a chunk"),
        x: z.number(),
        y: z.number(),
        clusterId: z.int().describe("−1: in no cluster"),
      }),
    )
    .describe("a sample of the chunks, x and y from −1 to 1; empty until the map is drawn"),
});

export const rebuildResponse = z.object({ state: z.literal("queued") });

// ---- The service -----------------------------------------------------------------------------------------------

export const healthQuery = z.strictObject({
  deep: z
    .enum(["true", "false"])
    .default("false")
    .describe("look at buckets, login, version and index of the store too; with the token only"),
});

export const healthResponse = z.object({
  status: z
    .enum(["ok", "degraded", "unavailable"])
    .describe("`degraded`: it answers, but somebody should look; `unavailable` comes with status 503"),
  checks: z
    .array(z.object({ name: z.string(), ok: z.boolean(), message: z.string() }))
    .describe("empty for callers without the token"),
  queues: z
    .array(
      z.object({
        name: z.string(),
        waiting: z.int().min(0),
        inFlight: z.int().min(0),
        deadLetters: z.int().min(0),
      }),
    )
    .optional()
    .describe("messages, approximately; for callers with the token, while SQS answers"),
});
export type Health = z.infer<typeof healthResponse>;

export const configResponse = z.object({
  name: z.string(),
  stage: z.string(),
  embedding: z.object({ model: z.string(), images: z.boolean() }),
  store: z.object({ driver: z.string(), index: z.string(), metric: z.string() }),
  chunking: z.object({
    strategy: z.string(),
    size: z.int(),
    overlap: z.int(),
    parent: z.object({ tokens: z.int() }).nullable(),
  }),
  quality: z.object({
    threshold: z.number(),
    action: z.string(),
    duplicates: z.object({ similarity: z.number(), action: z.string() }),
  }),
  clustering: z.object({ algorithm: z.string(), k: z.union([z.literal("auto"), z.int()]), when: z.string() }),
  search: z.object({
    topK: z.int(),
    candidates: z.int().nullable(),
    mode: z.string(),
    rerank: z.string(),
    duplicates: z.string(),
    parents: z.string(),
    budget: z.object({ tokens: z.int().nullable() }),
    custom: z.array(z.string()).describe("rerankers of this installation, to be asked for as custom:<name>"),
  }),
  limits: z.object({ objectBytes: z.int(), pages: z.int(), chunks: z.int() }),
  http: z.object({ auth: z.boolean(), uploadSeconds: z.int() }),
});
export type PublicConfig = z.infer<typeof configResponse>;

export const openapiResponse = z.looseObject({ openapi: z.literal("3.1.0") });

export const pageResponse = z.string().describe("HTML");

export const errorResponse = z.object({
  error: z.object({
    code: z.enum(failureCodes),
    message: z.string(),
    requestId: z.string().describe("the log has the details under it"),
  }),
});
