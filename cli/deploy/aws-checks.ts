import { GetAccountSettingsCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { HeadBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { DescribeSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import type { Config } from "../../lib/config/schema.ts";
import { infraParameterName } from "../../packaging/infra-parameters.ts";
import { type Check, ok, problem, unknown } from "./check.ts";
import { awsClient, type FunctionsStack, findStack, stackName } from "./stack.ts";

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : "");
const textOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  // Node joins the failures of all addresses, and leaves the message empty.
  const first = error instanceof AggregateError ? error.errors[0] : error;
  return first instanceof Error && first.message !== "" ? first.message : error.name;
};

/** Who is calling: without it nothing else is asked. */
const credentials = async (region: string): Promise<Check> => {
  try {
    const { Account, Arn } = await new STSClient(awsClient(region)).send(new GetCallerIdentityCommand({}));
    return ok("credentials", `account ${Account}, ${Arn}`);
  } catch (error) {
    const missing = ["CredentialsProviderError", "ProviderError"].includes(nameOf(error));
    return problem(
      "credentials",
      missing
        ? "no AWS credentials were found; sign in with `aws sso login` or `aws configure`, or set AWS_PROFILE"
        : `AWS does not accept the credentials, or STS does not answer in ${region}: ${textOf(error)}`,
    );
  }
};

/** Something that must be there: what is missing is a problem, what may not be asked is unknown. */
const present = async (
  name: string,
  what: string,
  ask: () => Promise<unknown>,
  advice: string,
): Promise<Check> => {
  try {
    await ask();
    return ok(name, what);
  } catch (error) {
    const missing = ["ResourceNotFoundException", "ParameterNotFound"].includes(nameOf(error));
    return missing
      ? problem(name, `${what} is not there; ${advice}`)
      : unknown(name, `${what}: ${textOf(error)}`);
  }
};

const secrets = ({ aws, infra, store, http }: Config): Promise<Check>[] => {
  const client = new SecretsManagerClient(awsClient(aws.region));
  // That of Milvus is made with Milvus.
  const named = [http.auth ? http.tokenSecret : null, infra.enabled ? null : store.tokenSecret];
  return named
    .filter((name) => name !== null)
    .map((SecretId) =>
      present(
        "secret",
        SecretId,
        () => client.send(new DescribeSecretCommand({ SecretId })),
        `make it: aws secretsmanager create-secret --name ${SecretId} --secret-string …`,
      ),
    );
};

const parameter = (config: Config, name: string, Name: string, advice: string): Promise<Check> =>
  present(
    name,
    Name,
    () => new SSMClient(awsClient(config.aws.region)).send(new GetParameterCommand({ Name })),
    advice,
  );

/** The CDK's own stack: version parameter of its default qualifier (CDK guide, "Bootstrapping"). */
const bootstrap = (config: Config): Promise<Check> =>
  parameter(
    config,
    "CDK",
    "/cdk-bootstrap/hnb659fds/version",
    `run once for this account and region: npx cdk bootstrap aws://ACCOUNT/${config.aws.region}`,
  );

/** A bucket that an earlier stack left is no part of a new one by itself. */
const bucket = async (config: Config, name: string, isUpdate: boolean): Promise<Check> => {
  if (isUpdate) return ok("bucket", `${name}: the stack has it`);
  try {
    await new S3Client(awsClient(config.aws.region)).send(new HeadBucketCommand({ Bucket: name }));
  } catch (error) {
    const { $metadata } = error as { $metadata?: { httpStatusCode?: number } };
    if ($metadata?.httpStatusCode === 404) return ok("bucket", `${name}: the name is free`);
    if ($metadata?.httpStatusCode === 403 || $metadata?.httpStatusCode === 301)
      return problem(
        "bucket",
        `${name} belongs to somebody else, or is in another region; choose another name`,
      );
    return unknown("bucket", `${name}: ${textOf(error)}`);
  }
  return problem(
    "bucket",
    `${name} is there and belongs to no stack of this stage: an earlier one left it. Import it (docs/deploying.md, "After destroy"), or choose another name`,
  );
};

/** Half-made stacks that CloudFormation neither updates nor goes on with. */
const stuck = /^(ROLLBACK_COMPLETE|ROLLBACK_FAILED|DELETE_FAILED|UPDATE_ROLLBACK_FAILED)$/;

const existingStack = async (config: Config): Promise<{ stack: FunctionsStack | null; check: Check }> => {
  const name = stackName(config);
  const { region } = config.aws;
  try {
    const stack = await findStack(config);
    if (stack === null) return { stack, check: ok("stack", `${name}: new`) };
    const check = stuck.test(stack.status)
      ? problem(
          "stack",
          `${name} is ${stack.status}: see its events in CloudFormation (${region}), mend what they name, delete the stack (kettle destroy), and deploy again`,
        )
      : ok("stack", `${name}: ${stack.status}, to be updated`);
    return { stack, check };
  } catch (error) {
    const check = problem(
      "stack",
      `CloudFormation in ${region} does not say whether ${name} is there: ${textOf(error)}`,
    );
    return { stack: null, check };
  }
};

/** What is kept started, and the queue functions at their most, must fit into the account's concurrency. */
const concurrency = async (config: Config): Promise<Check> => {
  const kept = Object.values(config.functions.provisioned).reduce((sum, count) => sum + count, 0);
  const wanted = kept + 4 * config.queues.maximumConcurrency + 2;
  try {
    const { AccountLimit } = await new LambdaClient(awsClient(config.aws.region)).send(
      new GetAccountSettingsCommand({}),
    );
    const limit = AccountLimit?.ConcurrentExecutions ?? 0;
    return limit >= wanted
      ? ok("concurrency", `${wanted} of ${limit}`)
      : problem(
          "concurrency",
          `this stage may run ${wanted} functions at once, the account ${limit}; lower queues.maximumConcurrency or functions.provisioned, or have the quota raised`,
        );
  } catch (error) {
    return unknown("concurrency", textOf(error));
  }
};

/**
 * What only AWS can tell.
 * @param deploysInfra Milvus comes with this deployment; otherwise its address must be there
 */
export const checkAws = async (config: Config, deploysInfra: boolean): Promise<readonly Check[]> => {
  const who = await credentials(config.aws.region);
  if (who.outcome !== "ok") return [who];
  const { stack, check } = await existingStack(config);
  const { documentBucket, stateBucket } = config.aws;
  return [
    who,
    check,
    ...(await Promise.all([
      ...secrets(config),
      bucket(config, documentBucket, stack !== null),
      bucket(config, stateBucket, stack !== null),
      concurrency(config),
      ...(deploysInfra ? [bootstrap(config)] : []),
      ...(config.infra.enabled && !deploysInfra
        ? [
            parameter(
              config,
              "Milvus",
              infraParameterName(config.stage, "milvusAddress"),
              "the infrastructure is not deployed: leave --only functions out",
            ),
          ]
        : []),
    ])),
  ];
};
