import { execFile } from "node:child_process";
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type SyncedSecret, secretSyncManifests, syncScript } from "../../infra/charts/secret-sync.ts";

const secrets: readonly SyncedSecret[] = [
  { name: "milvus-root", type: "Opaque", arn: "arn:root" },
  { name: "milvus-tls", type: "kubernetes.io/tls", arn: "arn:tls" },
];
/** Values as Secrets Manager has them; the program `aws` below prints them. */
const values = {
  "arn:root": { username: "root", password: "a'b\\c % s ü" },
  "arn:tls": { "tls.crt": "-----BEGIN CERTIFICATE-----\nMII\n", "tls.key": "key" },
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kettle-sync-"));
  const cases = Object.entries(values).map(
    ([arn, value]) => `  *"--secret-id ${arn} "*) cat <<'VALUE'\n${JSON.stringify(value)}\nVALUE\n  ;;`,
  );
  const aws = `#!/bin/bash\ncase "$* " in\n${cases.join("\n")}\n  *) echo "no such secret" >&2; exit 254;;\nesac\n`;
  await writeFile(join(folder, "aws"), aws);
  await chmod(join(folder, "aws"), 0o755);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const sync = async (lines: string) => {
  const manifests = await mkdtemp(join(folder, "manifests-"));
  await promisify(execFile)("bash", ["-c", syncScript], {
    env: { PATH: `${folder}:${process.env.PATH}`, NAMESPACE: "milvus", MANIFESTS: manifests, SECRETS: lines },
  });
  return Promise.all(
    (await readdir(manifests))
      .toSorted()
      .map(async (file) => JSON.parse(await readFile(join(manifests, file), "utf8"))),
  );
};

it("the job's script makes a manifest of each secret, whatever its value holds", async () => {
  const lines = secrets.map(({ name, type, arn }) => `${name} ${type} ${arn}`).join("\n");
  expect(await sync(lines)).toEqual([
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "milvus-root", namespace: "milvus" },
      type: "Opaque",
      stringData: values["arn:root"],
    },
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "milvus-tls", namespace: "milvus" },
      type: "kubernetes.io/tls",
      stringData: values["arn:tls"],
    },
  ]);
});

it("a secret that cannot be read fails the job", async () => {
  await expect(sync("milvus-root Opaque arn:none")).rejects.toThrow("no such secret");
});

const place = { region: "us-east-1", namespace: "milvus", generation: "1a" };

it("it may change these secrets of its namespace and read no other", () => {
  const role = secretSyncManifests(secrets, place).find(({ kind }) => kind === "Role");
  expect(role?.rules).toEqual([
    { apiGroups: [""], resources: ["secrets"], verbs: ["create"] },
    {
      apiGroups: [""],
      resources: ["secrets"],
      resourceNames: ["milvus-root", "milvus-tls"],
      verbs: ["get", "patch"],
    },
  ]);
});

it("another generation is another job, since a job cannot be changed", () => {
  const jobName = (generation: string) =>
    secretSyncManifests(secrets, { ...place, generation }).find(({ kind }) => kind === "Job")?.metadata.name;
  expect(jobName("1a")).toBe(jobName("1a"));
  expect(jobName("2b")).not.toBe(jobName("1a"));
});
