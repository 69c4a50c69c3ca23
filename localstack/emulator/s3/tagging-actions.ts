import { noSuchKey } from "./fault.ts";
import { readText, type S3Action, xmlResponse } from "./request.ts";
import { tagsOfXml, xmlOfTags } from "./tags.ts";

export const getTagging: S3Action = ({ bucket, key }, { objects }) => {
  const object = objects.find(objects.bucket(bucket).name, key);
  if (!object) throw noSuchKey(key);
  return xmlResponse(xmlOfTags(object.tags));
};

export const putTagging: S3Action = async (request, { objects }) => {
  const { bucket, key, id } = request;
  const tags = tagsOfXml(await readText(request));
  objects.retag(bucket, key, tags, { event: "ObjectTagging:Put", requestId: id });
  return { status: 200 };
};

export const deleteTagging: S3Action = ({ bucket, key, id }, { objects }) => {
  objects.retag(bucket, key, {}, { event: "ObjectTagging:Delete", requestId: id });
  return { status: 204 };
};
