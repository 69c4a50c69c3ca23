import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { isIP } from "node:net";
import { EmulatorError, errorCode } from "./errors.ts";

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** SDKs POST to `/`: JSON with a target header, or the older form encoding. */
const isQueueRequest = ({ method, headers }: IncomingMessage): boolean =>
  method === "POST" &&
  (headers["x-amz-target"] !== undefined ||
    (headers["content-type"] ?? "").startsWith("application/x-www-form-urlencoded"));

/**
 * A page of the wide web can make its own name point here (DNS rebinding) and then counts as same-origin: only names
 * that mean this machine are answered.
 */
const isLocalName = (host: string | undefined): boolean => {
  if (host === undefined) return true;
  const name = host.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
  return isIP(name) !== 0 || name === "localhost" || name.endsWith(".localhost");
};

export const httpServer = (handlers: { readonly sqs: Handler; readonly s3: Handler }): Server => {
  const server = createServer((request, response) => {
    if (!isLocalName(request.headers.host)) response.writeHead(403).end();
    else if (isQueueRequest(request)) handlers.sqs(request, response);
    else handlers.s3(request, response);
  });
  // A large upload may take long; idle connections of SDKs must not be closed under them.
  server.requestTimeout = 0;
  server.keepAliveTimeout = 120_000;
  return server;
};

/** @throws EmulatorError `PORT_TAKEN` or `ADDRESS_UNUSABLE` */
export const listen = (server: Server, port: number, host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once("error", (error) => {
      const isTaken = errorCode(error) === "EADDRINUSE";
      const message = isTaken
        ? `port ${port} on ${host} is taken: stop what uses it, or choose another (KETTLE_AWS_PORT)`
        : `cannot listen on ${host}:${port}: ${error.message}`;
      reject(new EmulatorError(isTaken ? "PORT_TAKEN" : "ADDRESS_UNUSABLE", message, { cause: error }));
    });
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
