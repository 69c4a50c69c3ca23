import { expect, it } from "vitest";
import { keepServedRun } from "../../lib/steps/served-run.ts";

it("keeps each document's lowest run, in order", () => {
  const row = (documentId: string, run: number, id: string) => ({ documentId, run, id });
  const rows = [row("a", 7, "1"), row("b", 9, "2"), row("a", 5, "3"), row("a", 5, "4"), row("a", 7, "5")];
  expect(keepServedRun(rows).map(({ id }) => id)).toEqual(["2", "3", "4"]);
  expect(keepServedRun([])).toEqual([]);
});
