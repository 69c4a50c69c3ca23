import { AppError, type FailureCode } from "../../errors.ts";
import { tlsAdvice } from "./tls.ts";

/** What was asked of whom: every message says it. */
export type Call = {
  /** Of the server's API, as its documentation names it. */
  readonly operation: string;
  readonly collection?: string | undefined;
  readonly address: string;
};

/** A refusal or outage of the server, with the server's own code beside ours; null where gRPC itself failed. */
export class MilvusFailure extends AppError {
  readonly serverCode: number | null;
  constructor(code: FailureCode, message: string, serverCode: number | null, options?: ErrorOptions) {
    super(code, message, options);
    this.serverCode = serverCode;
  }
}

/** Codes of `pkg/util/merr/errors.go` in milvus-io/milvus, and the older ones of `common.proto` that milvus-lite gives. */
const codes = {
  collectionNotFound: [100, 4],
  collectionNotLoaded: [101, 103],
  replicaNotFound: [400],
  nodesNotEnough: [902],
  resourceGroupMissing: [300],
  indexNotFound: [700, 11],
  databaseNotFound: [800],
  notAuthenticated: [1400, 1800],
  notPermitted: [1401],
  aliasNotFound: [1600],
  nameTaken: [1601, 1602],
  /** Malformed: the same request is refused again. */
  malformed: [6, 102, 1100, 1101, 1102, 1103, 1700, 1701, 1801, 1802, 1804, 1806],
} as const;
type Kind = keyof typeof codes;

export const isServerCode = (error: unknown, kind: Kind): error is MilvusFailure =>
  error instanceof MilvusFailure &&
  error.serverCode !== null &&
  (codes[kind] as readonly number[]).includes(error.serverCode);

const kindOf = (code: number, reason: string): Kind | null => {
  for (const [kind, known] of Object.entries(codes) as [Kind, readonly number[]][])
    if (known.includes(code)) return kind;
  // 2.3 gives many refusals the code 65535, "unexpected error", and milvus-lite gives 1.
  if (/nodes? not enough/i.test(reason)) return "nodesNotEnough";
  if (/cannot parse expression|invalid parameter|dim(ension)? ?(not match|mismatch)|illegal/i.test(reason))
    return "malformed";
  return null;
};

/**
 * A login that fails is an outage to a document: it must be delivered again once the secret is right, never recorded as
 * the document's own failure.
 */
const advice: Partial<Record<Kind, { readonly code: FailureCode; readonly text: string }>> = {
  collectionNotFound: {
    code: "STORE_REFUSED",
    text: "create it by writing to it, or check store.collection",
  },
  collectionNotLoaded: { code: "STORE_UNAVAILABLE", text: "it is being loaded; try again" },
  nodesNotEnough: {
    code: "STORE_UNAVAILABLE",
    text:
      "each in-memory replica needs query nodes of its own and the cluster has fewer than store.replicas asks for: " +
      "lower store.replicas, or add query nodes (queryNode.replicas in the Milvus chart)",
  },
  databaseNotFound: {
    code: "STORE_UNAVAILABLE",
    text: "create the database, or set store.database to one that exists",
  },
  notAuthenticated: {
    code: "STORE_UNAVAILABLE",
    text:
      "the server asks for a login: set store.tokenSecret to a secret that holds `user:password`, or KETTLE_STORE_TOKEN " +
      "on one machine, and check the password",
  },
  notPermitted: {
    code: "STORE_UNAVAILABLE",
    text: "the user lacks this privilege: grant it, or give store.tokenSecret a user that has it",
  },
  nameTaken: { code: "STORE_REFUSED", text: "one name is never both a collection and an alias" },
  malformed: { code: "STORE_REFUSED", text: "" },
};

/** gRPC's UNAUTHENTICATED comes without a code of the server's. */
export const isLoginFailure = (error: AppError): boolean =>
  isServerCode(error, "notAuthenticated") || grpcCode(error.cause) === 16;

const grpcCode = (cause: unknown): unknown =>
  typeof cause === "object" && cause !== null && "code" in cause ? cause.code : null;

const describe = ({ operation, collection, address }: Call): string =>
  `Milvus at ${address}: ${operation}${collection === undefined ? "" : ` of ${collection}`}`;

const sentence = (call: Call, reason: string, hint: string): string =>
  `${describe(call)} failed: ${reason.trim().replace(/\.$/, "") || "no reason given"}${hint ? ` (${hint})` : ""}`;

/** A status that is not success. Unknown codes are taken for passing: delivering again is bounded, losing work is not. */
export const statusFailure = (call: Call, code: number, reason: string): MilvusFailure => {
  const kind = kindOf(code, reason);
  const known = kind === null ? undefined : advice[kind];
  return new MilvusFailure(
    known?.code ?? "STORE_UNAVAILABLE",
    sentence(call, `${reason} [code ${code}]`, known?.text ?? ""),
    code,
  );
};

/** The server knows no such call: the SDK gives an empty answer for it. */
export const unimplemented = (call: Call): MilvusFailure =>
  new MilvusFailure(
    "NOT_AVAILABLE",
    `${describe(call)}: this server does not implement it (gRPC UNIMPLEMENTED)`,
    null,
  );

/** gRPC status codes (https://grpc.io/docs/guides/status-codes/) whose cause is ours, not the network's. */
const grpcText: Readonly<Record<number, string>> = {
  4: "no answer in time",
  7: "the user lacks this privilege: give store.tokenSecret a user that has it",
  8: "more than the server takes in one message",
  14: "not reachable: is it running, is store.address right, and does store.tls match the server?",
  16: advice.notAuthenticated?.text ?? "",
};

type Thrown = {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly reason?: unknown;
  readonly details?: unknown;
};

/** Whatever the SDK throws: gRPC errors, plain objects with a `reason`, its own complaints about arguments. */
export const thrownFailure = (call: Call, cause: unknown): AppError => {
  if (cause instanceof AppError) return cause;
  const { code, message, reason, details }: Thrown = typeof cause === "object" && cause !== null ? cause : {};
  if (typeof reason === "string" && typeof code === "number") return statusFailure(call, code, reason);
  // gRPC appends its own pauses and hints, and OpenSSL ends its lines.
  const what = String(details || message || reason || cause).replace(/\s*Resolution note:.*$/s, "");
  const grpc = typeof code === "number";
  return new MilvusFailure(
    "STORE_UNAVAILABLE",
    sentence(
      call,
      what.replaceAll(/\s+/g, " "),
      tlsAdvice(what) ?? (grpc ? (grpcText[code] ?? `gRPC status ${code}`) : ""),
    ),
    null,
    { cause },
  );
};
