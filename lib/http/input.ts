import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { z } from "zod";
import { AppError } from "../errors.ts";
import type { Route } from "./routes.ts";

/** Questions and upload requests are small; a picture to search by is the largest body there will be. */
export const maxBodyBytes = 1_048_576;

type Issue = z.core.$ZodIssue;

/** How far a branch of a union is from what was sent: foreign keys weigh most, then how early it stopped. */
const distance = (issues: readonly Issue[]): readonly [number, number, number] => {
  const flat = issues.flatMap(resolve);
  return [
    flat.filter(({ code }) => code === "unrecognized_keys").length,
    -Math.max(0, ...flat.map(({ path }) => path.length)),
    flat.length,
  ];
};

const nearer = (a: readonly Issue[], b: readonly Issue[]): number => {
  const [left, right] = [distance(a), distance(b)];
  return left.map((value, i) => value - (right[i] ?? 0)).find((difference) => difference !== 0) ?? 0;
};

/** A union says only that no branch fits; the one that fits best says what is wrong with it. */
const resolve = (issue: Issue): readonly Issue[] => {
  if (issue.code !== "invalid_union") return [issue];
  const [meant] = issue.errors.toSorted(nearer);
  const inner = meant?.flatMap(resolve) ?? [];
  // At the union's own place its message is the better one: it names every choice.
  if (inner.every(({ path }) => path.length === 0) && inner.every(({ code }) => code !== "unrecognized_keys"))
    return [issue];
  return inner.map((each) => ({ ...each, path: [...issue.path, ...each.path] }));
};

const line = ({ path, message }: Issue): string => {
  const name = z.core.toDotPath(path);
  return name === "" ? message : `${name}: ${message}`;
};

/** Every problem in one line, each with the field it is about. */
const describeIssues = (error: z.ZodError, part: string): string =>
  `${part}: ${error.issues.flatMap(resolve).map(line).join("; ")}`;

const bodyText = (event: APIGatewayProxyEventV2): string => {
  const raw = event.body ?? "";
  const bytes = Buffer.from(raw, event.isBase64Encoded ? "base64" : "utf8");
  if (bytes.length > maxBodyBytes)
    throw new AppError(
      "PAYLOAD_TOO_LARGE",
      `the body has ${bytes.length} bytes, at most ${maxBodyBytes} are taken; documents go through POST /uploads`,
    );
  return bytes.toString("utf8");
};

const jsonBody = (event: APIGatewayProxyEventV2): unknown => {
  const text = bodyText(event);
  if (text.trim() === "") throw new AppError("BAD_REQUEST", "body: a JSON object is needed");
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AppError("BAD_REQUEST", `body: not JSON: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
};

/** A parameter given twice becomes a list, which no schema takes: better refused than half ignored. */
const queryValues = (raw: string): Record<string, unknown> => {
  const parameters = new URLSearchParams(raw);
  return Object.fromEntries(
    [...new Set(parameters.keys())].map((name) => {
      const values = parameters.getAll(name);
      return [name, values.length === 1 ? values[0] : values];
    }),
  );
};

/**
 * The checked input of a route.
 * @throws AppError `BAD_REQUEST` that names every field that is wrong in query and body, `PAYLOAD_TOO_LARGE`.
 */
export const readInput = (
  route: Route,
  event: APIGatewayProxyEventV2,
): { readonly params: unknown; readonly query: unknown; readonly body: unknown } => {
  const problems: string[] = [];
  const check = (part: string, schema: z.ZodType | undefined, value: () => unknown): unknown => {
    if (schema === undefined) return undefined;
    const parsed = schema.safeParse(value());
    if (parsed.success) return parsed.data;
    problems.push(describeIssues(parsed.error, part));
    return undefined;
  };
  const input = {
    params: check("path", route.params, () => event.pathParameters ?? {}),
    query: check("query", route.query, () => queryValues(event.rawQueryString)),
    body: check("body", route.body, () => jsonBody(event)),
  };
  if (problems.length > 0) throw new AppError("BAD_REQUEST", problems.join("; "));
  return input;
};
