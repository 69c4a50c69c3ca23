import { randomUUID } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EventBridgeEvent } from "aws-lambda";
import { localAccount } from "./intrinsics.ts";
import { parseSchedule, type Schedule } from "./schedule.ts";
import type { FunctionDefinition } from "./stack-definition.ts";

export type Scheduler = { stop(): void };

export type SchedulerOptions = {
  readonly functions: readonly FunctionDefinition[];
  readonly region: string;
  readonly dataDir: string;
  readonly invoke: (definition: FunctionDefinition, event: unknown) => Promise<unknown>;
  readonly report: (line: string) => void;
};

/** setTimeout takes at most 24.8 days. */
const longestTimerMs = 86_400_000;

/** When each schedule was last due: a rate of an hour must fire although no start lasts an hour. */
const lastTimes = (dataDir: string) => {
  const path = join(dataDir, "schedules.json");
  let times: Record<string, number> = {};
  try {
    times = JSON.parse(readFileSync(path, "utf8"));
  } catch {
    // The first start, or a file cut short by a power failure: schedules begin anew.
  }
  return {
    get: (name: string): number | undefined => times[name],
    set: (name: string, atMs: number) => {
      times[name] = atMs;
      writeFileSync(`${path}.new`, JSON.stringify(times));
      renameSync(`${path}.new`, path);
    },
  };
};

const scheduledEvent = (
  region: string,
  rule: string,
  atMs: number,
): EventBridgeEvent<"Scheduled Event", object> => ({
  version: "0",
  id: randomUUID(),
  "detail-type": "Scheduled Event",
  source: "aws.events",
  account: localAccount,
  time: new Date(atMs).toISOString().replace(/\.\d+Z$/, "Z"),
  region,
  resources: [`arn:aws:events:${region}:${localAccount}:rule/${rule}`],
  detail: {},
});

/** Fires the schedules of all functions; one that was missed while nothing ran fires once, at the start. */
export const startScheduler = (options: SchedulerOptions): Scheduler => {
  const { region, report } = options;
  const times = lastTimes(options.dataDir);
  const timers = new Map<string, NodeJS.Timeout>();

  const wait = (name: string, dueAt: number, fire: () => void) => {
    const left = dueAt - Date.now();
    const timer =
      left > longestTimerMs
        ? setTimeout(wait, longestTimerMs, name, dueAt, fire)
        : setTimeout(fire, Math.max(0, left));
    timers.set(name, timer);
  };
  const run = (definition: FunctionDefinition, expression: string, input: unknown, schedule: Schedule) => {
    const name = `${definition.key} ${expression}`;
    const begin = times.get(name) ?? Date.now();
    times.set(name, begin);
    const dueAt = schedule.next(begin);
    if (dueAt === null) return;
    wait(name, dueAt, async () => {
      const now = Date.now();
      times.set(name, now);
      run(definition, expression, input, schedule);
      try {
        await options.invoke(definition, input ?? scheduledEvent(region, definition.name, now));
      } catch (error) {
        report(`${name} failed: ${error instanceof Error ? error.message : error}`);
      }
    });
  };
  for (const definition of options.functions)
    for (const { expression, input } of definition.schedules) {
      try {
        run(definition, expression, input, parseSchedule(expression));
      } catch (error) {
        report(`${definition.key} is not scheduled: ${error instanceof Error ? error.message : error}`);
      }
    }
  return {
    stop: () => {
      for (const timer of timers.values()) clearTimeout(timer);
    },
  };
};
