import { compose } from "../lib/compose.ts";
import { AppError } from "../lib/errors.ts";
import { serve } from "../lib/http/serve.ts";
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
    centroids,
    customRerankers: customRerankers({ custom: config.search.custom, root: environment.root }),
    scorePairs: async (question, texts) => (await kettle.pairScorer()).score(question, texts),
    clock: () => performance.now(),
  });
  return {
    search: async ({ body: { query, image: _image, ...options } }, { signal }) => {
      if (query === undefined)
        throw new AppError(
          "NOT_AVAILABLE",
          "searching by an image is not part of this version; send `query`",
        );
      return { body: await search({ query, ...options }, signal) };
    },
  };
});
