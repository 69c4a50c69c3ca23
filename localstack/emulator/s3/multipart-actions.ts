import { writeCondition } from "./conditions.ts";
import { malformedXml, S3Fault } from "./fault.ts";
import { copySource } from "./object-actions.ts";
import { checksumHeaders, receiveBody } from "./receive-body.ts";
import { describe, header, readText, type S3Action, type S3Request, xmlResponse } from "./request.ts";
import { parseXml, toXml } from "./xml.ts";

const uploadId = ({ query }: S3Request): string => query.get("uploadId") ?? "";

export const createUpload: S3Action = ({ bucket, key, headers }, { uploads }) => {
  const id = uploads.start(bucket, key, describe(headers));
  return xmlResponse(toXml("InitiateMultipartUploadResult", { Bucket: bucket, Key: key, UploadId: id }));
};

const partNumber = ({ query }: S3Request): number => {
  const number = Number(query.get("partNumber"));
  if (Number.isInteger(number) && number >= 1 && number <= 10_000) return number;
  throw new S3Fault(400, "InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive");
};

export const uploadPart: S3Action = async (request, { objects, uploads }) => {
  const number = partNumber(request);
  uploads.check(uploadId(request), request.bucket, request.key);
  const body = await receiveBody(request, objects.bodies, 0);
  try {
    uploads.check(uploadId(request), request.bucket, request.key);
    const etag = uploads.putPart(uploadId(request), number, body, body.md5);
    return { status: 200, headers: { etag, ...checksumHeaders(body.checksums) } };
  } catch (error) {
    objects.bodies.remove(body.segments);
    throw error;
  }
};

export const copyPart: S3Action = async (request, stores) => {
  const { objects, uploads } = stores;
  const number = partNumber(request);
  uploads.check(uploadId(request), request.bucket, request.key);
  const source = copySource(request, stores);
  const [, first, last] =
    /^bytes=(\d+)-(\d+)$/.exec(header(request.headers, "x-amz-copy-source-range") ?? "") ?? [];
  const range = first === undefined ? [] : [Number(first), Number(last)];
  if (Number(last) >= source.body.size)
    throw new S3Fault(400, "InvalidArgument", "Range is beyond the source");
  const body = await objects.bodies.receive(objects.bodies.read(source.body, ...range), undefined, 0);
  const etag = uploads.putPart(uploadId(request), number, body, body.md5);
  return xmlResponse(toXml("CopyPartResult", { LastModified: new Date().toISOString(), ETag: etag }));
};

export const listParts: S3Action = (request, { uploads }) => {
  const { bucket, key } = request;
  uploads.check(uploadId(request), bucket, key);
  const parts = uploads.parts(uploadId(request)).map(({ number, size, etag }) => ({
    PartNumber: String(number),
    ETag: etag,
    Size: String(size),
  }));
  return xmlResponse(
    toXml("ListPartsResult", {
      Bucket: bucket,
      Key: key,
      UploadId: uploadId(request),
      IsTruncated: "false",
      Part: parts,
    }),
  );
};

export const completeUpload: S3Action = async (request, { uploads }) => {
  const { bucket, key, id, headers } = request;
  const parts = parseXml(await readText(request))
    .children("Part")
    .map((part) => {
      const etag = part.text("ETag");
      if (etag === undefined) throw malformedXml();
      return { number: Number(part.text("PartNumber")), etag };
    });
  const cause = { event: "ObjectCreated:CompleteMultipartUpload", requestId: id } as const;
  const upload = { id: uploadId(request), bucket, key };
  const { etag } = uploads.complete(upload, parts, cause, writeCondition(headers, key));
  const location = `http://${headers.host ?? "localhost"}/${bucket}/${encodeURIComponent(key)}`;
  return xmlResponse(
    toXml("CompleteMultipartUploadResult", { Location: location, Bucket: bucket, Key: key, ETag: etag }),
  );
};

export const abortUpload: S3Action = (request, { uploads }) => {
  uploads.abort(uploadId(request), request.bucket, request.key);
  return { status: 204 };
};
