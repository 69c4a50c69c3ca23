import { z } from "zod";
import { ocrLanguages } from "../read/ocr/ocr.ts";
import { functionNames } from "./function-names.ts";

/**
 * Every parameter of Kettle, once: kettle.yml is checked against this schema, docs/parameters.md and
 * kettle.schema.json are generated from it. Defaults are those of one machine; `stages` override them.
 */

const section = <Shape extends z.ZodRawShape>(shape: Shape) => z.strictObject(shape).prefault({} as never);

export const indexTypes = [
  "AUTOINDEX",
  "FLAT",
  "IVF_FLAT",
  "IVF_SQ8",
  "IVF_PQ",
  "HNSW",
  "HNSW_SQ",
  "DISKANN",
  "SCANN",
  "GPU_BRUTE_FORCE",
  "GPU_IVF_FLAT",
  "GPU_IVF_PQ",
  "GPU_CAGRA",
] as const;

export const rerankNames = [
  "none",
  "distance",
  "cluster-size",
  "cluster-center",
  "mmr",
  "rrf",
  "balanced",
  "cross-encoder",
] as const;

const customName = /^custom:[a-z][a-z0-9-]*$/;
const cron = z.string().regex(/^(rate|cron)\(.+\)$/, "must be rate(…) or cron(…), as EventBridge writes it");
const secret = z.string().min(1).nullable().default(null);
/** Path of a PEM file. */
const tlsFile = z.string().min(1).nullable().default(null);

const aws = section({
  region: z.string().default("us-east-1").describe("AWS region of buckets, queues and functions"),
  documentBucket: z
    .string()
    .min(3)
    .max(63)
    .default("kettle-documents")
    .describe("bucket that holds the documents; S3 names are global, so choose your own when you deploy"),
  stateBucket: z
    .string()
    .min(3)
    .max(63)
    .default("kettle-state")
    .describe("bucket of the ledger, receipts and centroids"),
  queuePrefix: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,40}$/)
    .default("kettle")
    .describe("queues are named <prefix>-ingest, -embed, …"),
  architecture: z
    .enum(["arm64", "x64"])
    .default("arm64")
    .describe("processors of the functions; arm64 costs a fifth less"),
});

/** One value a function, for those that are named. */
const byFunction = <Value extends z.ZodType>(value: Value) =>
  z.partialRecord(z.enum(functionNames), value).default({});

const functions = section({
  memory: byFunction(z.int().min(128).max(10_240)).describe(
    "megabytes of a function, such as `{search: 3008}`; what is not named keeps its own (packaging/sizing.ts). 1,769 MB are one vCPU",
  ),
  provisioned: byFunction(z.int().min(0).max(1000)).describe(
    "environments of a function that are kept started (provisioned concurrency), such as `{search: 2}`; each costs money all day",
  ),
  images: byFunction(
    z.union([
      z.literal("build"),
      z
        .string()
        .regex(
          /^\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?\/[^@]+@sha256:[0-9a-f]{64}$/,
          "no image of ECR",
        ),
    ]),
  ).describe(
    "functions that run as a container image instead of a zip file, such as `{parse: build}`: up to 10 GB instead of 250 MB; `build` needs Docker where it is deployed from, or name an image of ECR by its digest",
  ),
});

const store = section({
  driver: z
    .enum(["embedded", "milvus"])
    .default("embedded")
    .describe("`embedded`: SQLite in one file, for one machine; `milvus`: a Milvus server"),
  path: z
    .string()
    .nullable()
    .default(null)
    .describe("embedded: the file; null puts `store.sqlite` into KETTLE_DATA_DIR (default `.kettle`)"),
  address: z.string().nullable().default(null).describe("milvus: host:port of the proxy"),
  database: z.string().default("default").describe("milvus: database"),
  collection: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/)
    .default("kettle")
    .describe("alias of the collection that search reads"),
  tokenSecret: secret.describe("milvus: Secrets Manager name of `user:password` or an API key"),
  tokenParameter: secret.describe(
    "milvus: SSM parameter (SecureString) of the same, for those who keep no Secrets Manager; locally KETTLE_STORE_TOKEN serves",
  ),
  tls: z.boolean().default(false).describe("milvus: TLS to the server"),
  tlsFiles: section({
    ca: tlsFile.describe("milvus: authorities to trust; null: those of Node"),
    certificate: tlsFile.describe("milvus: certificate of this client, for mutual TLS"),
    key: tlsFile.describe("milvus: private key of that certificate"),
    serverName: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe("milvus: name in the server's certificate where it is not the host of the address"),
  }),
  allowInsecure: z
    .boolean()
    .default(false)
    .describe(
      "milvus: lets a deployed stage use a server that asks for no login, or whose root has the default password",
    ),
  device: z.enum(["cpu", "gpu"]).default("cpu").describe("where the index is built and searched"),
  index: section({
    type: z.enum(indexTypes).default("AUTOINDEX").describe("index of the vectors; GPU_* need `device: gpu`"),
    expectedRows: z
      .int()
      .min(1)
      .max(10_000_000_000)
      .default(100_000)
      .describe("milvus: chunks that the collection will hold; parameters of the index are derived from it"),
    targetRecall: z
      .number()
      .min(0.5)
      .max(0.999)
      .default(0.95)
      .describe(
        "milvus: share of the true nearest chunks that a search should find; parameters are derived from it",
      ),
    build: z
      .record(z.string(), z.union([z.number(), z.string(), z.boolean()]))
      .default({})
      .describe("build parameters that override the derived ones"),
    search: z
      .record(z.string(), z.union([z.number(), z.string(), z.boolean()]))
      .default({})
      .describe("search parameters that override the derived ones"),
  }),
  metric: z
    .enum(["COSINE", "IP", "L2"])
    .default("COSINE")
    .describe("similarity of two vectors (they are unit length)"),
  replicas: z.int().min(1).max(16).default(1).describe("milvus: in-memory replicas of the loaded collection"),
  shards: z
    .int()
    .min(1)
    .max(16)
    .default(1)
    .describe("milvus: parts of a new collection that are written in parallel; fixed when it is made"),
  partitionKey: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,256}$/)
    .nullable()
    .default(null)
    .describe(
      "milvus: metadata key, such as a tenant, whose values part a new collection; filters by it read one part only",
    ),
  consistency: z
    .enum(["Strong", "Bounded", "Session", "Eventually"])
    .default("Bounded")
    .describe("milvus: consistency of searches"),
});

const embedding = section({
  model: z.string().default("multilingual-e5-small").describe("name in models/manifest.json"),
  batchSize: z
    .int()
    .min(1)
    .max(1024)
    .default(32)
    .describe(
      "texts handed to the worker pool at once; each still runs alone, so that a text always has one vector",
    ),
  threads: z.int().min(0).max(64).default(0).describe("worker threads; 0 means one a vCPU"),
  device: z.enum(["cpu", "cuda"]).default("cpu").describe("where the model runs"),
  images: section({
    enabled: z
      .union([z.literal("auto"), z.boolean()])
      .default("auto")
      .describe(
        "give pictures vectors too, so that they are found by what they show: `auto` where the model is here (`npm run models -- pull clip`); without it `true` is an error",
      ),
    model: z.string().default("clip-vit-b32").describe("image model in the manifest"),
    most: z
      .int()
      .min(1)
      .max(10_000)
      .default(200)
      .describe("most pictures of one document that get a vector: pages of a TIFF, files of an archive"),
    ocrLanguages: z
      .array(z.enum(ocrLanguages))
      .default(["en", "zh"])
      .describe("languages of OCR, in pictures and scanned pages; empty: OCR is off"),
    ocrThreads: z
      .int()
      .min(0)
      .max(64)
      .default(0)
      .describe(
        "pictures and scanned pages that OCR reads at once, of all documents together, each in a thread; 0 means one a vCPU",
      ),
    gps: z.boolean().default(false).describe("keep the place where a picture was taken as metadata"),
  }),
});

export const strategies = [
  "fixed",
  "sentence",
  "recursive",
  "markdown",
  "page",
  "semantic",
  "cluster",
] as const;
const chunkSize = z.int().min(16).max(480);
const chunkOverlap = z.int().min(0).max(240);
const parent = z
  .strictObject({
    tokens: z.int().min(32).max(4096).describe("largest parent, in tokens of the embedding model"),
  })
  .nullable();

const chunking = section({
  strategy: z
    .enum(strategies)
    .default("recursive")
    .describe("how documents are cut; docs/chunking.md says when which"),
  size: chunkSize.default(256).describe("largest chunk, in tokens of the embedding model"),
  overlap: chunkOverlap.default(32).describe("tokens that neighbouring chunks share"),
  parent: parent
    .default(null)
    .describe(
      "`{tokens: 32…4096}`: chunks are searched, the larger text around them is what answers hand on; null: the chunks themselves",
    ),
  rules: z
    .array(
      z.strictObject({
        prefix: z.string().min(1).max(1024).describe("of the keys that it is for"),
        strategy: z.enum(strategies).optional(),
        size: chunkSize.optional(),
        overlap: chunkOverlap.optional(),
        parent: parent.optional(),
      }),
    )
    .max(100)
    .default([])
    .describe("other choices by the beginning of the key; of those that match, the longest prefix counts"),
});

const quality = section({
  threshold: z.number().min(0).max(1).default(0.3).describe("chunks that score below it are of low quality"),
  action: z
    .enum(["separate", "drop", "keep"])
    .default("separate")
    .describe("low-quality chunks go to a collection of their own, are dropped, or stay"),
  duplicates: section({
    similarity: z
      .number()
      .min(0.5)
      .max(1)
      .default(0.8)
      .describe(
        "chunks whose texts are so alike (Jaccard of five-character shingles, same numbers) are copies",
      ),
    action: z
      .enum(["drop", "keep"])
      .default("drop")
      .describe("copies inside one document: only the first is kept, or all of them"),
  }),
});

const clustering = section({
  algorithm: z
    .enum(["none", "kmeans", "minibatch-kmeans", "hdbscan"])
    .default("kmeans")
    .describe("clustering algorithm; docs/clustering.md says when which"),
  k: z
    .union([z.literal("auto"), z.int().min(1).max(4096)])
    .default("auto")
    .describe("number of clusters; hdbscan finds its own"),
  hdbscan: section({
    minClusterSize: z
      .union([z.literal("auto"), z.int().min(2)])
      .default("auto")
      .describe("smallest group that is a cluster; auto: a quarter of the root of the vectors, at least 3"),
    minSamples: z
      .union([z.literal("auto"), z.int().min(1)])
      .default("auto")
      .describe(
        "neighbours by which density is measured: more make more noise; auto: as many as minClusterSize",
      ),
    selection: z
      .enum(["eom", "leaf"])
      .default("eom")
      .describe("`eom`: clusters with the most excess of mass; `leaf`: the smallest ones"),
  }).describe("of the algorithm hdbscan when clusters are rebuilt; at query time sizes are `auto`"),
  when: z
    .enum(["store", "query", "offline"])
    .default("store")
    .describe(
      "`store`: label chunks against published centroids as they are written; `query`: cluster each answer's candidates; `offline`: label only when clusters are rebuilt",
    ),
  minRows: z.int().min(2).default(200).describe("centroids are trained once so many chunks are stored"),
  sample: z.int().min(100).max(1_000_000).default(20_000).describe("largest number of vectors to train on"),
  seed: z
    .int()
    .min(0)
    .default(42)
    .describe("seed: the same data gives the same clusters; another seed has the next rebuild begin afresh"),
  schedule: cron.default("rate(1 day)").describe("when clusters are rebuilt"),
  growth: z
    .number()
    .min(0.05)
    .nullable()
    .default(0.5)
    .describe("clusters are rebuilt when the collection has grown by this share since; null: not for that"),
  drift: z
    .number()
    .min(0.01)
    .nullable()
    .default(0.1)
    .describe(
      "clusters are rebuilt when the mean distance of chunks to their centroids has grown by this share; null: not for that",
    ),
  shardRows: z
    .int()
    .min(1_000)
    .max(1_000_000)
    .default(50_000)
    .describe("chunks of a shard when all are assigned to their clusters"),
  mapPoints: z
    .int()
    .min(0)
    .max(10_000)
    .default(2_000)
    .describe("chunks on the map of GET /clusters/map; 0: no map"),
});

const search = section({
  topK: z.int().min(1).max(1000).default(10).describe("hits in an answer"),
  candidates: z
    .int()
    .min(1)
    .max(10_000)
    .nullable()
    .default(null)
    .describe("hits to rerank; null: topK for rerankers that only reorder, else 100"),
  mode: z.enum(["dense", "sparse", "hybrid"]).default("dense").describe("vectors, words (BM25), or both"),
  rerank: z
    .union([z.enum(rerankNames), z.string().regex(customName)])
    .default("distance")
    .describe("default reranker"),
  duplicates: z
    .enum(["group", "keep"])
    .default("group")
    .describe(
      "copies among the candidates: one of each group is a hit and counts the others, or all are hits",
    ),
  parents: z
    .enum(["merge", "ignore"])
    .default("merge")
    .describe(
      "chunks with a parent (`chunking.parent`): those of one are one hit with its text, or each is a hit by itself",
    ),
  budget: section({
    tokens: z
      .int()
      .min(1)
      .nullable()
      .default(null)
      .describe("most tokens an answer may hold; null: no budget"),
  }),
  custom: z
    .record(z.string().regex(/^[a-z][a-z0-9-]*$/), z.string())
    .default({})
    .describe("your own rerankers, name: path of a module; requested as custom:<name>"),
});

const limits = section({
  objectBytes: z.int().min(1).default(200_000_000).describe("largest object"),
  pages: z.int().min(1).default(5_000).describe("most pages, slides or sheets of one document"),
  cells: z.int().min(1).default(5_000_000).describe("most cells of one spreadsheet"),
  pixels: z.int().min(1).default(100_000_000).describe("most pixels of one picture, width × height"),
  decompressedBytes: z
    .int()
    .min(1)
    .default(1_000_000_000)
    .describe("most bytes that one document may unpack to"),
  seconds: z.int().min(1).max(840).default(120).describe("longest time for reading one document"),
  readers: z
    .int()
    .min(0)
    .max(16)
    .default(0)
    .describe(
      "documents that one process reads at once, each in a thread; 0: one a vCPU, at least 2, so that a small one does not wait for a long one",
    ),
  chunks: z.int().min(1).default(50_000).describe("most chunks of one document"),
  chunkBytes: z.int().min(256).max(32_000).default(8_192).describe("largest chunk text in UTF-8 bytes"),
});

const metadata = section({
  tags: z
    .boolean()
    .default(true)
    .describe(
      "an object's tags are metadata of its document, and another tag has it read again; one more S3 request for each look at a document",
    ),
  folders: z
    .record(
      z.string().min(1),
      z.record(
        z.string().regex(/^[A-Za-z0-9_-]{1,100}$/),
        z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]),
      ),
    )
    .default({})
    .describe(
      "fields for all documents whose keys begin so, `{hr/: {department: HR}}`; a longer prefix stands above a shorter one, the object's own tags and user metadata above both",
    ),
});

const http = section({
  auth: z.boolean().default(true).describe("ask for a bearer token"),
  tokenSecret: secret.describe("Secrets Manager name of the bearer token; locally KETTLE_TOKEN serves"),
  cors: section({
    origins: z
      .array(z.string())
      .default([])
      .describe("origins of pages that may call the API; empty: none but its own"),
  }),
  rate: section({
    perSecond: z.int().min(1).default(50).describe("requests a second (API Gateway throttling)"),
    burst: z.int().min(1).default(100).describe("burst of requests"),
  }),
  uploadSeconds: z
    .int()
    .min(60)
    .max(604_800)
    .default(900)
    .describe("how long a presigned upload or download stays valid"),
});

const queues = section({
  maxReceives: z
    .int()
    .min(10)
    .max(1000)
    .default(10)
    .describe("deliveries before a message goes to the dead-letter queue"),
  retentionDays: z.int().min(1).max(14).default(14).describe("how long queues keep messages"),
  maximumConcurrency: z
    .int()
    .min(2)
    .max(1000)
    .default(10)
    .describe("most concurrent invocations for each queue function"),
});

const reconcile = section({
  schedule: cron.default("rate(1 hour)").describe("when bucket, ledger and index are compared"),
  stuckMinutes: z.int().min(1).default(30).describe("a document without progress for so long is woken"),
  maxAttempts: z.int().min(1).default(3).describe("passing failures of one revision are woken so often"),
});

/** Where Kettle runs its own Milvus: what `infra/` builds from, beside `store` and `aws.region`. */
const infra = section({
  enabled: z
    .boolean()
    .default(false)
    .describe("deploy a network and Milvus on EKS for this stage; false: the store is a server of your own"),
  zones: z
    .array(z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d[a-z]$/, "must be a zone, such as us-east-1a"))
    .default([])
    .describe("availability zones, at least two; empty: a and b of aws.region"),
  cidr: z
    .string()
    .regex(/^(\d{1,3}\.){3}\d{1,3}\/(1[6-9]|2[0-2])$/, "must be an IPv4 network of /16 to /22")
    .default("10.42.0.0/16")
    .describe("addresses of the network"),
  nat: z
    .enum(["single", "per-zone"])
    .default("single")
    .describe("NAT gateways: one for all zones, or one in each, which outlives the loss of a zone"),
  interfaceEndpoints: z
    .boolean()
    .default(false)
    .describe(
      "reach ECR, STS, Secrets Manager, SSM and CloudWatch Logs inside the network instead of by NAT",
    ),
  deletionPolicy: z
    .enum(["retain", "destroy"])
    .default("retain")
    .describe("what happens to Milvus's bucket and volumes when the stacks go"),
  logRetentionDays: z
    .literal([1, 3, 7, 14, 30, 60, 90, 180, 365])
    .default(30)
    .describe("how long flow logs and logs of the control plane are kept"),
  kubernetes: section({
    version: z.enum(["1.35", "1.36", "1.37"]).default("1.36").describe("version of EKS"),
    publicAccessCidrs: z
      .array(z.string().regex(/^(\d{1,3}\.){3}\d{1,3}\/\d{1,2}$/, "must be an IPv4 network"))
      .default([])
      .describe("networks that reach the Kubernetes API from the internet; empty: inside the network only"),
    adminRoles: z
      .array(z.string().regex(/^arn:[\w-]+:iam::\d{12}:role\/.+$/, "must be the ARN of an IAM role"))
      .default([])
      .describe("IAM roles that may use kubectl as administrators"),
  }),
  cpuNodes: section({
    instanceTypes: z.array(z.string()).min(1).default(["m7i.2xlarge"]).describe("instance types, best first"),
    count: z.int().min(1).max(100).default(3).describe("nodes"),
    diskGiB: z.int().min(20).max(16_000).default(100).describe("disk of each node"),
  }),
  gpuNodes: section({
    instanceTypes: z
      .array(z.string())
      .min(1)
      .default(["g6.2xlarge", "g5.2xlarge"])
      .describe("`store.device: gpu`: instance types with NVIDIA GPUs, best first"),
    count: z
      .int()
      .min(1)
      .max(100)
      .nullable()
      .default(null)
      .describe("`store.device: gpu`: nodes; null: one for each pod of Milvus that needs a GPU"),
    diskGiB: z.int().min(50).max(16_000).default(200).describe("disk of each node"),
  }),
  milvus: section({
    proxies: z.int().min(1).max(50).default(2).describe("pods that take requests"),
    queryNodes: z
      .int()
      .min(1)
      .max(100)
      .nullable()
      .default(null)
      .describe("pods that search; at least store.replicas, which is what null means"),
    dataNodes: z.int().min(1).max(100).default(1).describe("pods that build indexes and compact"),
    streamingNodes: z
      .int()
      .min(1)
      .max(50)
      .default(1)
      .describe("pods that take writes and search what is new"),
    queryNodeCpu: z.int().min(1).max(192).default(4).describe("CPUs of a query node"),
    queryNodeMemoryGiB: z
      .int()
      .min(4)
      .max(2_000)
      .default(16)
      .describe("memory of a query node; `kettle size` says what an index needs"),
    gpuMemoryMiB: z
      .int()
      .min(1_024)
      .max(200_000)
      .default(18_000)
      .describe("`store.device: gpu`: most memory of a GPU that Milvus takes; leave some for searches"),
    certificateGeneration: z
      .int()
      .min(1)
      .default(1)
      .describe("raise it to have the server's TLS certificate made anew by the same authority"),
  }),
  monitoring: z
    .boolean()
    .default(false)
    .describe("Loki, Alloy and Grafana beside Milvus; Grafana's port is open to the node network"),
});

const alarms = section({
  topicArn: z
    .string()
    .regex(/^arn:[\w-]+:sns:[\w-]+:\d{12}:[\w-]+$/, "must be the ARN of an SNS topic")
    .nullable()
    .default(null)
    .describe("SNS topic that alarms are sent to; null: the stack makes one"),
  email: z.email().nullable().default(null).describe("address that the stack's own topic writes to"),
  runbook: z
    .string()
    .min(1)
    .default("docs/runbook.md")
    .describe("where descriptions of alarms point to: a URL of docs/runbook.md, or a copy of your own"),
  deadLetters: z.int().min(1).default(1).describe("messages in a dead-letter queue that ring"),
  oldestMessageMinutes: z
    .int()
    .min(1)
    .max(20_160)
    .default(60)
    .describe("age of a queue's oldest message that rings; a backlog of a first ingestion is that old too"),
  functionErrors: z.int().min(1).default(5).describe("errors of one function within five minutes that ring"),
  throttles: z.int().min(1).default(10).describe("throttles of one function within five minutes that ring"),
  storeDownMinutes: z
    .int()
    .min(1)
    .max(60)
    .default(5)
    .describe("minutes without an answer of the vector store that ring"),
});

export const configSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,29}$/)
    .default("kettle")
    .describe("name of the service"),
  aws: aws.describe("buckets and queues"),
  store: store.describe("vector store"),
  embedding: embedding.describe("embedding model"),
  chunking: chunking.describe("cutting documents into chunks"),
  quality: quality.describe("what happens to poor chunks"),
  clustering: clustering.describe("clusters"),
  search: search.describe("defaults of POST /search"),
  metadata: metadata.describe("what is known of documents by where they lie"),
  limits: limits.describe("bounds; what exceeds them is refused with a typed failure"),
  http: http.describe("HTTP API"),
  queues: queues.describe("delivery"),
  functions: functions.describe("size and kind of the functions"),
  reconcile: reconcile.describe("healing"),
  infra: infra.describe("network, cluster and Milvus in AWS"),
  alarms: alarms.describe("alarms of a deployed stage"),
  log: section({
    level: z.enum(["DEBUG", "INFO", "WARN", "ERROR"]).default("INFO").describe("lowest level that is logged"),
  }).describe("logs"),
});

export type Config = Readonly<z.infer<typeof configSchema>> & { readonly stage: string };
