import type { Config } from "../lib/config/schema.ts";
import { alarmResources, alarmTopic } from "./alarms.ts";
import { bucketResources } from "./buckets.ts";
import { type Resources, ref, type Value } from "./cloudformation.ts";
import { networkExtensions, networkParameters } from "./network.ts";
import { queueResources } from "./queues.ts";
import { roleResources } from "./roles.ts";
import { sizing } from "./sizing.ts";

/** The `resources` of serverless.yml: what the functions of one stage stand on. */
export const stackResources = (
  config: Config,
): {
  readonly Parameters: ReturnType<typeof networkParameters>;
  readonly Resources: Resources;
  readonly Outputs: Readonly<Record<string, { readonly Description: string; readonly Value: Value }>>;
  readonly extensions: Readonly<Record<string, { readonly Properties: { readonly [key: string]: Value } }>>;
} => ({
  Parameters: networkParameters(config),
  Resources: {
    ...bucketResources(config),
    ...queueResources(config, sizing(config)),
    ...roleResources(config),
    ...alarmResources(config),
  },
  Outputs: {
    DocumentBucketName: { Description: "Drop documents here", Value: ref("DocumentBucket") },
    StateBucketName: { Description: "Ledger, receipts and centroids", Value: ref("StateBucket") },
    AlarmTopicArn: { Description: "Subscribe to hear of alarms", Value: alarmTopic(config) },
  },
  // osls has no key for throttling, nor for a list of subnets that only the deployment knows; it lets the resources that
  // it makes be extended.
  extensions: {
    ...networkExtensions(config),
    HttpApiStage: {
      Properties: {
        DefaultRouteSettings: {
          DetailedMetricsEnabled: true,
          ThrottlingRateLimit: config.http.rate.perSecond,
          ThrottlingBurstLimit: config.http.rate.burst,
        },
      },
    },
  },
});
