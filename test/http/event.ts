import type { APIGatewayProxyEventV2, Context } from "aws-lambda";
import { routes } from "../../lib/http/routes.ts";

export type Call = {
  readonly method?: string;
  readonly path: string;
  /** Without the question mark. */
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A string goes as it is, anything else as JSON. */
  readonly body?: unknown;
  readonly base64?: boolean;
};

export const requestId = "request-1";

const matching = (method: string, path: string): { routeKey: string; params: Record<string, string> } => {
  for (const route of Object.values(routes)) {
    const names = Array.from(route.path.matchAll(/\{(\w+)\}/g), ([, name]) => name!);
    const match = new RegExp(`^${route.path.replaceAll(/\{\w+\}/g, "([^/]+)")}$`).exec(path);
    if (match && route.method === method)
      return {
        routeKey: `${route.method} ${route.path}`,
        params: Object.fromEntries(names.map((name, i) => [name, decodeURIComponent(match[i + 1]!)])),
      };
  }
  return { routeKey: "$default", params: {} };
};

const textOf = (body: unknown): string => (typeof body === "string" ? body : JSON.stringify(body));

/** What API Gateway sends for a request: HTTP API, payload format 2.0. */
export const event = ({ method = "GET", path, query = "", headers = {}, body, base64 }: Call) => {
  const { routeKey, params } = matching(method, path);
  const text = body === undefined ? undefined : textOf(body);
  return {
    version: "2.0",
    routeKey,
    rawPath: path,
    rawQueryString: query,
    headers: { host: "api.example.com", "x-forwarded-proto": "https", ...headers },
    ...(Object.keys(params).length > 0 ? { pathParameters: params } : {}),
    requestContext: {
      accountId: "123456789012",
      apiId: "api",
      domainName: "api.example.com",
      domainPrefix: "api",
      http: { method, path, protocol: "HTTP/1.1", sourceIp: "192.0.2.1", userAgent: "test" },
      requestId,
      routeKey,
      stage: "$default",
      time: "22/Nov/2026:00:00:00 +0000",
      timeEpoch: 0,
    },
    ...(text === undefined ? {} : { body: base64 ? Buffer.from(text).toString("base64") : text }),
    isBase64Encoded: base64 === true,
  } satisfies APIGatewayProxyEventV2;
};

/** `remainingMs`: until the function's time is up. */
export const context = (remainingMs = 29_000): Context => ({
  callbackWaitsForEmptyEventLoop: false,
  functionName: "kettle-test",
  functionVersion: "$LATEST",
  invokedFunctionArn: "arn:aws:lambda:us-east-1:123456789012:function:kettle-test",
  memoryLimitInMB: "512",
  awsRequestId: requestId,
  logGroupName: "",
  logStreamName: "",
  getRemainingTimeInMillis: () => remainingMs,
  done: () => {},
  fail: () => {},
  succeed: () => {},
});
