import type { Context } from "aws-lambda";
import { localAccount } from "./intrinsics.ts";

/**
 * What AWS hands to a handler beside the event.
 * @param deadlineMs when the function's time is up, ms since 1970
 * @param memorySize MB
 */
export const lambdaContext = (
  requestId: string,
  deadlineMs: number,
  memorySize: number,
  env = process.env,
): Context => {
  const name = env.AWS_LAMBDA_FUNCTION_NAME ?? "";
  const outdated = () => {
    throw new Error("context.done, fail and succeed are not run on one machine; return or throw");
  };
  return {
    awsRequestId: requestId,
    callbackWaitsForEmptyEventLoop: true,
    functionName: name,
    functionVersion: "$LATEST",
    invokedFunctionArn: `arn:aws:lambda:${env.AWS_REGION ?? "us-east-1"}:${localAccount}:function:${name}`,
    memoryLimitInMB: String(memorySize),
    logGroupName: `/aws/lambda/${name}`,
    logStreamName: "local",
    getRemainingTimeInMillis: () => Math.max(0, deadlineMs - Date.now()),
    done: outdated,
    fail: outdated,
    succeed: outdated,
  };
};
