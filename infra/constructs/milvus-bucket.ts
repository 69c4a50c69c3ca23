import { Duration } from "aws-cdk-lib";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from "aws-cdk-lib/aws-s3";
import { Construct } from "constructs";
import type { Config } from "../../lib/config/schema.ts";
import { acknowledge } from "../acknowledge.ts";
import { dataRemoval } from "../removal.ts";

/** Where Milvus keeps segments, indexes and its log; Milvus alone reads and writes it. */
export class MilvusBucket extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, config: Config) {
    super(scope, id);
    this.bucket = new Bucket(this, "Bucket", {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      removalPolicy: dataRemoval(config),
      lifecycleRules: [{ abortIncompleteMultipartUploadAfter: Duration.days(7) }],
    });
    acknowledge(
      this.bucket,
      "S1",
      "only Milvus has access, thousands of times a minute; CloudTrail's data events tell who else tried",
    );
  }

  /** What Milvus does with its bucket. */
  statements(): PolicyStatement[] {
    return [
      new PolicyStatement({
        actions: ["s3:ListBucket", "s3:GetBucketLocation"],
        resources: [this.bucket.bucketArn],
      }),
      new PolicyStatement({
        actions: ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
        resources: [this.bucket.arnForObjects("*")],
      }),
    ];
  }
}
