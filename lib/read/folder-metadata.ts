import type { Metadata } from "../chunk-row.ts";

/** Fields for all documents whose keys begin with a prefix, by prefix. */
export type FolderRules = Readonly<Record<string, Metadata>>;

/** What the folders of `key` say of it; a longer prefix stands above a shorter one. */
export const folderMetadata = (rules: FolderRules, key: string): Metadata => {
  const matching = Object.keys(rules).filter((prefix) => key.startsWith(prefix));
  const outermostFirst = matching.sort((a, b) => a.length - b.length);
  return Object.assign({}, ...outermostFirst.map((prefix) => rules[prefix]));
};
