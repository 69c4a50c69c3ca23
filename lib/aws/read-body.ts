import type { Readable } from "node:stream";
import { AppError } from "../errors.ts";

/** A place for parts to go to: one buffer of the announced size, and a list for what does not fit there. */
const partsOf = (size: number) => {
  const whole = Buffer.allocUnsafeSlow(size);
  const more: Uint8Array[] = [];
  let filled = 0;
  return {
    add: (part: Uint8Array): void => {
      if (more.length === 0 && filled + part.byteLength <= size) {
        whole.set(part, filled);
        filled += part.byteLength;
      } else more.push(part);
    },
    bytes: (): Uint8Array => {
      const start = filled === size ? whole : whole.subarray(0, filled);
      const [first] = more;
      if (first === undefined) return start;
      return filled === 0 && more.length === 1 ? first : Buffer.concat([start, ...more]);
    },
  };
};

/**
 * Reads a body to its end.
 * @param size as announced: its bytes then go straight to their place, where parts put together would be there twice
 * @throws AppError `DOCUMENT_TOO_LARGE` once more than `maxBytes` have come; the rest is not read.
 */
export const readBody = async (body: Readable, maxBytes: number, size = 0): Promise<Uint8Array> => {
  const parts = partsOf(Math.min(size, maxBytes));
  let bytes = 0;
  for await (const part of body) {
    parts.add(part);
    bytes += part.byteLength;
    if (bytes > maxBytes)
      throw new AppError("DOCUMENT_TOO_LARGE", `the body has more than ${maxBytes} bytes`);
  }
  return parts.bytes();
};

/** Small objects of our own: ledger entries, receipts, cursors. */
export const readText = async (body: Readable): Promise<string> =>
  Buffer.from(await readBody(body, 16_000_000)).toString("utf8");
