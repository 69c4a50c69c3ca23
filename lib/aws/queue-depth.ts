import { GetQueueAttributesCommand, GetQueueUrlCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { AppError } from "../errors.ts";

export type QueueDepth = { readonly waiting: number; readonly inFlight: number };

/** Approximate, as SQS gives it. @throws AppError `AWS_UNAVAILABLE` */
export const readQueueDepth = async (client: Pick<SQSClient, "send">, name: string): Promise<QueueDepth> => {
  try {
    const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName: name }));
    const { Attributes = {} } = await client.send(
      new GetQueueAttributesCommand({
        QueueUrl,
        AttributeNames: ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
      }),
    );
    return {
      waiting: Number(Attributes.ApproximateNumberOfMessages ?? 0),
      inFlight: Number(Attributes.ApproximateNumberOfMessagesNotVisible ?? 0),
    };
  } catch (cause) {
    throw new AppError("AWS_UNAVAILABLE", `queue ${name} does not answer`, { cause });
  }
};
