import { createHash, type Hash, randomUUID } from "node:crypto";
import { copyFileSync, createReadStream, linkSync, mkdirSync, openSync, readdirSync, rmSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { crc32 } from "node:zlib";

export type Segment = { readonly file: string; readonly size: number };

/** Where an object's bytes are: in the database when small, else in one file a part, in order. */
export type Body = {
  readonly size: number;
  readonly inline: Uint8Array | null;
  readonly segments: readonly Segment[];
};

export type ReceivedBody = Body & {
  /** hex */
  readonly md5: string;
  /** base64 of the named checksum, of those that can be computed here. */
  readonly checksum: (algorithm: string) => string | undefined;
};

const inlineLimit = 65_536;

type Digests = {
  readonly update: (bytes: Buffer) => void;
  readonly md5: () => string;
  readonly checksum: ReceivedBody["checksum"];
};

const digests = (algorithm: string | undefined): Digests => {
  const md5 = createHash("md5");
  const sha: Hash | undefined =
    algorithm === "sha1" || algorithm === "sha256" ? createHash(algorithm) : undefined;
  let crc = 0;
  const base64OfCrc = (): string => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(crc >>> 0);
    return bytes.toString("base64");
  };
  return {
    update: (bytes) => {
      md5.update(bytes);
      sha?.update(bytes);
      if (algorithm === "crc32") crc = crc32(bytes, crc);
    },
    md5: () => md5.digest("hex"),
    checksum: (name) => {
      if (name !== algorithm) return undefined;
      return algorithm === "crc32" ? base64OfCrc() : sha?.copy().digest("base64");
    },
  };
};

/** Files are written before the row that names them and removed after it: what no row names is swept at start. */
export class BodyStore {
  readonly #folder: string;

  constructor(dataDir: string) {
    this.#folder = join(dataDir, "bodies");
    mkdirSync(this.#folder, { recursive: true });
  }

  /**
   * Streams to memory up to `inlineBytes`, beyond that to a file.
   * @param algorithm the checksum to compute on the way
   */
  async receive(
    source: AsyncIterable<Buffer>,
    algorithm?: string,
    inlineBytes = inlineLimit,
  ): Promise<ReceivedBody> {
    const digest = digests(algorithm);
    const small: Buffer[] = [];
    const file = randomUUID();
    let handle: FileHandle | undefined;
    let size = 0;
    try {
      for await (const bytes of source) {
        digest.update(bytes);
        size += bytes.length;
        if (!handle && size <= inlineBytes) {
          small.push(bytes);
          continue;
        }
        if (!handle) {
          handle = await open(join(this.#folder, file), "wx");
          await handle.writeFile(Buffer.concat(small));
        }
        await handle.writeFile(bytes);
      }
    } catch (error) {
      await handle?.close();
      if (handle) this.remove([{ file, size }]);
      throw error;
    }
    await handle?.close();
    const place = handle
      ? { inline: null, segments: [{ file, size }] }
      : { inline: Buffer.concat(small), segments: [] };
    return { size, ...place, md5: digest.md5(), checksum: digest.checksum };
  }

  /**
   * Bytes `start` to `end` (inclusive) as a stream. Files are opened before this returns, so that a removal in the
   * same moment cannot pull them away.
   */
  read(body: Body, start = 0, end = body.size - 1): Readable {
    if (body.inline) return Readable.from([Buffer.from(body.inline).subarray(start, end + 1)]);
    const parts: Readable[] = [];
    let offset = 0;
    for (const { file, size } of body.segments) {
      const from = Math.max(start - offset, 0);
      const to = Math.min(end - offset, size - 1);
      offset += size;
      if (from > to) continue;
      const path = join(this.#folder, file);
      parts.push(createReadStream(path, { fd: openSync(path, "r"), start: from, end: to }));
    }
    const [only, ...others] = parts;
    if (only && others.length === 0) return only;
    const whole = Readable.from(concatenate(parts), { objectMode: false });
    // Also when nobody ever read from it.
    return whole.once("close", () => {
      for (const part of parts) part.destroy();
    });
  }

  /** The same bytes under names of their own. Files never change, so a hard link is a copy. */
  copy(body: Body): Body {
    const segments = body.segments.map(({ file, size }) => {
      const copy = randomUUID();
      const [from, to] = [join(this.#folder, file), join(this.#folder, copy)];
      try {
        linkSync(from, to);
      } catch {
        copyFileSync(from, to);
      }
      return { file: copy, size };
    });
    return { size: body.size, inline: body.inline, segments };
  }

  remove(segments: readonly Segment[]): void {
    for (const { file } of segments) rmSync(join(this.#folder, file), { force: true });
  }

  /** Removes files that nothing names: uploads cut off by the end of a process. */
  sweep(named: ReadonlySet<string>): void {
    for (const file of readdirSync(this.#folder)) if (!named.has(file)) this.remove([{ file, size: 0 }]);
  }
}

async function* concatenate(parts: readonly Readable[]): AsyncGenerator<Buffer> {
  for (const part of parts) yield* part as AsyncIterable<Buffer>;
}
