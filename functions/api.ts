import { readQueueDepth } from "../lib/aws/queue-depth.ts";
import { compose } from "../lib/compose.ts";
import { checkHealth } from "../lib/http/health.ts";
import { openapiDocument } from "../lib/http/openapi.ts";
import { loadPage } from "../lib/http/page.ts";
import { publicConfig } from "../lib/http/public-config.ts";
import { serve } from "../lib/http/serve.ts";
import { lazy } from "../lib/lazy.ts";

const kettle = compose();
const { config, environment, sqs } = kettle;

const health = checkHealth({
  store: kettle.store,
  collection: config.store.collection,
  model: kettle.identity,
  queues: Object.keys(kettle.queues).map(kettle.queueName),
  depth: (queue) => readQueueDepth(sqs, queue),
  timeoutMs: 5_000,
});
const page = lazy(async () => loadPage(environment.root, await kettle.presigner.origin()));
const openapi = lazy(async () => openapiDocument());

export const handler = serve(kettle, "api", async () => ({
  getConfig: async () => ({ body: publicConfig(config) }),
  getHealth: async (_input, { authenticated }) => {
    const body = await health(authenticated);
    return { body, status: body.status === "unavailable" ? 503 : 200 };
  },
  getOpenapi: async () => ({ body: await openapi() }),
  getPage: async () => {
    const { html, headers } = await page();
    return { body: html, headers };
  },
}));
