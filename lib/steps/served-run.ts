/**
 * Keeps of each document the rows of its lowest run, in their order: the one that is served until it has been collected.
 * So an answer never mixes two revisions of a document.
 */
export const keepServedRun = <Row extends { readonly documentId: string; readonly run: number }>(
  rows: readonly Row[],
): readonly Row[] => {
  const served = new Map<string, number>();
  for (const { documentId, run } of rows)
    served.set(documentId, Math.min(run, served.get(documentId) ?? Number.POSITIVE_INFINITY));
  return rows.filter(({ documentId, run }) => served.get(documentId) === run);
};
