/**
 * Never two revisions of a document in one answer: of each document only the rows of its lowest run stay, in their
 * order. The served run is the lowest until it is collected; a newer one that is being written is above it.
 * Search over-fetches a little to make up for what goes.
 */
export const keepServedRun = <Row extends { readonly documentId: string; readonly run: number }>(
  rows: readonly Row[],
): readonly Row[] => {
  const lowest = new Map<string, number>();
  for (const { documentId, run } of rows)
    lowest.set(documentId, Math.min(run, lowest.get(documentId) ?? Number.POSITIVE_INFINITY));
  return rows.filter(({ documentId, run }) => run === lowest.get(documentId));
};
