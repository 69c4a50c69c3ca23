import type { EntryChange } from "../../lib/ledger/ledger.ts";

/** A change to write, as parse would at first sight of an object. */
export const change = (over: Partial<EntryChange> = {}): EntryChange => ({
  state: "processing",
  run: 1,
  revision: "r1",
  plan: "p1",
  batches: 1,
  served: null,
  counts: { expected: 1, stored: 0, lowQuality: 0, dropped: 0 },
  failure: null,
  source: null,
  fingerprint: "f",
  embedding: "e",
  ...over,
});
