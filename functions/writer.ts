import { compose } from "../lib/compose.ts";
import { consume } from "../lib/lambda/consume.ts";
import { jsonMessage } from "../lib/lambda/sqs.ts";
import { writeMessage } from "../lib/messages.ts";
import { writeStep } from "../lib/steps/write.ts";

const kettle = compose();

export const handler = consume(kettle, "write", jsonMessage(writeMessage), async () =>
  writeStep({
    ...(await kettle.completion()),
    store: await kettle.store(),
    collection: kettle.config.store.collection,
    quality: kettle.config.quality,
  }),
);
