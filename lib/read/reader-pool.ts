import type { ChunkReader, ReadRequest } from "./isolated.ts";
import type { DocumentChunks } from "./to-chunks.ts";

/** Larger documents, and those whose pages may have to go through OCR, can keep a thread for minutes. */
const quickBytes = 2_000_000;
const pages = /\.(?:pdf|jpe?g|png|webp|gif|tiff?|avif|hei[cf])$/i;
const pageTypes = /^(?:image\/|application\/pdf)/i;

const mayTakeLong = ({ bytes, key, contentType }: ReadRequest): boolean =>
  bytes.length > quickBytes || pages.test(key) || pageTypes.test(contentType);

type Waiting = { readonly long: boolean; start(lane: ChunkReader): void };

/**
 * Reads several documents at once, each in a thread of its own. Those that may take long never have the last thread, so
 * that a small one does not wait behind them. In the order in which they come, within both kinds.
 * @param open makes a reader of one thread; called when one more is needed, `lanes` times at the most
 * @param lanes at least 2
 */
export const readerPool = (open: () => ChunkReader, lanes: number): ChunkReader => {
  const all: ChunkReader[] = [];
  const idle: ChunkReader[] = [];
  const waiting: Waiting[] = [];
  let long = 0;

  const lane = (): ChunkReader | undefined => {
    const free = idle.pop();
    if (free || all.length >= lanes) return free;
    const opened = open();
    all.push(opened);
    return opened;
  };
  const next = (): void => {
    const at = waiting.findIndex((each) => !each.long || long < lanes - 1);
    const first = waiting[at];
    const free = first && lane();
    if (!first || !free) return;
    waiting.splice(at, 1);
    if (first.long) long++;
    first.start(free);
  };
  const acquire = (wanted: boolean): Promise<ChunkReader> =>
    new Promise((resolve) => {
      waiting.push({ long: wanted, start: resolve });
      next();
    });
  const release = (used: ChunkReader, wasLong: boolean): void => {
    idle.push(used);
    if (wasLong) long--;
    next();
  };
  return {
    read: async (input): Promise<DocumentChunks> => {
      const isLong = mayTakeLong(input);
      const reader = await acquire(isLong);
      try {
        return await reader.read(input);
      } finally {
        release(reader, isLong);
      }
    },
    warm: async () => {
      const reader = await acquire(false);
      try {
        await reader.warm();
      } finally {
        release(reader, false);
      }
    },
    close: async () => {
      await Promise.all(all.map((reader) => reader.close()));
    },
  };
};
