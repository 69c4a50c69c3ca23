import middy from "@middy/core";
import type { Context, ScheduledEvent } from "aws-lambda";
import { describeFailure } from "../errors.ts";
import type { Log } from "../log.ts";

/** Kept for the answer: work that sees the signal gets so long to put away what it has. */
const marginMs = 5_000;

/**
 * A function on a schedule. What the work resolves to is logged. EventBridge tries a failed invocation again by itself,
 * and the next time comes anyway.
 */
export const scheduledHandler = (options: {
  readonly name: string;
  readonly log: Log;
  readonly run: (signal: AbortSignal) => Promise<unknown>;
}) => {
  const { name, log, run } = options;
  return middy(async (_event: ScheduledEvent, context: Context): Promise<void> => {
    const fields = { requestId: context.awsRequestId };
    const signal = AbortSignal.timeout(Math.max(0, context.getRemainingTimeInMillis() - marginMs));
    try {
      log.info(`${name} done`, { ...fields, report: await run(signal) });
    } catch (error) {
      log.error(`${name} failed: ${describeFailure(error).message}`, { ...fields, error: error as Error });
      throw error;
    }
  });
};
