import { type FunctionName, functionNames } from "../lib/config/function-names.ts";
import type { Config } from "../lib/config/schema.ts";
import { arnOf, pascal, type Resource, type Resources, sub, type Value } from "./cloudformation.ts";
import { functionsInside } from "./network.ts";
import { deadLetterId, queueId } from "./queues.ts";
import { type QueueName, queueNames } from "./sizing.ts";

type Statement = {
  /** Allow, unless it says otherwise. */
  readonly Effect?: "Deny";
  readonly Action: readonly string[];
  readonly Resource: Value | readonly Value[];
  readonly Condition?: Value;
};

const allow = (actions: readonly string[], resource: Value | readonly Value[]): Statement => ({
  Action: actions,
  Resource: resource,
});

const consume = (queue: QueueName): Statement =>
  allow(
    ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"],
    arnOf(queueId(queue)),
  );

const send = (queue: QueueName): Statement =>
  allow(["sqs:SendMessage", "sqs:GetQueueUrl"], arnOf(queueId(queue)));

const objects = (bucket: string, ...prefixes: readonly string[]): Value[] =>
  prefixes.map((prefix) => sub(`arn:\${AWS::Partition}:s3:::${bucket}/${prefix}*`));

/** HEAD and GET are one permission; without ListBucket a missing key is 403 instead of 404. */
const readObjects = (bucket: string, ...prefixes: readonly string[]): Statement[] => [
  allow(["s3:GetObject"], objects(bucket, ...prefixes)),
  allow(["s3:ListBucket"], sub(`arn:\${AWS::Partition}:s3:::${bucket}`)),
];

const secret = (name: string | null): Statement[] =>
  name === null
    ? []
    : [
        allow(
          ["secretsmanager:GetSecretValue"],
          // Secrets Manager ends every ARN with six characters of its own.
          sub(
            `arn:\${AWS::Partition}:secretsmanager:\${AWS::Region}:\${AWS::AccountId}:secret:${name}-??????`,
          ),
        ),
      ];

const parameter = (name: string | null): Statement[] =>
  name === null
    ? []
    : [
        allow(
          ["ssm:GetParameter"],
          sub(
            `arn:\${AWS::Partition}:ssm:\${AWS::Region}:\${AWS::AccountId}:parameter/${name.replace(/^\//, "")}`,
          ),
        ),
      ];

const ledger = ["ledger/", "ids/"];

/** The building blocks of one stage's permissions. */
const permissions = (config: Config) => {
  const { documentBucket, stateBucket } = config.aws;
  return {
    readDocuments: readObjects(documentBucket, ""),
    readTags: config.metadata.tags ? [allow(["s3:GetObjectTagging"], objects(documentBucket, ""))] : [],
    putDocuments: allow(["s3:PutObject"], objects(documentBucket, "")),
    deleteDocuments: allow(["s3:DeleteObject"], objects(documentBucket, "")),
    read: (...prefixes: string[]) => readObjects(stateBucket, ...prefixes),
    change: (...prefixes: string[]) => [
      ...readObjects(stateBucket, ...prefixes),
      allow(["s3:PutObject", "s3:DeleteObject"], objects(stateBucket, ...prefixes)),
    ],
    /** The ledger keeps its entries for ever: nobody deletes there. */
    keepLedger: [
      ...readObjects(stateBucket, ...ledger),
      allow(["s3:PutObject"], objects(stateBucket, ...ledger)),
    ],
    store: [...secret(config.store.tokenSecret), ...parameter(config.store.tokenParameter)],
    token: config.http.auth ? secret(config.http.tokenSecret) : [],
  };
};

type Grants<Name extends FunctionName> = Readonly<Record<Name, readonly Statement[]>>;

const queueGrants = (
  config: Config,
): Grants<"parse" | "embed" | "cluster" | "writer" | "recluster" | "reconcile"> => {
  const may = permissions(config);
  // Every step that can fail a document also collects its garbage: rows and receipts.
  const protocol = [...may.keepLedger, ...may.change("receipts/"), ...may.store];
  const askForClusters = [send("recluster"), ...may.read("centroids/")];
  return {
    parse: [
      consume("ingest"),
      send("embed"),
      ...may.readDocuments,
      ...may.readTags,
      ...protocol,
      ...may.change("progress/"),
      ...askForClusters,
    ],
    embed: [consume("embed"), send("cluster"), ...protocol],
    cluster: [consume("cluster"), send("write"), ...protocol, ...may.read("centroids/")],
    writer: [consume("write"), ...protocol, ...askForClusters],
    recluster: [consume("recluster"), send("recluster"), ...may.change("centroids/"), ...may.store],
    reconcile: [
      send("ingest"),
      ...may.readDocuments,
      ...may.readTags,
      ...protocol,
      ...may.change("reconcile/"),
    ],
  };
};

const httpGrants = (config: Config): Grants<"search" | "documents" | "clusters" | "uploads" | "api"> => {
  const may = permissions(config);
  return {
    search: [...may.read(...ledger, "centroids/"), ...may.store, ...may.token],
    documents: [
      send("ingest"),
      ...may.readDocuments,
      may.deleteDocuments,
      ...may.keepLedger,
      ...may.read("progress/"),
      ...may.store,
      ...may.token,
    ],
    clusters: [send("recluster"), ...may.read("centroids/"), ...may.store, ...may.token],
    uploads: [may.putDocuments, ...may.token],
    api: [
      allow(
        ["sqs:GetQueueUrl", "sqs:GetQueueAttributes"],
        queueNames.flatMap((queue) => [arnOf(queueId(queue)), arnOf(deadLetterId(queue))]),
      ),
      // Whether the buckets are there: a listing, no object.
      allow(
        ["s3:ListBucket"],
        [config.aws.documentBucket, config.aws.stateBucket].map((name) =>
          sub(`arn:\${AWS::Partition}:s3:::${name}`),
        ),
      ),
      ...may.store,
      ...may.token,
    ],
  };
};

/** What Lambda does in the function's name to put it into a network (AWS Lambda guide, "Configuring VPC access"). */
const networkActions = [
  "ec2:CreateNetworkInterface",
  "ec2:DescribeNetworkInterfaces",
  "ec2:DescribeSubnets",
  "ec2:DeleteNetworkInterface",
  "ec2:AssignPrivateIpAddresses",
  "ec2:UnassignPrivateIpAddresses",
];

const functionArn = ({ name, stage }: Config, called: FunctionName): Value =>
  sub(`arn:\${AWS::Partition}:lambda:\${AWS::Region}:\${AWS::AccountId}:function:${name}-${stage}-${called}`);

/** Lambda may, the function's own code may not: only its calls come from the function (same page). */
const network = (config: Config, name: FunctionName): Statement[] =>
  functionsInside(config).includes(name)
    ? [
        allow(networkActions, "*"),
        {
          Effect: "Deny",
          ...allow(networkActions, "*"),
          Condition: { ArnEquals: { "lambda:SourceFunctionArn": functionArn(config, name) } },
        },
      ]
    : [];

const role = (config: Config, name: FunctionName, statements: readonly Statement[]): Resource => ({
  Type: "AWS::IAM::Role",
  Properties: {
    AssumeRolePolicyDocument: {
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" },
      ],
    },
    Policies: [
      {
        PolicyName: name,
        PolicyDocument: {
          Version: "2012-10-17",
          Statement: [
            allow(
              ["logs:CreateLogStream", "logs:PutLogEvents"],
              sub(
                `arn:\${AWS::Partition}:logs:\${AWS::Region}:\${AWS::AccountId}:log-group:/aws/lambda/${config.name}-${config.stage}-${name}:*`,
              ),
            ),
            ...network(config, name),
            ...statements,
          ].map((statement) => ({ Effect: "Allow", ...statement })),
        },
      },
    ],
  },
});

export const roleId = (name: FunctionName): string => `${pascal(name)}Role`;

/** One role a function; serverless.yml names it there as `role`. */
export const roleResources = (config: Config): Resources => {
  const granted = { ...queueGrants(config), ...httpGrants(config) };
  return Object.fromEntries(functionNames.map((name) => [roleId(name), role(config, name, granted[name])]));
};
