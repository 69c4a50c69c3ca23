import { expect, test } from "vitest";
import { carryParents } from "../../lib/chunk/carry-parents.ts";
import type { Parent } from "../../lib/chunk/parents.ts";
import { chunk } from "../steps/harness.ts";

const parent = (from: number, to: number): Parent => ({
  text: `chunks ${from} to ${to}`,
  tokens: 9,
  charStart: from * 10,
  charEnd: to * 10,
  from,
  to,
});

test("every chunk names its parent, and the best of them, the first of equals, carries the text", () => {
  const chunks = [
    chunk(0, { quality: 0.4 }),
    chunk(1, { quality: 0.9 }),
    chunk(2, { quality: 0.9 }),
    chunk(3),
  ];
  const place = { ordinal: 1, tokens: 9, charStart: 0, charEnd: 30 };
  expect(carryParents(chunks, [parent(0, 3)])).toEqual([
    { ...chunks[0], parent: { ...place, text: "" } },
    { ...chunks[1], parent: { ...place, text: "chunks 0 to 3" } },
    { ...chunks[2], parent: { ...place, text: "" } },
    chunks[3],
  ]);
});

test("copies that were dropped are passed over, and a parent of which nothing else was left goes with them", () => {
  const chunks = [chunk(1), chunk(4)];
  const carried = carryParents(chunks, [parent(0, 2), parent(2, 4)]);
  expect(carried.map(({ ordinal, parent: own }) => [ordinal, own?.text])).toEqual([
    [1, "chunks 0 to 2"],
    [4, undefined],
  ]);
});
