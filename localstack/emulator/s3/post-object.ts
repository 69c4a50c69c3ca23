import { Readable } from "node:stream";
import { S3Fault } from "./fault.ts";
import { describe, header, type S3Action, xmlResponse } from "./request.ts";
import { tagsOfXml } from "./tags.ts";
import { toXml } from "./xml.ts";

const parseForm = async (contentType: string, body: AsyncIterable<Buffer>): Promise<FormData> => {
  try {
    const stream = Readable.toWeb(Readable.from(body, { objectMode: false }));
    return await new Response(stream as ReadableStream, {
      headers: { "content-type": contentType },
    }).formData();
  } catch (error) {
    throw new S3Fault(
      400,
      "MalformedPOSTRequest",
      `The body of your POST request is not well-formed multipart/form-data: ${String(error)}`,
    );
  }
};

const formHeaders = (form: FormData): Record<string, string> => {
  const headers: Record<string, string> = {};
  // As Node would have read them off the wire: bytes as Latin-1.
  for (const [name, value] of form)
    if (typeof value === "string") headers[name.toLowerCase()] = Buffer.from(value).toString("latin1");
  return headers;
};

/** A browser's form upload; the policy's signature is not checked. The form is held in memory. */
export const postObject: S3Action = async (request, { objects }) => {
  objects.bucket(request.bucket);
  const form = await parseForm(header(request.headers, "content-type") ?? "", request.body);
  const file = form.get("file");
  const keyField = form.get("key");
  if (typeof keyField !== "string" || keyField === "" || file === null)
    throw new S3Fault(400, "InvalidArgument", "Bucket POST must contain the fields 'key' and 'file'.");
  // biome-ignore lint/suspicious/noTemplateCurlyInString: S3's own placeholder
  const key = keyField.replaceAll("${filename}", typeof file === "string" ? "" : file.name);
  const blob = typeof file === "string" ? new Blob([file]) : file;
  const body = await objects.bodies.receive(blob.stream() as unknown as AsyncIterable<Buffer>);
  const etag = `"${body.md5}"`;
  const tagging = form.get("tagging");
  const tags = typeof tagging === "string" ? tagsOfXml(tagging) : {};
  const object = { ...describe(formHeaders(form)), tags, key, etag, checksums: {}, body };
  const cause = { event: "ObjectCreated:Post", requestId: request.id } as const;
  try {
    objects.put(request.bucket, object, cause, () => undefined);
  } catch (error) {
    objects.bodies.remove(body.segments);
    throw error;
  }
  const location = `/${request.bucket}/${encodeURIComponent(key)}`;
  const status = Number(form.get("success_action_status") ?? 204);
  if (status !== 201) return { status: status === 200 ? 200 : 204, headers: { etag, location } };
  const xml = toXml("PostResponse", { Location: location, Bucket: request.bucket, Key: key, ETag: etag });
  return { ...xmlResponse(xml, { etag, location }), status: 201 };
};
