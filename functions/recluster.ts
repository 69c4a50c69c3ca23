import { randomUUID } from "node:crypto";
import type { Context, ScheduledEvent, SQSEvent } from "aws-lambda";
import { bucketSampleParts } from "../lib/centroids/sample-parts.ts";
import { bucketShards } from "../lib/centroids/survey.ts";
import { compose } from "../lib/compose.ts";
import { consume } from "../lib/lambda/consume.ts";
import { scheduledHandler } from "../lib/lambda/scheduled.ts";
import { jsonMessage } from "../lib/lambda/sqs.ts";
import { reclusterMessage } from "../lib/messages.ts";
import { reclusterStep } from "../lib/steps/recluster.ts";

const kettle = compose();
const { config, centroids, state, queues, log } = kettle;

const onQueue = consume(kettle, "recluster", jsonMessage(reclusterMessage), async () =>
  reclusterStep({
    config,
    store: await kettle.store(),
    centroids,
    products: await kettle.products(),
    samples: bucketSampleParts(state, Date.now),
    shards: bucketShards(state),
    queue: queues.recluster,
    log,
    now: Date.now,
  }),
);
/** Through the queue too, which brings it back should the function die. */
const onSchedule = scheduledHandler({
  name: "recluster",
  log,
  run: () => queues.recluster.send([{ version: 1, reason: "schedule", request: randomUUID() }]),
});

/** Asked for through its queue, and on its schedule. */
export const handler = (event: SQSEvent | ScheduledEvent, context: Context) =>
  "Records" in event ? onQueue(event, context) : onSchedule(event, context);
