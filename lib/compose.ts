import { randomUUID } from "node:crypto";
import { availableParallelism } from "node:os";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { z } from "zod";
import { s3Client, sqsClient } from "./aws/clients.ts";
import { s3Presigner } from "./aws/presigner.ts";
import { s3Bucket } from "./aws/s3-bucket.ts";
import { sqsQueue } from "./aws/sqs-queue.ts";
import { withoutTags } from "./aws/without-tags.ts";
import { bucketCentroids } from "./centroids/centroids.ts";
import { type Environment, readEnvironment } from "./config/environment.ts";
import { authenticator, tokenSource } from "./http/auth.ts";
import { lazy } from "./lazy.ts";
import { progressOver } from "./ledger/progress.ts";
import { receiptsOver } from "./ledger/receipts.ts";
import { ledgerOver } from "./ledger/s3-ledger.ts";
import { createLog } from "./log.ts";
import * as messages from "./messages.ts";
import { gcStep } from "./steps/gc.ts";
import { reclusterTrigger } from "./steps/recluster-trigger.ts";
import { fingerprint } from "./steps/revision.ts";

type Base = ReturnType<typeof composeAws>;

/** S3 and SQS, and what is built on them alone. */
const composeAws = (environment: Environment) => {
  const { config } = environment;
  const { region, documentBucket, stateBucket, queuePrefix } = config.aws;
  const s3 = s3Client(region);
  const sqs = sqsClient(region);
  const state = s3Bucket(s3, stateBucket);
  const documents = s3Bucket(s3, documentBucket);
  const queueName = (queue: string): string => `${queuePrefix}-${queue}`;
  const queue = <Message>(name: string, schema: z.ZodType<Message>) => sqsQueue(sqs, queueName(name), schema);
  return {
    environment,
    config,
    log: createLog(config.name, config.log.level),
    sqs,
    documents: config.metadata.tags ? documents : withoutTags(documents),
    state,
    presigner: s3Presigner(s3, documentBucket),
    ledger: ledgerOver({ state, bucket: documentBucket, clock: Date.now, nonce: randomUUID }),
    receipts: receiptsOver(state),
    progress: progressOver(state, Date.now),
    centroids: bucketCentroids({ bucket: state, now: Date.now, nonce: randomUUID }),
    queueName,
    queues: {
      ingest: queue("ingest", messages.lookMessage),
      embed: queue("embed", messages.embedMessage),
      cluster: queue("cluster", messages.clusterMessage),
      write: queue("write", messages.writeMessage),
      recluster: queue("recluster", messages.reclusterMessage),
    },
    /** @throws AppError `CONFIG_INVALID` when a token is asked for and there is none. */
    authenticate: () => authenticator(tokenSource(environment, () => new SecretsManagerClient({ region }))),
  };
};

/**
 * What is heavy or native comes by a dynamic import at its first use: a function that never embeds must start without
 * the ONNX runtime, which is not even packaged with it.
 */
const composeHeavy = (environment: Environment) => {
  const model = { modelsDir: environment.modelsDir, model: environment.config.embedding.model };
  return {
    /** The model's name, identity and dimension by its manifest: needs neither weights nor runtime. */
    identity: lazy(async () => (await import("./embed/model-files.ts")).embeddingIdentity(model)),
    embedder: lazy(async () => (await import("./embed/create.ts")).createEmbedder(environment)),
    /** The same of pictures; null where they get no vectors. A model that is pulled later is seen at the next start. */
    imageIdentity: lazy(async () => (await import("./embed/image-model.ts")).readImageIdentity(environment)),
    imageEmbedder: lazy(async () => (await import("./embed/create.ts")).createImageEmbedder(environment)),
    /** Of the `cross-encoder` reranker; its model is pulled by those who want it. */
    pairScorer: lazy(async () => (await import("./embed/create.ts")).createPairScorer(environment)),
    /** Matrix products for training clusters, on all vCPUs. */
    products: lazy(async () =>
      (await import("./linalg/onnx-products.ts")).onnxProducts(availableParallelism()),
    ),
    store: lazy(async () => (await import("./store/create.ts")).createStore(environment)),
    /** Null for a store without a server of its own. */
    storeInspector: lazy(async () => (await import("./store/registry.ts")).inspectorOf(environment)),
  };
};

/** What the steps of the delivery protocol share. */
const composeProtocol = (
  { config, ledger, receipts, centroids, queues }: Base,
  { identity, imageIdentity, store }: ReturnType<typeof composeHeavy>,
) => {
  const { collection } = config.store;
  const gc = lazy(async () => gcStep({ ledger, receipts, store: await store(), collection }));
  const completion = lazy(async () => {
    const embedding = await identity();
    const trigger = reclusterTrigger({
      config,
      store: await store(),
      centroids,
      queue: queues.recluster,
      now: Date.now,
    });
    return { ledger, receipts, gc: await gc(), clock: Date.now, onReady: () => trigger(embedding) };
  });
  return {
    /** What keeps a batch's failure on the ledger. */
    guard: async () => ({ ledger, gc: await gc(), clock: Date.now }),
    /** What makes a document ready. */
    completion,
    /** What has a document looked at again. */
    waking: { ledger, queue: queues.ingest, bucket: config.aws.documentBucket, clock: Date.now },
    fingerprint: lazy(async () => {
      const { shapedBy } = await import("./fingerprint.ts");
      return fingerprint(shapedBy(config, await identity(), await imageIdentity()));
    }),
  };
};

/** Builds the drivers of one environment, each at its first use where that costs anything. */
const composeFrom = (environment: Environment) => {
  const base = composeAws(environment);
  const heavy = composeHeavy(environment);
  return {
    ...base,
    ...heavy,
    ...composeProtocol(base, heavy),
    /**
     * Starts the model while Lambda starts the function, which is when it has most processor time and, with provisioned
     * concurrency, nobody waits. A failure is told by what needs the model.
     */
    prepareModel: async (): Promise<void> => {
      if (!environment.deployed) return;
      await heavy
        .embedder()
        .then((embedder) => embedder.warm())
        .catch(() => undefined);
    },
  };
};

/** Every port with its driver, as the parameters choose them. */
export type Kettle = ReturnType<typeof composeFrom>;

let kettle: Kettle | null = null;

/** The drivers of this process: functions that share one, as under serverless-offline, share them too. */
export const compose = (): Kettle => {
  kettle ??= composeFrom(readEnvironment());
  return kettle;
};
