/**
 * JSON schemas of Kubernetes objects from the OpenAPI document of a Kubernetes release, made strict: a field that the
 * API does not know is an error, as it is for an API server with `fieldValidation: Strict`.
 */

export type Schema = {
  readonly type?: string;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly required?: readonly string[];
  readonly [key: string]: unknown;
};
export type Definitions = Readonly<Record<string, Schema>>;

type GroupVersionKind = { readonly group: string; readonly version: string; readonly kind: string };

/** Types that OpenAPI 2 has no words for; names as in the document. */
const special: Definitions = {
  "io.k8s.apimachinery.pkg.util.intstr.IntOrString": { oneOf: [{ type: "string" }, { type: "integer" }] },
  "io.k8s.apimachinery.pkg.api.resource.Quantity": { oneOf: [{ type: "string" }, { type: "number" }] },
};

/** An optional field may be null, which the API reads as not there. Not `anyOf`, whose errors name neither place nor cause. */
const optional = (schema: Schema): Schema => ({ if: { type: "null" }, else: schema });

const strict = (schema: Schema): Schema => {
  if (!schema.properties) return schema;
  const required = new Set(schema.required);
  const properties = Object.fromEntries(
    Object.entries(schema.properties).map(([name, field]) => [
      name,
      required.has(name) ? field : optional(field),
    ]),
  );
  return { ...schema, properties, additionalProperties: schema.additionalProperties ?? false };
};

const strictDefinitions = (definitions: Definitions): Definitions => ({
  ...Object.fromEntries(Object.entries(definitions).map(([name, schema]) => [name, strict(schema)])),
  ...special,
});

const prefix = "#/definitions/";
const referred = (schema: unknown): readonly string[] =>
  [...JSON.stringify(schema).matchAll(/"\$ref":"#\/definitions\/([^"]+)"/g)].flatMap(
    ([, name]) => name ?? [],
  );

/** Everything that a schema refers to, and what that refers to. */
const reachable = (from: Schema, definitions: Definitions): Definitions => {
  const found: Record<string, Schema> = {};
  const open = [...referred(from)];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const schema = definitions[name];
    if (name in found || schema === undefined) continue;
    found[name] = schema;
    open.push(...referred(schema));
  }
  return found;
};

/** As kubeconform looks for it: `{{.ResourceKind}}{{.KindSuffix}}.json`. */
export const schemaFile = ({ group, version, kind }: GroupVersionKind): string =>
  `${[kind, group.split(".")[0], version].filter((part) => part !== "").join("-")}.json`.toLowerCase();

const objectSchema = (
  schema: Schema,
  { group, version, kind }: GroupVersionKind,
  definitions: Definitions,
): Schema => {
  const complete = {
    ...schema,
    properties: {
      ...schema.properties,
      apiVersion: { const: group === "" ? version : `${group}/${version}` },
      kind: { const: kind },
    },
    required: [...new Set([...(schema.required ?? []), "apiVersion", "kind"])],
  };
  // Without its name a schema is read as draft 4, which knows neither `const` nor `if`.
  const $schema = "http://json-schema.org/draft-07/schema#";
  return { $schema, ...complete, definitions: reachable(complete, definitions) };
};

/**
 * One schema for each kind of object, by file name.
 * @param openApi the `definitions` of api/openapi-spec/swagger.json
 */
export const kubernetesSchemas = (openApi: Definitions): ReadonlyMap<string, Schema> => {
  const definitions = strictDefinitions(openApi);
  const schemas = new Map<string, Schema>();
  for (const schema of Object.values(definitions)) {
    const kinds = (schema["x-kubernetes-group-version-kind"] ?? []) as readonly GroupVersionKind[];
    for (const kind of kinds) schemas.set(schemaFile(kind), objectSchema(schema, kind, definitions));
  }
  return schemas;
};

/** The only object of ours that Kubernetes itself does not know; its fields as the controller's definition has them. */
export const targetGroupBindingSchema: Schema = objectSchema(
  {
    type: "object",
    properties: {
      apiVersion: {},
      kind: {},
      metadata: { $ref: `${prefix}metadata` },
      spec: {
        type: "object",
        properties: {
          serviceRef: {
            type: "object",
            properties: {
              name: { type: "string" },
              port: { oneOf: [{ type: "integer" }, { type: "string" }] },
            },
            required: ["name", "port"],
            additionalProperties: false,
          },
          targetGroupARN: { type: "string", minLength: 1 },
          targetType: { enum: ["instance", "ip"] },
          vpcID: { type: "string" },
        },
        required: ["serviceRef", "targetGroupARN"],
        additionalProperties: false,
      },
    },
    required: ["metadata", "spec"],
    additionalProperties: false,
  },
  { group: "elbv2.k8s.aws", version: "v1beta1", kind: "TargetGroupBinding" },
  {
    metadata: {
      type: "object",
      properties: {
        name: { type: "string" },
        namespace: { type: "string" },
        labels: { type: "object", additionalProperties: { type: "string" } },
      },
      required: ["name"],
      additionalProperties: false,
    },
  },
);
