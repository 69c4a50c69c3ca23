import { compose } from "../lib/compose.ts";
import { serve } from "../lib/http/serve.ts";
import {
  deleteDocument,
  getDocument,
  getOriginal,
  listChunks,
  listDocuments,
} from "../lib/steps/documents.ts";
import { qualityOf } from "../lib/steps/quality.ts";
import { retryStep } from "../lib/steps/retry.ts";

const kettle = compose();
const { config, documents, ledger, presigner, progress, store } = kettle;

export const handler = serve(kettle, "documents", async () => {
  const fingerprint = await kettle.fingerprint();
  const list = listDocuments({ ledger, fingerprint, progress });
  const get = getDocument({ ledger, fingerprint, progress });
  const chunks = listChunks({ ledger, store, collection: config.store.collection });
  const original = getOriginal({
    ledger,
    documents,
    presigner,
    seconds: config.http.uploadSeconds,
    now: Date.now,
  });
  const remove = deleteDocument({ ledger, documents });
  const retry = retryStep(kettle.waking);
  const quality = qualityOf({ ledger });
  return {
    listDocuments: async ({ query }) => ({ body: await list(query) }),
    getDocument: async ({ params }) => ({ body: await get(params.id) }),
    getQuality: async ({ query }) => ({ body: await quality(query) }),
    listChunks: async ({ params, query }) => ({ body: await chunks(params.id, query) }),
    getOriginal: async ({ params }) => ({ body: await original(params.id) }),
    retryDocument: async ({ params: { id } }) => ({ body: { id, state: (await retry(id)).state } }),
    deleteDocument: async ({ params }) => ({ body: await remove(params.id) }),
  };
});
