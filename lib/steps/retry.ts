import { AppError } from "../errors.ts";
import type { ReadEntry } from "../ledger/ledger.ts";
import { type WakeDeps, wake } from "./wake.ts";

const attempts = 5;

/**
 * Has a document ingested again, whatever its state: also after a permanent failure.
 * @throws AppError `NOT_FOUND` for an unknown document, `CONFLICT` for a deleted one or when others keep changing it.
 */
export const retryStep =
  (deps: WakeDeps) =>
  async (documentId: string): Promise<ReadEntry> => {
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const entry = await deps.ledger.find(documentId);
      if (entry === null) throw new AppError("NOT_FOUND", `no document ${documentId}`);
      if (entry.state === "deleted")
        throw new AppError("CONFLICT", `${entry.key} was deleted; upload it again to have it ingested`);
      const woken = await wake(deps, entry.key, entry);
      if (woken !== null) return woken;
    }
    throw new AppError("CONFLICT", `document ${documentId} is being changed by others; try again`);
  };
