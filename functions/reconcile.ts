import { compose } from "../lib/compose.ts";
import { scheduledHandler } from "../lib/lambda/scheduled.ts";
import { lazy } from "../lib/lazy.ts";
import { reconcileStep } from "../lib/steps/reconcile.ts";

const kettle = compose();
const { config, documents, state, ledger, receipts, queues, log } = kettle;

const step = lazy(async () =>
  reconcileStep({
    ...(await kettle.guard()),
    documents,
    state,
    ledger,
    receipts,
    store: await kettle.store(),
    queue: queues.ingest,
    collection: config.store.collection,
    embedding: await kettle.identity(),
    images: await kettle.imageIdentity(),
    fingerprint: await kettle.fingerprint(),
    stuckMinutes: config.reconcile.stuckMinutes,
    maxAttempts: config.reconcile.maxAttempts,
  }),
);

export const handler = scheduledHandler({
  name: "reconcile",
  log,
  run: async (signal) => (await step())(signal),
});
