import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { functionNames } from "../../lib/config/function-names.ts";
import { parseConfig } from "../../lib/config/load.ts";
import { healthMetrics, healthWatch } from "../../lib/lambda/health-watch.ts";
import { alarmKinds, alarmResources } from "../../packaging/alarms.ts";
import { queueNames } from "../../packaging/sizing.ts";

const root = join(import.meta.dirname, "../..");
const runbook = readFileSync(join(root, "docs/runbook.md"), "utf8");
const resourcesOf = (alarms = "{}") =>
  alarmResources(parseConfig(`{ alarms: ${alarms}, stages: { prod: {} } }`, "prod"));

type Alarm = {
  readonly AlarmName: string;
  readonly AlarmDescription: string;
  readonly MetricName: string;
  readonly Namespace: string;
  readonly Threshold: number;
  readonly EvaluationPeriods: number;
  readonly AlarmActions: readonly unknown[];
};
const alarmsOf = (alarms?: string): readonly Alarm[] =>
  Object.values(resourcesOf(alarms))
    .filter(({ Type }) => Type === "AWS::CloudWatch::Alarm")
    .map(({ Properties }) => Properties as unknown as Alarm);
const kindOf = ({ AlarmDescription }: Alarm) => AlarmDescription.split("#").at(-1);

describe("alarms and the runbook", () => {
  it("every kind of alarm has a section, and every section an alarm", () => {
    const sections = Array.from(runbook.matchAll(/^## (.+)$/gm), ([, title]) => title);
    expect(sections).toEqual([...alarmKinds]);
    expect(new Set(alarmsOf().map(kindOf))).toEqual(new Set(alarmKinds));
  });

  it("every description says what happened and points to its section, where the parameter puts the page", () => {
    for (const alarm of alarmsOf()) {
      const [, page, kind] = /\. What to do: (.+)#([\w-]+)$/.exec(alarm.AlarmDescription) ?? [];
      expect(existsSync(join(root, page!)), alarm.AlarmName).toBe(true);
      expect(alarmKinds, alarm.AlarmName).toContain(kind);
    }
    const [first] = alarmsOf("{ runbook: https://wiki.example.com/kettle }");
    expect(first?.AlarmDescription).toContain("https://wiki.example.com/kettle#dead-letter-queue");
  });

  it("links of the runbook lead to sections and pages that are there", () => {
    const anchors = Array.from(runbook.matchAll(/\]\(#([\w-]+)\)/g), ([, anchor]) => anchor);
    expect(anchors.length).toBeGreaterThan(0);
    for (const anchor of anchors) expect(alarmKinds).toContain(anchor);
    for (const [, page] of runbook.matchAll(/\]\(([^#)]+)\)/g))
      expect(existsSync(join(root, "docs", page!)), page).toBe(true);
  });
});

describe("alarms", () => {
  it("watch every queue, its dead-letter queue, every function, and the store; names are unique", () => {
    const counts = Object.fromEntries(
      alarmKinds.map((kind) => [kind, alarmsOf().filter((alarm) => kindOf(alarm) === kind).length]),
    );
    expect(counts).toEqual({
      "dead-letter-queue": queueNames.length,
      "oldest-message": queueNames.length,
      "function-errors": functionNames.length,
      "function-throttles": functionNames.length,
      "milvus-down": 1,
    });
    const names = alarmsOf().map(({ AlarmName }) => AlarmName);
    expect(new Set(names).size).toBe(names.length);
  });

  it.each([
    ["deadLetters: 3", "ApproximateNumberOfMessagesVisible", { Threshold: 3 }],
    ["oldestMessageMinutes: 7", "ApproximateAgeOfOldestMessage", { Threshold: 420 }],
    ["functionErrors: 2", "Errors", { Threshold: 2 }],
    ["throttles: 4", "Throttles", { Threshold: 4 }],
    ["storeDownMinutes: 9", healthMetrics.storeUnavailable, { Threshold: 1, EvaluationPeriods: 9 }],
  ])("%s decides when %s rings", (parameter, metric, expected) => {
    const alarms = alarmsOf(`{ ${parameter} }`).filter(({ MetricName }) => MetricName === metric);
    expect(alarms.length).toBeGreaterThan(0);
    for (const alarm of alarms) expect(alarm).toMatchObject(expected);
  });

  it("go to the stack's own topic, with a subscriber where an address is given", () => {
    expect(alarmsOf()[0]?.AlarmActions).toEqual([{ Ref: "AlarmTopic" }]);
    expect(Object.keys(resourcesOf())).not.toContain("AlarmSubscription");
    expect(resourcesOf("{ email: ops@example.com }").AlarmSubscription?.Properties).toEqual({
      TopicArn: { Ref: "AlarmTopic" },
      Protocol: "email",
      Endpoint: "ops@example.com",
    });
  });

  it("go to a topic of your own, and then the stack has none", () => {
    const arn = "arn:aws:sns:eu-central-1:123456789012:on-call";
    expect(alarmsOf(`{ topicArn: "${arn}" }`)[0]?.AlarmActions).toEqual([arn]);
    expect(Object.keys(resourcesOf(`{ topicArn: "${arn}" }`))).not.toContain("AlarmTopic");
    expect(() => alarmsOf(`{ topicArn: "${arn}", email: ops@example.com }`)).toThrow("alarms.email");
  });
});

describe("the watch of the store", () => {
  const watched = async (ok: boolean) => {
    const info = vi.fn();
    await healthWatch({
      check: async () => ({
        status: ok ? "ok" : "unavailable",
        checks: [
          { name: "store", ok, message: "" },
          { name: "queues", ok: true, message: "" },
        ],
      }),
      log: { info },
      service: "kettle",
      stage: "prod",
      now: () => 1_700_000_000_000,
    })();
    return info.mock.calls[0]?.[1];
  };

  it("puts down a metric that the alarm reads, under the alarm's dimensions", async () => {
    const line = await watched(false);
    const [directive] = line._aws.CloudWatchMetrics;
    const alarm = alarmsOf().find((each) => kindOf(each) === "milvus-down");
    expect(alarm).toMatchObject({
      Namespace: directive.Namespace,
      Dimensions: directive.Dimensions[0].map((Name: string) => ({ Name, Value: line[Name] })),
    });
    expect(directive.Metrics.map(({ Name }: { Name: string }) => Name)).toContain(alarm?.MetricName);
    expect(line[alarm!.MetricName]).toBe(1);
    expect(line._aws.Timestamp).toBe(1_700_000_000_000);
  });

  it("is 0 while the store answers", async () => {
    expect(await watched(true)).toMatchObject({ StoreUnavailable: 0, FailedChecks: 0 });
  });
});
