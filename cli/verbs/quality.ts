import type { Command } from "commander";
import { joinSummaries, type QualitySummary, summariseQuality } from "../../lib/quality/summary.ts";
import { type ApiClient, type ChunkPage, clientFromEnvironment, type DocumentView } from "../api-client.ts";
import { formatDocument, formatSummary } from "../quality-report.ts";
import { eachDocument } from "./documents.ts";
import { interruptSignal } from "./options.ts";

type Options = { readonly prefix?: string; readonly json?: boolean };

const find = async (api: ApiClient, keyOrId: string): Promise<DocumentView> => {
  const byId = /^[0-9a-f]{32}$/.test(keyOrId) ? await api.document(keyOrId) : null;
  if (byId !== null) return byId;
  for await (const view of eachDocument(api, { prefix: keyOrId })) if (view.key === keyOrId) return view;
  throw new Error(`there is no document ${keyOrId}`);
};

const chunksOf = async (api: ApiClient, id: string): Promise<ChunkPage["chunks"]> => {
  const found: ChunkPage["chunks"][number][] = [];
  let cursor: string | undefined;
  do {
    const page: ChunkPage = await api.chunks(id, { limit: 200, ...(cursor !== undefined && { cursor }) });
    found.push(...page.chunks);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return found;
};

const summaryOf = async (api: ApiClient, prefix: string | undefined): Promise<QualitySummary> => {
  let summary = summariseQuality([]);
  let cursor: string | undefined;
  do {
    const { cursor: next, ...page } = await api.quality({ prefix, cursor });
    summary = joinSummaries(summary, page);
    cursor = next;
  } while (cursor !== undefined);
  return summary;
};

const report = async (keyOrId: string | undefined, { prefix, json }: Options): Promise<void> => {
  const api = clientFromEnvironment(interruptSignal());
  if (keyOrId !== undefined) {
    const view = await find(api, keyOrId);
    const chunks = await chunksOf(api, view.id);
    console.log(json ? JSON.stringify({ ...view, chunks }, null, 2) : formatDocument(view, chunks));
    return;
  }
  const summary = await summaryOf(api, prefix);
  console.log(json ? JSON.stringify(summary, null, 2) : formatSummary(summary));
};

/** kettle quality [KEY|ID] */
export const qualityVerb = (program: Command): void => {
  program
    .command("quality")
    .description("how the chunks were judged: of all documents, or of one with its flagged chunks")
    .argument("[key-or-id]", "one document")
    .option("--prefix <prefix>", "only keys that begin with it")
    .option("--json", "answer as JSON")
    .action(report);
};
