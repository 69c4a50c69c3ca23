import { compose } from "../lib/compose.ts";
import { serve } from "../lib/http/serve.ts";
import { createUpload } from "../lib/steps/uploads.ts";

const kettle = compose();
const { config, presigner } = kettle;

export const handler = serve(kettle, "uploads", async () => {
  const upload = createUpload({
    bucket: config.aws.documentBucket,
    presigner,
    maxBytes: config.limits.objectBytes,
    seconds: config.http.uploadSeconds,
    now: Date.now,
  });
  return { createUpload: async ({ body }) => ({ body: await upload(body) }) };
});
