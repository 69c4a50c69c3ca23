import { compose } from "../lib/compose.ts";
import { consume } from "../lib/lambda/consume.ts";
import { parseIngest } from "../lib/lambda/ingest-event.ts";
import { createChunkReader } from "../lib/read/create.ts";
import { parseStep } from "../lib/steps/parse.ts";

const kettle = compose();
const { limits } = kettle.config;

export const handler = consume(kettle, "ingest", parseIngest, async () => {
  const images = await kettle.imageIdentity();
  const reader = createChunkReader(kettle.environment, kettle.embedder, images);
  return parseStep({
    ...(await kettle.completion()),
    bucket: kettle.documents,
    progress: kettle.progress,
    queue: kettle.queues.embed,
    readChunks: (input) => reader.read({ ...input, limits }),
    limits,
    folders: kettle.config.metadata.folders,
    fingerprint: await kettle.fingerprint(),
    embedding: await kettle.identity(),
    images,
  });
});
