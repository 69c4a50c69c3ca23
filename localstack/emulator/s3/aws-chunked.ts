import { S3Fault } from "./fault.ts";

const broken = (): S3Fault =>
  new S3Fault(400, "IncompleteBody", "The request body terminated unexpectedly or its chunks are malformed.");

const longestLine = 16_384;

/** Reads lines and byte runs off a stream of buffers. */
class ChunkReader {
  readonly #source: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  async #more(): Promise<void> {
    const next = await this.#source.next();
    if (next.done) throw broken();
    this.#rest = this.#rest.length === 0 ? next.value : Buffer.concat([this.#rest, next.value]);
  }

  /** Without its CRLF. */
  async line(): Promise<string> {
    for (;;) {
      const end = this.#rest.indexOf("\r\n");
      if (end >= 0) {
        const line = this.#rest.toString("latin1", 0, end);
        this.#rest = this.#rest.subarray(end + 2);
        return line;
      }
      if (this.#rest.length > longestLine) throw broken();
      await this.#more();
    }
  }

  async *bytes(count: number): AsyncGenerator<Buffer> {
    let missing = count;
    while (missing > 0) {
      if (this.#rest.length === 0) await this.#more();
      const piece = this.#rest.subarray(0, missing);
      this.#rest = this.#rest.subarray(piece.length);
      missing -= piece.length;
      yield piece;
    }
  }
}

/**
 * Takes the aws-chunked framing off a body: `<hex size>[;chunk-signature=…]CRLF bytes CRLF … 0 CRLF trailers CRLF`.
 * Signatures are not checked. Trailing headers (the checksum that current SDKs append) are put into `trailers`.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 */
export async function* decodeAwsChunked(
  source: AsyncIterable<Buffer>,
  trailers: Map<string, string>,
): AsyncGenerator<Buffer> {
  const reader = new ChunkReader(source);
  for (;;) {
    const size = /^([0-9a-f]{1,12})(;|$)/i.exec(await reader.line())?.[1];
    if (size === undefined) throw broken();
    const count = Number.parseInt(size, 16);
    if (count === 0) break;
    yield* reader.bytes(count);
    if ((await reader.line()) !== "") throw broken();
  }
  for (let line = await reader.line(); line !== ""; line = await reader.line()) {
    const colon = line.indexOf(":");
    if (colon > 0) trailers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
}
