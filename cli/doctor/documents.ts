import { type FailureCode, failures } from "../../lib/errors.ts";
import type { ApiClient, DocumentView } from "../api-client.ts";
import { count, type Finding, fine, problem, warning } from "./finding.ts";

export type DocumentLimits = {
  /** Without progress for so long, a document is stuck. */
  readonly stuckMs: number;
  /** Ready documents whose chunks are counted in the index. */
  readonly sample: number;
  /** ms since 1970 */
  readonly now: number;
};

/** A document with more is not counted: each page of its chunks is a request. */
const mostChunks = 1_000;

const keysOf = (documents: readonly DocumentView[]): string =>
  documents
    .slice(0, 3)
    .map(({ key }) => key)
    .join(", ") + (documents.length > 3 ? ", …" : "");

const byCode = (failed: readonly DocumentView[]): ReadonlyMap<FailureCode, DocumentView[]> =>
  Map.groupBy(failed, ({ failure }) => failure?.code ?? "INTERNAL");

const judgeFailed = (documents: readonly DocumentView[]): readonly Finding[] =>
  [...byCode(documents.filter(({ state }) => state === "failed"))].map(([code, failed]) => {
    const said = `${count(failed.length, "document")} failed with ${code} (${failures[code].meaning}): ${keysOf(failed)}`;
    return failures[code].retry
      ? problem(
          "documents",
          said,
          "once the cause is mended: npx kettle documents retry ID; reconcile does it too",
        )
      : warning("documents", said, "no retry mends it: put a better file under the same key, or delete it");
  });

const judgeStuck = (
  documents: readonly DocumentView[],
  { stuckMs, now }: DocumentLimits,
): readonly Finding[] => {
  const stuck = documents.filter(
    ({ state, updatedAt }) => (state === "pending" || state === "processing") && now - updatedAt > stuckMs,
  );
  if (stuck.length === 0) return [];
  return [
    problem(
      "documents",
      `${count(stuck.length, "document")} without progress for more than ${Math.round(stuckMs / 60_000)} minutes: ${keysOf(stuck)}`,
      "reconcile wakes them on its schedule; if it does not, look at the logs of reconcile and of the queues' functions",
    ),
  ];
};

const judgeOutdated = (documents: readonly DocumentView[]): readonly Finding[] => {
  const outdated = documents.filter(({ outdated: is }) => is);
  if (outdated.length === 0) return [];
  return [
    warning(
      "outdated",
      `${count(outdated.length, "document")} read with older parameters or another model than today's: ${keysOf(outdated)}`,
      "npx kettle reindex",
    ),
  ];
};

/** States, failures and age of documents that were listed. */
export const judgeDocuments = (
  documents: readonly DocumentView[],
  limits: DocumentLimits,
  all: boolean,
): readonly Finding[] => {
  const ready = documents.filter(({ state }) => state === "ready").length;
  return [
    fine(
      "documents",
      `${ready} of ${documents.length} ready${all ? "" : " (there are more: --documents looks at more)"}`,
    ),
    ...judgeFailed(documents),
    ...judgeStuck(documents, limits),
    ...judgeOutdated(documents),
  ];
};

/** Every n-th of those that can be counted, so that the sample spreads over all keys. */
const sampleOf = (documents: readonly DocumentView[], size: number): readonly DocumentView[] => {
  const countable = documents.filter(
    ({ state, counts }) => state === "ready" && counts.expected <= mostChunks,
  );
  const step = Math.max(1, Math.ceil(countable.length / size));
  return countable.filter((_, index) => index % step === 0);
};

const rowsOf = async (api: Pick<ApiClient, "chunks">, id: string): Promise<number> => {
  let rows = 0;
  let cursor: string | undefined;
  do {
    const page = await api.chunks(id, { limit: 200, ...(cursor === undefined ? {} : { cursor }) });
    rows += page.chunks.length;
    cursor = page.cursor;
  } while (cursor !== undefined);
  return rows;
};

/** Does the index hold what the ledger promises? Documents that change meanwhile are passed over. */
export const judgeIndex = async (
  api: Pick<ApiClient, "chunks" | "document">,
  documents: readonly DocumentView[],
  { sample }: DocumentLimits,
): Promise<readonly Finding[]> => {
  const chosen = sampleOf(documents, sample);
  const short: string[] = [];
  for (const { id, key, updatedAt, counts } of chosen) {
    const promised = counts.stored + counts.lowQuality;
    const rows = await rowsOf(api, id);
    if (rows !== promised && (await api.document(id))?.updatedAt === updatedAt)
      short.push(`${key} (${rows} of ${promised} chunks)`);
  }
  if (short.length === 0)
    return chosen.length === 0
      ? []
      : [fine("index", `holds every chunk of ${count(chosen.length, "document")} looked at`)];
  return [
    problem(
      "index",
      `${count(short.length, "document")} not whole in the index: ${short.slice(0, 3).join(", ")}`,
      "npx kettle documents retry ID reads one again; reconcile finds and mends them all on its schedule",
    ),
  ];
};
