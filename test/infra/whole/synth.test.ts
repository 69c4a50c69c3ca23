import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { infraYaml } from "../config.ts";

/** `npm run synth` as a user runs it, without an account and without a network. */

const root = join(import.meta.dirname, "../../..");
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kettle-synth-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const synth = async (name: string, yaml: string) => {
  const config = join(folder, `${name}.yml`);
  const output = join(folder, name);
  await writeFile(config, yaml);
  await promisify(execFile)(
    process.execPath,
    [join(root, "synth.ts"), "--stage", "prod", "--output", output],
    {
      cwd: folder,
      env: {
        PATH: process.env.PATH,
        HOME: folder,
        KETTLE_CONFIG: config,
        // Nothing listens there: whatever were asked of the network would fail.
        HTTP_PROXY: "http://127.0.0.1:9",
        HTTPS_PROXY: "http://127.0.0.1:9",
      },
    },
  );
  return output;
};

const cpu = { device: "cpu", index: { type: "HNSW" } };

it.each([
  ["gpu", infraYaml({ infra: { monitoring: true, interfaceEndpoints: true } }), true],
  ["cpu", infraYaml({ store: cpu, infra: { monitoring: true } }), false],
])(
  "the templates of a %s stage are there, and cdk-nag has nothing to say of them",
  async (name, yaml, gpu) => {
    const output = await synth(name, yaml);
    const templates = (await readdir(output)).filter((file) => file.endsWith(".template.json"));
    expect(templates.toSorted()).toEqual([
      "kettle-prod-milvus.template.json",
      "kettle-prod-network.template.json",
    ]);
    const milvus = await readFile(join(output, "kettle-prod-milvus.template.json"), "utf8");
    expect(milvus.includes("AL2023_x86_64_NVIDIA")).toBe(gpu);
  },
);
