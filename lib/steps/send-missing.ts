import type { Queue } from "../aws/queue.ts";
import type { ReadEntry } from "../ledger/ledger.ts";
import type { Receipts } from "../ledger/receipts.ts";
import type { EmbedMessage } from "../messages.ts";
import { type Batch, batchesOf, type Content, type PackOptions, type Shared } from "./pack.ts";

type SendDeps = { readonly queue: Queue<EmbedMessage>; readonly receipts: Receipts };
type Sent = Content & { readonly shared: Shared };

/** SQS takes ten messages in a call. */
const atOnce = 10;

const versionOf = (chunks: Batch["chunks"], target: Batch["target"]): EmbedMessage["version"] => {
  if (target === "images") return 3;
  return chunks.some(({ parent }) => parent) ? 2 : 1;
};

const messageOf = (
  { run, batches }: ReadEntry,
  { bucket, ...shared }: Shared,
  batch: number,
  { chunks, target }: Batch,
): EmbedMessage => ({
  // During a deploy functions of before may get it: they send it back, and it is delivered again to those of after.
  version: versionOf(chunks, target),
  bucket,
  document: {
    ...shared,
    metadata: shared.metadata as EmbedMessage["document"]["metadata"],
    run,
    // Runs are times, and the same for every batch of a run, whoever sends it.
    ingestedAt: run,
  },
  batch,
  batches,
  chunks: chunks as EmbedMessage["chunks"],
  ...(target !== undefined && { target }),
});

/** Sends the batches of the run that have no receipt yet; gives how many there were. */
export const sendMissing = async (
  { queue, receipts }: SendDeps,
  entry: ReadEntry,
  { shared, ...content }: Sent,
  options: PackOptions,
  signal: AbortSignal,
): Promise<number> => {
  const present = await receipts.list(entry.documentId, entry.run);
  let sent = 0;
  let batch = 0;
  let waiting: EmbedMessage[] = [];
  const flush = async () => {
    signal.throwIfAborted();
    await queue.send(waiting);
    sent += waiting.length;
    waiting = [];
  };
  for (const part of batchesOf(content, shared, options)) {
    if (!present.has(batch)) waiting.push(messageOf(entry, shared, batch, part));
    if (waiting.length === atOnce) await flush();
    batch += 1;
  }
  if (waiting.length > 0) await flush();
  return sent;
};
