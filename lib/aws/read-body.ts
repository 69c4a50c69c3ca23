import type { Readable } from "node:stream";
import { AppError } from "../errors.ts";

/**
 * Reads a body to its end.
 * @throws AppError `DOCUMENT_TOO_LARGE` once more than `maxBytes` have come; the rest is not read.
 */
export const readBody = async (body: Readable, maxBytes: number): Promise<Uint8Array> => {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of body) {
    parts.push(part);
    bytes += part.byteLength;
    if (bytes > maxBytes)
      throw new AppError("DOCUMENT_TOO_LARGE", `the body has more than ${maxBytes} bytes`);
  }
  const [first] = parts;
  return parts.length === 1 && first !== undefined ? first : Buffer.concat(parts, bytes);
};

/** Small objects of our own: ledger entries, receipts, cursors. */
export const readText = async (body: Readable): Promise<string> =>
  Buffer.from(await readBody(body, 16_000_000)).toString("utf8");
