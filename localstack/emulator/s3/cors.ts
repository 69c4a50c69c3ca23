import type { IncomingHttpHeaders } from "node:http";

export type CorsRule = {
  readonly allowedOrigins: readonly string[];
  /** GET, PUT, HEAD, POST, DELETE */
  readonly allowedMethods: readonly string[];
  /** For preflights; `*` stands for any run of characters, as in origins. */
  readonly allowedHeaders?: readonly string[];
  readonly exposeHeaders?: readonly string[];
  readonly maxAgeSeconds?: number;
};

const matches = (pattern: string, value: string): boolean => {
  const [before = "", after] = pattern.toLowerCase().split("*", 2);
  const text = value.toLowerCase();
  if (after === undefined) return text === before;
  return text.length >= before.length + after.length && text.startsWith(before) && text.endsWith(after);
};

const requestedHeaders = (headers: IncomingHttpHeaders): string[] =>
  (headers["access-control-request-headers"] ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");

/** The first rule that allows the request, or undefined. A preflight asks for `method` and headers in its own headers. */
const findRule = (rules: readonly CorsRule[], origin: string, method: string, asked: readonly string[]) =>
  rules.find(
    (rule) =>
      rule.allowedOrigins.some((pattern) => matches(pattern, origin)) &&
      rule.allowedMethods.includes(method) &&
      asked.every((name) => (rule.allowedHeaders ?? []).some((pattern) => matches(pattern, name))),
  );

const originHeaders = (rule: CorsRule, origin: string): Record<string, string> => ({
  "access-control-allow-origin": rule.allowedOrigins.includes("*") ? "*" : origin,
  ...(rule.allowedOrigins.includes("*") ? {} : { "access-control-allow-credentials": "true" }),
  ...(rule.exposeHeaders?.length ? { "access-control-expose-headers": rule.exposeHeaders.join(", ") } : {}),
  vary: "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
});

/** Headers that let a page's script read the answer; undefined when the bucket does not allow the page. */
export const corsHeaders = (
  rules: readonly CorsRule[],
  origin: string,
  method: string,
): Record<string, string> | undefined => {
  const rule = findRule(rules, origin, method, []);
  return rule && originHeaders(rule, origin);
};

/** The answer to a browser's OPTIONS; undefined when the bucket does not allow what it asks. */
export const preflightHeaders = (
  rules: readonly CorsRule[],
  headers: IncomingHttpHeaders,
): Record<string, string> | undefined => {
  const { origin, "access-control-request-method": method } = headers;
  if (!origin || !method) return undefined;
  const asked = requestedHeaders(headers);
  const rule = findRule(rules, origin, method, asked);
  return (
    rule && {
      ...originHeaders(rule, origin),
      "access-control-allow-methods": rule.allowedMethods.join(", "),
      ...(asked.length > 0 ? { "access-control-allow-headers": asked.join(", ").toLowerCase() } : {}),
      ...(rule.maxAgeSeconds === undefined ? {} : { "access-control-max-age": String(rule.maxAgeSeconds) }),
    }
  );
};
