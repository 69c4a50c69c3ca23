import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { readFunctionsPlan } from "../../cli/deploy/plan.ts";
import { functionNames } from "../../lib/config/function-names.ts";
import { loadConfig } from "../../lib/config/load.ts";
import { routes } from "../../lib/http/routes.ts";
import { maxUnzippedBytes } from "../../packaging/bundle.ts";
import { checkSize } from "../../packaging/package-functions.ts";
import { queueFunctions, queueNames } from "../../packaging/sizing.ts";

/** What `serverless package` would deploy, made once, without credentials, in a folder of its own. */

const root = join(import.meta.dirname, "../..");
const config = loadConfig(join(root, "kettle.yml"), "local");

type Resource = {
  readonly Type: string;
  readonly DependsOn?: string | readonly string[];
  readonly DeletionPolicy?: string;
  // biome-ignore lint/suspicious/noExplicitAny: a template is asserted on by its shape
  readonly Properties: any;
};

let folder: string;
let resources: Readonly<Record<string, Resource>>;
let sizes: Readonly<Record<string, number>>;

const pascal = (name: string): string => name[0]!.toUpperCase() + name.slice(1);
const ofType = (type: string): readonly Resource[] =>
  Object.values(resources).filter((resource) => resource.Type === type);
const functionResource = (name: string): Resource => resources[`${pascal(name)}LambdaFunction`]!;

/** npm's settings and the certificates of this machine, so that packages can be fetched; no account, no parameters. */
const plainEnv = (at: string): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(AWS|KETTLE)_/.test(name))),
  HOME: at,
  NPM_CONFIG_USERCONFIG: join(homedir(), ".npmrc"),
});

const runPackage = (at: string, env: NodeJS.ProcessEnv = {}) =>
  promisify(execFile)(
    process.execPath,
    [join(root, "node_modules/serverless/bin/serverless.js"), "package"],
    { cwd: at, env: { ...plainEnv(at), ...env } },
  );

/** A folder as the repository's, in which packaging leaves what it makes. */
const makeService = async (): Promise<string> => {
  const at = await mkdtemp(join(tmpdir(), "kettle-package-"));
  // Packages for the other processor are fetched once a checkout.
  await mkdir(join(root, ".cache"), { recursive: true });
  const linked = ["functions", "lib", "models", "node_modules", "packaging", "web"];
  for (const name of [...linked, ".cache", "package.json", "package-lock.json", "tsconfig.json"])
    await symlink(join(root, name), join(at, name));
  for (const name of ["serverless.yml", "serverless-config.cjs", "kettle.yml"])
    await cp(join(root, name), join(at, name));
  return at;
};

const readPackaged = async (at: string) => {
  const template = join(at, ".serverless/cloudformation-template-update-stack.json");
  return {
    resources: JSON.parse(await readFile(template, "utf8")).Resources,
    sizes: JSON.parse(await readFile(join(at, ".build/sizes.json"), "utf8")),
  };
};

beforeAll(async () => {
  folder = await makeService();
  await runPackage(folder);
  ({ resources, sizes } = await readPackaged(folder));
}, 600_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

it("an API that asks for a token and has no secret to read it from is not packaged", async () => {
  await writeFile(join(folder, "no-token.yml"), "stages: { local: { http: { auth: true } } }");
  const failed = await runPackage(folder, { KETTLE_CONFIG: "no-token.yml" }).catch((error: unknown) => error);
  expect(failed).toMatchObject({
    code: 1,
    stdout: expect.stringContaining("http.tokenSecret names no secret"),
  });
});

describe("what kettle.yml says of functions", () => {
  const digest = "a".repeat(64);
  const prebuilt = `123456789012.dkr.ecr.us-east-1.amazonaws.com/kettle@sha256:${digest}`;

  let other: string;
  let made: Awaited<ReturnType<typeof readPackaged>>;
  const properties = (name: string) => made.resources[`${pascal(name)}LambdaFunction`].Properties;

  beforeAll(async () => {
    other = await makeService();
    // Fewer functions: each takes seconds to bundle.
    const service = parse(await readFile(join(other, "serverless.yml"), "utf8"));
    const { parse: parseFunction, search, uploads } = service.functions;
    await writeFile(
      join(other, "serverless.yml"),
      stringify({ ...service, functions: { parse: parseFunction, search, uploads } }),
    );
    await writeFile(
      join(other, "kettle.yml"),
      `aws: { architecture: x64 }
http: { auth: false }
functions:
  memory: { search: 3008 }
  provisioned: { search: 2 }
  images: { parse: build, uploads: "${prebuilt}" }`,
    );
    // Without Docker: what would be built has a stand-in.
    await runPackage(other, { KETTLE_DRY_RUN: "1" });
    made = await readPackaged(other);
  }, 400_000);
  afterAll(() => rm(other, { recursive: true, force: true }));

  it("decides on which processors they run, and on how much memory", () => {
    for (const name of ["parse", "search", "uploads"])
      expect(properties(name).Architectures).toEqual(["x86_64"]);
    expect(properties("search").MemorySize).toBe(3008);
    expect(properties("uploads").MemorySize).toBe(512);
    expect(Object.values(made.sizes).every((bytes) => Number(bytes) < maxUnzippedBytes)).toBe(true);
  });

  it("a dry run counts what it would deploy", () => {
    const { stack, sizes: planned } = readFunctionsPlan(other, "kettle-local");
    expect(stack.types.get("AWS::Lambda::Function")).toBe(3);
    expect(planned).toEqual(made.sizes);
  });

  it("decides how many environments are kept started; by default none", () => {
    const aliases = (of: Readonly<Record<string, Resource>>) =>
      Object.values(of).filter(({ Type }) => Type === "AWS::Lambda::Alias");
    expect(aliases(made.resources).map(({ Properties }) => Properties)).toMatchObject([
      { ProvisionedConcurrencyConfig: { ProvisionedConcurrentExecutions: 2 } },
    ]);
    expect(aliases(resources)).toEqual([]);
  });

  it("decides which are container images, built or there already", async () => {
    expect(properties("parse").PackageType).toBe("Image");
    expect(properties("parse")).not.toHaveProperty("Handler");
    expect(properties("uploads").Code).toEqual({ ImageUri: prebuilt });
    const written = await readFile(join(other, ".build/parse.Dockerfile"), "utf8");
    expect(written).toContain('CMD ["functions/parse.handler"]');
  });

  it("a package that Lambda would not take is refused, with the way out", () => {
    expect(() => checkSize({ name: "parse", bytes: maxUnzippedBytes + 1 }, false)).toThrow(
      "functions.images.parse",
    );
    expect(() => checkSize({ name: "parse", bytes: maxUnzippedBytes + 1 }, true)).not.toThrow();
    expect(() => checkSize({ name: "parse", bytes: maxUnzippedBytes }, false)).not.toThrow();
  });
});

describe("functions", () => {
  it("are those of the design, each a zip file that Lambda takes", async () => {
    expect(Object.keys(sizes).toSorted()).toEqual([...functionNames].toSorted());
    for (const name of functionNames) {
      expect(sizes[name], name).toBeLessThan(maxUnzippedBytes);
      expect((await stat(join(folder, `.build/${name}.zip`))).size, name).toBeGreaterThan(1000);
    }
  });

  it("only those that read pictures or embed carry a model", () => {
    const large = functionNames.filter((name) => sizes[name]! > 50_000_000);
    expect(large).toEqual(["parse", "embed", "search"]);
  });

  it.each([
    [
      "parse",
      [
        "functions/parse.mjs",
        "functions/pdfjs/cmaps/",
        "functions/ocr-models/ch_PP-OCRv4_rec_infer.onnx",
        "models/multilingual-e5-small/tokenizer.json",
        "node_modules/@img/sharp-linux-arm64/",
      ],
    ],
    ["embed", ["functions/embed-worker.mjs", "node_modules/onnxruntime-node/bin/", "model.onnx"]],
    ["search", ["functions/search.mjs", "functions/embed-worker.mjs", "model.onnx"]],
    ["api", ["functions/api.mjs", "web/index.html", "models/manifest.json"]],
  ])("%s carries what it reads at run time", async (name, files) => {
    const zip = await readFile(join(folder, `.build/${name}.zip`), "latin1");
    for (const file of [...files, "kettle.resolved.json"]) expect(zip.includes(file), file).toBe(true);
  });

  it.each(["linux/x64", "darwin", "win32", ".dll"])("native files of %s stay out", async (other) => {
    const zip = await readFile(join(folder, ".build/embed.zip"), "latin1");
    expect(zip.includes(other)).toBe(false);
  });

  it("run on Node 24 with their logs kept for a time", () => {
    for (const name of functionNames) {
      expect(functionResource(name).Properties).toMatchObject({
        Runtime: "nodejs24.x",
        Architectures: ["arm64"],
      });
      expect(resources[`${pascal(name)}LogGroup`]!.Properties.RetentionInDays, name).toBeGreaterThan(0);
    }
  });

  it("of the HTTP API end before API Gateway gives up after 30 s", () => {
    for (const { function: name } of Object.values(routes))
      expect(functionResource(name).Properties.Timeout).toBeLessThan(30);
  });
});

describe.each(queueNames)("queue %s", (queue) => {
  const id = `${pascal(queue)}Queue`;
  const deadLetterId = `${pascal(queue)}DeadLetterQueue`;
  const source = () =>
    ofType("AWS::Lambda::EventSourceMapping").filter(
      ({ Properties }) => Properties.EventSourceArn["Fn::GetAtt"][0] === id,
    );

  it("gives up after the parameter's number of deliveries, to a queue that keeps messages as long as it can", () => {
    expect(resources[id]!.Properties).toMatchObject({
      QueueName: `${config.aws.queuePrefix}-${queue}`,
      RedrivePolicy: {
        deadLetterTargetArn: { "Fn::GetAtt": [deadLetterId, "Arn"] },
        maxReceiveCount: config.queues.maxReceives,
      },
      SqsManagedSseEnabled: true,
    });
    expect(resources[deadLetterId]!.Properties).toMatchObject({
      QueueName: `${config.aws.queuePrefix}-${queue}-dlq`,
      MessageRetentionPeriod: 14 * 86_400,
      SqsManagedSseEnabled: true,
    });
  });

  it("hides a message for at least six timeouts of its function", () => {
    const timeout = functionResource(queueFunctions[queue]).Properties.Timeout;
    expect(resources[id]!.Properties.VisibilityTimeout).toBeGreaterThanOrEqual(6 * timeout);
  });

  it("has one function, which may fail messages singly and does not run without bound", () => {
    const [mapping, ...others] = source();
    expect(others).toEqual([]);
    expect(mapping!.Properties).toMatchObject({
      FunctionName: { "Fn::GetAtt": [`${pascal(queueFunctions[queue])}LambdaFunction`, "Arn"] },
      FunctionResponseTypes: ["ReportBatchItemFailures"],
      Enabled: true,
    });
    const { BatchSize, ScalingConfig } = mapping!.Properties;
    expect(BatchSize).toBeLessThanOrEqual(10);
    expect(ScalingConfig.MaximumConcurrency).toBeGreaterThanOrEqual(2);
  });

  it("raises an alarm with the first message in its dead-letter queue", () => {
    const alarms = ofType("AWS::CloudWatch::Alarm").filter(
      ({ Properties }) => Properties.Dimensions[0].Value["Fn::GetAtt"]?.[0] === deadLetterId,
    );
    expect(alarms.map(({ Properties }) => Properties)).toMatchObject([
      {
        MetricName: "ApproximateNumberOfMessagesVisible",
        Threshold: 1,
        ComparisonOperator: "GreaterThanOrEqualToThreshold",
        AlarmActions: [{ Ref: "AlarmTopic" }],
      },
    ]);
  });
});

describe("buckets", () => {
  it("the document bucket tells the ingest queue of every way in which objects come and go, and of their tags", () => {
    const bucket = resources.DocumentBucket!;
    const { QueueConfigurations } = bucket.Properties.NotificationConfiguration;
    expect(QueueConfigurations.map((each: { Event: string }) => each.Event)).toEqual([
      "s3:ObjectCreated:*",
      "s3:ObjectRemoved:*",
      "s3:LifecycleExpiration:*",
      "s3:ObjectTagging:*",
    ]);
    for (const { Queue } of QueueConfigurations)
      expect(Queue).toEqual({ "Fn::GetAtt": ["IngestQueue", "Arn"] });
    expect(bucket.DependsOn).toContain("IngestQueuePolicy");
  });

  it("only this account's document bucket may write to the ingest queue", () => {
    const [statement, ...others] = resources.IngestQueuePolicy!.Properties.PolicyDocument.Statement;
    expect(others).toEqual([]);
    expect(statement).toMatchObject({
      Effect: "Allow",
      Principal: { Service: "s3.amazonaws.com" },
      Action: "sqs:SendMessage",
      Resource: { "Fn::GetAtt": ["IngestQueue", "Arn"] },
      Condition: {
        ArnEquals: { "aws:SourceArn": { "Fn::Sub": expect.stringMatching(/:s3:::kettle-documents$/) } },
        StringEquals: { "aws:SourceAccount": { Ref: "AWS::AccountId" } },
      },
    });
  });

  it.each(["DocumentBucket", "StateBucket"])("%s is encrypted, private, and outlives the stack", (id) => {
    const bucket = resources[id]!;
    expect(bucket.DeletionPolicy).toBe("Retain");
    expect(bucket.Properties).toMatchObject({
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } }],
      },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
    });
    const [policy] = resources[`${id}Policy`]!.Properties.PolicyDocument.Statement;
    expect(policy).toMatchObject({ Effect: "Deny", Condition: { Bool: { "aws:SecureTransport": "false" } } });
  });

  it("the page of the API may upload, and nobody from everywhere", () => {
    const [rule] = resources.DocumentBucket!.Properties.CorsConfiguration.CorsRules;
    expect(rule.AllowedMethods).toContain("PUT");
    expect(rule.AllowedOrigins).toEqual([
      { "Fn::Sub": expect.stringMatching(/^https:\/\/\$\{HttpApi\}\.execute-api/) },
      ...config.http.cors.origins,
    ]);
  });
});

describe("permissions", () => {
  type Statement = {
    readonly Effect: string;
    readonly Action: readonly string[];
    readonly Resource: unknown;
  };
  const statements = (name: string): readonly Statement[] =>
    resources[`${pascal(name)}Role`]!.Properties.Policies[0].PolicyDocument.Statement;
  const actions = (name: string): readonly string[] => statements(name).flatMap(({ Action }) => Action);
  const texts = (value: unknown): readonly string[] =>
    [value].flat().map((each) => (typeof each === "string" ? each : JSON.stringify(each)));

  it("each function has a role of its own", () => {
    const roles = functionNames.map((name) => functionResource(name).Properties.Role);
    expect(roles).toEqual(functionNames.map((name) => ({ "Fn::GetAtt": [`${pascal(name)}Role`, "Arn"] })));
    expect(ofType("AWS::IAM::Role")).toHaveLength(functionNames.length);
  });

  it("none is for every resource or every action", () => {
    const all = functionNames.flatMap(statements);
    expect(all.flatMap(({ Action }) => Action).filter((action) => action.includes("*"))).toEqual([]);
    expect(all.flatMap(({ Resource }) => texts(Resource)).filter((resource) => resource === "*")).toEqual([]);
  });

  it.each([
    ["uploads", ["logs:CreateLogStream", "logs:PutLogEvents", "s3:PutObject"]],
    ["search", ["logs:CreateLogStream", "logs:PutLogEvents", "s3:GetObject", "s3:ListBucket"]],
  ])("%s may do no more than %j", (name, allowed) => {
    expect([...new Set(actions(name))].toSorted()).toEqual(allowed);
  });

  it("only parse, reconcile and documents read documents; only documents deletes them; only uploads puts them", () => {
    const touching = (action: string) =>
      functionNames.filter((name) =>
        statements(name).some(
          ({ Action, Resource }) =>
            Action.includes(action) &&
            texts(Resource).some((text) => text.includes(`:s3:::${config.aws.documentBucket}/`)),
        ),
      );
    expect(touching("s3:GetObject")).toEqual(["parse", "reconcile", "documents"]);
    expect(touching("s3:GetObjectTagging")).toEqual(["parse", "reconcile"]);
    expect(touching("s3:DeleteObject")).toEqual(["documents"]);
    expect(touching("s3:PutObject")).toEqual(["uploads"]);
  });

  it.each(queueNames)("only its function may take messages from the queue %s", (queue) => {
    const arn = JSON.stringify({ "Fn::GetAtt": [`${pascal(queue)}Queue`, "Arn"] });
    const receivers = functionNames.filter((name) =>
      statements(name).some(
        ({ Action, Resource }) => Action.includes("sqs:ReceiveMessage") && texts(Resource).includes(arn),
      ),
    );
    expect(receivers).toEqual([queueFunctions[queue]]);
  });
});

describe("HTTP API", () => {
  it("has the routes of lib/http/routes.ts, each at its function, and one for everything else", () => {
    const declared = ofType("AWS::ApiGatewayV2::Route").map(({ Properties }) => Properties.RouteKey);
    const described = Object.values(routes).map(({ method, path }) => `${method} ${path}`);
    expect(declared.toSorted()).toEqual([...described, "$default"].toSorted());
    for (const { method, path, function: name } of Object.values(routes)) {
      const route = ofType("AWS::ApiGatewayV2::Route").find(
        ({ Properties }) => Properties.RouteKey === `${method} ${path}`,
      )!;
      expect(JSON.stringify(route.Properties.Target), path).toContain(`Integration${pascal(name)}`);
    }
  });

  it("is throttled by the parameters", () => {
    const [stage] = ofType("AWS::ApiGatewayV2::Stage");
    expect(stage!.Properties.DefaultRouteSettings).toMatchObject({
      ThrottlingRateLimit: config.http.rate.perSecond,
      ThrottlingBurstLimit: config.http.rate.burst,
    });
  });
});

describe("alarms", () => {
  it("name functions that are there", () => {
    const named = ofType("AWS::CloudWatch::Alarm").flatMap(({ Properties }) =>
      Properties.Dimensions.flatMap(({ Value }: { Value: { Ref?: string } }) => Value.Ref ?? []),
    );
    expect(named.length).toBeGreaterThan(0);
    for (const id of named) expect(resources[id]?.Type, id).toBe("AWS::Lambda::Function");
  });

  it("the watch of the store calls the api function, which lets it", () => {
    const target = { "Fn::GetAtt": ["ApiLambdaFunction", "Arn"] };
    expect(resources.HealthWatchRule!.Properties.Targets).toEqual([{ Id: "health-watch", Arn: target }]);
    expect(resources.HealthWatchPermission!.Properties).toMatchObject({
      FunctionName: target,
      SourceArn: { "Fn::GetAtt": ["HealthWatchRule", "Arn"] },
    });
  });
});

describe("schedules", () => {
  it.each([
    ["recluster", config.clustering.schedule],
    ["reconcile", config.reconcile.schedule],
  ])("%s runs at %s", (name, schedule) => {
    const rules = ofType("AWS::Events::Rule").filter(({ Properties }) =>
      JSON.stringify(Properties.Targets).includes(`${pascal(name)}LambdaFunction`),
    );
    expect(rules.map(({ Properties }) => Properties)).toMatchObject([
      { ScheduleExpression: schedule, State: "ENABLED" },
    ]);
  });
});
