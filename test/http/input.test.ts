import { describe, expect, it } from "vitest";
import { AppError } from "../../lib/errors.ts";
import { maxBodyBytes, readInput } from "../../lib/http/input.ts";
import { routes } from "../../lib/http/routes.ts";
import { event } from "./event.ts";

const search = (body: unknown, base64 = false) =>
  readInput(routes.search, event({ method: "POST", path: "/search", body, base64 })).body;

const refusal = (body: unknown, base64 = false): AppError => {
  try {
    search(body, base64);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error("it was taken");
};

describe("POST /search", () => {
  it("takes every field of the contract", () => {
    const full = {
      query: "how do kites soar",
      topK: 5,
      candidates: 50,
      mode: "hybrid",
      filter: {
        and: [
          { field: "key", op: "startsWith", value: "birds/" },
          {
            not: {
              or: [
                { field: "metadata.author", op: "eq", value: "x" },
                { field: "page", op: "exists" },
              ],
            },
          },
        ],
      },
      cluster: { when: "query", algorithm: "kmeans", k: 4 },
      rerank: { name: "custom:recency", halfLifeDays: 30 },
      budget: { tokens: 1000 },
      includeLowQuality: true,
    };
    expect(search(full)).toEqual(full);
  });

  it("takes a body in base64, as API Gateway sends binary ones", () => {
    expect(search({ query: "红鸢" }, true)).toEqual({ query: "红鸢" });
  });

  it.each([
    ["no JSON", "{", "body: not JSON"],
    ["nothing", "", "body: a JSON object is needed"],
    ["a list", [], "body: "],
    ["neither query nor image", {}, "either `query` or `image`"],
    ["both query and image", { query: "a", image: "aGk=" }, "either `query` or `image`"],
    ["a blank question", { query: "  " }, "query"],
    ["a misspelt field", { query: "a", topk: 3 }, "topk"],
    ["a field of cluster", { query: "a", cluster: { k: 0 } }, "cluster.k"],
    ["an unknown reranker", { query: "a", rerank: "best" }, "rerank"],
    ["an unknown reranker with options", { query: "a", rerank: { name: "best" } }, "rerank.name"],
    ["a filter's unknown field", { query: "a", filter: { field: "vector", op: "eq", value: 1 } }, "filter"],
    [
      "a filter deep inside",
      { query: "a", filter: { and: [{ field: "page", op: "gt", value: true }] } },
      "filter.and[0]",
    ],
  ])("refuses %s and says where", (_title, body, part) => {
    const { code, message } = refusal(body);
    expect(code).toBe("BAD_REQUEST");
    expect(message).toContain(part);
  });

  it("names all problems at once", () => {
    const { message } = refusal({ query: 5, topK: 0, mode: "fast", budget: { tokens: -1 }, extra: 1 });
    for (const name of ["query", "topK", "mode", "budget.tokens", "extra"]) expect(message).toContain(name);
  });

  it.each([false, true])("refuses a body that is too large (base64: %s)", (base64) => {
    const body = JSON.stringify({ query: "a".repeat(maxBodyBytes) });
    expect(refusal(body, base64).code).toBe("PAYLOAD_TOO_LARGE");
  });
});

const upload = (body: unknown) =>
  readInput(routes.createUpload, event({ method: "POST", path: "/uploads", body })).body;

describe("POST /uploads", () => {
  it.each(["a.txt", "报告/2026 年度.pdf", "a+b&c=d?.md", "é".repeat(512)])("takes the key %s", (key) => {
    const request = { key, contentType: "text/plain; charset=utf-8", size: 0 };
    expect(upload(request)).toEqual(request);
  });

  it.each([
    ["an empty key", ""],
    ["a leading slash", "/a"],
    ["a folder", "a/"],
    ["a control character", "a\u0007b"],
    ["a line break", "a\nb"],
    ["more than 1,024 bytes of UTF-8", "é".repeat(513)],
    ["a way out", "a/../b"],
    ["half a surrogate pair", "a\ud800"],
  ])("refuses %s", (_title, key) => {
    expect(() => upload({ key, contentType: "text/plain", size: 1 })).toThrow(/key/);
  });

  it.each(["", "text", "text/plain\r\nx: y", "text/plain; charset"])(
    "refuses the content type %j",
    (contentType) => {
      expect(() => upload({ key: "a", contentType, size: 1 })).toThrow(/contentType/);
    },
  );
});
