import type { APIGatewayProxyEventV2, Context, ScheduledEvent } from "aws-lambda";
import { readQueueDepth } from "../lib/aws/queue-depth.ts";
import { compose } from "../lib/compose.ts";
import { checkHealth } from "../lib/http/health.ts";
import { openapiDocument } from "../lib/http/openapi.ts";
import { loadPage } from "../lib/http/page.ts";
import { publicConfig } from "../lib/http/public-config.ts";
import { serve } from "../lib/http/serve.ts";
import { healthWatch } from "../lib/lambda/health-watch.ts";
import { lazy } from "../lib/lazy.ts";
import { createLog } from "../lib/log.ts";

const kettle = compose();
const { config, environment, sqs } = kettle;

const health = checkHealth({
  store: kettle.store,
  inspector: kettle.storeInspector,
  collection: config.store.collection,
  model: kettle.identity,
  buckets: [kettle.documents, kettle.state],
  queues: Object.keys(kettle.queues).map(kettle.queueName),
  depth: (queue) => readQueueDepth(sqs, queue),
  timeoutMs: 5_000,
});
const page = lazy(async () => loadPage(environment.root, await kettle.presigner.origin()));
const openapi = lazy(async () => openapiDocument());

const onRequest = serve(kettle, "api", async () => ({
  getConfig: async () => ({ body: publicConfig(config, (await kettle.imageIdentity()) !== null) }),
  getHealth: async ({ query }, { authenticated }) => {
    const body = await health(authenticated, query.deep === "true");
    return { body, status: body.status === "unavailable" ? 503 : 200 };
  },
  getOpenapi: async () => ({ body: await openapi() }),
  getPage: async () => {
    const { html, headers } = await page();
    return { body: html, headers };
  },
}));

const onSchedule = healthWatch({
  check: () => health(true),
  log: createLog(config.name, "INFO"),
  service: config.name,
  stage: config.stage,
  now: Date.now,
});

/** Requests, and every minute the watch of packaging/alarms.ts. */
export const handler = (event: APIGatewayProxyEventV2 | ScheduledEvent, context: Context) =>
  "routeKey" in event ? onRequest(event, context) : onSchedule();
