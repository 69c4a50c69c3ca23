import type { IncomingHttpHeaders } from "node:http";
import type { BodyStore, ReceivedBody } from "./body-store.ts";
import { S3Fault } from "./fault.ts";
import { header, payload, type S3Request } from "./request.ts";

const algorithms = ["crc32", "crc32c", "crc64nvme", "sha1", "sha256"] as const;

const announced = (headers: IncomingHttpHeaders): string | undefined => {
  const trailer = header(headers, "x-amz-trailer")?.toLowerCase() ?? "";
  return algorithms.find(
    (name) => headers[`x-amz-checksum-${name}`] !== undefined || trailer.includes(`x-amz-checksum-${name}`),
  );
};

const badDigest = (what: string): S3Fault =>
  new S3Fault(400, "BadDigest", `The ${what} you specified did not match what we received.`);

const verify = (
  request: S3Request,
  body: ReceivedBody,
  checksums: Readonly<Record<string, string>>,
): void => {
  const length = header(request.headers, "x-amz-decoded-content-length");
  if (length !== undefined && Number(length) !== body.size)
    throw new S3Fault(
      400,
      "IncompleteBody",
      "You did not provide the number of bytes specified by the Content-Length HTTP header",
    );
  const md5 = header(request.headers, "content-md5");
  if (md5 !== undefined && Buffer.from(md5, "base64").toString("hex") !== body.md5)
    throw badDigest("Content-MD5");
  for (const [name, value] of Object.entries(checksums)) {
    const computed = body.checksum(name);
    if (computed !== undefined && computed !== value) throw badDigest(name.toUpperCase());
  }
};

/** S3's bound on one PUT or part. */
const maxBytes = 5 * 1024 ** 3;

const checkSize = ({ headers }: S3Request): void => {
  const length = header(headers, "x-amz-decoded-content-length") ?? header(headers, "content-length");
  if (Number(length ?? 0) > maxBytes)
    throw new S3Fault(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size", {
      ProposedSize: String(length),
      MaxSizeAllowed: String(maxBytes),
    });
};

export type Upload = ReceivedBody & { readonly checksums: Readonly<Record<string, string>> };

/**
 * Takes a body off the wire: chunk framing removed, length, Content-MD5 and checksum (CRC32, SHA-1, SHA-256) verified;
 * CRC32C and CRC64NVME are kept as given.
 * @throws S3Fault `BadDigest`, `IncompleteBody`; nothing stays behind
 */
export const receiveBody = async (
  request: S3Request,
  bodies: BodyStore,
  inlineBytes?: number,
): Promise<Upload> => {
  const { headers } = request;
  checkSize(request);
  const algorithm = announced(headers);
  const trailers = new Map<string, string>();
  const body = await bodies.receive(payload(request, trailers), algorithm, inlineBytes);
  const given =
    algorithm &&
    (trailers.get(`x-amz-checksum-${algorithm}`) ?? header(headers, `x-amz-checksum-${algorithm}`));
  const checksums: Record<string, string> = algorithm && given ? { [algorithm]: given } : {};
  try {
    verify(request, body, checksums);
  } catch (error) {
    bodies.remove(body.segments);
    throw error;
  }
  return { ...body, checksums };
};

export const checksumHeaders = (checksums: Readonly<Record<string, string>>): Record<string, string> => {
  const named = Object.entries(checksums).map(([name, value]) => [`x-amz-checksum-${name}`, value] as const);
  return named.length > 0 ? { ...Object.fromEntries(named), "x-amz-checksum-type": "FULL_OBJECT" } : {};
};
