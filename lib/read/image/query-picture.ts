import { AppError } from "../../errors.ts";
import type { ReadLimits } from "../reader.ts";
import { openPicture } from "./picture.ts";

const tooLarge = (error: AppError): boolean => error.code === "DOCUMENT_TOO_LARGE";

/**
 * A picture that somebody sent to search by, as the model takes it: the first page, turned upright.
 * @throws AppError `BAD_REQUEST` when it is no picture, `PAYLOAD_TOO_LARGE` beyond `limits.pixels`
 */
export const queryPicture = async (
  bytes: Uint8Array,
  side: number,
  limits: ReadLimits,
): Promise<Uint8Array> => {
  try {
    return await (await openPicture({ bytes, key: "image", limits })).square(0, side);
  } catch (error) {
    if (!(error instanceof AppError) || error.status !== 422) throw error;
    throw new AppError(tooLarge(error) ? "PAYLOAD_TOO_LARGE" : "BAD_REQUEST", error.message, {
      cause: error,
    });
  }
};
