import middy from "@middy/core";
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from "aws-lambda";
import { AppError, describeFailure } from "../errors.ts";
import { lazy } from "../lazy.ts";
import type { Log } from "../log.ts";
import type { Authenticate } from "./auth.ts";
import { errorReply, RouteError } from "./errors.ts";
import { readInput } from "./input.ts";
import type { Operations, Reply, RequestContext } from "./operation.ts";
import { originHeaders, preflightHeaders, refuseForeignWrites } from "./origins.ts";
import { type HttpFunction, type Route, routes } from "./routes.ts";

export type HttpFunctionOptions<Name extends HttpFunction> = {
  readonly name: Name;
  readonly log: Log;
  readonly authenticate: Authenticate;
  /** `http.cors.origins` */
  readonly origins: readonly string[];
  /** Built at the first request that needs them. */
  readonly operations: () => Promise<Operations<Name>>;
};

export type HttpHandler = (
  event: APIGatewayProxyEventV2,
  context: Context,
) => Promise<APIGatewayProxyStructuredResultV2>;

type Answer = APIGatewayProxyStructuredResultV2;
/** One request. The id is Lambda's own: every line of the function's log carries it. */
type Call = {
  readonly event: APIGatewayProxyEventV2;
  readonly requestId: string;
  /** Of `performance.now()` */
  readonly started: number;
};
type AnyOperation = (input: ReturnType<typeof readInput>, context: RequestContext) => Promise<Reply<unknown>>;

const json = "application/json; charset=utf-8";

const securityHeaders = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "strict-transport-security": "max-age=31536000",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

const methodsAt = (path: string): readonly string[] =>
  Object.values(routes)
    .filter((route) => new RegExp(`^${route.path.replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(path))
    .map((route) => route.method);

/** Routes that API Gateway matches to none of ours: preflight requests, and what is not there. */
const answerUnmatched = (event: APIGatewayProxyEventV2): Answer => {
  const { method } = event.requestContext.http;
  const methods = methodsAt(event.rawPath);
  if (method !== "OPTIONS" || methods.length === 0) throw new RouteError(method, event.rawPath, methods);
  return { statusCode: 204, headers: preflightHeaders(methods) };
};

/** Through the schema: nothing leaves that the API does not promise, a vector for instance. */
const serialise = (route: Route, reply: Reply<unknown>): Answer => {
  const body = route.response.parse(reply.body);
  return {
    statusCode: reply.status ?? route.status,
    headers: { "content-type": route.contentType ?? json, ...reply.headers },
    body: route.contentType === undefined ? JSON.stringify(body) : String(body),
  };
};

/** `message` is the log line's own key. */
const failureFields = (error: unknown) => {
  const { code, message } = describeFailure(error);
  return { code, reason: message };
};

/** 501 answers a wish for a feature that is not there. */
const isOurFault = (status: number): boolean => status >= 500 && status !== 501;

const logAnswer = (log: Log, { event, requestId, started }: Call, answer: Answer, error: unknown): void => {
  const status = answer.statusCode ?? 200;
  const fields = {
    requestId,
    method: event.requestContext.http.method,
    path: event.rawPath,
    status,
    ms: Math.round(performance.now() - started),
    ...(error === null ? {} : failureFields(error)),
  };
  if (isOurFault(status)) log.error("answered with a failure", { ...fields, error: error as Error });
  else log.info("answered", fields);
};

/** What every answer carries, a failure too. */
const withHeaders = (answer: Answer, { event, requestId }: Call, origins: readonly string[]): Answer => ({
  ...answer,
  headers: {
    ...securityHeaders,
    ...originHeaders(event, origins),
    "x-request-id": requestId,
    ...answer.headers,
  },
});

/**
 * The handler of one HTTP function: finds the route, checks token and input, runs the operation, and answers errors
 * in one form. API Gateway's `routeKey` decides the route, so paths are matched in one place only.
 */
export const httpFunction = <Name extends HttpFunction>(options: HttpFunctionOptions<Name>): HttpHandler => {
  const { name, log, authenticate, origins } = options;
  const own = new Map<string, { readonly id: string; readonly route: Route }>(
    Object.entries(routes)
      .filter(([, route]) => route.function === name)
      .map(([id, route]) => [`${route.method} ${route.path}`, { id, route }]),
  );
  // A table by route id: each operation takes the input of its own route, which `readInput` has checked.
  const operations = lazy(options.operations) as () => Promise<unknown> as () => Promise<
    Readonly<Record<string, AnyOperation>>
  >;

  const answer = async (
    event: APIGatewayProxyEventV2,
    context: Context,
    { signal }: { signal: AbortSignal },
  ): Promise<Answer> => {
    const found = own.get(event.routeKey);
    if (found === undefined) return answerUnmatched(event);
    const { id, route } = found;
    refuseForeignWrites(event, origins);
    const authenticated = await authenticate(event.headers.authorization);
    if (!authenticated && !route.open)
      throw new AppError("UNAUTHORIZED", "send the token as `Authorization: Bearer …`");
    const input = readInput(route, event);
    const operation = (await operations())[id];
    if (operation === undefined) throw new AppError("INTERNAL", `${name} has no operation ${id}`);
    const requestId = context.awsRequestId;
    return serialise(route, await operation(input, { requestId, signal, authenticated }));
  };

  const started = new WeakMap<APIGatewayProxyEventV2, number>();
  const finish = (event: APIGatewayProxyEventV2, requestId: string, response: Answer, error: unknown) => {
    const call: Call = { event, requestId, started: started.get(event) ?? performance.now() };
    logAnswer(log, call, response, error);
    return withHeaders(response, call, origins);
  };
  return middy<APIGatewayProxyEventV2, Answer, Error, Context>({
    timeoutEarlyInMillis: 500,
    timeoutEarlyResponse: () => {
      throw new AppError("INTERNAL", "the function's time was up");
    },
  })
    .before(({ event }) => {
      started.set(event, performance.now());
    })
    .after((request) => {
      request.response = finish(request.event, request.context.awsRequestId, request.response ?? {}, null);
    })
    .onError((request) => {
      const requestId = request.context.awsRequestId;
      request.response = finish(
        request.event,
        requestId,
        errorReply(request.error, requestId),
        request.error,
      );
    })
    .handler(answer) as HttpHandler;
};
