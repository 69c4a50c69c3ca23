import { compose } from "../lib/compose.ts";
import { serve } from "../lib/http/serve.ts";
import { queryPicture } from "../lib/read/image/query-picture.ts";
import { customRerankers } from "../lib/steps/custom-rerankers.ts";
import { searchStep } from "../lib/steps/search.ts";

const kettle = compose();
const { config, centroids, environment } = kettle;
await kettle.prepareModel();

export const handler = serve(kettle, "search", async () => {
  const search = searchStep({
    config,
    store: await kettle.store(),
    embedder: await kettle.embedder(),
    images: {
      embedder: kettle.imageEmbedder,
      square: (bytes, side) => queryPicture(bytes, side, config.limits),
    },
    centroids,
    customRerankers: customRerankers({ custom: config.search.custom, root: environment.root }),
    scorePairs: async (question, texts) => (await kettle.pairScorer()).score(question, texts),
    clock: () => performance.now(),
  });
  return { search: async ({ body }, { signal }) => ({ body: await search(body, signal) }) };
});
