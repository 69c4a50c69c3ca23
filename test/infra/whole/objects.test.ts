import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { Template } from "aws-cdk-lib/assertions";
import { describe, expect, it } from "vitest";
import { parseAllDocuments, stringify } from "yaml";
import type { Kubeconform } from "../../../infra/validate/tools.ts";
import { validate } from "../../../infra/validate/validate.ts";
import { cpuConfig, infraConfig } from "../config.ts";
import { manifestsOf, synthesised } from "../synthesised.ts";

const kubeconform: Kubeconform = JSON.parse(process.env.KETTLE_TEST_KUBECONFORM ?? "null");
const root = join(import.meta.dirname, "../../..");

const documents = (objects: readonly unknown[]): string =>
  objects.map((object) => stringify(object, { aliasDuplicateObjects: false })).join("---\n");
const problemsOf = (objects: readonly unknown[]) => validate(kubeconform, documents(objects));

const rendered = (folder: string): string | null => {
  try {
    return execFileSync("kubectl", ["kustomize", join(root, folder)], { encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    console.log(`kubectl is not on the PATH: ${folder} is not rendered and not validated`);
    return null;
  }
};

const deployed = (template: Template) => {
  const objects = manifestsOf(template);
  return { ...problemsOf(objects), kinds: new Set(objects.map(({ kind }) => kind)) };
};

describe("every Kubernetes object is one that the API takes", () => {
  it.each([
    ["gpu", infraConfig({ infra: { monitoring: true } })],
    ["cpu", cpuConfig({ infra: { monitoring: true } })],
  ])("of what CDK applies (%s)", (_, config) => {
    const { objects, problems, kinds } = deployed(synthesised(config).milvus);
    expect(problems).toEqual([]);
    expect(objects).toBeGreaterThan(30);
    for (const kind of ["StorageClass", "Job", "TargetGroupBinding", "StatefulSet", "DaemonSet"])
      expect(kinds).toContain(kind);
  });

  it.each(["infra/monitoring/base", "infra/monitoring/one-machine"])("of %s", (folder) => {
    const yaml = rendered(folder);
    if (yaml === null) return;
    const { objects, problems } = validate(kubeconform, yaml);
    expect(problems).toEqual([]);
    expect(objects).toBe(parseAllDocuments(yaml).length);
  });
});

describe("a mistake is found", () => {
  const pod = (container: Record<string, unknown>) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "pod" },
    spec: { containers: [{ name: "one", image: "image", ...container }] },
  });

  it("a pod without one is valid", () => {
    expect(problemsOf([pod({})])).toEqual({ objects: 1, problems: [] });
  });

  it.each([
    [
      "a misspelt field, deep down",
      pod({ resources: { limit: { memory: "1Gi" } } }),
      "'/spec/containers/0/resources': additional properties 'limit'",
    ],
    [
      "text for a number",
      pod({ ports: [{ containerPort: "http" }] }),
      "containerPort': got string, want integer",
    ],
    [
      "a number for text",
      pod({ env: [{ name: "SIZE", value: 5 }] }),
      "env/0/value': got number, want string",
    ],
    ["a field that must be there", pod({ name: undefined }), "missing property 'name'"],
    ["a kind that does not exist", { ...pod({}), kind: "Pods" }, "could not find schema for Pods"],
    ["a version that is gone", { ...pod({}), apiVersion: "policy/v1beta1" }, "could not find schema for Pod"],
    [
      "a field that the load balancer's controller does not know",
      {
        apiVersion: "elbv2.k8s.aws/v1beta1",
        kind: "TargetGroupBinding",
        metadata: { name: "milvus" },
        spec: { serviceRef: { name: "milvus", port: 19530 }, targetGroupArn: "arn" },
      },
      "additional properties 'targetGroupArn'",
    ],
  ])("%s", (_, object, named) => {
    const { problems } = problemsOf([object]);
    expect(problems).toEqual([expect.stringContaining(named)]);
  });

  it("a key that is given twice", () => {
    const { problems } = validate(
      kubeconform,
      "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata: { a: x }\ndata: { b: y }\n",
    );
    expect(problems.join()).toMatch(/"data" already set in map/);
  });

  it("one of many objects does not hide the others", () => {
    const { objects, problems } = problemsOf([pod({}), { ...pod({ images: "x" }) }, pod({})]);
    expect({ objects, problems: problems.length }).toEqual({ objects: 3, problems: 1 });
  });
});
