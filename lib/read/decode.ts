import { isUtf8 } from "node:buffer";
import type { Metadata } from "../chunk-row.ts";
import { countInvalid, detectEncoding, type Encoding } from "./encoding.ts";
import { documentFailure, reason } from "./failures.ts";
import type { ReadInput } from "./reader.ts";

export type DecodedText = {
  /** Line ends are "\n". */
  readonly text: string;
  readonly encoding: Encoding;
  /** Byte sequences that are none in this encoding; each stands in `text` as U+FFFD. */
  readonly invalid: number;
  /** The encoding where it is not UTF-8, and the number of invalid sequences where there are any. */
  readonly metadata: Metadata;
};

/** More damage than this share of the characters is not a text with a scratch, it is something else. */
const mostInvalid = 0.01;

/** The first `bytes` of a text, for looking at what it is. */
export const decodeHead = (bytes: Uint8Array, encoding: Encoding, length: number): string =>
  new TextDecoder(encoding).decode(bytes.subarray(0, length), { stream: true });

/**
 * Bytes to text. The encoding is decided once and all bytes are decoded with it; what is broken is counted, never
 * dropped silently.
 * @throws AppError `CORRUPT_DOCUMENT` when more than one character in a hundred is broken, `DOCUMENT_TOO_LARGE` when
 *   the text is longer than a string can be (some 500 million characters).
 */
export const decodeText = (input: Pick<ReadInput, "bytes" | "contentType" | "key">): DecodedText => {
  const encoding = detectEncoding(input.bytes, input.contentType);
  let decoded: string;
  try {
    decoded = new TextDecoder(encoding).decode(input.bytes);
  } catch (error) {
    throw documentFailure(
      "DOCUMENT_TOO_LARGE",
      input.key,
      `its text cannot be held: ${reason(error)}`,
      error,
    );
  }
  const text = decoded.includes("\r") ? decoded.replace(/\r\n?/g, "\n") : decoded;
  // A document that is valid UTF-8 may be about U+FFFD.
  const invalid = encoding === "utf-8" && isUtf8(input.bytes) ? 0 : countInvalid(text);
  if (invalid > Math.max(1, text.length * mostInvalid))
    throw documentFailure(
      "CORRUPT_DOCUMENT",
      input.key,
      `${invalid} byte sequences are not valid ${encoding}, the encoding it is nearest to; save it as UTF-8`,
    );
  const metadata = {
    ...(encoding === "utf-8" ? {} : { encoding }),
    ...(invalid === 0 ? {} : { invalidSequences: invalid }),
  };
  return { text, encoding, invalid, metadata };
};
