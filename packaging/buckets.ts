import type { Config } from "../lib/config/schema.ts";
import { arnOf, type Resource, type Resources, ref, sub, type Value } from "./cloudformation.ts";

const bucket = (name: string, properties: Resource["Properties"]): Resource => ({
  Type: "AWS::S3::Bucket",
  // Documents are the truth and the ledger is its memory: a removed stack leaves both.
  DeletionPolicy: "Retain",
  UpdateReplacePolicy: "Retain",
  Properties: {
    BucketName: name,
    BucketEncryption: {
      ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } }],
    },
    PublicAccessBlockConfiguration: {
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    },
    OwnershipControls: { Rules: [{ ObjectOwnership: "BucketOwnerEnforced" }] },
    LifecycleConfiguration: {
      Rules: [
        {
          Id: "abort-incomplete-uploads",
          Status: "Enabled",
          AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
        },
      ],
    },
    ...properties,
  },
});

const tlsOnly = (logicalId: string, name: string): Resource => ({
  Type: "AWS::S3::BucketPolicy",
  Properties: {
    Bucket: ref(logicalId),
    PolicyDocument: {
      Version: "2012-10-17",
      Statement: [
        {
          Sid: "TlsOnly",
          Effect: "Deny",
          Principal: "*",
          Action: "s3:*",
          Resource: [
            sub(`arn:\${AWS::Partition}:s3:::${name}`),
            sub(`arn:\${AWS::Partition}:s3:::${name}/*`),
          ],
          Condition: { Bool: { "aws:SecureTransport": "false" } },
        },
      ],
    },
  },
});

/** Every way in which an object comes or goes, lifecycle expirations included: they have events of their own. */
const comings = ["s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:LifecycleExpiration:*"];

const notifications = ({ metadata }: Config): Value => ({
  QueueConfigurations: [...comings, ...(metadata.tags ? ["s3:ObjectTagging:*"] : [])].map((Event) => ({
    Event,
    Queue: arnOf("IngestQueue"),
  })),
});

/** The page is served by the API and uploads straight to the bucket, which is cross-origin for a browser. */
const uploadsFromBrowsers = (config: Config): Value => ({
  CorsRules: [
    {
      AllowedMethods: ["PUT", "GET", "HEAD"],
      AllowedOrigins: [
        sub(`https://\${HttpApi}.execute-api.\${AWS::Region}.\${AWS::URLSuffix}`),
        ...config.http.cors.origins,
      ],
      AllowedHeaders: ["*"],
      ExposedHeaders: ["ETag"],
      MaxAge: 3600,
    },
  ],
});

/** Only this account's document bucket may put events into the ingest queue. */
const ingestPolicy = (config: Config): Resource => ({
  Type: "AWS::SQS::QueuePolicy",
  Properties: {
    Queues: [ref("IngestQueue")],
    PolicyDocument: {
      Version: "2012-10-17",
      Statement: [
        {
          Sid: "EventsOfTheDocumentBucket",
          Effect: "Allow",
          Principal: { Service: "s3.amazonaws.com" },
          Action: "sqs:SendMessage",
          Resource: arnOf("IngestQueue"),
          Condition: {
            // By name: a reference to the bucket would be circular, since it needs this policy first.
            ArnEquals: { "aws:SourceArn": sub(`arn:\${AWS::Partition}:s3:::${config.aws.documentBucket}`) },
            StringEquals: { "aws:SourceAccount": ref("AWS::AccountId") },
          },
        },
      ],
    },
  },
});

/** The bucket of documents, which tells the ingest queue what happens to it, and the bucket of the ledger. */
export const bucketResources = (config: Config): Resources => ({
  DocumentBucket: {
    ...bucket(config.aws.documentBucket, {
      NotificationConfiguration: notifications(config),
      CorsConfiguration: uploadsFromBrowsers(config),
    }),
    DependsOn: ["IngestQueuePolicy"],
  },
  DocumentBucketPolicy: tlsOnly("DocumentBucket", config.aws.documentBucket),
  IngestQueuePolicy: ingestPolicy(config),
  StateBucket: bucket(config.aws.stateBucket, {}),
  StateBucketPolicy: tlsOnly("StateBucket", config.aws.stateBucket),
});
