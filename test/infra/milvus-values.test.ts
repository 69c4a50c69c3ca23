import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { milvusValues } from "../../infra/charts/milvus-values.ts";
import { milvusVersion } from "../../packaging/versions.ts";
import { cpuConfig, infraConfig } from "./config.ts";

const surroundings = { bucketName: "bucket", certificate: "1a2b" };
const valuesOf = (config = infraConfig()) => milvusValues(config, surroundings);
const userYaml = (config = infraConfig()) => parse(valuesOf(config).extraConfigFiles["user.yaml"]);

/** Milvus 2.6 before 2.6.10 serves port 9091 to anybody (CVE-2026-26190). */
it("Milvus is at or above the fix for CVE-2026-26190", () => {
  const [major = 0, minor = 0, patch = 0] = milvusVersion.split(".").map(Number);
  expect([major, minor]).toEqual([2, 6]);
  expect(patch).toBeGreaterThanOrEqual(10);
});

describe("with a GPU", () => {
  const gpuPlace = {
    nodeSelector: { "kettle/pool": "gpu" },
    tolerations: [{ key: "nvidia.com/gpu", operator: "Exists", effect: "NoSchedule" }],
    resources: { limits: { "nvidia.com/gpu": 1 } },
  };

  it("the image is Milvus's GPU build, and what searches and what builds indexes have a whole GPU each", () => {
    const { image, queryNode, dataNode } = valuesOf();
    expect(image.all.tag).toBe(`v${milvusVersion}-gpu`);
    expect(queryNode).toMatchObject(gpuPlace);
    expect(dataNode).toMatchObject(gpuPlace);
  });

  it("nothing else asks for a GPU or tolerates the taint", () => {
    const { queryNode, dataNode, ...others } = valuesOf();
    expect(JSON.stringify(others)).not.toContain("nvidia.com");
  });

  it("Milvus's memory pool grows from half to what the parameter says", () => {
    expect(userYaml(infraConfig({ infra: { milvus: { gpuMemoryMiB: 10_000 } } })).gpu).toEqual({
      initMemSize: 5000,
      maxMemSize: 10_000,
    });
  });

  it("an index that is searched on CPUs leaves the query nodes on CPU nodes", () => {
    const { queryNode, dataNode } = valuesOf(
      infraConfig({ store: { index: { type: "GPU_CAGRA", build: { adapt_for_cpu: true } } } }),
    );
    expect(queryNode).not.toHaveProperty("nodeSelector");
    expect(dataNode).toMatchObject(gpuPlace);
  });
});

it("without a GPU there is no word of one", () => {
  expect(valuesOf(cpuConfig()).image.all.tag).toBe(`v${milvusVersion}`);
  expect(JSON.stringify(valuesOf(cpuConfig()))).not.toMatch(/gpu|nvidia/i);
});

it.each([
  [{ store: { replicas: 3 } }, 3],
  [{ store: { replicas: 2 }, infra: { milvus: { queryNodes: 5 } } }, 5],
])("there are query nodes for all in-memory replicas: %j", (overrides, expected) => {
  expect(valuesOf(infraConfig(overrides)).queryNode.replicas).toBe(expected);
});

it("segments and the log are in the bucket, by the pod's identity: no key, no MinIO, no Pulsar", () => {
  const values = valuesOf();
  expect(values.externalS3).toMatchObject({
    enabled: true,
    bucketName: "bucket",
    host: "s3.us-east-1.amazonaws.com",
    useSSL: true,
    useIAM: true,
  });
  expect(values.externalS3).not.toHaveProperty("accessKey");
  expect([values.minio.enabled, values.pulsarv3.enabled]).toEqual([false, false]);
  expect(values.woodpecker.enabled && values.streaming.woodpecker.embedded).toBe(true);
});

it("a login is asked for and TLS is spoken, with what is in Secrets", () => {
  const { mixCoordinator, proxy } = valuesOf();
  expect(userYaml().common.security).toEqual({ authorizationEnabled: true, superUsers: "root", tlsMode: 1 });
  expect(mixCoordinator.extraEnv).toEqual([
    {
      name: "COMMON_SECURITY_DEFAULTROOTPASSWORD",
      valueFrom: { secretKeyRef: { name: "milvus-root", key: "password" } },
    },
  ]);
  expect(proxy.volumes).toEqual([{ name: "certificate", secret: { secretName: "milvus-tls" } }]);
  const [mount] = proxy.volumeMounts;
  for (const path of Object.values(userYaml().tls))
    expect(path).toMatch(new RegExp(`^${mount?.mountPath}/tls\\.`));
});

it("another certificate starts the proxies anew, and nothing else", () => {
  const renewed = milvusValues(infraConfig(), { ...surroundings, certificate: "3c4d" });
  expect(renewed.proxy.annotations).not.toEqual(valuesOf().proxy.annotations);
  expect({ ...renewed, proxy: null }).toEqual({ ...valuesOf(), proxy: null });
});
