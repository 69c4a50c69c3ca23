import { randomUUID } from "node:crypto";
import { compose } from "../lib/compose.ts";
import { serve } from "../lib/http/serve.ts";
import { listClusters, mapClusters } from "../lib/steps/clusters.ts";

const kettle = compose();
const { config, centroids, queues } = kettle;

export const handler = serve(kettle, "clusters", async () => {
  const deps = { config, store: await kettle.store(), centroids };
  const list = listClusters(deps);
  const map = mapClusters(deps);
  return {
    listClusters: async ({ query }) => ({ body: await list(query) }),
    mapClusters: async () => ({ body: await map() }),
    rebuildClusters: async () => {
      await queues.recluster.send([{ version: 1, reason: "request", request: randomUUID() }]);
      return { body: { state: "queued" } };
    },
  };
});
