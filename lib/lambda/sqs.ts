import middy, { type MiddyfiedHandler } from "@middy/core";
import partialBatchFailure from "@middy/sqs-partial-batch-failure";
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import { z } from "zod";
import { describeFailure } from "../errors.ts";
import { documentId } from "../ids.ts";
import type { Log } from "../log.ts";
import type { Delivery } from "../steps/delivery.ts";
import { delaySeconds, type Redelivery } from "./redelivery.ts";

export type SqsHandlerOptions<Message> = {
  /** For logs. */
  readonly queue: string;
  readonly log: Log;
  /** The messages of one body; throws for a malformed one. `jsonMessage(schema)` where a body is one message. */
  readonly messages: (body: string) => readonly Message[];
  /** Resolves when the message is done with, permanent failures recorded included; what it throws is delivered again. */
  readonly step: (message: Message, delivery: Delivery) => Promise<void>;
  /** The redrive policy's `maxReceiveCount`. */
  readonly maxReceives: number;
  readonly redelivery: Redelivery;
  /** In [0, 1): spreads redeliveries. */
  readonly random?: () => number;
};

/** A body that is one JSON message of `schema`. */
export const jsonMessage =
  <Message>(schema: z.ZodType<Message>) =>
  (body: string): readonly Message[] => [schema.parse(JSON.parse(body))];

/** What logs say of a message, whichever queue it is of. */
const described = z.union([
  z
    .object({ document: z.object({ documentId: z.string(), key: z.string(), run: z.number() }) })
    .transform(({ document: { documentId: id, key, run } }) => ({ documentId: id, key, run })),
  z
    .object({ bucket: z.string(), key: z.string() })
    .transform(({ bucket, key }) => ({ documentId: documentId(bucket, key), key })),
]);
const logFields = (message: unknown): Record<string, unknown> => described.safeParse(message).data ?? {};

/** Time kept for the answer: a tenth of what is left, 200 ms to 3 s. */
const marginMs = (remainingMs: number): number => Math.min(3_000, Math.max(200, remainingMs / 10));

/** Fires before the deadline; `clear` stops its timer. */
const deadlineOf = (context: Pick<Context, "getRemainingTimeInMillis">) => {
  const remainingMs = context.getRemainingTimeInMillis();
  const controller = new AbortController();
  const expired = new Error(`the function's time is almost over (${remainingMs} ms when it began)`);
  const timer = setTimeout(() => controller.abort(expired), remainingMs - marginMs(remainingMs));
  return { signal: controller.signal, clear: () => clearTimeout(timer) };
};

/** Gives up on a step that outlives the signal, so that its finished neighbours are still acknowledged. */
const orAborted = (work: Promise<void>, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });

const receiveCount = (record: SQSRecord): number =>
  Math.max(1, Number(record.attributes?.ApproximateReceiveCount ?? 1) || 1);

/**
 * A function on a queue. Each record is handled by itself: one that fails is returned in `batchItemFailures` and comes
 * back after a growing delay, its neighbours are acknowledged. A malformed message is logged and returned until it is
 * in the dead-letter queue.
 */
export const sqsHandler = <Message>(
  options: SqsHandlerOptions<Message>,
): MiddyfiedHandler<SQSEvent, SQSBatchResponse> => {
  const { queue, log, step, maxReceives, redelivery, random = Math.random } = options;

  const parse = (record: SQSRecord, fields: Record<string, unknown>): readonly Message[] => {
    try {
      return options.messages(record.body);
    } catch (error) {
      log.error(`malformed message in ${queue}: it will go to the dead-letter queue`, {
        ...fields,
        body: record.body.slice(0, 500),
        error: error instanceof Error ? error : new Error(String(error)),
      });
      throw error;
    }
  };

  /** Every message of the record gets its turn, then the first failure is thrown. */
  const handle = async (record: SQSRecord, delivery: Delivery, fields: Record<string, unknown>) => {
    const failed: unknown[] = [];
    for (const message of parse(record, fields)) {
      const start = performance.now();
      try {
        await orAborted(step(message, delivery), delivery.signal);
        log.info("handled", { ...fields, ...logFields(message), ms: Math.round(performance.now() - start) });
      } catch (error) {
        failed.push(error);
        const { code, message: why } = describeFailure(error);
        const extra = { ...fields, ...logFields(message), code };
        if (delivery.lastReceive)
          log.error(`gave up, the message goes to the dead-letter queue: ${why}`, extra);
        else log.warn(`failed, the message comes back: ${why}`, extra);
      }
    }
    if (failed.length > 0) throw failed[0];
  };

  const handleRecord = async (record: SQSRecord, signal: AbortSignal, requestId: string): Promise<void> => {
    const count = receiveCount(record);
    const fields = { queue, requestId, messageId: record.messageId, receiveCount: count };
    try {
      await handle(record, { lastReceive: count >= maxReceives, signal }, fields);
    } catch (error) {
      // Without the delay the message comes back after the queue's own visibility timeout: late, not lost.
      await redelivery.delay(record.receiptHandle, delaySeconds(count, random())).catch((reason: unknown) => {
        log.warn(`the delay could not be set: ${describeFailure(reason).message}`, fields);
      });
      throw error;
    }
  };

  const handler = async (event: SQSEvent, context: Context) => {
    const deadline = deadlineOf(context);
    try {
      return await Promise.allSettled(
        event.Records.map((record) => handleRecord(record, deadline.signal, context.awsRequestId)),
      );
    } finally {
      deadline.clear();
    }
  };

  // Failures are logged above with the document they are about; the middleware only makes the answer.
  return middy(handler, { timeoutEarlyInMillis: 0 }).use(
    partialBatchFailure({ logger: () => {} }),
  ) as unknown as MiddyfiedHandler<SQSEvent, SQSBatchResponse>;
};
