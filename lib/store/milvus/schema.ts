import type { CreateCollectionWithFieldsReq, FieldType } from "@zilliz/milvus2-sdk-node";
import { AppError } from "../../errors.ts";
import type { CollectionSpec } from "../store.ts";
import type { Capabilities } from "./capabilities.ts";

/** Milvus counts VARCHAR lengths in bytes and has none longer than this. */
const longestText = 65_535;

/** `{field: bytes}`. A key is at most 1,024 bytes in S3; ids are 32 hexadecimal characters. */
export const textBytes = {
  id: 128,
  documentId: 128,
  duplicateGroup: 128,
  key: 1_024,
  heading: longestText,
  contentType: 1_024,
  modality: 32,
  language: 64,
  contentHash: 128,
  text: longestText,
} as const;
export type TextField = keyof typeof textBytes;
export const textFields = Object.keys(textBytes) as readonly TextField[];

export const integerFields = [
  "run",
  "ordinal",
  "tokens",
  "clusterId",
  "clusterVersion",
  "page",
  "charStart",
  "charEnd",
  "ingestedAt",
] as const;
export const decimalFields = ["quality", "clusterDistance"] as const;

/** Pages are counted from 1 and a row may have none; a nullable field would need Milvus 2.5. */
export const noPage = -1;

/** Most and longest members of `qualityFlags`. */
export const flagBounds = { count: 64, bytes: 256 } as const;

/** Of a JSON field: `common.go`, 65,536 bytes in every version. */
export const metadataBytes = 65_536;

/** What BM25 reads: words of `lib/store/words.ts`, cut by us so that Chinese is found as in the embedded store. */
export const wordsField = "words";
export const wordsBytes = longestText;
export const sparseField = "sparse";
export const vectorField = "vector";

/** The value of the metadata key that `store.partitionKey` names; empty where a row has none. */
export const partitionField = "partition";
export const partitionBytes = 512;

/** The parent of a row: how large it is, where it lies and, with one of its rows, its text. An empty id: none. */
export const parentFields = {
  id: "parentId",
  text: "parentText",
  tokens: "parentTokens",
  charStart: "parentStart",
  charEnd: "parentEnd",
} as const;

const parentColumns = (): readonly FieldType[] => [
  text(parentFields.id, textBytes.id),
  text(parentFields.text, longestText),
  ...[parentFields.tokens, parentFields.charStart, parentFields.charEnd].map(
    (name): FieldType => ({ name, data_type: "Int64" }),
  ),
];

/** What every collection reads a row back from. */
const commonFields: readonly string[] = [
  ...textFields,
  ...integerFields,
  ...decimalFields,
  "qualityFlags",
  "metadata",
  vectorField,
];
const fieldsWithParents = [...commonFields, ...Object.values(parentFields)];

/** What a row of the collection is read back from: the same list each time. */
export const rowFieldsOf = ({ parents }: Pick<Layout, "parents">): readonly string[] =>
  parents ? fieldsWithParents : commonFields;

export type SchemaOptions = {
  readonly server: Capabilities;
  /** Metadata key, or null. */
  readonly partitionKey: string | null;
  /** Parts of the collection that are written and searched in parallel; fixed when it is made. */
  readonly shards: number;
};

const text = (name: string, max_length: number, rest: Partial<FieldType> = {}): FieldType => ({
  name,
  data_type: "VarChar",
  max_length,
  ...rest,
});

const wordFields = (bm25: NonNullable<Capabilities["bm25"]>): readonly FieldType[] => [
  text(wordsField, wordsBytes, { enable_analyzer: true, analyzer_params: { ...bm25.analyzer } }),
  { name: sparseField, data_type: "SparseFloatVector", is_function_output: true },
];

const fields = (spec: CollectionSpec, { server, partitionKey }: SchemaOptions): FieldType[] => [
  ...textFields.map((name) => text(name, textBytes[name], name === "id" ? { is_primary_key: true } : {})),
  ...integerFields.map((name): FieldType => ({ name, data_type: "Int64" })),
  ...decimalFields.map((name): FieldType => ({ name, data_type: "Double" })),
  {
    name: "qualityFlags",
    data_type: "Array",
    element_type: "VarChar",
    max_length: flagBounds.bytes,
    max_capacity: flagBounds.count,
  },
  { name: "metadata", data_type: "JSON" },
  { name: vectorField, data_type: "FloatVector", dim: spec.dimension },
  ...parentColumns(),
  ...(partitionKey === null ? [] : [text(partitionField, partitionBytes, { is_partition_key: true })]),
  ...(server.bm25 === null ? [] : wordFields(server.bm25)),
];

/** Properties say what a collection was made for: milvus-lite keeps no descriptions. */
const property = { layout: "kettle.layout", identity: "kettle.identity", model: "kettle.model" } as const;
const partitionProperty = "kettle.partitionKey";
/** Layout 1 has no parents. */
const layouts = ["1", "2"] as const;
const newest = "2";

/** The request that creates the collection of `spec`. */
export const createRequest = (
  spec: CollectionSpec,
  options: SchemaOptions,
): CreateCollectionWithFieldsReq => ({
  collection_name: spec.name,
  description: `Kettle: chunks embedded by ${spec.model}`,
  fields: fields(spec, options),
  shards_num: options.shards,
  enable_dynamic_field: false,
  // Calls that name no level; ours name one each.
  consistency_level: "Bounded",
  properties: {
    [property.layout]: newest,
    [property.identity]: spec.identity,
    [property.model]: spec.model,
    ...(options.partitionKey !== null && { [partitionProperty]: options.partitionKey }),
  },
  ...(options.server.bm25 !== null && {
    functions: [
      {
        name: "words_to_sparse",
        type: "BM25",
        input_field_names: [wordsField],
        output_field_names: [sparseField],
        params: {},
      },
    ],
  }),
});

/** The part of DescribeCollection's answer that says what a collection is. */
export type Described = {
  readonly schema: {
    readonly name: string;
    readonly fields: readonly {
      readonly name: string;
      readonly type_params?: readonly { readonly key: string; readonly value: unknown }[];
    }[];
  };
  readonly properties: readonly { readonly key: string; readonly value: unknown }[];
};

export type Layout = {
  readonly spec: CollectionSpec;
  /** Has it words for BM25? Collections that an older server made have none. */
  readonly words: boolean;
  /** Can its rows have parents? */
  readonly parents: boolean;
  readonly partitionKey: string | null;
};

/** null: not one of ours. @throws AppError `NOT_AVAILABLE` for a layout of a newer Kettle */
export const readLayout = ({ schema, properties }: Described): Layout | null => {
  const values = new Map(properties.map(({ key, value }) => [key, String(value)]));
  const made = values.get(property.layout);
  if (made === undefined) return null;
  if (!layouts.some((known) => known === made))
    throw new AppError(
      "NOT_AVAILABLE",
      `collection ${schema.name} was made by a newer Kettle (layout ${made}, this one knows ${newest}): update Kettle`,
    );
  const field = (name: string) => schema.fields.find((each) => each.name === name);
  const dimension = field(vectorField)?.type_params?.find(({ key }) => key === "dim")?.value;
  return {
    spec: {
      name: schema.name,
      dimension: Number(dimension),
      identity: values.get(property.identity) ?? "",
      model: values.get(property.model) ?? "",
    },
    words: field(sparseField) !== undefined,
    parents: field(parentFields.id) !== undefined,
    partitionKey: values.get(partitionProperty) ?? null,
  };
};
