import { centroidLabeler } from "../lib/centroids/labeler.ts";
import { compose } from "../lib/compose.ts";
import { consume } from "../lib/lambda/consume.ts";
import { jsonMessage } from "../lib/lambda/sqs.ts";
import { clusterMessage } from "../lib/messages.ts";
import { clusterStep } from "../lib/steps/cluster.ts";

const kettle = compose();
const { when, algorithm } = kettle.config.clustering;

export const handler = consume(kettle, "cluster", jsonMessage(clusterMessage), async () =>
  clusterStep({
    ...(await kettle.guard()),
    labeler: centroidLabeler(kettle.centroids, when === "store" && algorithm !== "none"),
    queue: kettle.queues.write,
  }),
);
