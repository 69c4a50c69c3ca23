import type { Tags } from "../aws/bucket.ts";
import type { Metadata } from "../chunk-row.ts";

/** What `metadata.<name>` of a filter can name in every store. */
const usable = /^[\p{L}\p{N}_-]{1,100}$/u;

/** Tags as metadata, values as text; a name that no filter could ask for is left out, and a note says so. */
export const tagMetadata = (
  tags: Tags,
): { readonly metadata: Metadata; readonly notes: readonly string[] } => {
  const names = Object.keys(tags).sort();
  const left = names.filter((name) => !usable.test(name));
  return {
    metadata: Object.fromEntries(
      names.filter((name) => usable.test(name)).map((name) => [name, tags[name] ?? ""]),
    ),
    notes: left.map(
      (name) =>
        `the tag ${JSON.stringify(name)} is left out: to be metadata, a tag has a name of 1 to 100 letters, digits, _ and -`,
    ),
  };
};
