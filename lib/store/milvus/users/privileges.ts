/** One privilege on one kind of object, as Milvus names them (https://milvus.io/docs/users_and_roles.md). */
export type Privilege = { readonly object: "Collection" | "Global"; readonly name: string };

const on = (object: Privilege["object"], ...names: readonly string[]): readonly Privilege[] =>
  names.map((name) => ({ object, name }));

/** What opening a collection asks: which there are, how they are made, which index, is it loaded. */
const reading = [
  ...on("Global", "DescribeCollection", "ShowCollections", "DescribeAlias", "ListAliases"),
  ...on("Collection", "IndexDetail", "Load", "GetLoadState", "GetLoadingProgress", "Query", "Search"),
];

/**
 * What each function needs and nothing beside it. `search` reads; it loads what a restarted server has not loaded yet.
 * `writer` (writer, reconcile, recluster and whatever collects garbage) also makes collections, moves aliases, writes
 * and deletes rows. Neither can see or change users and roles, databases or resource groups, and search cannot change
 * a row.
 */
export const presets = {
  search: reading,
  writer: [
    ...reading,
    ...on("Global", "CreateCollection", "DropCollection", "CreateAlias", "DropAlias"),
    ...on("Collection", "CreateIndex", "Insert", "Upsert", "Delete", "Release"),
  ],
} as const satisfies Record<string, readonly Privilege[]>;

export type PresetName = keyof typeof presets;
export const presetNames = Object.keys(presets) as readonly PresetName[];

/** Role of a preset. */
export const roleOf = (preset: PresetName): string => `kettle_${preset}`;
