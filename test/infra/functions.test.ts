import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { functionNames } from "../../lib/config/function-names.ts";
import { storeTls } from "../../lib/store/milvus/credentials.ts";
import { stackResources } from "../../packaging/resources.ts";
import { bundleTlsFiles } from "../../packaging/tls-files.ts";
import { infraConfig } from "./config.ts";

/** What serverless.yml makes of a stage with infrastructure of its own. */

type Statement = {
  readonly Effect: string;
  readonly Action: readonly string[];
  readonly Condition?: unknown;
};

const inside = functionNames.filter((name) => name !== "uploads");
const logicalId = (name: string, kind: string) => `${name.charAt(0).toUpperCase()}${name.slice(1)}${kind}`;
const statements = (stage: ReturnType<typeof stackResources>, name: string) =>
  (stage.Resources[logicalId(name, "Role")]!.Properties.Policies as never[]).flatMap(
    ({ PolicyDocument }: { PolicyDocument: { Statement: Statement[] } }) => PolicyDocument.Statement,
  );

it("functions that speak to Milvus run in the private subnets, which CloudFormation reads from SSM", () => {
  const { Parameters, extensions } = stackResources(infraConfig());
  expect(Parameters).toEqual({
    PrivateSubnets: {
      Type: "AWS::SSM::Parameter::Value<List<AWS::EC2::Subnet::Id>>",
      Default: "/kettle/prod/subnetIds",
    },
    FunctionSecurityGroup: {
      Type: "AWS::SSM::Parameter::Value<AWS::EC2::SecurityGroup::Id>",
      Default: "/kettle/prod/securityGroupId",
    },
  });
  for (const name of inside)
    expect(extensions[logicalId(name, "LambdaFunction")]?.Properties, name).toEqual({
      VpcConfig: {
        SubnetIds: { Ref: "PrivateSubnets" },
        SecurityGroupIds: [{ Ref: "FunctionSecurityGroup" }],
      },
    });
  expect(extensions).not.toHaveProperty("UploadsLambdaFunction");
});

it("exactly the functions that may read Milvus's login are in the network", () => {
  const stage = stackResources(infraConfig());
  const mayLogIn = functionNames.filter((name) =>
    JSON.stringify(statements(stage, name)).includes("secret:kettle/prod/milvus-"),
  );
  expect(mayLogIn).toEqual(inside);
});

it.each(inside)("Lambda may make network interfaces for %s, its own code may not", (name) => {
  const about = statements(stackResources(infraConfig()), name).filter(({ Action }) =>
    Action.includes("ec2:CreateNetworkInterface"),
  );
  expect(about.map(({ Effect }) => Effect)).toEqual(["Allow", "Deny"]);
  expect(JSON.stringify(about[1]?.Condition)).toContain(`:function:kettle-prod-${name}"`);
});

it("a stage with a Milvus of its own stays outside any network", () => {
  const { Parameters, extensions, Resources } = stackResources(infraConfig({ infra: { enabled: false } }));
  expect(Parameters).toEqual({});
  expect(Object.keys(extensions)).toEqual(["HttpApiStage"]);
  expect(JSON.stringify(Resources)).not.toContain("ec2:");
});

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kettle-tls-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it("an authority that SSM gives as text is a file of the bundle, which the function finds", async () => {
  const pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----";
  const config = await bundleTlsFiles(infraConfig({ store: { tlsFiles: { ca: pem } } }), folder);
  const tls = storeTls({ config, root: folder });
  expect(tls?.ca).toBe(join(folder, "tls/ca.pem"));
  expect(await readFile(tls?.ca ?? "", "utf8")).toBe(`${pem}\n`);
});

it("a path of kettle.yml stays what it is", async () => {
  const config = infraConfig({ store: { tlsFiles: { ca: "/opt/tls/ca.pem" } } });
  expect((await bundleTlsFiles(config, folder)).store.tlsFiles.ca).toBe("/opt/tls/ca.pem");
});
