import type { ClientConfig, MilvusClient } from "@zilliz/milvus2-sdk-node";
import { AppError } from "../../errors.ts";
import { lazy } from "../../lazy.ts";
import { type Capabilities, capabilitiesOf } from "./capabilities.ts";
import { type Call, isLoginFailure, statusFailure, thrownFailure, unimplemented } from "./failures.ts";
import { checkTlsFiles, type Tls } from "./tls.ts";

export type ConnectionOptions = {
  /** `host:port` of the proxy. */
  readonly address: string;
  readonly database: string;
  /** `user:password` or an API key; null for a server without logins. Asked for with every connection. */
  readonly token: () => Promise<string | null>;
  /** null: no TLS. */
  readonly tls: Tls | null;
  /** Longest wait for one answer. */
  readonly timeoutMs: number;
  /** Asked before the first call of a connection; what it throws, the call throws. */
  readonly gate?: () => Promise<void>;
};

/** One client for all calls of a process, made with the first call. */
export type Connection = {
  readonly address: string;
  readonly timeoutMs: number;
  /** What this server can do; asked once. @throws AppError */
  capabilities(): Promise<Capabilities>;
  /**
   * One call. The answer's status has been read: what comes back is a success.
   * @throws AppError `STORE_UNAVAILABLE`, `STORE_REFUSED` or `NOT_AVAILABLE`
   */
  call<Answer>(
    operation: string,
    collection: string | undefined,
    ask: (client: MilvusClient) => Promise<Answer>,
  ): Promise<Answer>;
  close(): Promise<void>;
};

type Status = { readonly error_code?: unknown; readonly code?: unknown; readonly reason?: unknown };

/** Most answers carry a status, some are one. */
const statusOf = (answer: unknown): Status | null => {
  if (typeof answer !== "object" || answer === null) return null;
  if ("status" in answer && typeof answer.status === "object") return answer.status;
  return "error_code" in answer ? answer : null;
};

/** Two code systems at once: a success is zero in both. */
const check = (call: Call, answer: unknown): void => {
  const status = statusOf(answer);
  if (status === null) throw unimplemented(call);
  const { error_code, code, reason } = status;
  if (error_code === "Success" && !code) return;
  const number = typeof code === "number" && code !== 0 ? code : Number(error_code);
  throw statusFailure(call, Number.isNaN(number) ? 65_535 : number, String(reason || error_code));
};

/** What follows from an address that was never filled in is an unresolvable host, which says nothing. */
const checkAddress = (address: string): void => {
  if (/^[^\s/${}]+:\d{1,5}$/.test(address)) return;
  throw new AppError(
    "CONFIG_INVALID",
    `store.address is ${JSON.stringify(address)}: it must be host:port of Milvus, filled in before the function starts`,
  );
};

const clientConfig = async (options: ConnectionOptions): Promise<ClientConfig> => {
  checkAddress(options.address);
  const { tls } = options;
  if (tls !== null) await checkTlsFiles(tls);
  const token = await options.token();
  return {
    address: options.address,
    database: options.database,
    ...(token !== null && { token }),
    ...(tls !== null && { ssl: true, tls: tlsConfig(tls) }),
    timeout: options.timeoutMs,
    // Its first call would be an unhandled rejection when the server is away, and its failure would be kept for ever.
    __SKIP_CONNECT__: true,
    telemetry: { enabled: false },
    // Its debug level prints every row.
    logLevel: "error",
    channelOptions: {
      // Back within seconds of the server; gRPC's own pauses grow to two minutes.
      "grpc.initial_reconnect_backoff_ms": 200,
      "grpc.min_reconnect_backoff_ms": 200,
      "grpc.max_reconnect_backoff_ms": 2_000,
    },
  };
};

const tlsConfig = ({ ca, certificate, key, serverName }: Tls): NonNullable<ClientConfig["tls"]> => ({
  ...(ca !== null && { rootCertPath: ca }),
  ...(certificate !== null && { certChainPath: certificate }),
  ...(key !== null && { privateKeyPath: key }),
  ...(serverName !== null && { serverName }),
});

const open = async (options: ConnectionOptions): Promise<MilvusClient> => {
  await options.gate?.();
  const config = await clientConfig(options);
  // Loaded only where the driver is used: the SDK takes 0.3 s.
  const { MilvusClient: Client } = await import("@zilliz/milvus2-sdk-node");
  return new Client(config);
};

/** Nothing is opened yet; gRPC connects with the first call and again whenever the server was away. */
export const connectMilvus = (options: ConnectionOptions): Connection => {
  const { address, timeoutMs } = options;
  let opened: Promise<MilvusClient> | null = null;
  const client = (): Promise<MilvusClient> => {
    opened ??= open(options).catch((error: unknown) => {
      opened = null;
      throw error;
    });
    return opened;
  };
  const close = async (): Promise<void> => {
    const closing = opened;
    opened = null;
    await (await closing?.catch(() => null))?.closeConnection();
  };
  const call: Connection["call"] = async (operation, collection, ask) => {
    const asked = { operation, collection, address };
    const connected = await client();
    try {
      const answer = await ask(connected);
      check(asked, answer);
      return answer;
    } catch (cause) {
      const failure = thrownFailure(asked, cause);
      // The secret may have been changed: the next call reads it again.
      if (isLoginFailure(failure)) await close();
      throw failure;
    }
  };
  return {
    address,
    timeoutMs,
    call,
    capabilities: lazy(async () =>
      capabilitiesOf((await call("GetVersion", undefined, (sdk) => sdk.getVersion())).version),
    ),
    close,
  };
};
