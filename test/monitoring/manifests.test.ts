import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { type KubernetesObject, monitoringManifests } from "../../infra/monitoring/manifests.ts";
import { milvusVersion } from "../../packaging/versions.ts";

const root = join(import.meta.dirname, "../..");
const base = join(root, "infra/monitoring/base");
const overlay = join(root, "infra/monitoring/one-machine");
const yaml = (path: string) => parse(readFileSync(path, "utf8"));

type Container = {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly securityContext: { readonly [key: string]: unknown };
  readonly resources: { readonly limits: unknown; readonly requests: unknown };
};
type PodSpec = {
  readonly containers: readonly Container[];
  readonly volumes: readonly { readonly name: string; readonly [kind: string]: unknown }[];
  readonly securityContext: { readonly [key: string]: unknown };
  readonly tolerations?: unknown;
};

const objects = monitoringManifests();
const named = (kind: string, name: string, among = objects): KubernetesObject => {
  const found = among.find((each) => each.kind === kind && each.metadata.name === name);
  if (found === undefined) throw new Error(`no ${kind} ${name}`);
  return found;
};
const workloads = objects.filter(({ kind }) => ["StatefulSet", "DaemonSet", "Deployment"].includes(kind));
const podSpec = ({ spec }: KubernetesObject): PodSpec =>
  (spec as { template: { spec: PodSpec } }).template.spec;

const kubectl = (folder: string): readonly KubernetesObject[] | null => {
  try {
    const printed = execFileSync("kubectl", ["kustomize", folder], { encoding: "utf8", stdio: "pipe" });
    return parseAllDocuments(printed).map((document) => document.toJS() as KubernetesObject);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    console.log(
      "kubectl is not on the PATH: what it renders is not compared with infra/monitoring/manifests.ts",
    );
    return null;
  }
};

const byName = (all: readonly KubernetesObject[]) =>
  Object.fromEntries(
    all.map((each) => [`${each.kind} ${each.metadata.namespace ?? ""}/${each.metadata.name}`, each]),
  );

describe("one source", () => {
  it("what CDK applies is what `kubectl apply -k` applies, names with their hashes too", () => {
    const rendered = kubectl(base);
    if (rendered !== null) expect(byName(objects)).toEqual(byName(rendered));
  });

  it("kustomization.yaml lists every file of its folder", () => {
    const { resources, configMapGenerator } = yaml(join(base, "kustomization.yaml"));
    const listed = [
      "kustomization.yaml",
      ...resources,
      ...configMapGenerator.flatMap((each: { files: readonly string[] }) => each.files),
    ];
    const there = readdirSync(base, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(base.length + 1));
    expect(listed.toSorted()).toEqual(there.toSorted());
  });

  it("every ConfigMap that a pod mounts is there, and every one that is there is mounted", () => {
    const mounted = workloads.flatMap((each) =>
      podSpec(each).volumes.flatMap(
        ({ configMap }) => (configMap as { name: string } | undefined)?.name ?? [],
      ),
    );
    const there = objects.filter(({ kind }) => kind === "ConfigMap").map(({ metadata }) => metadata.name);
    expect(mounted.toSorted()).toEqual(there.toSorted());
  });

  it("everything is in the namespace monitoring; in Milvus's there is one Role and its binding", () => {
    const elsewhere = objects.filter(
      ({ kind, metadata }) => kind !== "Namespace" && metadata.namespace !== "monitoring",
    );
    expect(elsewhere.map(({ kind, metadata }) => [kind, metadata.namespace])).toEqual([
      ["Role", "milvus"],
      ["RoleBinding", "milvus"],
    ]);
  });
});

describe("ports", () => {
  it("base opens none on the node", () => {
    for (const { kind, metadata, spec } of objects.filter((each) => each.kind === "Service"))
      expect((spec as { type?: string }).type ?? "ClusterIP", `${kind} ${metadata.name}`).toBe("ClusterIP");
    expect(JSON.stringify(objects)).not.toMatch(/nodePort|hostPort|hostNetwork/);
  });

  it.each([
    ["grafana", 3000, 30_001],
    ["loki", 3100, 31_090],
  ])("%s is at %i, and on one machine at the node's %i", (name, port, nodePort) => {
    const own = named("Service", name).spec as { ports: readonly { port: number }[] };
    expect(own.ports.map((each) => each.port)).toEqual([port]);
    const patched = parseAllDocuments(readFileSync(join(overlay, "node-ports.yaml"), "utf8"))
      .map((document) => document.toJS() as KubernetesObject)
      .find(({ metadata }) => metadata.name === name);
    expect(patched?.spec).toMatchObject({ type: "NodePort", ports: [{ port, nodePort }] });
  });

  it("one machine renders, with both sources of Milvus's logs and both of its metrics", () => {
    const rendered = kubectl(overlay);
    if (rendered === null) return;
    const services = rendered.filter(({ kind }) => kind === "Service");
    expect(
      services
        .filter(({ spec }) => (spec as { type?: string }).type === "NodePort")
        .map(({ metadata }) => metadata.name)
        .toSorted(),
    ).toEqual(["grafana", "loki"]);
    const dataOf = (prefix: string) =>
      Object.keys(
        rendered.find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name.startsWith(prefix))
          ?.data as object,
      );
    expect(dataOf("alloy-")).toEqual(["docker.alloy", "milvus.alloy", "node.alloy"]);
    expect(dataOf("prometheus-")).toEqual(["prometheus.yaml", "scrape-docker.yaml", "scrape-pods.yaml"]);
  });
});

describe("pods", () => {
  it.each(workloads.map((each) => [each.metadata.name, each] as const))(
    "%s is bounded and pinned",
    (_, each) => {
      for (const { image, resources, securityContext } of podSpec(each).containers) {
        expect(image).toMatch(/^docker\.io\/[a-z]+\/[a-z]+:v?\d+\.\d+\.\d+$/);
        expect(resources).toMatchObject({
          requests: { memory: expect.any(String) },
          limits: { memory: expect.any(String) },
        });
        expect(securityContext).toMatchObject({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        });
      }
      expect(podSpec(each).securityContext).toMatchObject({ seccompProfile: { type: "RuntimeDefault" } });
    },
  );

  it("only Alloy is root and sees folders of the node, its logs for reading only", () => {
    const rootless = workloads.filter((each) => podSpec(each).securityContext.runAsNonRoot === true);
    expect(rootless.map(({ metadata }) => metadata.name)).toEqual(["loki", "prometheus", "grafana"]);
    const hostPaths = workloads.flatMap((each) =>
      podSpec(each).volumes.flatMap(({ hostPath }) => (hostPath ? [[each.metadata.name, hostPath]] : [])),
    );
    expect(hostPaths).toEqual([
      ["alloy", { path: "/var/log", type: "Directory" }],
      ["alloy", { path: "/var/lib/kettle-alloy", type: "DirectoryOrCreate" }],
    ]);
    expect(JSON.stringify(named("DaemonSet", "alloy"))).toContain(
      JSON.stringify({ name: "varlog", mountPath: "/var/log", readOnly: true }),
    );
  });

  it("Alloy runs on tainted nodes too, where Milvus's GPU nodes are", () => {
    expect(podSpec(named("DaemonSet", "alloy")).tolerations).toEqual([{ operator: "Exists" }]);
  });

  it("the only permission is to see the pods of Milvus's namespace", () => {
    const roles = objects.filter(({ kind }) => /Role$/.test(kind));
    expect(roles.map(({ kind, rules }) => [kind, rules])).toEqual([
      ["Role", [{ apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"] }]],
    ]);
  });

  it("what must outlive a pod is on a persistent volume", () => {
    for (const name of ["loki", "prometheus"])
      expect(named("StatefulSet", name).spec).toMatchObject({
        volumeClaimTemplates: [{ spec: { resources: { requests: { storage: expect.any(String) } } } }],
      });
    expect(podSpec(named("Deployment", "grafana")).volumes).toContainEqual({
      name: "data",
      persistentVolumeClaim: { claimName: "grafana" },
    });
  });
});

describe("Grafana's password", () => {
  it("comes from a Secret that these files do not hold", () => {
    const { containers, volumes } = podSpec(named("Deployment", "grafana"));
    expect(volumes).toContainEqual({ name: "admin", secret: { secretName: "grafana-admin" } });
    const passwords = (containers[0]?.env ?? []).filter(({ name }) => /PASSWORD|SECRET|TOKEN/.test(name));
    expect(passwords).toEqual([
      { name: "GF_SECURITY_ADMIN_PASSWORD__FILE", value: "/run/secrets/grafana-admin/password" },
    ]);
    expect(objects.filter(({ kind }) => kind === "Secret")).toEqual([]);
  });
});

describe("network policies", () => {
  it("nothing goes in or out but what is listed", () => {
    expect(named("NetworkPolicy", "default-deny").spec).toEqual({
      podSelector: {},
      policyTypes: ["Ingress", "Egress"],
    });
  });

  it("Loki takes from Alloy and Grafana alone", () => {
    const { ingress } = named("NetworkPolicy", "loki").spec as {
      ingress: readonly { from: readonly { podSelector: { matchLabels: Record<string, string> } }[] }[];
    };
    expect(
      ingress.flatMap(({ from }) => from.map((each) => Object.values(each.podSelector.matchLabels)[0])),
    ).toEqual(["alloy", "grafana"]);
  });
});

describe("Loki", () => {
  const loki = yaml(join(base, "loki/loki.yaml"));
  it("keeps schema 13 on tsdb and deletes by its compactor what is past retention", () => {
    expect(loki.schema_config.configs).toMatchObject([
      { store: "tsdb", schema: "v13", index: { period: "24h" } },
    ]);
    expect(loki.compactor).toMatchObject({ retention_enabled: true, delete_request_store: "filesystem" });
    expect(loki.limits_config.retention_period).toMatch(/^\d+h$/);
    // Older lines would be deleted as soon as they are written.
    expect(loki.limits_config.reject_old_samples_max_age).toBe(loki.limits_config.retention_period);
  });

  it("writes to its volume only", () => {
    const paths = JSON.stringify(loki).match(/"\/[^"]*"/g) ?? [];
    expect(paths.filter((path) => !path.startsWith('"/var/loki'))).toEqual([]);
  });
});

describe("Milvus that Docker runs", () => {
  const { services } = yaml(join(root, "docker-compose.yml"));
  const { milvus } = services;

  it("writes its logs into the folder that Alloy is given", () => {
    expect(milvus.image).toBe(`milvusdb/milvus:v${milvusVersion}`);
    expect(milvus.volumes).toContain(
      `\${MILVUS_LOGS:-./.milvus/logs}:${milvus.environment.LOG_FILE_ROOTPATH}`,
    );
    const [alloy] = podSpec(yaml(join(overlay, "milvus-logs.yaml"))).volumes;
    expect(alloy).toMatchObject({ name: "docker-milvus", hostPath: { path: expect.stringMatching(/^\//) } });
    expect(readFileSync(join(overlay, "docker.alloy"), "utf8")).toContain('"/mnt/docker-milvus/*.log"');
  });
});
