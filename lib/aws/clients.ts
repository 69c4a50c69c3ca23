import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";

/**
 * The endpoint comes from AWS_ENDPOINT_URL, which the SDK reads itself; on http://127.0.0.1 it needs no
 * `forcePathStyle` (a bucket name is never put before an IP address).
 */
const shared = { maxAttempts: 5 } as const;

/** Checksums only where S3 asks for them: presigned uploads would otherwise carry the checksum of an empty body. */
export const s3Client = (region: string): S3Client =>
  new S3Client({
    ...shared,
    region,
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  });

/** Queue URLs may name a host that only the emulator's own machine can resolve: the endpoint decides, not the URL. */
export const sqsClient = (region: string): SQSClient =>
  new SQSClient({ ...shared, region, useQueueUrlAsEndpoint: false });
