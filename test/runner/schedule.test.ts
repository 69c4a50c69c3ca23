import { describe, expect, it } from "vitest";
import { parseSchedule } from "../../localstack/runner/schedule.ts";

const at = (text: string) => Date.parse(text);
const iso = (time: number | null) => (time === null ? null : new Date(time).toISOString());

describe("schedules", () => {
  it.each([
    ["rate(1 minute)", 60_000],
    ["rate(5 minutes)", 300_000],
    ["rate(1 hour)", 3_600_000],
    ["rate(2 days)", 172_800_000],
  ])("%s is due so many ms later: %d", (expression, period) => {
    expect(parseSchedule(expression).next(1_000)).toBe(1_000 + period);
  });

  // Examples of the EventBridge user guide, and the calendar by hand: 2026-11-23 is a Monday.
  it.each([
    ["cron(0 12 * * ? *)", "2026-11-23T12:00:00Z", "2026-11-24T12:00:00.000Z"],
    ["cron(0 12 * * ? *)", "2026-11-23T11:59:59Z", "2026-11-23T12:00:00.000Z"],
    ["cron(0/15 * * * ? *)", "2026-11-23T10:01:00Z", "2026-11-23T10:15:00.000Z"],
    ["cron(*/20 * * * ? *)", "2026-11-23T10:41:00Z", "2026-11-23T11:00:00.000Z"],
    ["cron(0 18 ? * MON-FRI *)", "2026-11-27T18:00:00Z", "2026-11-30T18:00:00.000Z"],
    ["cron(30 6 ? * 1,7 *)", "2026-11-23T00:00:00Z", "2026-11-28T06:30:00.000Z"],
    ["cron(0 0 1 JAN ? *)", "2026-11-23T00:00:00Z", "2027-01-01T00:00:00.000Z"],
    ["cron(0 0 29 2 ? *)", "2026-11-23T00:00:00Z", "2028-02-29T00:00:00.000Z"],
    ["cron(0 0 1 1 ? 2020)", "2026-11-23T00:00:00Z", null],
  ])("%s after %s is due at %s", (expression, after, due) => {
    expect(iso(parseSchedule(expression).next(at(after)))).toBe(due);
  });

  it.each([
    ["rate(0 minutes)", "rate"],
    ["rate(5 weeks)", "rate"],
    ["every day", "rate"],
    ["cron(0 12 * * ?)", "six fields"],
    ["cron(0 12 * * * *)", "?"],
    ["cron(0 12 ? * ? *)", "?"],
    ["cron(60 12 * * ? *)", "minutes"],
    ["cron(0 12 L * ? *)", "L, W and #"],
    ["cron(0 12 3W * ? *)", "L, W and #"],
    ["cron(0 12 ? * 2#1 *)", "L, W and #"],
    ["cron(0 12 ? * FOO *)", "day of week"],
  ])("%s is refused in words", (expression, words) => {
    expect(() => parseSchedule(expression)).toThrow(words);
  });
});
