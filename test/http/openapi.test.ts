import { describe, expect, it } from "vitest";
import { openapiDocument } from "../../lib/http/openapi.ts";
import { routes } from "../../lib/http/routes.ts";

// biome-ignore lint/suspicious/noExplicitAny: a JSON document is asserted on by its shape
const document = openapiDocument() as any;

const walk = (value: unknown, visit: (key: string, value: unknown) => void): void => {
  if (typeof value !== "object" || value === null) return;
  for (const [key, child] of Object.entries(value)) {
    visit(key, child);
    walk(child, visit);
  }
};

describe("the OpenAPI description", () => {
  it("is 3.1 and JSON through and through", () => {
    expect(document.openapi).toBe("3.1.0");
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
  });

  it("has every route and nothing else", () => {
    const described = Object.entries<object>(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(described.toSorted()).toEqual(
      Object.values(routes)
        .map(({ method, path }) => `${method} ${path}`)
        .toSorted(),
    );
  });

  it("refers only to what is in it", () => {
    const references: string[] = [];
    walk(document, (key, value) => {
      if (key === "$ref") references.push(String(value));
    });
    expect(references.length).toBeGreaterThan(10);
    for (const reference of references) {
      const name = reference.replace("#/components/schemas/", "");
      expect(document.components.schemas, reference).toHaveProperty(name);
    }
  });

  it("carries no dialect or id that belongs to single JSON Schemas", () => {
    walk(document, (key) => expect(["$schema", "$id", "$defs"]).not.toContain(key));
  });

  it.each(Object.entries(routes))("%s has its parameters, its success and its errors", (id, route) => {
    const operation = document.paths[route.path][route.method.toLowerCase()];
    expect(operation.operationId).toBe(id);
    const inPath = Array.from(route.path.matchAll(/\{(\w+)\}/g), ([, name]) => name);
    const described = operation.parameters
      .filter((parameter: { in: string }) => parameter.in === "path")
      .map((parameter: { name: string; required: boolean }) => parameter.required && parameter.name);
    expect(described).toEqual(inPath);
    expect(operation.responses).toHaveProperty(String(route.status));
    expect(operation.responses).toHaveProperty("500");
    expect("requestBody" in operation).toBe("body" in route);
    expect("401" in operation.responses).toBe(!route.open);
  });

  it("lets only page, description and health be read without the token", () => {
    const open = Object.values(routes).filter((route) => route.open);
    expect(open.map(({ path }) => path)).toEqual(["/health", "/openapi.json", "/"]);
  });
});
