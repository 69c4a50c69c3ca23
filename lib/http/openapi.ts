import { z } from "zod";
import { type FailureCode, failures } from "../errors.ts";
import { filterSchema } from "../store/filter.ts";
import { type Route, routes } from "./routes.ts";
import * as schemas from "./schemas.ts";

type Json = { readonly [key: string]: unknown };

const requestSchemas = {
  SearchRequest: schemas.searchRequest,
  Filter: filterSchema,
  UploadRequest: schemas.uploadRequest,
};
const responseSchemas = {
  SearchResponse: schemas.searchResponse,
  Document: schemas.documentView,
  Documents: schemas.documentsResponse,
  Chunks: schemas.chunksResponse,
  Original: schemas.originalResponse,
  AcceptedDocument: schemas.acceptedDocument,
  Upload: schemas.uploadResponse,
  Clusters: schemas.clustersResponse,
  ClustersMap: schemas.clustersMapResponse,
  Rebuild: schemas.rebuildResponse,
  Config: schemas.configResponse,
  Health: schemas.healthResponse,
  Error: schemas.errorResponse,
};

const reference = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });

/** Every z.int() is bounded by what a double holds exactly, which tells a caller nothing. */
const withoutSafeBounds = ({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void => {
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
};

const prefix = "#/components/schemas/";
const sharedPrefix = `${prefix}__shared#/$defs/`;

/** zod puts what a recursive schema refers to into `__shared`; here it takes the name of the schema that stands for it. */
const unshare = (all: Readonly<Record<string, Json>>): Json => {
  const { __shared, ...named } = all;
  const shared = Object.entries((__shared?.$defs ?? {}) as Record<string, Json>);
  const nameFor = (definition: string): string =>
    Object.keys(named).find((id) => named[id]?.$ref === sharedPrefix + definition) ?? `Shared-${definition}`;
  const renamed = {
    ...named,
    ...Object.fromEntries(shared.map(([name, schema]) => [nameFor(name), schema])),
  };
  return JSON.parse(
    shared.reduce(
      (text, [name]) => text.replaceAll(`"${sharedPrefix}${name}"`, `"${prefix}${nameFor(name)}"`),
      JSON.stringify(renamed),
    ),
  );
};

/** The named schemas with references between them; zod's own `$id` and `$schema` have no place inside OpenAPI. */
const components = (named: Readonly<Record<string, z.ZodType>>, io: "input" | "output"): Json => {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(named)) registry.add(schema, { id });
  const { schemas: all } = z.toJSONSchema(registry, {
    io,
    uri: (id) => `${prefix}${id}`,
    override: withoutSafeBounds,
  });
  return unshare(
    Object.fromEntries(Object.entries(all).map(([id, { $id, $schema, ...schema }]) => [id, schema as Json])),
  );
};

const nameOf = (schema: z.ZodType): string | null =>
  Object.entries({ ...requestSchemas, ...responseSchemas }).find(([, known]) => known === schema)?.[0] ??
  null;

const schemaOf = (schema: z.ZodType, io: "input" | "output"): Json => {
  const name = nameOf(schema);
  if (name !== null) return reference(name);
  const { $schema, ...inline } = z.toJSONSchema(schema, { io, override: withoutSafeBounds });
  return inline;
};

const parameters = (schema: z.ZodType | undefined, place: "path" | "query"): Json[] => {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: "input" });
  return Object.entries(properties).map(([name, property]) => {
    const { description, ...rest } = property as Json;
    return {
      name,
      in: place,
      required: place === "path" || required.includes(name),
      ...(description === undefined ? {} : { description }),
      schema: rest,
    };
  });
};

const failuresOf = (route: Route): readonly FailureCode[] => [
  ...(route.query === undefined && route.body === undefined ? [] : (["BAD_REQUEST"] as const)),
  ...(route.body === undefined ? [] : (["PAYLOAD_TOO_LARGE"] as const)),
  ...(route.open ? [] : (["UNAUTHORIZED"] as const)),
  ...route.failures,
  "INTERNAL",
];

const errorResponses = (route: Route): Json => {
  const byStatus = Map.groupBy(new Set(failuresOf(route)), (code) => failures[code].status);
  return Object.fromEntries(
    [...byStatus]
      .toSorted(([a], [b]) => a - b)
      .map(([status, codes]) => [
        status,
        {
          description: codes.map((code) => `${code}: ${failures[code].meaning}`).join("\n\n"),
          content: { "application/json": { schema: reference("Error") } },
        },
      ]),
  );
};

const operation = (operationId: string, route: Route): Json => {
  const content = {
    [route.contentType ?? "application/json"]: { schema: schemaOf(route.response, "output") },
  };
  const unavailable =
    operationId === "getHealth"
      ? { 503: { description: "Something it needs does not answer", content } }
      : {};
  return {
    operationId,
    summary: route.summary,
    tags: [route.function],
    security: route.open ? [{}, { bearer: [] }] : [{ bearer: [] }],
    parameters: [...parameters(route.params, "path"), ...parameters(route.query, "query")],
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { "application/json": { schema: schemaOf(route.body, "input") } },
          },
        }),
    responses: {
      [route.status]: { description: route.status === 202 ? "Accepted" : "OK", content },
      ...errorResponses(route),
      ...unavailable,
    },
  };
};

const paths = (): Json => {
  const byPath = Map.groupBy(Object.entries<Route>(routes), ([, route]) => route.path);
  return Object.fromEntries(
    [...byPath].map(([path, all]) => [
      path,
      Object.fromEntries(all.map(([id, route]) => [route.method.toLowerCase(), operation(id, route)])),
    ]),
  );
};

/** The OpenAPI 3.1 description of the API, made of its routes and schemas. */
export const openapiDocument = (): z.infer<typeof schemas.openapiResponse> => ({
  openapi: "3.1.0",
  info: {
    title: "Kettle",
    version: "1",
    description:
      "Documents dropped into a bucket, found again grouped by similarity. Errors are `{error: {code, message, requestId}}`. " +
      "A bearer token is asked for when `http.auth` is on.",
    license: { name: "Apache-2.0", identifier: "Apache-2.0" },
  },
  paths: paths(),
  components: {
    schemas: { ...components(requestSchemas, "input"), ...components(responseSchemas, "output") },
    securitySchemes: { bearer: { type: "http", scheme: "bearer" } },
  },
});
