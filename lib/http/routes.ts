import type { z } from "zod";
import type { FailureCode } from "../errors.ts";
import * as schemas from "./schemas.ts";

export type HttpFunction = "search" | "documents" | "clusters" | "uploads" | "api";

export type Route = {
  readonly method: "GET" | "POST" | "DELETE";
  /** As serverless.yml writes it: `/documents/{id}`. */
  readonly path: string;
  /** The function that answers it. */
  readonly function: HttpFunction;
  readonly summary: string;
  /** Answers without a bearer token. */
  readonly open: boolean;
  readonly params?: z.ZodType<Readonly<Record<string, string>>>;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  readonly status: 200 | 202;
  readonly response: z.ZodType;
  /** Of the response; JSON unless it says otherwise. */
  readonly contentType?: string;
  /** Failures that the route's own work may answer with, beside those that every route may. */
  readonly failures: readonly FailureCode[];
};

const store = ["STORE_UNAVAILABLE"] as const;
const aws = ["AWS_UNAVAILABLE"] as const;

/** The HTTP API, once: the functions, /openapi.json and the check against serverless.yml all read it. */
export const routes = {
  search: {
    method: "POST",
    path: "/search",
    function: "search",
    summary: "Find passages, grouped by similarity",
    open: false,
    body: schemas.searchRequest,
    status: 200,
    response: schemas.searchResponse,
    failures: [
      "NOT_AVAILABLE",
      "PAYLOAD_TOO_LARGE",
      "EMBEDDING_FAILED",
      "MODEL_MISSING",
      "EMBEDDING_MISMATCH",
      "RERANKER_FAILED",
      ...store,
    ],
  },
  listDocuments: {
    method: "GET",
    path: "/documents",
    function: "documents",
    summary: "Documents and how far each is",
    open: false,
    query: schemas.documentsQuery,
    status: 200,
    response: schemas.documentsResponse,
    failures: aws,
  },
  getDocument: {
    method: "GET",
    path: "/documents/{id}",
    function: "documents",
    summary: "One document",
    open: false,
    params: schemas.documentParams,
    status: 200,
    response: schemas.documentView,
    failures: ["NOT_FOUND", ...aws],
  },
  deleteDocument: {
    method: "DELETE",
    path: "/documents/{id}",
    function: "documents",
    summary: "Delete the object; its chunks follow when the bucket's event arrives",
    open: false,
    params: schemas.documentParams,
    status: 202,
    response: schemas.acceptedDocument,
    failures: ["NOT_FOUND", ...aws],
  },
  listChunks: {
    method: "GET",
    path: "/documents/{id}/chunks",
    function: "documents",
    summary: "The chunks of a document, with their flags",
    open: false,
    params: schemas.documentParams,
    query: schemas.chunksQuery,
    status: 200,
    response: schemas.chunksResponse,
    failures: ["NOT_FOUND", ...aws, ...store],
  },
  getOriginal: {
    method: "GET",
    path: "/documents/{id}/original",
    function: "documents",
    summary: "A link to the original file",
    open: false,
    params: schemas.documentParams,
    status: 200,
    response: schemas.originalResponse,
    failures: ["NOT_FOUND", ...aws],
  },
  retryDocument: {
    method: "POST",
    path: "/documents/{id}/retry",
    function: "documents",
    summary: "Read the document again",
    open: false,
    params: schemas.documentParams,
    status: 202,
    response: schemas.acceptedDocument,
    failures: ["NOT_FOUND", "CONFLICT", "SWAP_CONFLICT", ...aws],
  },
  getQuality: {
    method: "GET",
    path: "/quality",
    function: "documents",
    summary: "How the chunks of all documents were judged",
    open: false,
    query: schemas.qualityQuery,
    status: 200,
    response: schemas.qualityResponse,
    failures: aws,
  },
  createUpload: {
    method: "POST",
    path: "/uploads",
    function: "uploads",
    summary: "A presigned link to upload one document straight into the bucket",
    open: false,
    body: schemas.uploadRequest,
    status: 200,
    response: schemas.uploadResponse,
    failures: ["PAYLOAD_TOO_LARGE"],
  },
  listClusters: {
    method: "GET",
    path: "/clusters",
    function: "clusters",
    summary: "The published clusters",
    open: false,
    query: schemas.clustersQuery,
    status: 200,
    response: schemas.clustersResponse,
    failures: [...aws, ...store],
  },
  mapClusters: {
    method: "GET",
    path: "/clusters/map",
    function: "clusters",
    summary: "A map of the chunks in two dimensions",
    open: false,
    status: 200,
    response: schemas.clustersMapResponse,
    failures: [...aws, ...store],
  },
  rebuildClusters: {
    method: "POST",
    path: "/clusters/rebuild",
    function: "clusters",
    summary: "Train and publish the clusters anew",
    open: false,
    status: 202,
    response: schemas.rebuildResponse,
    failures: aws,
  },
  getConfig: {
    method: "GET",
    path: "/config",
    function: "api",
    summary: "The parameters that callers may want to know",
    open: false,
    status: 200,
    response: schemas.configResponse,
    failures: [],
  },
  getHealth: {
    method: "GET",
    path: "/health",
    function: "api",
    summary: "Do store, model and queues answer, and is anything in a dead-letter queue?",
    open: true,
    query: schemas.healthQuery,
    status: 200,
    response: schemas.healthResponse,
    failures: [],
  },
  getOpenapi: {
    method: "GET",
    path: "/openapi.json",
    function: "api",
    summary: "This description",
    open: true,
    status: 200,
    response: schemas.openapiResponse,
    failures: [],
  },
  getPage: {
    method: "GET",
    path: "/",
    function: "api",
    summary: "The web page",
    open: true,
    status: 200,
    response: schemas.pageResponse,
    contentType: "text/html; charset=utf-8",
    failures: ["NOT_AVAILABLE"],
  },
} as const satisfies Record<string, Route>;

export type Routes = typeof routes;
