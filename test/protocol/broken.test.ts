import { describe, expect, it } from "vitest";
import { brokenRules } from "./broken.ts";
import { runSchedule, runSchedules } from "./schedule.ts";
import type { Sabotage } from "./world.ts";

const atOnce = 250;
const atMost = 8_000;

/** The first schedule that finds harm. */
const firstHarm = async (sabotage: Sabotage) => {
  for (let from = 1; from < atMost; from += atOnce) {
    const seeds = Array.from({ length: atOnce }, (_, index) => from + index);
    const [first] = (await runSchedules(seeds, { sabotage })).wrong;
    if (first !== undefined) return first;
  }
  return null;
};

describe("the checker finds the harm when", () => {
  it.each(Object.entries<Sabotage>(brokenRules))("%s", { timeout: 300_000 }, async (_, sabotage) => {
    const harm = await firstHarm(sabotage);
    expect(harm?.wrong).toEqual(expect.any(String));
    const seed = harm?.seed ?? 0;
    expect((await runSchedule(seed, { sabotage })).wrong).toBe(harm?.wrong);
    expect((await runSchedule(seed)).wrong).toBeNull();
  });
});
