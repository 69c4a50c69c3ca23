import type { APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import { AppError, describeFailure, failures } from "../errors.ts";

/**
 * What a caller may read. From 500 on that is the code's meaning and nothing of the error itself, which may name
 * hosts, files or other people's documents; a feature that is not there says so in its own words.
 */
const publicMessage = (error: unknown): string => {
  const { code, message } = describeFailure(error);
  if (failures[code].status < 500 || code === "NOT_AVAILABLE") return message;
  const [meaning] = failures[code].meaning.split(";");
  return `${meaning}; the log has the details under this request id`;
};

const headersOf = (error: unknown, status: number): Record<string, string> => {
  if (error instanceof RouteError && error.allow.length > 0) return { allow: error.allow.join(", ") };
  if (status === 401) return { "www-authenticate": 'Bearer realm="kettle"' };
  return status === 503 ? { "retry-after": "5" } : {};
};

/** No such route, or not with this method: then `allow` names those there are. */
export class RouteError extends AppError {
  readonly allow: readonly string[];
  constructor(method: string, path: string, allow: readonly string[]) {
    super(
      "NOT_FOUND",
      allow.length === 0
        ? `there is no ${method} ${path}; GET /openapi.json lists what there is`
        : `there is no ${method} ${path}, only ${allow.join(", ")}`,
    );
    this.allow = allow;
  }
}

export const errorReply = (error: unknown, requestId: string): APIGatewayProxyStructuredResultV2 => {
  const { code } = describeFailure(error);
  const { status } = failures[code];
  return {
    statusCode: status,
    headers: { "content-type": "application/json; charset=utf-8", ...headersOf(error, status) },
    body: JSON.stringify({ error: { code, message: publicMessage(error), requestId } }),
  };
};
