import {
  DeleteBucketCommand,
  DeleteObjectsCommand,
  ListObjectVersionsCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { type Deployment, heading } from "./deployment.ts";
import { runTool } from "./run-tool.ts";
import { findStack, stackName } from "./stack.ts";

export type DestroyOptions = { readonly deleteData: boolean };

type Step = { readonly name: string; readonly run: () => Promise<void> };

/** Every version of every object: a bucket that ever kept versions is not empty without them. */
const emptyBucket = async (client: S3Client, Bucket: string, signal: AbortSignal): Promise<void> => {
  for (;;) {
    signal.throwIfAborted();
    const { Versions = [], DeleteMarkers = [] } = await client.send(
      new ListObjectVersionsCommand({ Bucket }),
    );
    const Objects = [...Versions, ...DeleteMarkers].flatMap(({ Key, VersionId }) =>
      Key === undefined ? [] : [{ Key, ...(VersionId !== undefined && { VersionId }) }],
    );
    if (Objects.length === 0) return;
    const { Errors = [] } = await client.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }),
    );
    const [first] = Errors;
    if (first !== undefined) throw new Error(`${Bucket}/${first.Key} cannot be deleted: ${first.Message}`);
  }
};

/** Empties and deletes buckets; one that is not there is left at that. */
export const deleteBuckets = async (
  client: S3Client,
  names: readonly string[],
  signal: AbortSignal,
): Promise<void> => {
  for (const name of names)
    try {
      await emptyBucket(client, name, signal);
      await client.send(new DeleteBucketCommand({ Bucket: name }));
    } catch (error) {
      if (!(error instanceof Error && error.name === "NoSuchBucket")) throw error;
    }
};

export const destroySteps = (deployment: Deployment, { deleteData }: DestroyOptions): readonly Step[] => {
  const { config, env, signal } = deployment;
  const { documentBucket, stateBucket, region } = config.aws;
  const cdk = (...args: string[]) => runTool({ tool: "cdk", args, env, signal });
  const functions: Step = {
    name: `stack ${stackName(config)}: functions, API, queues and what is in them`,
    run: async () => {
      if ((await findStack(config)) === null) return deployment.progress.line("  is not there");
      await runTool({ tool: "osls", args: ["remove", "--stage", config.stage], env, signal });
    },
  };
  const buckets: Step = {
    name: `buckets ${documentBucket} and ${stateBucket} with every document`,
    run: () => deleteBuckets(new S3Client({ region }), [documentBucket, stateBucket], signal),
  };
  // What a stack leaves behind when it goes is written in the stack, so that is changed first.
  const release: Step = {
    name: "Milvus's bucket, volumes and secrets: marked for deletion",
    run: () => cdk("deploy", "--all", "--require-approval", "never"),
  };
  const infra: Step = {
    name: "infrastructure: Milvus, EKS, network",
    run: () => cdk("destroy", "--all", "--force"),
  };
  return [
    functions,
    ...(deleteData ? [buckets] : []),
    ...(config.infra.enabled ? [...(deleteData ? [release] : []), infra] : []),
  ];
};

/** What stays, in words. */
export const keptLine = ({ config }: Deployment, { deleteData }: DestroyOptions): string => {
  if (deleteData) return "Nothing stays.";
  const { documentBucket, stateBucket } = config.aws;
  const milvus = config.infra.enabled ? ", Milvus's bucket, volumes and secrets" : "";
  return `Stays: buckets ${documentBucket} and ${stateBucket}${milvus}. --delete-data deletes them too.`;
};

/** @throws Error that says what is wrong; what is gone already is passed over by the next run */
export const destroy = async (deployment: Deployment, options: DestroyOptions): Promise<void> => {
  const steps = destroySteps(deployment, options);
  for (const [index, { name, run }] of steps.entries()) {
    heading(deployment, `${index + 1}/${steps.length} ${name}`);
    await run();
  }
  heading(deployment, keptLine(deployment, options));
};
