/**
 * Every failure that the system can name.
 *
 * `retry`: may the same work succeed later? It decides redelivery: a failure that no retry can mend is recorded once
 * on the document and acknowledged. `status`: what an HTTP caller sees.
 * docs/errors.md is generated from this table.
 */
export const failures = {
  // The document itself; never retried.
  UNSUPPORTED_TYPE: { retry: false, status: 422, meaning: "no reader for this type of document" },
  ENCRYPTED_DOCUMENT: { retry: false, status: 422, meaning: "the document needs a password" },
  CORRUPT_DOCUMENT: { retry: false, status: 422, meaning: "the bytes are not what their type promises" },
  DOCUMENT_TOO_LARGE: {
    retry: false,
    status: 422,
    meaning: "larger than `limits` allows (bytes, pages or chunks)",
  },
  DECOMPRESSION_BOMB: {
    retry: false,
    status: 422,
    meaning: "unpacks to more than `limits.decompressedBytes`",
  },
  PARSE_TIMEOUT: { retry: false, status: 422, meaning: "reading took longer than `limits.seconds`" },
  EMPTY_DOCUMENT: { retry: false, status: 422, meaning: "no text in the document" },
  NEEDS_OCR: { retry: false, status: 422, meaning: "pages are pictures of text; reading them needs OCR" },
  ONLY_LOW_QUALITY: { retry: false, status: 422, meaning: "every chunk was judged too poor to keep" },
  // Passing; redelivered with growing delay.
  CRASHED: { retry: true, status: 500, meaning: "the function died or gave up after its last delivery" },
  STORE_UNAVAILABLE: { retry: true, status: 503, meaning: "the vector store did not answer" },
  AWS_UNAVAILABLE: { retry: true, status: 503, meaning: "S3 or SQS did not answer" },
  EMBEDDING_FAILED: { retry: true, status: 500, meaning: "the embedding model failed" },
  SWAP_CONFLICT: { retry: true, status: 409, meaning: "another writer changed the same entry first" },
  // Set-up.
  CONFIG_INVALID: {
    retry: false,
    status: 500,
    meaning: "kettle.yml has problems; the message lists all of them",
  },
  MODEL_MISSING: {
    retry: false,
    status: 503,
    meaning: "the model's files are not here; the message says how to get them",
  },
  MODEL_HASH_MISMATCH: { retry: false, status: 500, meaning: "a model file is not the one in the manifest" },
  EMBEDDING_MISMATCH: { retry: false, status: 503, meaning: "the collection holds vectors of another model" },
  STORE_REFUSED: { retry: false, status: 500, meaning: "the vector store refused the request as malformed" },
  // HTTP.
  BAD_REQUEST: { retry: false, status: 400, meaning: "the request does not match its schema" },
  UNAUTHORIZED: { retry: false, status: 401, meaning: "no bearer token, or a wrong one" },
  NOT_FOUND: { retry: false, status: 404, meaning: "no such document, cluster or route" },
  CONFLICT: { retry: false, status: 409, meaning: "the document is not in a state that allows this" },
  PAYLOAD_TOO_LARGE: { retry: false, status: 413, meaning: "the request or upload is larger than allowed" },
  NOT_AVAILABLE: { retry: false, status: 501, meaning: "this feature is not part of this version or set-up" },
  RERANKER_FAILED: {
    retry: false,
    status: 500,
    meaning: "a custom reranker threw, timed out or broke its contract",
  },
  INTERNAL: { retry: true, status: 500, meaning: "a bug or an outage; the log has the request id" },
} as const satisfies Record<string, { retry: boolean; status: number; meaning: string }>;

export type FailureCode = keyof typeof failures;

/** The one error class: a code of the table, a message for people, and its cause. */
export class AppError extends Error {
  readonly code: FailureCode;
  constructor(code: FailureCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = code;
    this.code = code;
  }
  get retry(): boolean {
    return failures[this.code].retry;
  }
  get status(): number {
    return failures[this.code].status;
  }
}

/** Unknown errors are bugs or outages: redeliver them, the dead-letter queue bounds the attempts. */
export const isPermanent = (error: unknown): error is AppError => error instanceof AppError && !error.retry;

/** The code and message to record of any thrown value. */
export const describeFailure = (error: unknown): { code: FailureCode; message: string } =>
  error instanceof AppError
    ? { code: error.code, message: error.message }
    : { code: "INTERNAL", message: error instanceof Error ? error.message : String(error) };
