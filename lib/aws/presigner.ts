import { GetObjectCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";

/** Port: links that let somebody without credentials read or write one object for a while. */
export type Presigner = {
  get(key: string, seconds: number): Promise<string>;
  /** The upload must have exactly this size and send `headers` as they are, else S3 refuses it. */
  put(
    upload: { readonly key: string; readonly contentType: string; readonly size: number },
    seconds: number,
  ): Promise<{ readonly url: string; readonly headers: Readonly<Record<string, string>> }>;
  /** Scheme, host and port of the links: a web page must be allowed to connect there. */
  origin(): Promise<string>;
};

/** `client` must calculate checksums only WHEN_REQUIRED: else the link carries that of an empty body. */
export const s3Presigner = (client: S3Client, bucket: string): Presigner => {
  const get = (key: string, seconds: number): Promise<string> =>
    getSignedUrl(client, new GetObjectCommand({ Bucket: bucket, Key: key }), { expiresIn: seconds });
  return {
    get,
    put: async ({ key, contentType, size }, seconds) => {
      const command = new PutObjectCommand({
        Bucket: bucket,
        Key: key,
        ContentType: contentType,
        ContentLength: size,
      });
      const url = await getSignedUrl(client, command, {
        expiresIn: seconds,
        // Signed, so that neither a larger body nor another type gets in. Clients send Content-Length by themselves.
        signableHeaders: new Set(["content-length", "content-type", "host"]),
      });
      return { url, headers: { "content-type": contentType } };
    },
    origin: async () => new URL(await get("origin", 60)).origin,
  };
};
