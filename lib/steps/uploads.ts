import type { Presigner } from "../aws/presigner.ts";
import { AppError } from "../errors.ts";
import { documentId } from "../ids.ts";

export type UploadsDeps = {
  readonly bucket: string;
  readonly presigner: Pick<Presigner, "put">;
  /** `limits.objectBytes` */
  readonly maxBytes: number;
  /** `http.uploadSeconds` */
  readonly seconds: number;
  readonly now: () => number;
};

export type UploadRequest = { readonly key: string; readonly contentType: string; readonly size: number };

export type UploadLink = {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly key: string;
  readonly documentId: string;
  /** ms since 1970 */
  readonly expiresAt: number;
};

/**
 * The use case behind `POST /uploads`: a link to PUT one document straight into the bucket, whose event does the rest.
 * @throws AppError `PAYLOAD_TOO_LARGE` for what parse would refuse anyway.
 */
export const createUpload =
  ({ bucket, presigner, maxBytes, seconds, now }: UploadsDeps) =>
  async (request: UploadRequest): Promise<UploadLink> => {
    const { key, size } = request;
    if (size > maxBytes)
      throw new AppError(
        "PAYLOAD_TOO_LARGE",
        `${key} has ${size} bytes; limits.objectBytes allows ${maxBytes}`,
      );
    const expiresAt = now() + seconds * 1000;
    const link = await presigner.put(request, seconds);
    return { ...link, key, documentId: documentId(bucket, key), expiresAt };
  };
