import type { Ledger } from "../ledger/ledger.ts";
import { type QualitySummary, summariseQuality } from "../quality/summary.ts";

/**
 * The use case behind `GET /quality`: how the chunks of all documents were judged, `limit` documents a page, since each
 * is a read of the ledger. Pages are joined by `joinSummaries`. Tombstones have no quality and count for nothing.
 */
export const qualityOf =
  ({ ledger }: { readonly ledger: Pick<Ledger, "list"> }) =>
  async (page: {
    readonly prefix: string;
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Promise<QualitySummary & { readonly cursor?: string }> => {
    const { prefix, limit, cursor: from } = page;
    const { entries, cursor } = await ledger.list({
      prefix,
      limit,
      ...(from === undefined ? {} : { cursor: from }),
    });
    const documents = entries.map(({ documentId, key, counts, quality }) => ({
      id: documentId,
      key,
      counts,
      quality,
    }));
    return { ...summariseQuality(documents), ...(cursor === undefined ? {} : { cursor }) };
  };
