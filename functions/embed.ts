import { compose } from "../lib/compose.ts";
import { consume } from "../lib/lambda/consume.ts";
import { jsonMessage } from "../lib/lambda/sqs.ts";
import { embedMessage } from "../lib/messages.ts";
import { embedStep } from "../lib/steps/embed.ts";

const kettle = compose();
await kettle.prepareModel();

export const handler = consume(kettle, "embed", jsonMessage(embedMessage), async () =>
  embedStep({
    ...(await kettle.guard()),
    embedder: await kettle.embedder(),
    imageEmbedder: kettle.imageEmbedder,
    queue: kettle.queues.cluster,
  }),
);
