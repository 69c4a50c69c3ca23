import type { Context, ScheduledEvent, SQSEvent } from "aws-lambda";
import { compose } from "../lib/compose.ts";
import { consume } from "../lib/lambda/consume.ts";
import { scheduledHandler } from "../lib/lambda/scheduled.ts";
import { jsonMessage } from "../lib/lambda/sqs.ts";
import { lazy } from "../lib/lazy.ts";
import { reclusterMessage } from "../lib/messages.ts";
import { reclusterStep } from "../lib/steps/recluster.ts";

const kettle = compose();
const { config, centroids, log } = kettle;

const step = lazy(async () =>
  reclusterStep({
    config,
    store: await kettle.store(),
    centroids,
    products: await kettle.products(),
    log,
    now: Date.now,
  }),
);
const onQueue = consume(kettle, "recluster", jsonMessage(reclusterMessage), step);
const onSchedule = scheduledHandler({
  name: "recluster",
  log,
  run: async (signal) => (await step())({ version: 1, reason: "schedule" }, { signal }),
});

/** Asked for through its queue, and on its schedule. */
export const handler = (event: SQSEvent | ScheduledEvent, context: Context) =>
  "Records" in event ? onQueue(event, context) : onSchedule(event, context);
