import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { problemsOf } from "../../cli/deploy/check.ts";
import { openDeployment } from "../../cli/deploy/deployment.ts";
import { destroySteps, keptLine } from "../../cli/deploy/destroy.ts";
import { checkParameters } from "../../cli/deploy/parameter-checks.ts";
import { parameterFile } from "../../cli/deploy/parameter-file.ts";
import { plannedStack, sizeLines, stackLines } from "../../cli/deploy/plan.ts";
import { parseConfig } from "../../lib/config/load.ts";
import { type Emulator, startEmulator } from "../../localstack/emulator/emulator.ts";
import { withoutLookups } from "../../packaging/dry-run.ts";
import { runKettle } from "./run-kettle.ts";

const folder = mkdtempSync(join(tmpdir(), "kettle-deploy-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const good = {
  aws: { documentBucket: "acme-documents", stateBucket: "acme-state" },
  store: { driver: "milvus", address: "milvus.example:19530", tokenSecret: "acme/milvus" },
  http: { auth: true, tokenSecret: "acme/token" },
};
const file = join(folder, "kettle.yml");
beforeAll(() => {
  const stages = {
    good,
    cluster: { ...good, infra: { enabled: true } },
    fresh: { aws: { documentBucket: "change-me-documents", stateBucket: "change-me-state" } },
  };
  writeFileSync(file, JSON.stringify({ name: "acme", stages }));
});

/** No credentials, and none of this machine's. */
const nobody = {
  KETTLE_CONFIG: file,
  AWS_EC2_METADATA_DISABLED: "true",
  AWS_CONFIG_FILE: join(folder, "none"),
  AWS_SHARED_CREDENTIALS_FILE: join(folder, "none"),
  AWS_PROFILE: "",
  AWS_ACCESS_KEY_ID: "",
  AWS_SECRET_ACCESS_KEY: "",
};

const problems = (stage: object) =>
  problemsOf(checkParameters(parseConfig(JSON.stringify({ stages: { s: stage } }), "s"))).map(
    ({ name }) => name,
  );

describe("what the parameters alone tell", () => {
  it("a stage with names, a store and a token of its own may be deployed", () => {
    expect(problems(good)).toEqual([]);
  });

  it.each([
    [
      "buckets as they are shipped",
      { ...good, aws: { ...good.aws, documentBucket: "change-me-documents" } },
      "bucket names",
    ],
    ["buckets of one machine", { ...good, aws: {} }, "bucket names"],
    ["a store in a file", { ...good, store: { driver: "embedded" } }, "store"],
    ["an API that asks for a token without a secret", { ...good, http: { auth: true } }, "API token"],
  ])("%s are named, with what to do", (_, stage, name) => {
    expect(problems(stage)).toEqual([name]);
  });
});

describe("kettle deploy", () => {
  it.each([
    [["deploy"], "required option '--stage <stage>'"],
    [["deploy", "--stage", "good", "--only", "web"], "Allowed choices are infra, functions"],
    [["destroy"], "required option '--stage <stage>'"],
    [["smoke-test", "--patience", "soon"], "whole number"],
  ])("%j is wrong usage", async (args, words) => {
    const { code, err } = await runKettle(args, nobody);
    expect(err).toContain(words);
    expect(code).toBe(2);
  });

  it("a stage that is not there is named with those that are", async () => {
    const { code, err } = await runKettle(["deploy", "--stage", "prd", "--dry-run"], nobody);
    expect(err).toContain("there are good, cluster, fresh");
    expect(code).toBe(1);
  });

  it("asks first, and says what to add where nobody can answer", async () => {
    const { code, err } = await runKettle(["deploy", "--stage", "good"], nobody);
    expect(err).toContain("add --yes");
    expect(code).toBe(1);
  });

  it("stops before anything is changed when parameters are to be mended", async () => {
    const { code, out, err } = await runKettle(["deploy", "--stage", "fresh", "--yes"], nobody);
    expect(out).toContain("choose your own in kettle.yml, stages.fresh.aws");
    expect(err).toContain("3 problems to mend first; nothing was changed");
    expect(code).toBe(1);
  });

  it("without credentials it says how to sign in", async () => {
    const { code, out } = await runKettle(["deploy", "--stage", "good", "--yes"], nobody);
    expect(out).toMatch(/problem {2}credentials .*aws sso login/);
    expect(code).toBe(1);
  });

  it("infrastructure alone, of a stage that has none, is refused", async () => {
    const { code, err } = await runKettle(
      ["deploy", "--stage", "good", "--only", "infra", "--dry-run"],
      nobody,
    );
    expect(err).toContain("infra.enabled is false");
    expect(code).toBe(1);
  });

  describe("where S3, SQS and STS answer and CloudFormation does not", () => {
    let emulator: Emulator;
    beforeAll(async () => {
      emulator = await startEmulator({ port: 0, dataDir: join(folder, "aws"), buckets: [], queues: [] });
    });
    afterAll(() => emulator.close());

    it("the failure names it and changes nothing; what may not be asked is unknown", async () => {
      const { code, out } = await runKettle(["deploy", "--stage", "good", "--yes"], {
        ...nobody,
        AWS_ACCESS_KEY_ID: "any",
        AWS_SECRET_ACCESS_KEY: "thing",
        AWS_ENDPOINT_URL: emulator.url,
      });
      expect(out).toMatch(/ok {7}credentials {4}account 000000000000/);
      expect(out).toMatch(/problem {2}stack .*CloudFormation in us-east-1/);
      expect(out).toMatch(/unknown {2}secret .*acme\/token/);
      expect(out).not.toContain("2/3");
      expect(code).toBe(1);
    });
  });
});

describe("kettle destroy", () => {
  it("a dry run says what goes and what stays", async () => {
    const { code, out } = await runKettle(["destroy", "--stage", "cluster", "--dry-run"], nobody);
    expect(code).toBe(0);
    expect(out).toContain("stack acme-cluster: functions");
    expect(out).toContain(
      "Stays: buckets acme-documents and acme-state, Milvus's bucket, volumes and secrets",
    );
  });

  it("data goes only when told, after the functions and before what it lies on", () => {
    process.env.KETTLE_CONFIG = file;
    const quiet = { line: () => undefined, status: () => undefined, end: () => undefined };
    const names = (stage: string, deleteData: boolean) => {
      const deployment = openDeployment(stage, { deleteData }, quiet, new AbortController().signal);
      const steps = destroySteps(deployment, { deleteData }).map(({ name }) => name.split(/[ :]/)[0]);
      return [...steps, keptLine(deployment, { deleteData }).split(" ")[0]];
    };
    expect(names("good", false)).toEqual(["stack", "Stays:"]);
    expect(names("good", true)).toEqual(["stack", "buckets", "Nothing"]);
    expect(names("cluster", false)).toEqual(["stack", "infrastructure", "Stays:"]);
    expect(names("cluster", true)).toEqual(["stack", "buckets", "Milvus's", "infrastructure", "Nothing"]);
    delete process.env.KETTLE_CONFIG;
  });

  it("is not done where nobody can type the stage's name", async () => {
    const { code, err } = await runKettle(["destroy", "--stage", "good"], nobody);
    expect(err).toContain("add --yes");
    expect(code).toBe(1);
  });
});

describe("parameters of the command line", () => {
  it("go before those of the file, in a copy of it", () => {
    process.env.KETTLE_CONFIG = file;
    expect(parameterFile(folder, "good", {})).toBe(file);
    const copy = parameterFile(folder, "good", { region: "eu-central-1", deleteData: true });
    delete process.env.KETTLE_CONFIG;
    expect(parse(readFileSync(copy, "utf8")).stages).toMatchObject({
      good: { aws: { ...good.aws, region: "eu-central-1" }, infra: { deletionPolicy: "destroy" } },
      fresh: { aws: { documentBucket: "change-me-documents" } },
    });
  });

  it("what osls would look up has a stand-in in a dry run, and nothing else changes", () => {
    const stage = { ...good, store: { ...good.store, address: `\${ssm:/kettle/s/milvusAddress}` } };
    const config = parseConfig(JSON.stringify({ stages: { s: stage } }), "s");
    const { store, ...rest } = withoutLookups(config);
    expect(store).toEqual({ ...config.store, address: "unknown.invalid:19530" });
    expect(rest).toEqual({ ...config, store: undefined, ...rest });
  });
});

it("a plan counts a template's resources by type", () => {
  const bucket = { Type: "AWS::S3::Bucket" };
  const stack = plannedStack("acme-good", {
    Resources: { a: bucket, q: { Type: "AWS::SQS::Queue" }, b: bucket },
  });
  expect(stackLines(stack)).toEqual([
    "  stack acme-good: 3 resources",
    "      2  AWS::S3::Bucket",
    "      1  AWS::SQS::Queue",
  ]);
  expect(sizeLines({ parse: 1_234_567 }, 262_144_000)).toEqual([
    "  size of each function unzipped (Lambda takes 262,144,000 bytes)",
    "    parse         1,234,567",
  ]);
});
