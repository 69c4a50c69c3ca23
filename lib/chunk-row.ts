/** The larger text that stands for its chunks in answers; its text is stored once, with the best of them. */
type ParentFields = {
  readonly tokens: number;
  /** Offsets as those of chunks. */
  readonly charStart: number;
  readonly charEnd: number;
  /** Of the chunk that carries it; empty for all others. */
  readonly text: string;
};

/** What a chunk is before it has a vector: the output of reading and chunking. */
export type Chunk = {
  /** Position in the document, from 0; copies of earlier chunks that were dropped are counted. */
  readonly ordinal: number;
  readonly text: string;
  /** Length of `text` in tokens of the embedding model, without special tokens and prefix. */
  readonly tokens: number;
  /** 1-based page, slide or sheet; null where the format has none. */
  readonly page: number | null;
  /** Heading path, outermost first, joined by " › "; empty where there is none. */
  readonly heading: string;
  /** Offsets in UTF-16 code units into the document's extracted text; `charEnd` is exclusive. */
  readonly charStart: number;
  readonly charEnd: number;
  readonly modality: "text" | "table" | "image";
  /** ISO 639-1 code, or "und". */
  readonly language: string;
  readonly contentHash: string;
  /** 0 (junk) to 1 (good). */
  readonly quality: number;
  readonly qualityFlags: readonly string[];
  /** Absent: the chunk has none. `ordinal` is that of the chunk that carries the text. */
  readonly parent?: ParentFields & { readonly ordinal: number };
};

/** A picture of a document: `text` says what is known of it, and it is found by what it shows. */
export type PictureChunk = Chunk & {
  /** JPEG, square as the image model takes it, base64; only until it has its vector. */
  readonly picture: string;
};

/** Values of object metadata: S3 user metadata are strings; readers and rules may add numbers, booleans, lists. */
export type MetadataValue = string | number | boolean | readonly string[];
export type Metadata = Readonly<Record<string, MetadataValue>>;

/** What all chunks of a document share; it is in a queue message once. */
export type DocumentFields = {
  readonly documentId: string;
  readonly run: number;
  readonly key: string;
  readonly contentType: string;
  readonly metadata: Metadata;
  /** When this run was read, in ms since 1970. */
  readonly ingestedAt: number;
};

/** Where a vector lies among the clusters; `clusterId` −1 means none, `clusterVersion` 0 means "no centroids yet". */
export type ClusterLabel = {
  readonly clusterId: number;
  readonly clusterVersion: number;
  /** 1 − cosine to the cluster's centroid; 0 where there is none. */
  readonly clusterDistance: number;
};

/** `id` is that of the row that carries the text: all rows of one parent name it. */
export type RowParent = ParentFields & { readonly id: string };

/** A row of the vector store. `vector` is unit length, `[dimension]`. */
export type ChunkRow = DocumentFields &
  Omit<Chunk, "parent"> &
  ClusterLabel & {
    readonly id: string;
    readonly vector: Float32Array;
    readonly duplicateGroup: string;
    readonly parent?: RowParent;
  };
