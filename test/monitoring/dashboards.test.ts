import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { functionNames } from "../../lib/config/function-names.ts";
import { queueNames } from "../../packaging/sizing.ts";
import { type Block, parseAlloy } from "./alloy-syntax.ts";

const base = join(import.meta.dirname, "../../infra/monitoring/base");
const folder = join(base, "grafana/dashboards");

type Source = { readonly type: string; readonly uid: string };
type Target = {
  readonly refId: string;
  readonly datasource: Source;
  readonly expr?: string;
  readonly namespace?: string;
  readonly metricName?: string;
  readonly dimensions?: Readonly<Record<string, readonly string[]>>;
};
type Panel = {
  readonly id: number;
  readonly title: string;
  readonly datasource: Source;
  readonly targets: readonly Target[];
};
type Dashboard = { readonly uid: string; readonly title: string; readonly panels: readonly Panel[] };

const files = readdirSync(folder);
const dashboards = files.map((name) => ({
  name,
  dashboard: JSON.parse(readFileSync(join(folder, name), "utf8")) as Dashboard,
}));
const targets = dashboards.flatMap(({ name, dashboard }) =>
  dashboard.panels.flatMap((panel) =>
    panel.targets.map((target) => ({ at: `${name}: ${panel.title}`, panel, target })),
  ),
);
const sources: readonly Source[] = parse(
  readFileSync(join(base, "grafana/data-sources.yaml"), "utf8"),
).datasources;

/** Brackets and quotes close in the order in which they open; gives the text without what is quoted. */
const unquoted = (expression: string): string => {
  const rest = expression.replaceAll(/"(?:[^"\\]|\\.)*"|`[^`]*`/g, '""');
  const open: string[] = [];
  const closes: Readonly<Record<string, string>> = { ")": "(", "]": "[", "}": "{" };
  for (const character of rest.replaceAll('""', "")) {
    if ("([{".includes(character)) open.push(character);
    else if (character in closes && open.pop() !== closes[character])
      throw new Error(`unbalanced: ${expression}`);
    else if (character === '"') throw new Error(`an open quote: ${expression}`);
  }
  if (open.length > 0) throw new Error(`unbalanced: ${expression}`);
  return rest;
};

/** Labels that the configuration of Alloy gives to entries. */
const alloyLabels = (): ReadonlySet<string> => {
  const labels = new Set<string>();
  const visit = ({ name, attributes, blocks }: Block): void => {
    if (name === "rule" && typeof attributes.target_label === "string") labels.add(attributes.target_label);
    if (name === "stage.labels" || name === "stage.static_labels")
      for (const label of Object.keys((attributes.values as { map: object }).map)) labels.add(label);
    blocks.forEach(visit);
  };
  for (const file of ["milvus.alloy", "node.alloy"])
    parseAlloy(readFileSync(join(base, "alloy", file), "utf8")).forEach(visit);
  return labels;
};

describe("dashboards", () => {
  it("each has an id of its own, its file's name, and panels with ids of their own", () => {
    for (const { name, dashboard } of dashboards) {
      expect(dashboard.uid).toBe(`kettle-${name.replace(".json", "")}`);
      const ids = dashboard.panels.map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
    }
  });

  it("ask only data sources that are provisioned, by uid and type", () => {
    const known = sources.map(({ uid, type }) => `${type} ${uid}`);
    for (const { at, panel, target } of targets) {
      expect(known, at).toContain(`${target.datasource.type} ${target.datasource.uid}`);
      expect(target.datasource, at).toEqual(panel.datasource);
    }
    expect(new Set(targets.map(({ target }) => target.datasource.uid))).toEqual(
      new Set(["loki", "prometheus", "cloudwatch"]),
    );
  });

  it("every query is whole: quotes and brackets close", () => {
    for (const { target } of targets) if (target.expr !== undefined) unquoted(target.expr);
    expect(() => unquoted('sum(rate({job="milvus"} [5m])')).toThrow("unbalanced");
    expect(() => unquoted('{job="milvus}')).toThrow("open quote");
  });

  it("queries of logs name only labels that Alloy gives", () => {
    const labels = alloyLabels();
    const logs = targets.filter(({ target }) => target.datasource.uid === "loki");
    for (const { at, target } of logs) {
      const selectors = target.expr?.match(/\{[^}]*\}/g) ?? [];
      expect(selectors.length, at).toBeGreaterThan(0);
      for (const selector of selectors)
        for (const [, label = ""] of selector.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g))
          expect(labels, `${at}: ${label}`).toContain(label);
    }
  });

  it("queries of metrics name only those that a real Milvus serves", () => {
    const served = new Set(
      readFileSync(join(import.meta.dirname, "milvus-2.3.5-metrics.txt"), "utf8")
        .trim()
        .split("\n"),
    );
    const asked = targets
      .filter(({ target }) => target.datasource.uid === "prometheus")
      .flatMap(({ target }) => target.expr?.match(/\bmilvus_\w+/g) ?? []);
    expect(asked.length).toBeGreaterThan(0);
    for (const name of asked) expect(served, name).toContain(name.replace(/_bucket$/, ""));
  });

  it.each([
    ["ApproximateNumberOfMessagesVisible", queueNames.map((name) => `$queues-${name}-dlq`)],
    ["ApproximateNumberOfMessagesVisible", queueNames.map((name) => `$queues-${name}`)],
    ["ApproximateAgeOfOldestMessage", queueNames.map((name) => `$queues-${name}`)],
  ])("ingestion shows %s of %j", (metric, queues) => {
    const shown = targets
      .filter(({ target }) => target.namespace === "AWS/SQS" && target.metricName === metric)
      .flatMap(({ target }) => target.dimensions?.QueueName ?? []);
    expect(shown).toEqual(expect.arrayContaining(queues));
  });

  it.each(["Errors", "Throttles", "Duration"])("ingestion shows %s of every function", (metric) => {
    const shown = targets
      .filter(({ target }) => target.namespace === "AWS/Lambda" && target.metricName === metric)
      .flatMap(({ target }) => target.dimensions?.FunctionName ?? []);
    expect(shown.toSorted()).toEqual(functionNames.map((name) => `$functions-${name}`).toSorted());
  });
});
