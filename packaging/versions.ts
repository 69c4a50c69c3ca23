/**
 * Versions of the servers that Kettle is run with: docker-compose.yml names the same ones (a test holds them together),
 * the infrastructure takes them from here.
 */

/** 2.6 before 2.6.10 exposes port 9091 without authentication (CVE-2026-26190). */
export const milvusVersion = "2.6.19";

/** The last image of LocalStack that runs without an account. */
export const localstackVersion = "4.14.0";

/** What functions that run as a container image stand on: Lambda's own image of the runtime in serverless.yml. */
export const lambdaBaseImage = "public.ecr.aws/lambda/nodejs:24";
