import { malformedXml, S3Fault } from "./fault.ts";
import { parseXml, toXml } from "./xml.ts";

export type Tags = Readonly<Record<string, string>>;

const mostTags = 10;
/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html */
const allowed = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

const invalid = (message: string, name: string): S3Fault =>
  new S3Fault(400, "InvalidTag", message, { TagKey: name });

/** @throws S3Fault `InvalidTag` or `BadRequest`, as S3 refuses them */
const checked = (pairs: readonly (readonly [string, string])[]): Tags => {
  if (pairs.length > mostTags)
    throw new S3Fault(400, "BadRequest", `Object tags cannot be greater than ${mostTags}`);
  const tags = new Map<string, string>();
  for (const [name, value] of pairs) {
    if (name.length < 1 || name.length > 128 || !allowed.test(name))
      throw invalid("The TagKey you have provided is invalid", name);
    if (value.length > 256 || !allowed.test(value))
      throw invalid("The TagValue you have provided is invalid", name);
    if (tags.has(name)) throw invalid("Cannot provide multiple Tags with the same key", name);
    tags.set(name, value);
  }
  return Object.fromEntries(tags);
};

/** `x-amz-tagging`: pairs as in the query of a URL. */
export const tagsOfHeader = (value = ""): Tags => checked([...new URLSearchParams(value)]);

/** `<Tagging><TagSet><Tag><Key/><Value/></Tag>…` */
export const tagsOfXml = (source: string): Tags => {
  const [set, ...others] = parseXml(source).children("TagSet");
  if (set === undefined || others.length > 0) throw malformedXml();
  return checked(
    set.children("Tag").map((tag) => {
      const [name, value] = [tag.text("Key"), tag.text("Value")];
      if (name === undefined || value === undefined) throw malformedXml();
      return [name, value] as const;
    }),
  );
};

export const xmlOfTags = (tags: Tags): string =>
  toXml("Tagging", {
    TagSet: { Tag: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) },
  });
