import { compose } from "../lib/compose.ts";
import { AppError } from "../lib/errors.ts";
import { serve } from "../lib/http/serve.ts";
import { listClusters } from "../lib/steps/clusters.ts";

const kettle = compose();
const { config, centroids, queues } = kettle;

export const handler = serve(kettle, "clusters", async () => {
  const list = listClusters({ config, store: await kettle.store(), centroids });
  return {
    listClusters: async ({ query }) => ({ body: await list(query) }),
    mapClusters: async () => {
      throw new AppError("NOT_AVAILABLE", "the map of the clusters is not part of this version");
    },
    rebuildClusters: async () => {
      await queues.recluster.send([{ version: 1, reason: "request" }]);
      return { body: { state: "queued" } };
    },
  };
});
