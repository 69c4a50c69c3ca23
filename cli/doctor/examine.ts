import type { ApiClient, DocumentView } from "../api-client.ts";
import { eachDocument } from "../verbs/documents.ts";
import { judgeHealth } from "./checks.ts";
import { judgeClusters } from "./clusters.ts";
import { type DocumentLimits, judgeDocuments, judgeIndex } from "./documents.ts";
import { type Finding, problem } from "./finding.ts";
import { judgeQueues } from "./queues.ts";
import { reachServer } from "./server.ts";

export type ExamineOptions = Omit<DocumentLimits, "now"> & {
  readonly tokenGiven: boolean;
  /** Documents to look at, at most. */
  readonly documents: number;
  /** How long a queue may stand still. */
  readonly patienceMs: number;
  readonly pollMs: number;
  readonly pause: (ms: number) => Promise<void>;
  /** ms since 1970 */
  readonly clock: () => number;
};

/** One part that cannot be looked at is a finding; the others are still looked at. */
const attempt = async (
  check: string,
  look: () => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> => {
  try {
    return await look();
  } catch (error) {
    return [
      problem(
        check,
        `could not be looked at: ${error instanceof Error ? error.message : error}`,
        "the log of the function has the request",
      ),
    ];
  }
};

const listed = async (api: ApiClient, most: number): Promise<{ documents: DocumentView[]; all: boolean }> => {
  const documents: DocumentView[] = [];
  for await (const view of eachDocument(api, { limit: most + 1 })) documents.push(view);
  return { documents: documents.slice(0, most), all: documents.length <= most };
};

const examineDocuments = async (api: ApiClient, options: ExamineOptions): Promise<readonly Finding[]> => {
  const { documents, all } = await listed(api, options.documents);
  const limits = { ...options, now: options.clock() };
  return [...judgeDocuments(documents, limits, all), ...(await judgeIndex(api, documents, limits))];
};

/** Looks at every part of a running system through its HTTP API, so at any stage alike. Changes nothing. */
export const examine = async (api: ApiClient, options: ExamineOptions): Promise<readonly Finding[]> => {
  const { findings, health, config } = await reachServer(api, options.tokenGiven);
  if (health === null || config === null) return findings;
  const parts = await Promise.all([
    attempt("work", () => judgeQueues(api, health, options)),
    attempt("documents", () => examineDocuments(api, options)),
    attempt("clusters", async () => [
      judgeClusters(await api.clusters({ limit: 1 }), config, options.clock()),
    ]),
  ]);
  return [...findings, ...judgeHealth(health), ...parts.flat()];
};
