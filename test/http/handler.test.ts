import { describe, expect, it } from "vitest";
import { AppError, type FailureCode, failures } from "../../lib/errors.ts";
import { authenticator } from "../../lib/http/auth.ts";
import { type HttpFunctionOptions, httpFunction } from "../../lib/http/handler.ts";
import type { Operations } from "../../lib/http/operation.ts";
import { routes } from "../../lib/http/routes.ts";
import { summariseQuality } from "../../lib/quality/summary.ts";
import { type Call, context, event, requestId } from "./event.ts";

const id = "0123456789abcdef0123456789abcdef";
const document = {
  id,
  key: "a.txt",
  state: "ready" as const,
  revision: "r",
  outdated: false,
  counts: { expected: 1, stored: 1, lowQuality: 0, dropped: 0 },
  updatedAt: 1,
};

type Line = { readonly level: string; readonly message: unknown; readonly fields: unknown };

const documents = (overrides: Partial<Operations<"documents">> = {}): Operations<"documents"> => ({
  listDocuments: async ({ query }) => ({ body: { documents: [], cursor: JSON.stringify(query) } }),
  getDocument: async ({ params }) => ({ body: { ...document, id: params.id } }),
  deleteDocument: async ({ params }) => ({ body: { id: params.id, state: "ready" } }),
  listChunks: async ({ params }) => ({ body: { documentId: params.id, total: 0, chunks: [] } }),
  getOriginal: async () => ({
    body: { url: "https://example.com/", contentType: "a/b", size: 1, expiresAt: 2 },
  }),
  retryDocument: async ({ params }) => ({ body: { id: params.id, state: "pending" } }),
  getQuality: async () => ({ body: summariseQuality([]) }),
  ...overrides,
});

const server = (options: {
  readonly operations?: Partial<Operations<"documents">>;
  readonly token?: string;
  readonly origins?: readonly string[];
}) => {
  const lines: Line[] = [];
  const write =
    (level: string) =>
    (message: unknown, ...extra: unknown[]): void => {
      lines.push({ level, message, fields: extra[0] });
    };
  const { token } = options;
  const full: HttpFunctionOptions<"documents"> = {
    name: "documents",
    log: { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") },
    authenticate: authenticator(token === undefined ? null : async () => token),
    origins: options.origins ?? [],
    operations: async () => documents(options.operations),
  };
  const handler = httpFunction(full);
  return {
    lines,
    call: async (call: Call, remainingMs?: number) => {
      const { statusCode, headers, body } = await handler(event(call), context(remainingMs));
      return {
        status: statusCode,
        headers: headers ?? {},
        body: body === undefined ? null : JSON.parse(body),
      };
    },
  };
};

describe("routes", () => {
  it.each([
    ["GET", "/documents", 200],
    ["GET", `/documents/${id}`, 200],
    ["DELETE", `/documents/${id}`, 202],
    ["GET", `/documents/${id}/chunks`, 200],
    ["GET", `/documents/${id}/original`, 200],
    ["POST", `/documents/${id}/retry`, 202],
  ])("%s %s answers %i with a body of its schema", async (method, path, status) => {
    const answer = await server({}).call({ method, path });
    const route = Object.values(routes).find(
      (each) => `${each.method} ${each.path}` === `${method} ${path.replace(id, "{id}")}`,
    )!;
    expect(answer.status).toBe(status);
    expect(route.response.parse(answer.body)).toEqual(answer.body);
  });

  it("an unknown path is 404 in the form of every error", async () => {
    expect(await server({}).call({ path: "/nowhere" })).toMatchObject({
      status: 404,
      body: { error: { code: "NOT_FOUND", message: expect.stringContaining("/nowhere"), requestId } },
    });
  });

  it("a known path with another method names the methods that it has", async () => {
    const { status, headers } = await server({}).call({ method: "PATCH", path: `/documents/${id}` });
    expect({ status, allow: headers.allow }).toEqual({ status: 404, allow: "GET, DELETE" });
  });

  it("what the schema does not name stays inside", async () => {
    const leaky = { ...document, vector: [1, 2, 3] };
    const { body } = await server({ operations: { getDocument: async () => ({ body: leaky }) } }).call({
      path: `/documents/${id}`,
    });
    expect(body).toEqual(document);
  });

  it("every answer carries request id and security headers, a failure too", async () => {
    for (const path of ["/documents", "/nowhere"]) {
      const { headers } = await server({}).call({ path });
      expect(headers).toMatchObject({
        "x-request-id": requestId,
        "x-content-type-options": "nosniff",
        "content-type": "application/json; charset=utf-8",
      });
    }
  });
});

describe("input", () => {
  it("query parameters are read, with their defaults", async () => {
    const { body } = await server({}).call({ path: "/documents", query: "prefix=%E4%B8%AD+%2F&limit=7" });
    expect(JSON.parse(body.cursor)).toEqual({ prefix: "中 /", limit: 7 });
  });

  it("every wrong parameter is named at once", async () => {
    const { status, body } = await server({}).call({
      path: "/documents",
      query: "limit=0&state=gone&colour=red&prefix=a&prefix=b",
    });
    expect(status).toBe(400);
    for (const name of ["limit", "state", "colour", "prefix"]) expect(body.error.message).toContain(name);
  });
});

describe("errors", () => {
  const failing = (error: unknown) =>
    server({
      operations: {
        listDocuments: async () => {
          throw error;
        },
      },
    });

  it.each(Object.keys(failures) as FailureCode[])("%s has its status of the table", async (code) => {
    const { status, body } = await failing(new AppError(code, "some detail")).call({ path: "/documents" });
    expect({ status, code: body.error.code }).toEqual({ status: failures[code].status, code });
  });

  it.each([
    ["a bug", new TypeError("secret host 10.0.0.7 is not a function"), 500],
    ["an outage", new AppError("STORE_UNAVAILABLE", "secret host 10.0.0.7 refused"), 503],
    ["something that is no error", "secret host 10.0.0.7", 500],
  ])("the details of %s are in the log and not in the answer", async (_title, thrown, status) => {
    const stack = failing(thrown);
    const answer = await stack.call({ path: "/documents" });
    expect(answer.status).toBe(status);
    expect(JSON.stringify(answer)).not.toContain("10.0.0.7");
    expect(answer.body.error.requestId).toBe(requestId);
    const logged = stack.lines.find(({ level }) => level === "error");
    expect(logged?.fields).toMatchObject({ requestId, reason: expect.stringContaining("10.0.0.7") });
  });

  it("a feature that is not there says so in its own words", async () => {
    const { status, body } = await failing(new AppError("NOT_AVAILABLE", "no maps yet")).call({
      path: "/documents",
    });
    expect({ status, message: body.error.message }).toEqual({ status: 501, message: "no maps yet" });
  });

  it("only what is our fault is logged as an error", async () => {
    for (const code of Object.keys(failures) as FailureCode[]) {
      const stack = failing(new AppError(code, "detail"));
      await stack.call({ path: "/documents" });
      const { status } = failures[code];
      const expected = status >= 500 && code !== "NOT_AVAILABLE" ? "error" : "info";
      expect(
        stack.lines.map(({ level }) => level),
        code,
      ).toEqual([expected]);
    }
  });

  it("an unavailable health is logged as an error although it answers with its checks", async () => {
    const handler = (status: number) => {
      const lines: string[] = [];
      const push = (level: string) => (): void => void lines.push(level);
      return httpFunction({
        name: "api",
        log: { debug: push("debug"), info: push("info"), warn: push("warn"), error: push("error") },
        authenticate: authenticator(null),
        origins: [],
        operations: async () =>
          ({ getHealth: async () => ({ status, body: { status: "unavailable", checks: [] } }) }) as never,
      })(event({ path: "/health" }), context()).then(() => lines);
    };
    expect([await handler(200), await handler(503)]).toEqual([["info"], ["error"]]);
  });

  it("an answer that breaks its own schema is a failure, not a wrong answer", async () => {
    const broken = { ...document, state: "lost" } as never;
    const { status, body } = await server({
      operations: { getDocument: async () => ({ body: broken }) },
    }).call({
      path: `/documents/${id}`,
    });
    expect({ status, code: body.error.code }).toEqual({ status: 500, code: "INTERNAL" });
  });

  it("when the time is almost up the work is aborted and the caller answered", async () => {
    let aborted = false;
    const { call } = server({
      operations: {
        listDocuments: (_input, { signal }) =>
          new Promise(() => {
            signal.addEventListener("abort", () => {
              aborted = true;
            });
          }),
      },
    });
    const { status, body } = await call({ path: "/documents" }, 520);
    expect({ status, code: body.error.code, aborted }).toEqual({
      status: 500,
      code: "INTERNAL",
      aborted: true,
    });
  });

  it("operations that could not be built are built again for the next request", async () => {
    let builds = 0;
    const handler = httpFunction({
      name: "documents",
      log: { debug() {}, info() {}, warn() {}, error() {} },
      authenticate: authenticator(null),
      origins: [],
      operations: async () => {
        builds++;
        if (builds === 1) throw new AppError("STORE_UNAVAILABLE", "not yet");
        return documents();
      },
    });
    const statuses: unknown[] = [];
    for (let i = 0; i < 3; i++)
      statuses.push((await handler(event({ path: "/documents" }), context())).statusCode);
    expect({ statuses, builds }).toEqual({ statuses: [503, 200, 200], builds: 2 });
  });
});

describe("token", () => {
  it.each([
    ["no header", {}, 401],
    ["another scheme", { authorization: "Basic c2VjcmV0" }, 401],
    ["a wrong token", { authorization: "Bearer secres" }, 401],
    ["the beginning of the token", { authorization: "Bearer secre" }, 401],
    ["an empty token", { authorization: "Bearer " }, 401],
    ["the token", { authorization: "Bearer secret" }, 200],
    ["the token with a lower-case scheme", { authorization: "bearer secret" }, 200],
  ])("%s", async (_title, headers, status) => {
    const answer = await server({ token: "secret" }).call({ path: "/documents", headers });
    expect(answer.status).toBe(status);
    if (status === 401) expect(answer.headers["www-authenticate"]).toMatch(/^Bearer/);
  });

  it("is asked for before the input is looked at", async () => {
    const { status } = await server({ token: "secret" }).call({ path: "/documents", query: "limit=0" });
    expect(status).toBe(401);
  });
});

describe("other origins", () => {
  const origins = ["https://app.example.com"];
  it.each([
    ["its own page", "https://api.example.com", 202, "https://api.example.com"],
    ["a page of http.cors.origins", "https://app.example.com", 202, "https://app.example.com"],
    ["any other page", "https://evil.example.com", 400, "https://api.example.com"],
    ["a page without an origin", "null", 400, "https://api.example.com"],
  ])("%s", async (_title, origin, status, allowed) => {
    const answer = await server({ origins }).call({
      method: "POST",
      path: `/documents/${id}/retry`,
      headers: { origin },
    });
    expect(answer.status).toBe(status);
    expect(answer.headers).toMatchObject({ "access-control-allow-origin": allowed, vary: "origin" });
  });

  it("a preflight request names the methods of the path, without a token", async () => {
    const answer = await server({ origins, token: "secret" }).call({
      method: "OPTIONS",
      path: `/documents/${id}`,
      headers: { origin: origins[0]!, "access-control-request-method": "DELETE" },
    });
    expect(answer.status).toBe(204);
    expect(answer.headers).toMatchObject({
      "access-control-allow-origin": origins[0],
      "access-control-allow-methods": "GET, DELETE",
      "access-control-allow-headers": "authorization, content-type",
    });
  });
});
