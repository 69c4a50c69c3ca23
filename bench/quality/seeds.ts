import { readFileSync } from "node:fs";

export type Language = "en" | "zh";
/** Texts by kind, as they stand in seeds-en.txt and seeds-zh.txt. */
export type Seeds = ReadonlyMap<string, readonly string[]>;

/** Sections begin with `## kind`; a line `---` parts their texts. All of it was written for this set, but the poems (public domain). */
export const readSeeds = (language: Language): Seeds => {
  const text = readFileSync(new URL(`seeds-${language}.txt`, import.meta.url), "utf8");
  return new Map(
    text
      .split(/^## /m)
      .slice(1)
      .map((section): [string, readonly string[]] => {
        const [kind = "", ...body] = section.split("\n");
        return [
          kind,
          body
            .join("\n")
            .split(/^---$/m)
            .map((item) => item.replace(/^\n|\n$/g, "")),
        ];
      }),
  );
};
