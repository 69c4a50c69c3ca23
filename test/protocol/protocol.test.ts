import { expect, it } from "vitest";
import { runSchedule, runSchedules } from "./schedule.ts";

/**
 * `KETTLE_SEED=n KETTLE_SCHEDULES=1 vitest run test/protocol/protocol.test.ts` replays one schedule; both variables
 * together run any range.
 */
const from = Number(process.env.KETTLE_SEED || 1);
const count = Number(process.env.KETTLE_SCHEDULES || 20_000);
const whole = count >= 20_000;

const seeds = function* (first: number, length: number): Generator<number> {
  for (let seed = first; seed < first + length; seed++) yield seed;
};

/** What must have happened somewhere, or the schedules no longer reach what they are there to check. */
const expected = [
  ...["pending", "processing", "ready", "deleted"],
  ...["failed CRASHED", "failed INTERNAL", "failed AWS_UNAVAILABLE"],
  ...[
    "failed CORRUPT_DOCUMENT",
    "failed EMPTY_DOCUMENT",
    "failed DOCUMENT_TOO_LARGE",
    "failed ONLY_LOW_QUALITY",
  ],
  "retagged",
  ...["crash before", "crash after", "error before", "error after", "repeat"],
  ...["ingest", "embed", "cluster", "write"].map((queue) => `duplicate of ${queue}`),
  ...["ingest", "embed", "cluster", "write"].map((queue) => `dead letter of ${queue}`),
  ...["changed", "failed", "gone", "missing", "reappeared", "stuck"].map((reason) => `woken: ${reason}`),
];

it(`after each of ${count} random schedules the index equals the bucket`, { timeout: 900_000 }, async () => {
  const { wrong, seen } = await runSchedules(seeds(from, count));
  const [first] = wrong;
  if (first !== undefined) {
    const { trace } = await runSchedule(first.seed, { tracing: true });
    expect.fail(
      [
        ...trace,
        `${wrong.length} of ${count} schedules went wrong; above the trace of seed ${first.seed}: ${first.wrong}`,
        `replay it: KETTLE_SEED=${first.seed} KETTLE_SCHEDULES=1 npx vitest run test/protocol/protocol.test.ts`,
        `seeds: ${wrong
          .slice(0, 20)
          .map(({ seed }) => seed)
          .join(" ")}`,
      ].join("\n"),
    );
  }
  if (whole) expect(expected.filter((event) => !seen.has(event))).toEqual([]);
});

it("a schedule is a function of its seed", async () => {
  for (const seed of seeds(from, 20)) {
    const { trace } = await runSchedule(seed, { tracing: true });
    expect(trace.length).toBeGreaterThan(3);
    expect((await runSchedule(seed, { tracing: true })).trace).toEqual(trace);
  }
});
