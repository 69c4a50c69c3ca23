import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { AppError } from "../errors.ts";

/**
 * Cross-origin requests. Browsers enforce most of it; since the API may run without a token on 127.0.0.1, where any
 * web page can send to it, a foreign page's writes are refused here too.
 */

const isOwn = (origin: string, host: string | undefined): boolean =>
  host !== undefined && URL.canParse(origin) && new URL(origin).host === host.toLowerCase();

const isAllowedOrigin = (
  event: Pick<APIGatewayProxyEventV2, "headers">,
  origins: readonly string[],
): boolean => {
  const { origin, host } = event.headers;
  return origin === undefined || isOwn(origin, host) || origins.includes(origin);
};

/** @throws AppError `BAD_REQUEST` for a change that a page of an origin not in `http.cors.origins` asks for. */
export const refuseForeignWrites = (event: APIGatewayProxyEventV2, origins: readonly string[]): void => {
  const { method } = event.requestContext.http;
  if (["GET", "HEAD", "OPTIONS"].includes(method) || isAllowedOrigin(event, origins)) return;
  throw new AppError(
    "BAD_REQUEST",
    `pages of ${event.headers.origin} may not call this API; http.cors.origins in kettle.yml lists those that may`,
  );
};

/**
 * For an origin that may not read the answer the header names our own, which no such page is: leaving it out would
 * let serverless-offline fill in whatever origin asked.
 */
export const originHeaders = (
  event: APIGatewayProxyEventV2,
  origins: readonly string[],
): Record<string, string> => {
  const { origin, host } = event.headers;
  if (origin === undefined) return {};
  const allowed = isAllowedOrigin(event, origins);
  const protocol = event.headers["x-forwarded-proto"] ?? "http";
  return {
    "access-control-allow-origin": allowed ? origin : `${protocol}://${host ?? "localhost"}`,
    "access-control-expose-headers": "x-request-id, retry-after",
    vary: "origin",
  };
};

/** The answer to `OPTIONS`, whatever the path: which methods it has is nobody's secret. */
export const preflightHeaders = (methods: readonly string[]): Record<string, string> => ({
  "access-control-allow-methods": methods.join(", "),
  "access-control-allow-headers": "authorization, content-type",
  "access-control-max-age": "600",
});
