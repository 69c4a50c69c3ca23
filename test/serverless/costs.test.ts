import { describe, expect, it } from "vitest";
import { parseConfig } from "../../lib/config/load.ts";
import {
  ingestCosts,
  listPrices,
  measured,
  provisionedCosts,
  searchCosts,
  totalOf,
  usualWorkload,
} from "../../packaging/costs.ts";
import { runKettle } from "../cli/run-kettle.ts";

const config = (parameters: object) => parseConfig(JSON.stringify(parameters), "local");
const free = {
  ...listPrices,
  gbSecond: { arm64: 0, x64: 0 },
  millionInvocations: 0,
  millionQueueRequests: 0,
  thousandPuts: 0,
  thousandGets: 0,
  millionApiRequests: 0,
  logGigabyte: 0,
};

describe("costs", () => {
  it("embedding is tokens × time × price of a vCPU, whatever the memory", () => {
    const seconds = (200_000 * 200 * measured.embedMsPerToken) / 1000;
    const expected = seconds * (1769 / 1024) * listPrices.gbSecond.arm64;
    for (const embed of [1024, 3008])
      expect(
        ingestCosts(config({ functions: { memory: { embed } } }), usualWorkload)[0]?.dollars,
      ).toBeCloseTo(expected, 10);
  });

  it("a search on less than a vCPU takes longer, and its memory beyond one is paid for nothing", () => {
    const search = (mb: number) =>
      searchCosts(config({ functions: { memory: { search: mb } } }), usualWorkload)[0]?.dollars ?? 0;
    expect(search(3538)).toBeCloseTo(2 * search(1769), 6);
    expect(search(884.5 * 2)).toBeGreaterThan(search(1024));
  });

  it("functions that are kept started cost by the month, none nothing", () => {
    expect(provisionedCosts(config({}))).toEqual([]);
    const [row] = provisionedCosts(config({ functions: { provisioned: { search: 2 } } }));
    expect(row?.dollars).toBeCloseTo(2 * 2 * 730 * 3600 * listPrices.provisionedGbSecond.arm64, 6);
  });

  it("every part has a price of its own: without prices all is free", () => {
    expect(
      totalOf([
        ...ingestCosts(config({}), usualWorkload, free),
        ...searchCosts(config({}), usualWorkload, free),
      ]),
    ).toBe(0);
  });

  it("kettle cost prints them for a stage", async () => {
    const { code, out } = await runKettle(["cost", "--stage", "local", "--documents", "0", "--json"]);
    expect(code).toBe(0);
    const { ingest, search } = JSON.parse(out);
    expect(totalOf(ingest)).toBe(0);
    expect(totalOf(search)).toBeGreaterThan(0);
  });
});
